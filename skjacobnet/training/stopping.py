"""When to stop, and which weights to keep."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# A small table has only a few batches in an epoch; its validation score needs this many
# steps before a pause in its progress says anything.
MIN_PATIENCE_STEPS = 100


@dataclass
class Stopping:
    """Counts epochs without progress and remembers the best.

    Parameters
    ----------
    tol : float or None, default=None
        By how much a score must beat the best one to count as progress; none never
        stops.
    patience : int or inf
        How many epochs in a row may bring no progress.
    monitor : tuple, default=None
        What is monitored, and on which validation rows; the weights of the best epoch
        are then kept. None monitors the objective on the training rows and keeps the
        last.

    Attributes
    ----------
    best_score : float
        Larger is better.
    best_epoch : int
        The first epoch is 1.
    best_theta : array or None
    waited : int
        Epochs without progress.
    """

    tol: float | None = None
    patience: float = np.inf
    monitor: Any = None
    best_score: float = -np.inf
    best_epoch: int = 0
    best_theta: np.ndarray | None = None
    waited: int = 0

    def take_over(self, earlier):
        """Go on counting where an earlier training stood.

        Not if it monitored something else, since its scores would mean something else.
        A training that has been stopped and is continued gets its patience back.
        """
        if earlier.monitor != self.monitor:
            return
        self.best_score, self.best_epoch = earlier.best_score, earlier.best_epoch
        self.best_theta = earlier.best_theta
        self.waited = 0 if earlier.waited > earlier.patience else earlier.waited

    def kept(self, theta):
        """Return the best weights where they are kept, else the last, `theta`."""
        return theta if self.best_theta is None else self.best_theta

    def update(self, score, epoch, theta):
        """Take note of an epoch; return whether to stop."""
        if self.tol is not None:
            progress = score > self.best_score + self.tol
            self.waited = 0 if progress else self.waited + 1
        if score > self.best_score:
            self.best_score = score
            self.best_epoch = epoch
            if self.monitor is not None:
                self.best_theta = theta.copy()
        return self.out_of_patience

    @property
    def out_of_patience(self):
        """Whether too many epochs have brought no progress."""
        return self.tol is not None and self.waited > self.patience


def validation_patience(n_iter_no_change, steps_per_epoch):
    """Return the patience in epochs for a validation score."""
    return max(n_iter_no_change, -(-MIN_PATIENCE_STEPS // steps_per_epoch))
