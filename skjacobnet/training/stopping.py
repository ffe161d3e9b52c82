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

    @classmethod
    def following(cls, earlier, parts, monitor, steps_per_epoch):
        """Return the rule for a run that goes on counting where an earlier one stood.

        Not if it monitored something else, since its scores would mean something else.
        A run that has been stopped and is continued gets its patience back.

        Parameters
        ----------
        earlier : Stopping
        parts : Parts
            With `tol` and `n_iter_no_change`.
        monitor : Monitor or None
        steps_per_epoch : int
        """
        # L-BFGS has a criterion of its own; only a validation score adds to it.
        tol = None if parts.full_batch and monitor is None else parts.tol
        patience, key = parts.n_iter_no_change, None
        if monitor is not None:
            patience = validation_patience(patience, steps_per_epoch)
            key = monitor.key
        rule = cls(tol, patience, key)
        if earlier.monitor == key:
            rule.best_score, rule.best_epoch = earlier.best_score, earlier.best_epoch
            rule.best_theta = earlier.best_theta
            rule.waited = 0 if earlier.waited > earlier.patience else earlier.waited
        return rule

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
