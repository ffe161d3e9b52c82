"""Mini-batch training."""

import math

import numpy as np

from skjacobnet.schedules import Constant
from skjacobnet.training.total_decay import TotalDecay
from skjacobnet.training.watch import diverged


def train(parts, state, objective, batches, watch, n_epochs, record=None):
    """Train for a number of epochs, or until there is no more progress.

    Parameters
    ----------
    parts : Parts
        Parts with the optimizer, the learning rate, the schedule, the total decay, and
        whether to shuffle.
    state : RunState
        State, updated during the run.
    objective : Objective
    batches : Batches
    watch : Watch
        Watch called after each epoch; it decides when to stop.
    n_epochs : int
        Maximum number of epochs of this call.
    record : LayerRecord, optional
        Records the last step of each epoch in the history.

    Raises
    ------
    ValueError
        If the loss is no longer finite.
    """
    optimizer, schedule = parts.optimizer, parts.schedule
    learning_rate, n_steps = parts.learning_rate, state.n_steps
    state.prepare(optimizer)
    decay_mask = objective.network.decay_mask(state.theta.dtype)
    order_rng = state.shuffle_rng if parts.shuffle else None
    varies = type(schedule) is not Constant
    decay = None
    if parts.total_weight_decay:
        weights = objective.network.penalized(state.theta)
        decay = TotalDecay(parts.total_weight_decay, schedule, n_steps, weights)
    factor = 1.0
    theta, memory = state.theta, state.optimizer_state
    for _ in range(n_epochs):
        watch.epoch_begins()
        loss_sum = penalty_sum = 0.0
        if varies and schedule.per_epoch:
            factor = schedule(state.step, n_steps, state.scores)
        epoch = batches.epoch(order_rng)
        if record is not None:
            epoch = record.before_last(epoch, len(batches), theta)
        # Divergence raises a separate error, below, with the cause and the remedy.
        with np.errstate(all="ignore"):
            for X, y, sample_weight in epoch:
                loss, penalty, gradient = objective(
                    theta, X, y, sample_weight, state.noise_rng
                )
                if varies and not schedule.per_epoch:
                    factor = schedule(state.step, n_steps, state.scores)
                rate = learning_rate * factor
                if decay is not None:
                    decay.step(state.step)
                optimizer.step(theta, gradient, memory, rate, decay_mask)
                state.step += 1
                n_rows = y.shape[0]
                loss_sum += n_rows * float(loss)
                penalty_sum += n_rows * float(penalty)
            gradient_norm = float(np.sqrt(np.vdot(gradient, gradient)))
        loss, penalty = loss_sum / batches.n_rows, penalty_sum / batches.n_rows
        if not math.isfinite(loss + penalty):
            raise diverged("The loss", state.epoch + 1, learning_rate * factor)
        if not np.isfinite(state.theta).all():
            raise diverged("A weight", state.epoch + 1, learning_rate * factor)
        recorded = {} if record is None else record.columns(theta, gradient)
        rate = learning_rate * factor
        if watch.epoch_ends(theta, loss, penalty, rate, gradient_norm, recorded):
            return
