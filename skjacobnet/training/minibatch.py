"""Training in small steps, one mini-batch at a time."""

import math
from time import perf_counter

import numpy as np

from skjacobnet.schedules import Constant


def train(
    state,
    objective,
    optimizer,
    batches,
    *,
    learning_rate,
    schedule,
    n_epochs,
    n_steps,
    shuffle=True,
    validate=None,
    report=None,
):
    """Train for some epochs, or until there is no more progress.

    Parameters
    ----------
    state : TrainingState
        Changed as training goes on.
    objective : Objective
    optimizer : Optimizer
    batches : Batches
    learning_rate : float > 0
    schedule : Schedule
        Gives the factor of the learning rate at each step.
    n_epochs : int
        The most epochs to train now.
    n_steps : int
        Steps of the whole training, for the schedule.
    shuffle : bool, default=True
    validate : callable, optional
        ``validate(theta) -> (score, columns)`` after each epoch: the monitored value,
        larger is better, and what to add to the history. Without it the objective on
        the training rows is monitored.
    report : callable, optional
        ``report(state)`` after each epoch; a true answer stops.

    Returns
    -------
    stopped : bool
        Whether training ended before `n_epochs` had passed.

    Raises
    ------
    ValueError
        If the loss is no longer finite.
    """
    decay_mask = objective.network.decay_mask(state.theta.dtype)
    order_rng = state.shuffle_rng if shuffle else None
    varies = not isinstance(schedule, Constant)
    factor = 1.0
    for _ in range(n_epochs):
        start = perf_counter()
        loss_sum = penalty_sum = 0.0
        if varies and schedule.per_epoch:
            factor = schedule(state.step, n_steps, state.scores)
        # Divergence is met by an error of its own, below, with a cause and a way out.
        with np.errstate(all="ignore"):
            for X, y, sample_weight in batches.epoch(order_rng):
                loss, penalty, gradient = objective(
                    state.theta, X, y, sample_weight, state.noise_rng
                )
                if varies and not schedule.per_epoch:
                    factor = schedule(state.step, n_steps, state.scores)
                optimizer.step(
                    state.theta,
                    gradient,
                    state.optimizer_state,
                    learning_rate * factor,
                    decay_mask,
                )
                state.step += 1
                n_rows = y.shape[0]
                loss_sum += n_rows * loss
                penalty_sum += n_rows * penalty
            gradient_norm = float(np.sqrt(np.vdot(gradient, gradient)))
        state.epoch += 1
        loss, penalty = (float(s) / batches.n_rows for s in (loss_sum, penalty_sum))
        if not (math.isfinite(loss + penalty) and np.isfinite(state.theta).all()):
            raise ValueError(
                f"The loss became {loss + penalty} in epoch {state.epoch} with "
                f"learning_rate={learning_rate * factor:g}. Lower learning_rate, or "
                "scale the features, for example with StandardScaler."
            )
        score, columns = (-(loss + penalty), {})
        if validate is not None:
            score, columns = validate(state.theta)
        state.scores.append(score)
        state.record(
            loss=loss,
            penalty=penalty,
            learning_rate=learning_rate * factor,
            gradient_norm=gradient_norm,
            **columns,
            seconds=perf_counter() - start,
        )
        stop = state.stopping.update(score, state.epoch, state.theta)
        if (report is not None and report(state)) or stop:
            return True
    return False
