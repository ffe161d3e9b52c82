"""How a run ended, and whether what it learned beats a constant prediction."""

import math
import warnings
from typing import NamedTuple

from sklearn.exceptions import ConvergenceWarning

# A loss of so many times that of the best constant prediction is no result of chance,
# and one of so many times that of raw predictions of zero is none of too few epochs.
FAR_WORSE = 5.0
WORSE_THAN_NOTHING = 2.0


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
        That of the best constant prediction for the rows that were trained on.
    loss_of_zero : float
        That of raw predictions of zero, about which networks start.
    """

    ended_by: str = "max_iter"
    rows: str = "training"
    loss: float = math.nan
    baseline_loss: float = math.nan
    loss_of_zero: float = math.nan

    @property
    def far_worse(self):
        """Whether the loss is far above the baseline."""
        # A custom loss may be negative, where multiples say nothing.
        baseline, untrained = self.baseline_loss, self.loss_of_zero
        return baseline > 0.0 and self.loss > max(
            FAR_WORSE * baseline, WORSE_THAN_NOTHING * untrained
        )


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
    constant = table.constant_raw(loss)
    if validation is None:
        found, rows, judged = state.history["loss"][-1], "training", table
    elif monitor == "loss":
        losses, best = state.history["validation_loss"], state.stopping.best_epoch
        found, rows, judged = losses[best - 1], "validation", validation
    else:
        return Outcome(ended_by, "validation")
    baseline = judged.loss_of_constant(constant, loss)
    untrained = judged.loss_of_constant(0.0 * constant, loss)
    return Outcome(ended_by, rows, found, baseline, untrained)


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
