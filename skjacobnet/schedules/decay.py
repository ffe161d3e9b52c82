"""Factors that fall smoothly."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule, progress


class Cosine(Schedule):
    r"""Let the factor fall along half a period of a cosine.

    With t the step over the number of steps and f the final factor,

    .. math:: f + (1 - f) \, \frac{1 + \cos(\pi t)}{2}

    Parameters
    ----------
    final : float in [0, 1], default=0.0
        The factor at the end. Dimensionless.

    See Also
    --------
    OneCycle : Rises before it falls.

    Notes
    -----
    The last step, number ``n_steps - 1``, has a factor slightly above `final`, so that
    with ``final=0`` it still moves the weights. It is 1/2 between the ends at half of
    the training.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017, Equation 5, without restarts.
       https://arxiv.org/abs/1608.03983

    Examples
    --------
    >>> [Cosine(final=0.2)(step, n_steps=100) for step in (0, 50, 100)]
    [1.0, 0.6, 0.2]
    """

    depends_on_scores = False
    name = "cosine"
    constraints = {"final": Interval(0.0, 1.0)}

    def __init__(self, final=0.0):
        self.final = final

    def __call__(self, step, n_steps, monitored=()):
        final = float(self.final)
        height = 0.5 * (1.0 + math.cos(math.pi * progress(step, n_steps)))
        return final + (1.0 - final) * height


class Exponential(Schedule):
    r"""Multiply the factor by the same number in each step.

    With t the step over the number of steps and f the final factor, it is :math:`f^t`.

    Parameters
    ----------
    final : float in (0, 1], default=0.01
        The factor at the end. Dimensionless.

    See Also
    --------
    Step : Multiplies only at a few points of the training.

    Notes
    -----
    Each step multiplies the factor by ``final ** (1 / n_steps)``: the fall is set for
    the whole training, whatever its length.

    References
    ----------
    .. [1] A. Senior, G. Heigold, M. Ranzato and K. Yang, "An Empirical Study of
       Learning Rates in Deep Neural Networks for Speech Recognition", ICASSP 2013,
       Section 3. https://doi.org/10.1109/ICASSP.2013.6638963

    Examples
    --------
    >>> [Exponential(final=0.01)(step, n_steps=10) for step in (0, 5, 10)]
    [1.0, 0.1, 0.01]
    """

    depends_on_scores = False
    name = "exponential"
    constraints = {"final": Interval(0.0, 1.0, "right")}

    def __init__(self, final=0.01):
        self.final = final

    def __call__(self, step, n_steps, monitored=()):
        return float(self.final) ** progress(step, n_steps)


class InverseScaling(Schedule):
    r"""Let the factor fall like a power of the number of steps.

    In step k, counted from 0, it is :math:`(1 + k)^{-p}`.

    Parameters
    ----------
    power : float >= 0, default=0.5
        The exponent p. Dimensionless. The proofs for stochastic approximation ask for
        more than 1/2 and at most 1.

    See Also
    --------
    Exponential : Falls by the same ratio in each step.

    Notes
    -----
    The fall does not depend on the length of the training: after 100 steps the factor
    is 0.1 by default, and after 10,000 it is 0.01. ``MLPClassifier`` counts samples
    instead of steps in its ``"invscaling"``.

    References
    ----------
    .. [1] H. Robbins and S. Monro, "A Stochastic Approximation Method", Annals of
       Mathematical Statistics 22(3), 1951, Section 3.
       https://doi.org/10.1214/aoms/1177729586

    Examples
    --------
    >>> [InverseScaling(power=0.5)(step, n_steps=1000) for step in (0, 3, 99)]
    [1.0, 0.5, 0.1]
    """

    depends_on_scores = False
    name = "inverse_scaling"
    constraints = {"power": Interval(0.0, math.inf, "left")}

    def __init__(self, power=0.5):
        self.power = power

    def __call__(self, step, n_steps, monitored=()):
        return (1.0 + min(step, n_steps)) ** -float(self.power)
