"""AdamW."""

import math

import numpy as np

from skjacobnet.core.constraints import BOOLEAN, Interval
from skjacobnet.core.numbers import exact, fitting, rounded
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks
from skjacobnet.optimizers.moments import DECAY_RATE, POSITIVE, adam_init, adam_step
from skjacobnet.optimizers.numbers import numbers_for


class AdamW(Optimizer):
    r"""AdamW: Adam with a decoupled weight decay.

    With learning rate :math:`\eta_t`, weight decay :math:`\lambda` and the step
    :math:`s_t` of `Adam`, step t is

    .. math:: \theta_t = (1 - \eta_t \lambda) \theta_{t-1} - s_t

    for weights that decay, and a step of Adam for intercepts.

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay rate of the first moment. Dimensionless.
    beta_2 : float in [0, 1), default=0.999
        Decay rate of the second moment. Dimensionless.
    epsilon : float > 0, default=1e-8
        Added to the root of the corrected second moment. Unit: that of the gradient.
    weight_decay : float >= 0, default=0.01
        Weight decay :math:`\lambda`: share of a weight that decays in a step, per unit
        of the learning rate.
    amsgrad : bool, default=False
        Whether to use the largest second moment so far.

    See Also
    --------
    Adam : Without decay; a penalty on the weights then enters the gradient.

    Notes
    -----
    The state and the cost are those of `Adam`. The decay does not pass through the
    moments, so weights with large gradients decay as fast as others; a penalty such as
    ``weight_decay`` among the regularizers is rescaled with the gradient instead.

    In Algorithm 2 of [1]_ the decay is scaled only by the schedule. Here it is also
    scaled by the learning rate, as in most implementations: with a constant rate a
    weight without gradients loses the share :math:`1 - (1 - \eta \lambda)^t` in t
    steps.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization",
       ICLR 2019, Algorithm 2. https://arxiv.org/abs/1711.05101

    Examples
    --------
    The first weight is halved by the decay before the step; the second, an intercept,
    is not:

    >>> optimizer = AdamW(weight_decay=5.0)
    >>> theta = np.array([8.0, 8.0])
    >>> state = optimizer.init(theta)
    >>> mask = np.array([1.0, 0.0])
    >>> optimizer.step(theta, np.array([3.0, 3.0]), state, 0.1, decay_mask=mask)
    >>> theta
    array([3.9, 7.9])
    """

    name = "adamw"
    member_numbers = ("beta_1", "beta_2", "epsilon", "weight_decay")
    constraints = {
        "beta_1": DECAY_RATE,
        "beta_2": DECAY_RATE,
        "epsilon": POSITIVE,
        "weight_decay": Interval(0.0, math.inf, "left"),
        "amsgrad": BOOLEAN,
    }
    default_learning_rate = 1e-3

    def __init__(
        self,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        weight_decay=0.01,
        amsgrad=False,
    ):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.amsgrad = amsgrad

    def init(self, theta):
        return adam_init(theta, self.amsgrad)

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        decay = exact(self.weight_decay)
        if decay_mask is None:
            lost = learning_rate * fitting(decay, 1, np.float64)
            theta *= rounded(1.0 - lost, theta.dtype)
        else:
            (lost,) = numbers_for(theta, learning_rate, decay)
            for part, mask, scratch, share in blocks(
                theta, decay_mask, state["scratch"], lost
            ):
                np.multiply(part, mask, scratch)
                np.multiply(scratch, share, scratch)
                np.subtract(part, scratch, part)
        adam_step(
            theta,
            gradient,
            state,
            learning_rate,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
            amsgrad=self.amsgrad,
        )
