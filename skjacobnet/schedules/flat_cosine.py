"""The schedule with a warm-up, a plateau and a cosine decay."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule


class FlatCosine(Schedule):
    r"""Warm-up to 1, a plateau, then a cosine decay to zero.

    With the progress :math:`t = (k + 1/2) / n` of step k of n, warm-up w and the end
    of the plateau a,

    .. math::

        \begin{cases}
        t / w & t < w \\
        1 & w \le t \le a \\
        \tfrac12 \left(1 + \cos \pi \frac{t - a}{1 - a}\right) & t > a
        \end{cases}

    Parameters
    ----------
    warmup : float in [0, 1), default=0.1
        Share of the run in the warm-up. Dimensionless.
    anneal_from : float in [0, 1), default=0.5
        Share of the run before the decay. Dimensionless. Below `warmup` there is no
        plateau.

    See Also
    --------
    OneCycle : Without a plateau.
    Cosine : Only the decay.

    Notes
    -----
    The default, ``schedule="auto"``. The progress is taken at the middle of a step,
    so neither the first nor the last factor is zero. After the end of the run the
    factor is 0.

    If `anneal_from` is smaller than `warmup`, the factor is the smaller one of warm-up
    and decay.

    References
    ----------
    .. [1] D. Holzmüller, L. Grinsztajn and I. Steinwart, "Better by Default: Strong
       Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, Section 3: the
       plateau and the fall, for weight decay and dropout.
       https://arxiv.org/abs/2407.04491

    Examples
    --------
    >>> schedule = FlatCosine(warmup=0.25, anneal_from=0.5)
    >>> [schedule(step, n_steps=8) for step in range(9)]
    [0.25, 0.75, 1.0, 1.0, 0.96194, 0.691342, 0.308658, 0.03806, 0.0]
    """

    depends_on_scores = False
    name = "flat_cosine"
    constraints = {
        "warmup": Interval(0.0, 1.0, "left"),
        "anneal_from": Interval(0.0, 1.0, "left"),
    }

    def __init__(self, warmup=0.1, anneal_from=0.5):
        self.warmup = warmup
        self.anneal_from = anneal_from

    def __call__(self, step, n_steps, monitored=()):
        if step >= n_steps:
            return 0.0
        over, start = (step + 0.5) / n_steps, float(self.anneal_from)
        rise = min(over / self.warmup, 1.0) if self.warmup else 1.0
        if over <= start:
            return rise
        way = (over - start) / (1.0 - start)
        return min(rise, 0.5 * (1.0 + math.cos(math.pi * way)))
