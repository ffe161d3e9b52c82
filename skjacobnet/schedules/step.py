"""The step schedule."""

from collections.abc import Sequence

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule, progress

FRACTION = Interval(0.0, 1.0, "neither")


class Step(Schedule):
    """Step decay: multiply the factor at each milestone.

    After k milestones it is ``factor ** k``.

    Parameters
    ----------
    factor : float in (0, 1], default=0.1
        Multiplier at each milestone. Dimensionless.
    milestones : sequence of float in (0, 1), default=(0.5, 0.75)
        Positions of the milestones, as shares of the run.

    Raises
    ------
    TypeError, ValueError
        From `validate`, for a milestone that is not a number in (0, 1).

    See Also
    --------
    Exponential : Falls in every step.
    Plateau : Falls when the score stops improving.

    Notes
    -----
    The first step with the new factor is the first at or after the milestone: ``step /
    n_steps >= milestone``. The order of the milestones is irrelevant; a repeated
    milestone multiplies twice.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image
       Recognition", CVPR 2016, Section 4.2: a tenth after 32,000 and 48,000 of 64,000
       steps. https://arxiv.org/abs/1512.03385

    Examples
    --------
    >>> [Step()(step, n_steps=8) for step in range(8)]
    [1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.01, 0.01]
    """

    depends_on_scores = False
    name = "step"
    constraints = {"factor": Interval(0.0, 1.0, "right")}

    def __init__(self, factor=0.1, milestones=(0.5, 0.75)):
        self.factor = factor
        self.milestones = milestones

    def validate(self):
        super().validate()
        if isinstance(self.milestones, str) or not isinstance(
            self.milestones, Sequence
        ):
            raise TypeError(
                "Step: milestones must be a sequence of numbers in (0, 1), such as "
                f"(0.5, 0.75), got {self.milestones!r}."
            )
        for milestone in self.milestones:
            FRACTION.check(milestone, "Step: each of milestones")

    def __call__(self, step, n_steps, monitored=()):
        over = progress(step, n_steps)
        passed = sum(over >= milestone for milestone in self.milestones)
        return float(self.factor) ** passed
