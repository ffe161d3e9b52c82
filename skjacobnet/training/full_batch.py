"""Full-batch training."""

import math

import numpy as np


def train(parts, state, objective, batches, watch, n_epochs, record=None):
    """Minimize the objective over all rows.

    Parameters
    ----------
    parts : Parts
        Parts with the optimizer, and `tol`, the largest component of the gradient at
        which to stop; None never stops early.
    state : RunState
        State, updated to the best weights.
    objective : Objective
    batches : Batches
        All rows, in blocks that stay in the processor's cache, or as one batch if a
        penalty is not a mean over rows.
    watch : Watch
        Watch called after each iteration; it may stop the run.
    n_epochs : int
        Maximum number of iterations.
    record : LayerRecord, optional
        Records each iteration in the history.

    Raises
    ------
    ValueError
        If the objective is not finite at the end.
    """
    optimizer, not_finite = parts.optimizer, None
    # Evaluations since the last iteration, by weights.
    evaluated = {}

    def evaluate(theta):
        nonlocal not_finite
        loss = penalty = 0.0
        total = np.zeros_like(theta)
        # The objective is a mean over rows, so it is a sum over blocks of rows.
        for X, y, sample_weight in batches.epoch():
            share = y.shape[0] / batches.n_rows
            block_loss, block_penalty, gradient = objective(theta, X, y, sample_weight)
            loss += share * float(block_loss)
            penalty += share * float(block_penalty)
            np.multiply(gradient, share, gradient)
            total += gradient
        evaluated[theta.tobytes()] = loss, penalty
        if not math.isfinite(loss + penalty):
            not_finite = f"a loss that is not finite, {loss + penalty},"
        elif not np.isfinite(total).all():
            not_finite = "a gradient that is not finite"
        return loss + penalty, total

    def after_iteration(theta, value, gradient):
        state.step += 1
        loss, penalty = evaluated.get(theta.tobytes(), (value, 0.0))
        evaluated.clear()
        norm = float(np.linalg.norm(gradient))
        recorded = {}
        if record is not None:
            recorded = record.columns(theta, gradient)
            record.step_begins(theta)
        stop = watch.epoch_ends(theta, loss, penalty, math.nan, norm, recorded)
        if not stop and state.epoch < last_epoch:
            watch.epoch_begins()
        return stop

    first_epoch, last_epoch = state.epoch, state.epoch + n_epochs
    watch.epoch_begins()
    if record is not None:
        record.step_begins(state.theta)
    with np.errstate(all="ignore"):
        converged = optimizer.minimize(
            evaluate, state.theta, n_epochs, parts.tol or 0.0, after_iteration
        )
        value, gradient = evaluate(state.theta)
    went_nowhere = state.epoch == first_epoch
    if not math.isfinite(value) or (went_nowhere and not converged):
        raise ValueError(
            f"L-BFGS met {not_finite or 'a line search without an end'} after "
            f"{state.epoch - first_epoch} iterations. Scale the features, for example "
            "with StandardScaler."
        )
    if went_nowhere:
        # The initial weights were good enough; the history still records them.
        after_iteration(state.theta, value, gradient)
    if converged and watch.ended_by == "max_iter":
        watch.ended_by = "itself"
