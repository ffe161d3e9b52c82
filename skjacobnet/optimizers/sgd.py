"""Stochastic gradient descent, with or without momentum."""

import numpy as np

from skjacobnet.core.constraints import BOOLEAN
from skjacobnet.core.numbers import exact
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, zeros_and_scratch
from skjacobnet.optimizers.moments import DECAY_RATE, accumulate
from skjacobnet.optimizers.numbers import numbers_for


class SGD(Optimizer):
    r"""Stochastic gradient descent, with optional momentum.

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
        Momentum :math:`\mu`: decay factor of past gradients. Dimensionless. The name
        ``"momentum"`` is SGD with 0.9.
    nesterov : bool, default=False
        Whether to use Nesterov momentum. The name ``"nesterov"`` is SGD with True and a
        momentum of 0.9.

    Raises
    ------
    ValueError
        From `validate`, for `nesterov` without momentum.

    See Also
    --------
    Adam : Momentum, and an adaptive step size for each weight.

    Notes
    -----
    State: ``velocity``, of the shape of the weights, only with momentum. O(n_weights)
    time and memory.

    The learning rate multiplies the sum, not each gradient in it, so a new learning
    rate acts at once on the whole velocity; in [1]_ and [2]_ it multiplies each
    gradient. The two are equal for a constant learning rate. The form of `nesterov`
    rewrites [2]_ in terms of the point where the gradient is taken.

    A constant gradient g has the velocity :math:`g / (1 - \mu)`, so the default
    learning rate is ``0.1 * (1 - momentum)``: 0.1 without momentum and 0.01 with the
    usual momentum of 0.9, which moves the weights as far.

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
        """Value of ``learning_rate="auto"``."""
        return 0.1 * (1.0 - float(self.momentum))

    @property
    def annealing_gain(self):
        """Factor of the automatic rate if a schedule lowers it."""
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
