"""AdaMax."""

import numpy as np

from skjacobnet.core.numbers import exact
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, zeros_and_scratch
from skjacobnet.optimizers.moments import DECAY_RATE, POSITIVE, accumulate, first_factor
from skjacobnet.optimizers.numbers import numbers_for


class AdaMax(Optimizer):
    r"""AdaMax: divide by the largest recent gradient of each weight.

    With gradient :math:`g_t`, learning rate :math:`\eta_t` and :math:`m_0 = u_0 = 0`,
    step t is

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t \\
        u_t &= \max(\beta_2 u_{t-1}, |g_t| + \epsilon) \\
        \theta_t &= \theta_{t-1} - \eta_t \frac{m_t}{(1 - \beta_1^t) u_t}

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay rate :math:`\beta_1` of the first moment. Dimensionless.
    beta_2 : float in [0, 1), default=0.999
        Decay rate :math:`\beta_2` of the largest gradient. Dimensionless.
    epsilon : float > 0, default=1e-8
        Added to the absolute gradient. Unit: that of the gradient.

    See Also
    --------
    Adam : With the root of a second moment instead.

    Notes
    -----
    State: ``step``, ``first_moment`` without its factor :math:`1 - \beta_1`, and
    ``largest_gradient``. O(n_weights) time and memory. The largest gradient needs no
    bias correction.

    Epsilon is not in the source; without it the step of a weight with zero gradients
    only would be 0 / 0.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization",
       ICLR 2015, Algorithm 2. https://arxiv.org/abs/1412.6980

    Examples
    --------
    After gradients of 1 and then 0, with both rates at one half, the corrected first
    moment is 1/3 and the largest gradient 1/2:

    >>> optimizer = AdaMax(beta_1=0.5, beta_2=0.5)
    >>> theta = np.array([0.0])
    >>> state = optimizer.init(theta)
    >>> optimizer.step(theta, np.array([1.0]), state, learning_rate=0.3)
    >>> theta
    array([-0.3])
    >>> optimizer.step(theta, np.array([0.0]), state, learning_rate=0.3)
    >>> theta
    array([-0.5])
    """

    name = "adamax"
    member_numbers = ("beta_1", "beta_2", "epsilon")
    constraints = {"beta_1": DECAY_RATE, "beta_2": DECAY_RATE, "epsilon": POSITIVE}
    default_learning_rate = 2e-3

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def init(self, theta):
        state = zeros_and_scratch(theta, "first_moment", "largest_gradient")
        state["step"] = 0
        return state

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        state["step"] += 1
        beta_1 = exact(self.beta_1)
        factor = first_factor(beta_1, state["step"])
        numbers = beta_1, exact(self.beta_2), exact(self.epsilon)
        for (
            theta,
            gradient,
            first,
            largest,
            scratch,
            rate,
            decay_1,
            decay_2,
            floor,
        ) in blocks(
            theta,
            gradient,
            state["first_moment"],
            state["largest_gradient"],
            state["scratch"],
            *numbers_for(theta, learning_rate, factor, *numbers),
        ):
            accumulate(first, gradient, decay_1)
            np.multiply(largest, decay_2, largest)
            np.abs(gradient, scratch)
            np.add(scratch, floor, scratch)
            np.maximum(largest, scratch, out=largest)
            np.divide(first, largest, scratch)
            np.multiply(scratch, rate, scratch)
            np.subtract(theta, scratch, theta)
