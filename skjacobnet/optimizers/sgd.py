"""Gradient descent, with or without momentum."""

import numpy as np

from skjacobnet.core.constraints import BOOLEAN
from skjacobnet.core.numbers import exact
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, zeros_and_scratch
from skjacobnet.optimizers.moments import DECAY_RATE, accumulate
from skjacobnet.optimizers.numbers import numbers_for


class SGD(Optimizer):
    r"""Step against the gradient, or against a decaying sum of gradients.

    With gradient :math:`g_t`, learning rate :math:`\eta_t`, momentum :math:`\mu` and
    :math:`b_0 = 0`, step t is

    .. math::

        b_t &= \mu b_{t-1} + g_t \\
        \theta_t &= \theta_{t-1} - \eta_t b_t

    and with `nesterov` the last line is
    :math:`\theta_t = \theta_{t-1} - \eta_t (g_t + \mu b_t)`.

    Parameters
    ----------
    momentum : float in [0, 1), default=0.0
        :math:`\mu`, what is left of a gradient one step later. Dimensionless. The name
        ``"momentum"`` stands for 0.9.
    nesterov : bool, default=False
        Whether to look one step of the momentum ahead. The name ``"nesterov"`` stands
        for True with a momentum of 0.9.

    Raises
    ------
    ValueError
        By `validate`, for `nesterov` without a momentum.

    See Also
    --------
    Adam : Momentum, and a length of step for each weight.

    Notes
    -----
    State: ``velocity``, of the shape of the weights, and only where there is a
    momentum. O(n_weights) time and memory.

    The learning rate stands in front of the sum, not inside it, so a new learning rate
    acts at once on all that the velocity holds; in [1]_ and [2]_ it is inside. The two
    are equal while the learning rate is constant. The form of `nesterov` is the
    rewriting of [2]_ in terms of the point where the gradient is taken.

    A steady gradient g makes the velocity :math:`g / (1 - \mu)`, so that the default
    learning rate is ``0.1 * (1 - momentum)``: 0.1 without and 0.01 with the usual
    momentum of 0.9, which moves the weights as far.

    References
    ----------
    .. [1] B. T. Polyak, "Some Methods of Speeding up the Convergence of Iteration
       Methods", USSR Computational Mathematics and Mathematical Physics 4(5), 1964.
       https://doi.org/10.1016/0041-5553(64)90137-5
    .. [2] I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the Importance of
       Initialization and Momentum in Deep Learning", ICML 2013, Equations 1 to 4.
       https://proceedings.mlr.press/v28/sutskever13.html

    Examples
    --------
    With a momentum of 0.5 and a gradient of 4 twice, the steps are 4 and 4 + 2:

    >>> optimizer = SGD(momentum=0.5)
    >>> theta, gradient = np.array([10.0]), np.array([4.0])
    >>> state = optimizer.init(theta)
    >>> optimizer.step(theta, gradient, state, learning_rate=1.0)
    >>> theta
    array([6.])
    >>> optimizer.step(theta, gradient, state, learning_rate=1.0)
    >>> theta
    array([0.])
    """

    name = "sgd"
    aliases = {
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
    }
    member_numbers = ("momentum",)
    constraints = {"momentum": DECAY_RATE, "nesterov": BOOLEAN}

    def __init__(self, momentum=0.0, nesterov=False):
        self.momentum = momentum
        self.nesterov = nesterov

    @property
    def default_learning_rate(self):
        """What ``learning_rate="auto"`` stands for."""
        return 0.1 * (1.0 - float(self.momentum))

    @property
    def annealing_gain(self):
        """How many times larger the automatic rate is where a schedule lets it fall."""
        return 10.0 if self.momentum else 4.0

    def validate(self):
        super().validate()
        if self.nesterov and self.momentum == 0.0:
            raise ValueError(
                "SGD: nesterov=True needs a momentum above 0, such as momentum=0.9; "
                "without one set nesterov=False."
            )

    def init(self, theta):
        return zeros_and_scratch(
            theta, *(["velocity"] if np.any(self.momentum) else [])
        )

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        moves = "velocity" in state
        rate, momentum = numbers_for(theta, learning_rate, 1.0, exact(self.momentum))
        for theta, gradient, velocity, scratch, rate, momentum in blocks(
            theta, gradient, state.get("velocity"), state["scratch"], rate, momentum
        ):
            direction = gradient
            if moves:
                direction = velocity
                accumulate(velocity, gradient, momentum)
            if self.nesterov:
                np.multiply(velocity, momentum, scratch)
                direction = np.add(scratch, gradient, scratch)
            np.multiply(direction, rate, scratch)
            np.subtract(theta, scratch, theta)
