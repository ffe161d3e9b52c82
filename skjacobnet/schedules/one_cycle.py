"""One rise and one fall."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule, progress


class OneCycle(Schedule):
    r"""Raise the factor to 1, then let it fall to almost nothing.

    With t the step over the number of steps, w the warm-up, s the start, f the final
    factor and :math:`h(u) = (1 + \cos \pi u) / 2`,

    .. math::

        \begin{cases}
        s + (1 - s) \, h(1 - t / w) & t < w \\
        f + (1 - f) \, h((t - w) / (1 - w)) & t \ge w
        \end{cases}

    Parameters
    ----------
    warmup : float in [0, 1), default=0.3
        The part of the training that rises. Dimensionless.
    start : float in (0, 1], default=0.04
        The factor of the first step. Dimensionless.
    final : float in (0, 1], default=1e-4
        The factor at the end. Dimensionless.

    See Also
    --------
    Cosine : The fall alone.
    Warmup : A straight rise in front of any schedule.

    Notes
    -----
    It is made for learning rates larger than a constant one may be: the rate is high
    only in the middle of the training. The source moves along straight lines and lets
    the momentum fall where the rate rises; here both ways are cosines and the momentum
    stays.

    References
    ----------
    .. [1] L. N. Smith and N. Topin, "Super-Convergence: Very Fast Training of Neural
       Networks Using Large Learning Rates", 2017, Section 3.
       https://arxiv.org/abs/1708.07120

    Examples
    --------
    >>> schedule = OneCycle(warmup=0.5, start=0.2, final=0.1)
    >>> [schedule(step, n_steps=4) for step in range(5)]
    [0.2, 0.6, 1.0, 0.55, 0.1]
    """

    depends_on_scores = False
    name = "one_cycle"
    constraints = {
        "warmup": Interval(0.0, 1.0, "left"),
        "start": Interval(0.0, 1.0, "right"),
        "final": Interval(0.0, 1.0, "right"),
    }

    def __init__(self, warmup=0.3, start=0.04, final=1e-4):
        self.warmup = warmup
        self.start = start
        self.final = final

    def __call__(self, step, n_steps, monitored=()):
        over, warmup = progress(step, n_steps), float(self.warmup)
        if over < warmup:
            low, way = float(self.start), 1.0 - over / warmup
        else:
            low, way = float(self.final), (over - warmup) / (1.0 - warmup)
        return low + (1.0 - low) * 0.5 * (1.0 + math.cos(math.pi * way))
