"""Training on all rows at once, with an optimizer that takes the whole way."""

import math
from time import perf_counter

import numpy as np


def train(
    state, objective, optimizer, batches, *, n_epochs, tol, validate=None, report=None
):
    """Minimize the objective over all rows.

    Parameters
    ----------
    state : TrainingState
        Changed to the weights found.
    objective : Objective
    optimizer : FullBatchOptimizer
    batches : Batches
        One batch of all rows.
    n_epochs : int
        The most iterations.
    tol : float
        The largest component of the gradient at which to stop.
    validate, report : callable, optional
        As in `skjacobnet.training.minibatch.train`, after each iteration.

    Returns
    -------
    stopped : bool
        Whether it ended before `n_epochs` iterations.

    Raises
    ------
    ValueError
        If the objective is not finite at the end.
    """
    ((X, y, sample_weight),) = batches.epoch()
    parts = {}
    clock = [perf_counter()]

    def evaluate(theta):
        loss, penalty, gradient = objective(theta, X, y, sample_weight)
        value = float(loss + penalty)
        parts[value] = float(loss), float(penalty)
        return value, gradient.copy()

    def after_iteration(theta, value, gradient):
        state.epoch += 1
        state.step += 1
        loss, penalty = parts.get(value, (value, 0.0))
        parts.clear()
        score, columns = -value, {}
        if validate is not None:
            score, columns = validate(theta)
        state.scores.append(score)
        now = perf_counter()
        state.record(
            loss=loss,
            penalty=penalty,
            learning_rate=math.nan,
            gradient_norm=float(np.linalg.norm(gradient)),
            **columns,
            seconds=now - clock[0],
        )
        clock[0] = now
        stop = state.stopping.update(score, state.epoch, theta) and validate is not None
        return (report is not None and bool(report(state))) or stop

    with np.errstate(all="ignore"):
        converged = optimizer.minimize(
            evaluate, state.theta, n_epochs, tol, after_iteration
        )
        value, _ = evaluate(state.theta)
    if not (math.isfinite(value) and np.isfinite(state.theta).all()):
        raise ValueError(
            f"The loss became {value} in iteration {state.epoch} of L-BFGS. Scale the "
            "features, for example with StandardScaler."
        )
    return converged
