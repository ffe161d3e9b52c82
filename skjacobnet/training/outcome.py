"""Outcome of a run, and its comparison with a constant prediction."""

import math
import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

# A loss above this multiple of the baseline loss signals a failure: after one epoch on
# 60 scaled rows up to 2.3 times were measured, without scaling 5 and more.
FAR_WORSE = 5.0
# If classes are rare, the baseline loss is small, and an untrained network is close to
# raw predictions of zero.
WORSE_THAN_START = 2.0


class Outcome(NamedTuple):
    """Outcome of a call of `fit` or `partial_fit`.

    Attributes
    ----------
    ended_by : {"max_iter", "itself", "observer", "interrupt"}
        The maximum number of epochs, a lack of progress or convergence, a callback, or
        an interrupt.
    rows : {"training", "validation"}
        Set on which the losses are computed.
    loss : float
        Loss of the final weights.
    baseline_loss : float
        Loss of the best constant prediction for the training set.
    loss_of_start : float
        Loss of the initial raw predictions of a run: zeros, or the best constant.
    beats_constant : bool
        Whether predictions of a pilot, or of the run itself, on held-out rows were
        better than a constant.
    """

    ended_by: str = "max_iter"
    rows: str = "training"
    loss: float = math.nan
    baseline_loss: float = math.nan
    loss_of_start: float = math.nan
    beats_constant: bool = True

    @property
    def far_worse(self):
        """Whether the loss is far above the baseline loss."""
        # A custom loss may be negative, for which multiples are meaningless.
        return self.baseline_loss > 0.0 and self.loss > max(
            FAR_WORSE * self.baseline_loss, WORSE_THAN_START * self.loss_of_start
        )


def baseline_of(loss, table, validation):
    """Return the losses that a run must beat, on its validation or training set.

    Parameters
    ----------
    loss : Loss
    table : Table
        Training set.
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
    """Return the outcome of a run, compared with the baseline.

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
    """Warn of a run worse than a constant, or one that needs more epochs.

    Parameters
    ----------
    outcome : Outcome
    max_iter : int
    tol : float or None
        None intentionally trains for `max_iter` epochs.
    stacklevel : int
        Argument of `warnings.warn`, counted from the caller.
    """
    if outcome.far_worse:
        warnings.warn(
            f"The final {outcome.rows} loss is {outcome.loss:.3g}, far above the "
            f"baseline loss {outcome.baseline_loss:.3g} of a constant prediction. "
            "Scale the features, for example with StandardScaler, X_val like X, or "
            "lower learning_rate.",
            ConvergenceWarning,
            stacklevel=stacklevel + 1,
        )
    elif not outcome.beats_constant:
        warnings.warn(
            "Predictions on held-out rows are no better than a constant. "
            "The features may carry no information about y, the rows may be too few, "
            "or a parameter such as learning_rate may prevent learning.",
            ConvergenceWarning,
            stacklevel=stacklevel + 1,
        )
    elif outcome.ended_by == "max_iter" and tol is not None:
        warnings.warn(
            f"Training ended after max_iter={max_iter} before the objective stopped "
            "improving. Raise max_iter or learning_rate, scale the features, or set "
            "tol=None to always train for max_iter epochs.",
            ConvergenceWarning,
            stacklevel=stacklevel + 1,
        )
