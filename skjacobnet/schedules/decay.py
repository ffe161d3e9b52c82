"""Schedules that decay smoothly."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule, progress


class Cosine(Schedule):
    r"""Cosine decay, along half a period of a cosine.

    With t the step over the number of steps and f the final factor,

    .. math:: f + (1 - f) \, \frac{1 + \cos(\pi t)}{2}

    Parameters
    ----------
    final : float in [0, 1], default=0.0
        Factor at the end of the run. Dimensionless.

    See Also
    --------
    OneCycle : Rises before it falls.

    Notes
    -----
    The last step, number ``n_steps - 1``, has a factor slightly above `final`, so with
    ``final=0`` it still moves the weights. At half of the run the factor is halfway
    between 1 and `final`.

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
    r"""Exponential decay: the same ratio in each step.

    With t the step over the number of steps and f the final factor, it is :math:`f^t`.

    Parameters
    ----------
    final : float in (0, 1], default=0.01
        Factor at the end of the run. Dimensionless.

    See Also
    --------
    Step : Lowers the factor only at a few milestones.

    Notes
    -----
    Each step multiplies the factor by ``final ** (1 / n_steps)``: the total decay does
    not depend on the length of the run.

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
    r"""Inverse scaling: decay by a power of the number of steps.

    In step k, counted from 0, it is :math:`(1 + k)^{-p}`.

    Parameters
    ----------
    power : float >= 0, default=0.5
        Exponent p. Dimensionless. The proofs for stochastic approximation require more
        than 1/2 and at most 1.

    See Also
    --------
    Exponential : Falls by the same ratio in each step.

    Notes
    -----
    The decay does not depend on the length of the run: after 100 steps the factor
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
