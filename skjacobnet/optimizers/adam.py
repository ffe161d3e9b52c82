"""Adam."""

from skjacobnet.core.constraints import BOOLEAN
from skjacobnet.optimizers.base import Optimizer
from skjacobnet.optimizers.moments import DECAY_RATE, POSITIVE, adam_init, adam_step


class Adam(Optimizer):
    r"""Adam: steps from running estimates of two gradient moments.

    With gradient :math:`g_t`, learning rate :math:`\eta_t` and :math:`m_0 = v_0 = 0`,
    step t is

    .. math::

        m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2) g_t^2 \\
        \theta_t &= \theta_{t-1} - \eta_t \frac{m_t / (1 - \beta_1^t)}
        {\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    and with `amsgrad` the largest of :math:`v_1, \dots, v_t` takes the place of
    :math:`v_t` in the last line.

    Parameters
    ----------
    beta_1 : float in [0, 1), default=0.9
        Decay rate :math:`\beta_1` of the first moment. Dimensionless.
    beta_2 : float in [0, 1), default=0.999
        Decay rate :math:`\beta_2` of the second moment. Dimensionless.
    epsilon : float > 0, default=1e-8
        Added to the root of the corrected second moment. Unit: that of the gradient.
    amsgrad : bool, default=False
        Whether to use the largest second moment so far. The name ``"amsgrad"`` is Adam
        with True.

    See Also
    --------
    AdamW : With a decoupled weight decay.
    NAdam : With Nesterov's momentum.
    AdaMax : With the largest gradient in place of the second moment.

    Notes
    -----
    State: ``step``, ``first_moment`` and ``second_moment``, and with `amsgrad`
    ``largest_second_moment``. The moments are kept without their factors
    :math:`1 - \beta`: with :math:`m' = m / (1 - \beta_1)`,
    :math:`v' = v / (1 - \beta_2)` and
    :math:`c_t^2 = (1 - \beta_2^t) / (1 - \beta_2)` the last line is

    .. math::

        \theta_t = \theta_{t-1} - \eta_t c_t \frac{1 - \beta_1}{1 - \beta_1^t}
        \frac{m_t'}{\sqrt{v_t'} + c_t \epsilon},

    so two numbers hold all factors and corrections. O(n_weights) time and memory, ten
    passes over the weights.

    This is Algorithm 1 of [1]_. ``MLPClassifier`` adds epsilon to the root before the
    correction, the variant at the end of Section 2 there, which makes the first steps
    shorter if gradients are small. Algorithm 2 of [2]_ has no bias corrections; here
    the largest moment gets the same correction as the moment, as in most
    implementations.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization",
       ICLR 2015, Algorithm 1. https://arxiv.org/abs/1412.6980
    .. [2] S. J. Reddi, S. Kale and S. Kumar, "On the Convergence of Adam and Beyond",
       ICLR 2018, Algorithm 2. https://arxiv.org/abs/1904.09237

    Examples
    --------
    The first step has the size of the learning rate in each direction, whatever the
    gradient. After a gradient g and then 0, with both rates at one half, the corrected
    moments are g/3 and g**2/3, and the second step is 1/sqrt(3) times the learning
    rate:

    >>> import numpy as np
    >>> optimizer = Adam(beta_1=0.5, beta_2=0.5, epsilon=1e-12)
    >>> theta = np.array([0.0, 0.0])
    >>> state = optimizer.init(theta)
    >>> optimizer.step(theta, np.array([1.0, -0.02]), state, learning_rate=0.1)
    >>> theta
    array([-0.1,  0.1])
    >>> optimizer.step(theta, np.zeros(2), state, learning_rate=0.1)
    >>> theta
    array([-0.157735,  0.157735])
    """

    name = "adam"
    aliases = {"amsgrad": {"amsgrad": True}}
    member_numbers = ("beta_1", "beta_2", "epsilon")
    constraints = {
        "beta_1": DECAY_RATE,
        "beta_2": DECAY_RATE,
        "epsilon": POSITIVE,
        "amsgrad": BOOLEAN,
    }
    default_learning_rate = 1e-3

    def __init__(self, beta_1=0.9, beta_2=0.999, epsilon=1e-8, amsgrad=False):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def init(self, theta):
        return adam_init(theta, self.amsgrad)

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
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
