"""Warm-up before any schedule."""

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule


class Warmup(Schedule):
    r"""Linear warm-up, followed by another schedule.

    With w warm-up steps, the factor of step k is :math:`\min((k + 1) / w, 1)` times
    that of the schedule in step :math:`\max(k - w, 0)` of the n - w that remain.

    Parameters
    ----------
    schedule : str or Schedule, default="constant"
        Schedule after the warm-up.
    fraction : float in [0, 1), default=0.1
        Share of the run in the warm-up. Dimensionless.

    Raises
    ------
    TypeError, ValueError
        From `validate`, for an unknown schedule or one with invalid arguments.

    See Also
    --------
    OneCycle : A rise and a decay along cosines.

    Notes
    -----
    w is ``fraction * n_steps`` rounded to a whole number, and at most ``n_steps - 1``.
    The warm-up reaches 1 in its last step, number w - 1, and step w is the first of the
    schedule.

    The warm-up changes in every step, so the schedule is evaluated in every step, also
    one that changes only between epochs.

    References
    ----------
    .. [1] P. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1
       Hour", 2017, Section 2.2. https://arxiv.org/abs/1706.02677

    Examples
    --------
    >>> schedule = Warmup("cosine", fraction=0.5)
    >>> [schedule(step, n_steps=8) for step in range(8)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 0.853553, 0.5, 0.146447]
    """

    name = "warmup"
    constraints = {"fraction": Interval(0.0, 1.0, "left")}

    def __init__(self, schedule="constant", fraction=0.1):
        self.schedule = schedule
        self.fraction = fraction

    def validate(self):
        super().validate()
        _family().resolve(self.schedule)

    def _wrapped(self):
        if isinstance(self.schedule, str):
            return _family().make(self.schedule)
        return self.schedule

    def __call__(self, step, n_steps, monitored=()):
        n_warmup = min(round(float(self.fraction) * n_steps), n_steps - 1)
        schedule = self._wrapped()
        factor = schedule(max(step - n_warmup, 0), n_steps - n_warmup, monitored)
        if step < n_warmup:
            factor *= (step + 1) / n_warmup
        return factor


def _family():
    # The family contains this class, so it cannot be imported at the top.
    from skjacobnet.schedules import SCHEDULES

    return SCHEDULES
