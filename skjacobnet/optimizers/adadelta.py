"""AdaDelta."""

import numpy as np

from skjacobnet.core.numbers import exact
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, scratch_for
from skjacobnet.optimizers.moments import DECAY_RATE, POSITIVE, accumulate_square
from skjacobnet.optimizers.numbers import numbers_for


class AdaDelta(Optimizer):
    r"""Give each step the length of the recent steps of its weight.

    With gradient :math:`g_t`, learning rate :math:`\eta_t` and
    :math:`v_0 = d_0 = 0`, step t is

    .. math::

        v_t &= \rho v_{t-1} + (1 - \rho) g_t^2 \\
        \Delta_t &= g_t \sqrt{d_{t-1} + \epsilon} / \sqrt{v_t + \epsilon} \\
        d_t &= \rho d_{t-1} + (1 - \rho) \Delta_t^2 \\
        \theta_t &= \theta_{t-1} - \eta_t \Delta_t

    Parameters
    ----------
    rho : float in [0, 1), default=0.9
        :math:`\rho`, the decay rate of both averages. Dimensionless.
    epsilon : float > 0, default=1e-6
        Added below both roots. It gives the first steps their length, about
        :math:`\sqrt{\epsilon / (1 - \rho)}`, and stands for a squared weight above and
        for a squared gradient below.

    See Also
    --------
    RMSProp : The same denominator with a learning rate above it.

    Notes
    -----
    State: ``second_moment`` and ``squared_steps``, both without their factor
    :math:`1 - \rho`, which moves into epsilon. O(n_weights) time and memory.

    As the steps carry the unit of the weights, the source has no learning rate, and the
    default here is 1.

    References
    ----------
    .. [1] M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012,
       Algorithm 1. https://arxiv.org/abs/1212.5701

    Examples
    --------
    With ``rho=0`` the root below is the gradient itself, and the first step has the
    length ``sqrt(epsilon)``, up to the epsilon below:

    >>> optimizer = AdaDelta(rho=0.0, epsilon=1e-6)
    >>> theta = np.array([0.0])
    >>> state = optimizer.init(theta)
    >>> optimizer.step(theta, np.array([2.0]), state, learning_rate=1.0)
    >>> theta * 1e3
    array([-1.000000])
    """

    name = "adadelta"
    member_numbers = ("rho", "epsilon")
    constraints = {"rho": DECAY_RATE, "epsilon": POSITIVE}
    default_learning_rate = 1.0

    def __init__(self, rho=0.9, epsilon=1e-6):
        self.rho = rho
        self.epsilon = epsilon

    def init(self, theta):
        return {
            "second_moment": np.zeros_like(theta),
            "squared_steps": np.zeros_like(theta),
            "scratch": (scratch_for(theta), scratch_for(theta)),
        }

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        rho = exact(self.rho)
        numbers = rho, exact(self.epsilon) / (1.0 - rho)
        for (
            theta,
            gradient,
            second,
            steps,
            below,
            change,
            rate,
            decay,
            floor,
        ) in blocks(
            theta,
            gradient,
            state["second_moment"],
            state["squared_steps"],
            *state["scratch"],
            *numbers_for(theta, learning_rate, 1.0, *numbers),
        ):
            accumulate_square(second, gradient, decay, below)
            np.add(second, floor, below)
            np.add(steps, floor, change)
            np.divide(change, below, change)
            np.sqrt(change, change)
            np.multiply(change, gradient, change)
            accumulate_square(steps, change, decay, below)
            np.multiply(change, rate, change)
            np.subtract(theta, change, theta)
