"""A rise, a plateau and a fall."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule


class FlatCosine(Schedule):
    r"""Raise the factor to 1, keep it there, then let it fall along a cosine to zero.

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
        The part of the run that rises. Dimensionless.
    anneal_from : float in [0, 1), default=0.5
        The part of the run after which the factor falls. Dimensionless. Below `warmup`
        there is no plateau.

    See Also
    --------
    OneCycle : Without a plateau.
    Cosine : The fall alone.

    Notes
    -----
    What ``schedule="auto"`` stands for. The progress is that of the middle of a step,
    so that neither the first factor nor the last one is zero. From the end of the run
    on the factor is 0.

    Where `anneal_from` is smaller than `warmup`, the factor is the smaller one of the
    rise and the fall.

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
