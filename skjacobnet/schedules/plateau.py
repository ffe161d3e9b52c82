"""The schedule that lowers the rate on a plateau of the score."""

import math

from skjacobnet.core.constraints import Interval
from skjacobnet.schedules.base import Schedule


class Plateau(Schedule):
    """Reduction on a plateau: divide the factor after epochs without progress.

    Parameters
    ----------
    divisor : float > 1, default=5.0
        Divisor of the factor. Dimensionless.
    patience : int >= 1, default=5
        Patience: number of epochs in a row without progress before each division.
    tol : float >= 0, default=1e-4
        Least improvement over the best score so far that counts as progress. Unit: that
        of the score.

    See Also
    --------
    Step : Falls at fixed milestones.

    Notes
    -----
    A pure function of the scores so far, so training can continue from any state;
    O(number of epochs) time, once in each epoch. A score that beats the best one by
    less than `tol` still replaces it, as in early stopping: many small gains do not
    count as progress. Without scores the factor is 1.

    The rule is that of ``learning_rate="adaptive"`` of ``MLPClassifier``, with its
    divisor; there the number of epochs is ``n_iter_no_change``, and training stops once
    the learning rate is 1e-6 or less.

    Examples
    --------
    The third and the fourth epoch make no progress, the fifth does:

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
