"""How a run ended, and whether what it learned beats a constant prediction."""

import math
import warnings
from typing import NamedTuple

from sklearn.exceptions import ConvergenceWarning

# A loss of so many times that of the best constant prediction is no result of chance.
FAR_WORSE = 5.0


class Outcome(NamedTuple):
    """How a call that trained ended.

    Attributes
    ----------
    ended_by : {"max_iter", "itself", "observer", "interrupt"}
        The most epochs, a lack of progress or convergence, a callback, or Ctrl-C.
    rows : {"training", "validation"}
        Which rows the losses are those of.
    loss : float
        That of the weights which are kept.
    baseline_loss : float
        That of the best constant prediction.
    """

    ended_by: str = "max_iter"
    rows: str = "training"
    loss: float = math.nan
    baseline_loss: float = math.nan

    @property
    def far_worse(self):
        """Whether the loss is far above the baseline."""
        # A custom loss may be negative, where multiples say nothing.
        return 0.0 < FAR_WORSE * self.baseline_loss < self.loss


def outcome_of(ended_by, state, loss, table, validation, monitor):
    """Compare what a run has learned with the baseline.

    Parameters
    ----------
    ended_by : str
        As in `Outcome`.
    state : RunState
    loss : Loss
    table : Table
        The rows that were trained on.
    validation : Table or None
    monitor : "loss", str or callable
        What was monitored on the validation set.

    Returns
    -------
    Outcome
    """
    if validation is None:
        found = state.history["loss"][-1]
        return Outcome(ended_by, "training", found, table.baseline_loss(loss))
    if monitor != "loss":
        return Outcome(ended_by, "validation")
    found = state.history["validation_loss"][state.stopping.best_epoch - 1]
    return Outcome(ended_by, "validation", found, validation.baseline_loss(loss))


def warn_of(outcome, max_iter, tol, stacklevel):
    """Warn of a run that has learned less than nothing, or needs more epochs.

    Parameters
    ----------
    outcome : Outcome
    max_iter : int
    tol : float or None
        None trains for `max_iter` epochs on purpose.
    stacklevel : int
        As for `warnings.warn`, counted from the caller.
    """
    if outcome.far_worse:
        warnings.warn(
            f"The loss on the {outcome.rows} rows ended at {outcome.loss:.3g}, where "
            f"the best constant prediction has {outcome.baseline_loss:.3g}. Scale the "
            "features, for example with StandardScaler, X_val like X, or lower "
            "learning_rate.",
            ConvergenceWarning,
            stacklevel=stacklevel + 1,
        )
    elif outcome.ended_by == "max_iter" and tol is not None:
        warnings.warn(
            f"Training ended after max_iter={max_iter} before the objective stopped "
            "improving. Raise max_iter or learning_rate, scale the features, or set "
            "tol=None to train for max_iter epochs on purpose.",
            ConvergenceWarning,
            stacklevel=stacklevel + 1,
        )
