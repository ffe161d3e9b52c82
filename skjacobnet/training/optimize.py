"""Optimization of one job."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from skjacobnet.training import full_batch, minibatch
from skjacobnet.training.stopping import Stopping
from skjacobnet.training.watch import Watch

# Share of the learning rate below which steps have no effect.
NO_RATE = 1e-9


def optimize(job, observers=()):
    """Run a single job.

    Parameters
    ----------
    job : Job
        Job, whose state is updated.
    observers : sequence, default=()
        Further observers.

    Returns
    -------
    ended_by : str
        As in `Outcome`.

    Raises
    ------
    ValueError
        If the loss is no longer finite.
    KeyboardInterrupt
        At an interrupt before the end of the first epoch.
    """
    n_epochs = begin(job)
    observers = [*job.observers, *observers]
    watch = Watch(job.state, observers, job.monitor, job.model)
    return carry_on(job, watch, n_epochs, job.state.epoch)


def begin(job):
    """Prepare a state for the first epoch of a job.

    Parameters
    ----------
    job : Job

    Returns
    -------
    n_epochs : int
        Maximum number of epochs of this call.
    """
    parts, state, n_epochs = job.parts, job.state, job.n_epochs
    if n_epochs is None or state.n_steps is None:
        state.n_steps = state.step + parts.max_iter * job.steps_per_epoch
    if n_epochs is None:
        n_epochs = parts.max_iter
    else:
        _warn_of_no_rate(parts, state)
    state.stopping = Stopping.following(
        state.stopping, parts, job.monitor, job.steps_per_epoch
    )
    return n_epochs


def carry_on(job, watch, n_epochs, first_epoch):
    """Continue a started job.

    Parameters
    ----------
    job : Job
    watch : Watch
    n_epochs : int
        Maximum number of remaining epochs.
    first_epoch : int
        Epoch before the first one of the job.

    Returns
    -------
    ended_by : str

    Raises
    ------
    ValueError, KeyboardInterrupt
        As in `optimize`.
    """
    parts, state = job.parts, job.state
    loop = full_batch.train if parts.full_batch else minibatch.train
    with watch:
        try:
            loop(parts, state, job.objective, job.batches, watch, n_epochs, job.record)
        except KeyboardInterrupt:
            if state.epoch == first_epoch:
                raise
            watch.roll_back()
    return watch.ended_by


def _warn_of_no_rate(parts, state):
    """Warn once if a schedule has ended at a rate of zero."""
    if state.step < state.n_steps or state.schedule_has_ended:
        return
    if parts.schedule(state.step, state.n_steps, state.scores) < NO_RATE:
        state.schedule_has_ended = True
        warnings.warn(
            f"{parts.schedule!r} is spread over max_iter={parts.max_iter} calls of "
            "partial_fit. All are done, and the learning rate is zero: training has no "
            "effect. Raise max_iter, or set schedule='constant'.",
            ConvergenceWarning,
            stacklevel=7,
        )
