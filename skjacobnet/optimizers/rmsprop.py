"""RMSProp."""

import numpy as np

from skjacobnet.core.numbers import exact
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, zeros_and_scratch
from skjacobnet.optimizers.moments import (
    DECAY_RATE,
    POSITIVE,
    accumulate,
    accumulate_square,
    root,
)
from skjacobnet.optimizers.numbers import numbers_for


class RMSProp(Optimizer):
    r"""RMSProp: divide the gradient by its recent root mean square.

    With gradient :math:`g_t`, learning rate :math:`\eta_t`, momentum :math:`\mu` and
    :math:`v_0 = b_0 = 0`, step t is

    .. math::

        v_t &= \rho v_{t-1} + (1 - \rho) g_t^2 \\
        b_t &= \mu b_{t-1} + g_t / (\sqrt{v_t} + \epsilon) \\
        \theta_t &= \theta_{t-1} - \eta_t b_t

    Parameters
    ----------
    rho : float in [0, 1), default=0.99
        Decay rate :math:`\rho` of the mean square. Dimensionless.
    epsilon : float > 0, default=1e-8
        Added to the root. Unit: that of the gradient.
    momentum : float in [0, 1), default=0.0
        Momentum :math:`\mu`: decay factor of past quotients. Dimensionless.

    See Also
    --------
    Adam : Has bias corrections.

    Notes
    -----
    State: ``second_moment`` without its factor :math:`1 - \rho`, and with momentum
    ``velocity``. O(n_weights) time and memory.

    The average starts at zero and is not corrected, so the first step has the size
    :math:`\eta_1 / \sqrt{1 - \rho}`, ten times the learning rate by default. Epsilon
    and momentum are not in the source; they are placed as in most implementations.

    References
    ----------
    .. [1] T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop", Neural Networks for
       Machine Learning, Coursera, 2012, slide 29.
       https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf

    Examples
    --------
    With ``rho=0.75`` the first mean square is a quarter of the squared gradient, and
    the first step twice the learning rate:

    >>> optimizer = RMSProp(rho=0.75, epsilon=1e-12)
    >>> theta = np.array([1.0, 1.0])
    >>> state = optimizer.init(theta)
    >>> optimizer.step(theta, np.array([5.0, -0.3]), state, learning_rate=0.1)
    >>> theta
    array([0.8, 1.2])
    """

    name = "rmsprop"
    member_numbers = ("rho", "epsilon", "momentum")
    constraints = {"rho": DECAY_RATE, "epsilon": POSITIVE, "momentum": DECAY_RATE}
    default_learning_rate = 1e-3

    def __init__(self, rho=0.99, epsilon=1e-8, momentum=0.0):
        self.rho = rho
        self.epsilon = epsilon
        self.momentum = momentum

    def init(self, theta):
        names = ["velocity"] if np.any(self.momentum) else []
        return zeros_and_scratch(theta, "second_moment", *names)

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        rho, moves = exact(self.rho), "velocity" in state
        scale = root(1.0 / (1.0 - rho))
        numbers = rho, exact(self.epsilon) * scale, exact(self.momentum)
        for (
            theta,
            gradient,
            second,
            velocity,
            scratch,
            rate,
            decay,
            floor,
            momentum,
        ) in blocks(
            theta,
            gradient,
            state["second_moment"],
            state.get("velocity"),
            state["scratch"],
            *numbers_for(theta, learning_rate, scale, *numbers),
        ):
            accumulate_square(second, gradient, decay, scratch)
            np.sqrt(second, scratch)
            np.add(scratch, floor, scratch)
            direction = np.divide(gradient, scratch, scratch)
            if moves:
                accumulate(velocity, scratch, momentum)
                direction = velocity
            np.multiply(direction, rate, scratch)
            np.subtract(theta, scratch, theta)
