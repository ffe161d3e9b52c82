"""NAdam."""

import math

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.core.numbers import exact, power
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, scratch_for
from skjacobnet.optimizers.moments import (
    DECAY_RATE,
    POSITIVE,
    accumulate,
    accumulate_square,
    second_root,
)
from skjacobnet.optimizers.numbers import numbers_for


class NAdam(Optimizer):
    r"""NAdam: Adam with Nesterov momentum.

    With gradient :math:`g_t`, learning rate :math:`\eta_t`, moments :math:`m_t` and
    :math:`v_t` as in `Adam` and the momentum of each step

    .. math:: \mu_t = \beta_1 (1 - 0.96^{t \psi} / 2), \qquad P_t = \mu_1 \cdots \mu_t,

    step t is

    .. math::

        \theta_t = \theta_{t-1} - \eta_t \,
        \frac{g_t \, (1 - \mu_t) / (1 - P_t) + m_t \, \mu_{t+1} / (1 - P_{t+1})}
        {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay rate :math:`\beta_1` of the first moment, and final momentum of training.
        Dimensionless.
    beta_2 : float in [0, 1), default=0.999
        Decay rate :math:`\beta_2` of the second moment. Dimensionless.
    epsilon : float > 0, default=1e-8
        Added to the root of the corrected second moment. Unit: that of the gradient.
    momentum_decay : float >= 0, default=4e-3
        Rate :math:`\psi` at which the momentum grows from half of `beta_1` to `beta_1`.
        Per step; with the default it reaches three quarters after 4,245 steps.

    See Also
    --------
    Adam : Without Nesterov momentum.

    Notes
    -----
    State: ``step``, ``mu_product`` (:math:`P_t`), and ``first_moment`` and
    ``second_moment`` without their factors :math:`1 - \beta`, as in `Adam`.
    O(n_weights) time and memory.

    The moment :math:`m_t` decays at the fixed rate `beta_1`, as in most
    implementations; only its share of the step follows the momentum schedule.

    References
    ----------
    .. [1] T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR 2016 workshop,
       Algorithm 2. https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ

    Examples
    --------
    Without a momentum decay :math:`\mu` is half of `beta_1`, here 1/4. In the first
    step the share of the gradient is (3/4) / (3/4) = 1, and that of the first moment,
    half of the gradient, is (1/4) / (15/16) = 4/15. The step is 1 + 2/15 = 17/15 times
    the learning rate:

    >>> optimizer = NAdam(beta_1=0.5, momentum_decay=0.0)
    >>> theta = np.array([0.0])
    >>> state = optimizer.init(theta)
    >>> optimizer.step(theta, np.array([7.0]), state, learning_rate=0.15)
    >>> theta
    array([-0.17])
    """

    name = "nadam"
    member_numbers = ("beta_1", "beta_2", "epsilon", "momentum_decay")
    constraints = {
        "beta_1": DECAY_RATE,
        "beta_2": DECAY_RATE,
        "epsilon": POSITIVE,
        "momentum_decay": Interval(0.0, math.inf, "left"),
    }
    default_learning_rate = 2e-3

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8, momentum_decay=4e-3):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.momentum_decay = momentum_decay

    def init(self, theta):
        return {
            "step": 0,
            "mu_product": 1.0,
            "first_moment": np.zeros_like(theta),
            "second_moment": np.zeros_like(theta),
            "scratch": (scratch_for(theta), scratch_for(theta)),
        }

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        step = state["step"] = state["step"] + 1
        beta_1, beta_2 = exact(self.beta_1), exact(self.beta_2)
        psi = exact(self.momentum_decay)
        mu = beta_1 * (1.0 - 0.5 * power(0.96, step * psi))
        mu_next = beta_1 * (1.0 - 0.5 * power(0.96, (step + 1) * psi))
        product = state["mu_product"] = state["mu_product"] * mu
        gradient_share = (1.0 - mu) / (1.0 - product)
        moment_share = mu_next / (1.0 - product * mu_next)
        scale = second_root(beta_2, step)
        rate, decay_1, decay_2, ahead, floor = numbers_for(
            theta,
            learning_rate,
            gradient_share * scale,
            beta_1,
            beta_2,
            (1.0 - beta_1) * moment_share / gradient_share,
            exact(self.epsilon) * scale,
        )
        for (
            theta,
            gradient,
            first,
            second,
            direction,
            below,
            rate,
            decay_1,
            decay_2,
            ahead,
            floor,
        ) in blocks(
            theta,
            gradient,
            state["first_moment"],
            state["second_moment"],
            *state["scratch"],
            rate,
            decay_1,
            decay_2,
            ahead,
            floor,
        ):
            accumulate(first, gradient, decay_1)
            accumulate_square(second, gradient, decay_2, below)
            np.multiply(first, ahead, direction)
            np.add(direction, gradient, direction)
            np.sqrt(second, below)
            np.add(below, floor, below)
            np.divide(direction, below, direction)
            np.multiply(direction, rate, direction)
            np.subtract(theta, direction, theta)
