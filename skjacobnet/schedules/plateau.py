"""A factor that falls where the score no longer improves."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule


class Plateau(Schedule):
    """Divide the factor whenever the score has not improved for some epochs.

    Parameters
    ----------
    divisor : float > 1, default=5.0
        What the factor is divided by. Dimensionless.
    patience : int >= 1, default=5
        How many epochs in a row without progress it takes; then they are counted anew.
    tol : float >= 0, default=1e-4
        By how much a score must beat the best one so far to count as progress. Unit:
        that of the score.

    See Also
    --------
    Step : Falls at points that are known before.

    Notes
    -----
    A pure function of the scores so far, so that training can go on from any state;
    O(number of epochs) time, once in each epoch. A score that is larger than the best
    one by less than `tol` is the new best one all the same, as in early stopping: many
    small gains are no progress. Without scores the factor is 1.

    The rule is that of ``learning_rate="adaptive"`` of ``MLPClassifier``, with its
    divisor; there the number of epochs is ``n_iter_no_change``, and training stops once
    the learning rate is 1e-6 or less.

    Examples
    --------
    The third and the fourth epoch bring no progress, then one does:

    >>> schedule = Plateau(divisor=2.0, patience=2)
    >>> scores = [0.6, 0.8, 0.8, 0.7, 0.9]
    >>> [schedule(0, 1, scores[:n_epochs]) for n_epochs in range(6)]
    [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]
    """

    name = "plateau"
    constraints = {
        "divisor": Interval(1.0, math.inf, "neither"),
        "patience": Interval(1, math.inf, "left", integer=True),
        "tol": Interval(0.0, math.inf, "left"),
    }
    per_epoch = True

    def __init__(self, divisor=5.0, patience=5, tol=1e-4):
        self.divisor = divisor
        self.patience = patience
        self.tol = tol

    def __call__(self, step, n_steps, monitored=()):
        factor, best, waited = 1.0, -math.inf, 0
        for score in monitored:
            waited = 0 if score > best + self.tol else waited + 1
            best = max(best, score)
            if waited == self.patience:
                factor /= float(self.divisor)
                waited = 0
        return factor
