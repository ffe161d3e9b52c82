"""Early stopping, and the choice of the weights to keep."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# A small table has only a few batches in an epoch; the patience for its validation
# score is at least this number of steps.
MIN_PATIENCE_STEPS = 100


@dataclass
class Stopping:
    """Stopping rule: counts epochs without progress and stores the best weights.

    Parameters
    ----------
    tol : float or None, default=None
        Least improvement over the best score that counts as progress; None never stops.
    patience : int or inf
        Maximum number of epochs in a row without progress.
    monitor : tuple, default=None
        Monitored score and validation rows; the weights of the best epoch are then
        kept. None monitors the objective on the training set and keeps the last
        weights.

    Attributes
    ----------
    best_score : float
        Best score; larger is better.
    best_epoch : int
        Epoch of the best score, counted from 1.
    best_theta : array or None
    waited : int
        Number of epochs without progress.
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
        """Return the rule for a run that continues the count of an earlier one.

        The count restarts if the earlier run monitored another score. A continued run
        that had stopped regains its full patience.

        Parameters
        ----------
        earlier : Stopping
        parts : Parts
            Parts with `tol` and `n_iter_no_change`.
        monitor : Monitor or None
        steps_per_epoch : int
        """
        # L-BFGS has a separate criterion; only a validation score adds to it.
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
        """Return the best weights if they are kept, else the last, `theta`."""
        return theta if self.best_theta is None else self.best_theta

    def update(self, score, epoch, theta):
        """Record an epoch; return whether to stop."""
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
        """Whether the patience is exhausted."""
        return self.tol is not None and self.waited > self.patience


def validation_patience(n_iter_no_change, steps_per_epoch):
    """Return the patience in epochs for a validation score."""
    return max(n_iter_no_change, -(-MIN_PATIENCE_STEPS // steps_per_epoch))
