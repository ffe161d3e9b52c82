"""The one-cycle schedule."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule, progress


class OneCycle(Schedule):
    r"""One cycle: a rise to 1, then a decay to almost zero.

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
        Share of the run in the warm-up. Dimensionless.
    start : float in (0, 1], default=0.04
        Factor of the first step. Dimensionless.
    final : float in (0, 1], default=1e-4
        Factor at the end of the run. Dimensionless.

    See Also
    --------
    Cosine : Only the decay.
    Warmup : A linear rise before any schedule.

    Notes
    -----
    It is meant for learning rates too large for a constant schedule: the rate is high
    only in the middle of the run. In the source the rate is piecewise linear and the
    momentum falls where the rate rises; here rise and decay are cosines and the
    momentum is constant.

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
