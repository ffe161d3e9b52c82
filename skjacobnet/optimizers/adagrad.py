"""AdaGrad."""

import numpy as np

from skjacobnet.core.numbers import exact
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.blocks import blocks, zeros_and_scratch
from skjacobnet.optimizers.moments import POSITIVE
from skjacobnet.optimizers.numbers import numbers_for


class AdaGrad(Optimizer):
    r"""AdaGrad: divide by the root of the sum of squared gradients.

    With gradient :math:`g_t`, learning rate :math:`\eta_t` and :math:`G_0 = 0`, step t
    is

    .. math::

        G_t &= G_{t-1} + g_t^2 \\
        \theta_t &= \theta_{t-1} - \eta_t \, g_t / (\sqrt{G_t} + \epsilon)

    Parameters
    ----------
    epsilon : float > 0, default=1e-10
        Keeps the quotient finite if all gradients were zero. Unit: that of the
        gradient.

    See Also
    --------
    RMSProp : Forgets old gradients, so steps do not shrink to zero.

    Notes
    -----
    State: ``sum_of_squares``, of the shape of the weights. O(n_weights) time and
    memory. Steps shrink like :math:`1 / \sqrt t` for constant gradients.

    References
    ----------
    .. [1] J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online
       Learning and Stochastic Optimization", JMLR 12, 2011, Figure 1 with diagonal
       matrices; epsilon is added to the root, as delta is there.
       https://jmlr.org/papers/v12/duchi11a.html

    Examples
    --------
    After gradients of 3 and 4 the root is 3, then 5:

    >>> optimizer = AdaGrad()
    >>> theta = np.array([0.0])
    >>> state = optimizer.init(theta)
    >>> optimizer.step(theta, np.array([3.0]), state, learning_rate=1.0)
    >>> theta
    array([-1.])
    >>> optimizer.step(theta, np.array([4.0]), state, learning_rate=1.0)
    >>> theta
    array([-1.8])
    """

    name = "adagrad"
    member_numbers = ("epsilon",)
    constraints = {"epsilon": POSITIVE}
    default_learning_rate = 1e-2

    def __init__(self, epsilon=1e-10):
        self.epsilon = epsilon

    def init(self, theta):
        return zeros_and_scratch(theta, "sum_of_squares")

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        rate, floor = numbers_for(theta, learning_rate, 1.0, exact(self.epsilon))
        for theta, gradient, total, scratch, rate, floor in blocks(
            theta, gradient, state["sum_of_squares"], state["scratch"], rate, floor
        ):
            np.multiply(gradient, gradient, scratch)
            np.add(total, scratch, total)
            np.sqrt(total, scratch)
            np.add(scratch, floor, scratch)
            np.divide(gradient, scratch, scratch)
            np.multiply(scratch, rate, scratch)
            np.subtract(theta, scratch, theta)
