"""The loop of a run, whichever optimizer it has."""

import warnings

from sklearn.exceptions import ConvergenceWarning

from skjacobnet.core.blocks import row_blocks
from skjacobnet.training import full_batch, minibatch
from skjacobnet.training.stopping import Stopping
from skjacobnet.training.watch import Watch

# L-BFGS adds up gradients of at least so many rows, so that passes over the weights
# take little beside the products.
FEWEST_ROWS = 1024
# A learning rate this much smaller than the one that was asked for does nothing.
NO_RATE = 1e-9


def optimize(
    parts,
    objective,
    table,
    state,
    *,
    relative=True,
    n_epochs=None,
    monitor=None,
    observers=(),
    model=None,
    record=None,
):
    """Train from the weights of a state on.

    Parameters
    ----------
    parts : Parts
        Without any ``"auto"``.
    objective : Objective
    table : Table
        Rows to train on.
    state : RunState
        Changed as the run goes on.
    relative : bool, default=True
        Whether weights of rows are divided by their mean.
    n_epochs : int, optional
        The most epochs to train now, for a run that goes on call by call. By default
        `max_iter`.
    monitor : Monitor, optional
    observers : sequence, default=()
    model : callable, optional
        Both as in `Watch`.
    record : LayerRecord, optional

    Returns
    -------
    ended_by : str
        As in `Outcome`.

    Raises
    ------
    ValueError
        If the loss is no longer finite.
    KeyboardInterrupt
        If there is one before an epoch has been completed.
    """
    network, dtype = objective.network, state.theta.dtype
    batch_size = _batch_size(parts, network, table.n_rows, dtype)
    batches = table.batches(batch_size, dtype, network.accepts_sparse, relative)
    steps_per_epoch = 1 if parts.full_batch else len(batches)
    if n_epochs is None or state.n_steps is None:
        state.n_steps = state.step + parts.max_iter * steps_per_epoch
    if n_epochs is None:
        n_epochs = parts.max_iter
    else:
        _warn_of_no_rate(parts, state)
    state.stopping = Stopping.following(state.stopping, parts, monitor, steps_per_epoch)
    loop = full_batch.train if parts.full_batch else minibatch.train
    first_epoch = state.epoch
    watch = Watch(state, observers, monitor, model)
    with watch:
        try:
            loop(parts, state, objective, batches, watch, n_epochs, record)
        except KeyboardInterrupt:
            if state.epoch == first_epoch:
                raise
            watch.roll_back()
    return watch.ended_by


def _batch_size(parts, network, n_rows, dtype):
    """Return the rows in a batch; for L-BFGS those in a block of the full batch."""
    if not parts.full_batch:
        return min(parts.batch_size, n_rows)
    if not all(part.mean_over_rows for part in parts.regularizers):
        return n_rows
    # Blocks that add up to all rows, and are about as large as each other.
    rows = row_blocks(network, 1, dtype.itemsize, fewest=FEWEST_ROWS)
    return -(-n_rows // -(-n_rows // rows))


def _warn_of_no_rate(parts, state):
    """Warn, once, where a schedule has come to its end at a rate of zero."""
    if state.step < state.n_steps or state.schedule_has_ended:
        return
    if parts.schedule(state.step, state.n_steps, state.scores) < NO_RATE:
        state.schedule_has_ended = True
        warnings.warn(
            f"{parts.schedule!r} is spread over max_iter={parts.max_iter} calls of "
            "partial_fit. They are over, and its learning rate is zero: nothing more "
            "is learned. Raise max_iter, or set schedule='constant'.",
            ConvergenceWarning,
            stacklevel=5,
        )
