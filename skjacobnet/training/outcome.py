"""How a run ended, and whether what it learned beats a constant prediction."""

import math
import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

# A loss of so many times that of the best constant prediction is no result of chance:
# after one epoch on 60 scaled rows 2.3 times were seen, without scaling 5 and more.
FAR_WORSE = 5.0
# Where classes are rare, that of the best constant is small, and a network that has
# only begun is near raw predictions of zero.
WORSE_THAN_START = 2.0


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
    loss_of_start : float
        That of the raw predictions near which a run starts: zeros, or the best
        constant.
    beats_constant : bool
        Whether a pilot, or the run itself, predicted rows that it was not trained on
        better than a constant does.
    """

    ended_by: str = "max_iter"
    rows: str = "training"
    loss: float = math.nan
    baseline_loss: float = math.nan
    loss_of_start: float = math.nan
    beats_constant: bool = True

    @property
    def far_worse(self):
        """Whether the loss is far above the baseline."""
        # A custom loss may be negative, where multiples say nothing.
        return self.baseline_loss > 0.0 and self.loss > max(
            FAR_WORSE * self.baseline_loss, WORSE_THAN_START * self.loss_of_start
        )


def baseline_of(loss, table, validation):
    """Return the losses that a run must beat, on the rows that it is judged by.

    Parameters
    ----------
    loss : Loss
    table : Table
        The rows to train on.
    validation : Table or None

    Returns
    -------
    baseline_loss, loss_of_start : float
        As in `Outcome`.
    """
    constant, judged = table.constant_raw(loss), validation or table
    start = constant if table.task.starts_at_constant else np.zeros_like(constant)
    raws = constant, start
    return tuple(judged.loss_of_constant(raw, loss) for raw in raws)


def outcome_of(ended_by, state, baseline, beats_constant=True):
    """Compare what a run has learned with the baseline.

    Parameters
    ----------
    ended_by : str
        As in `Outcome`.
    state : RunState
    baseline : tuple of float
        From `baseline_of`.
    beats_constant : bool, default=True
        As in `Outcome`.

    Returns
    -------
    Outcome
    """
    if state.stopping.monitor is None:
        loss = state.history["loss"][-1]
        return Outcome(ended_by, "training", loss, *baseline, beats_constant)
    losses, best = state.history["validation_loss"], state.stopping.best_epoch
    loss = losses[best - 1]
    return Outcome(ended_by, "validation", loss, *baseline, beats_constant)


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
    elif not outcome.beats_constant:
        warnings.warn(
            "Rows that were not trained on are predicted no better than by a constant. "
            "The features may say nothing about y, there may be too few rows to tell, "
            "or a parameter keeps the network from learning, such as learning_rate.",
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
