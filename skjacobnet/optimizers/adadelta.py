"""AdaDelta."""

import numpy as np

from skjacobnet.core.numbers import exact
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, scratch_for
from skjacobnet.optimizers.moments import DECAY_RATE, POSITIVE, accumulate_square
from skjacobnet.optimizers.numbers import numbers_for


class AdaDelta(Optimizer):
    r"""AdaDelta: scale each step by the recent steps of its weight.

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
        Decay rate :math:`\rho` of both averages. Dimensionless.
    epsilon : float > 0, default=1e-6
        Constant under both roots. It sets the size of the first steps, about
        :math:`\sqrt{\epsilon / (1 - \rho)}`. Unit: a squared weight in the numerator, a
        squared gradient in the denominator.

    See Also
    --------
    RMSProp : Same denominator, with a learning rate as the numerator.

    Notes
    -----
    State: ``second_moment`` and ``squared_steps``, both without their factor
    :math:`1 - \rho`, which moves into epsilon. O(n_weights) time and memory.

    The steps have the unit of the weights, so the source has no learning rate, and the
    default here is 1.

    References
    ----------
    .. [1] M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012,
       Algorithm 1. https://arxiv.org/abs/1212.5701

    Examples
    --------
    With ``rho=0`` the denominator is the gradient itself, and the first step has the
    size ``sqrt(epsilon)``, up to the epsilon in the denominator:

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
