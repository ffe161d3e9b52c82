"""A run: from parts, a task and a table to a fitted model."""

import warnings
from functools import partial

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from skjacobnet.core.blocks import row_blocks
from skjacobnet.core.rows import cast
from skjacobnet.layers import EncodedRows, Rescale, automatic_encodings, fit_encodings
from skjacobnet.model import FittedModel
from skjacobnet.network import Network, build_network
from skjacobnet.training import full_batch, minibatch
from skjacobnet.training.monitor import Monitor
from skjacobnet.training.objective import Objective
from skjacobnet.training.outcome import baseline_of, outcome_of
from skjacobnet.training.record import LayerRecord
from skjacobnet.training.state import RunState
from skjacobnet.training.stopping import Stopping
from skjacobnet.training.watch import Watch

# L-BFGS adds up gradients of at least so many rows, so that passes over the weights
# take little beside the products.
FEWEST_ROWS = 1024
# Rows for starts that depend on the data.
START_ROWS = 256
# What the drawn matrix of the output layer is multiplied by where a run starts at the
# best constant. On diabetes and Friedman's three functions R² is .476, .867, .938, .798
# with it, .470, .860, .937, .790 without.
START_OF_OUTPUT = 0.3
# A learning rate this much smaller than the one that was asked for does nothing.
NO_RATE = 1e-9


def train(
    parts,
    task,
    table,
    validation=None,
    *,
    columns=None,
    earlier=None,
    n_epochs=None,
    relative=True,
    estimator_of=None,
    observers=(),
):
    """Train a network on a table.

    Parameters
    ----------
    parts : Parts
    task : Task
    table : Table
    validation : Table, optional
        A validation set; by default it is split off the table where `parts` ask for it.
    columns : RawColumns, optional
        How the table was read, for encodings.
    earlier : tuple of FittedModel and RunState, optional
        What to go on from. Neither is changed.
    n_epochs : int, optional
        The most epochs to train now, for a run that goes on call by call; the schedule
        is spread over ``parts.max_iter`` all the same. By default `max_iter`.
    relative : bool, default=True
        Whether weights of rows are divided by their mean.
    estimator_of : callable, optional
        ``estimator_of(model)`` gives an estimator that predicts as a `FittedModel`
        does, for scorers.
    observers : sequence, default=()
        Told of each epoch; see `Watch`.

    Returns
    -------
    model : FittedModel
        With the weights that are kept: the best ones where there is a validation set,
        else the last.
    state : RunState
        Enough to go on; its `outcome` tells how the run ended.

    Raises
    ------
    TypeError, ValueError
        If the data do not fit the parts, or the loss is no longer finite.
    KeyboardInterrupt
        If there is one before an epoch has been completed.
    """
    if earlier is None:
        encoder, encoded_columns, mean_encoded = fitted_encoder(parts, table, columns)
    else:
        encoder = _encoder_of(earlier[0], parts, issparse(table.X))
        encoded_columns = earlier[0].encoded_columns
        mean_encoded = earlier[0].mean_encoded
    network = build_network(
        parts.hidden, encoder.sizes[-1], task.n_raw, parts.initializer
    )
    if earlier is None:
        dtype = compute_dtype(parts.dtype, table.X.dtype)
        theta = np.empty(network.n_weights, dtype)
        state = RunState.begun(theta, parts.random_state)
    else:
        state = _resumed(parts, network, task, *earlier, from_kept=n_epochs is not None)
        dtype = state.theta.dtype
    table = table.encoded_by(encoder, dtype)
    if validation is not None:
        validation = validation.encoded_by(encoder, dtype)
    if validation is None and parts.early_stopping:
        table, validation = state.split_of(table, parts.validation_fraction)
    baseline = baseline_of(parts.loss, table, validation)
    if earlier is None:
        _draw_weights(network, state, table, parts.loss)
    batch_size = _batch_size(parts, network, table.n_rows, dtype)
    batches = table.batches(batch_size, dtype, network.accepts_sparse, relative)
    steps_per_epoch = 1 if parts.full_batch else len(batches)
    if n_epochs is None or state.n_steps is None:
        state.n_steps = state.step + parts.max_iter * steps_per_epoch
    if n_epochs is None:
        n_epochs = parts.max_iter
    else:
        _warn_of_no_rate(parts, state)

    model_at = partial(
        FittedModel,
        predicting_network(network, task, dtype, encoder),
        task=task,
        loss=parts.loss,
        regularizers=parts.regularizers,
        columns=columns,
        encoded_columns=encoded_columns,
        mean_encoded=mean_encoded,
    )
    objective = Objective(
        network, parts.loss, task.link(parts.loss), parts.regularizers
    )
    monitor = None
    if validation is not None:
        monitor = Monitor(
            validation,
            objective,
            parts.monitor,
            lambda theta: estimator_of(model_at(theta)),
            state.theta,
        )
    state.stopping = Stopping.following(state.stopping, parts, monitor, steps_per_epoch)
    watch = Watch(state, observers, monitor, lambda: model_at(state.kept_weights()))
    record = LayerRecord(network) if parts.record_gradients else None
    loop = full_batch.train if parts.full_batch else minibatch.train
    first_epoch = state.epoch
    with watch:
        try:
            loop(parts, state, objective, batches, watch, n_epochs, record)
        except KeyboardInterrupt:
            if state.epoch == first_epoch:
                raise
            watch.roll_back()
    state.outcome = outcome_of(watch.ended_by, state, baseline)
    return model_at(state.kept_weights()), state


def compute_dtype(dtype, given):
    """Return the type to compute in: the one asked for, or that of the data.

    Parameters
    ----------
    dtype : None, "float32", "float64" or such a type
    given : data-type
        Of X. float32 and float64 stay, anything else becomes float64.

    Raises
    ------
    ValueError
        If `dtype` is neither.
    """
    allowed = (np.dtype(np.float32), np.dtype(np.float64))
    if dtype is None:
        return np.dtype(given) if np.dtype(given) in allowed else np.dtype(np.float64)
    try:
        if np.dtype(dtype) in allowed:
            return np.dtype(dtype)
    except TypeError:
        pass
    raise ValueError(f"dtype must be None, 'float32' or 'float64', got {dtype!r}.")


def fitted_encoder(parts, table, columns):
    """Return encodings fitted to all rows that count, their columns and mean row.

    Weights of rows count, weights of classes do not, and neither does a split: what the
    encodings learn is the same for all that is trained on the table.

    Parameters
    ----------
    parts : Parts
    table : Table
    columns : RawColumns or None

    Returns
    -------
    encoder : Network
        Of the encodings alone, which may be none.
    encoded_columns : tuple of Column
    mean_encoded : array of shape (n_encoded,) or None
        The weighted mean encoded row; None without encodings.
    """
    encoder = Network((), table.X.shape[1])
    if not parts.encodings:
        return encoder, (), None
    encodings = _encodings(parts, issparse(table.X))
    X, weight = table.X, table.sample_weight
    layers, statistics, known = fit_encodings(encodings, columns.raw_columns, X, weight)
    rows = EncodedRows(X, weight, zip(layers, statistics, strict=True))
    return encoder.followed_by(layers, statistics), tuple(known), rows.mean()


def _encodings(parts, sparse):
    automatic = parts.encodings == "auto"
    return automatic_encodings(sparse) if automatic else parts.encodings


def _names(layers):
    return [type(layer).__name__ for layer in layers]


def _encoder_of(model, parts, sparse):
    """Return the encodings of a fitted model, for a run that goes on with them.

    Raises
    ------
    ValueError
        If they are not those that are asked for today.
    """
    encoder = model.network.part(0, model.network.n_encodings)
    wanted = _encodings(parts, sparse)
    same = len(wanted) == len(encoder.layers) and all(
        type(layer) is type(encoding)
        and all(
            getattr(layer, name) == value
            for name, value in encoding.get_params().items()
            if value is not None
        )
        for layer, encoding in zip(encoder.layers, wanted, strict=True)
    )
    if not same:
        raise ValueError(
            "Training goes on with the encodings of the last fit, "
            f"{_names(encoder.layers)}, but encoding asks for {_names(wanted)} or for "
            "other arguments of them. Set warm_start=False and call fit to start anew."
        )
    return encoder


def predicting_network(network, task, dtype, encoder=None):
    """Return the network that predicts, in the unit of the targets.

    Parameters
    ----------
    network : Network
        The trained one.
    task : Task
    dtype : data-type
        In which it computes.
    encoder : Network, optional
        Encodings of its inputs.

    Returns
    -------
    Network
        With a last `Rescale` where the task has one.

    Raises
    ------
    ValueError
        If that unit is out of the range of the type.
    """
    if encoder is not None and encoder.n_encodings:
        layers = network.layers
        none = [{}] * len(layers)
        network = encoder.followed_by(layers, none)
    statistics = task.rescaling()
    if statistics is None:
        return network
    limits, location, scale = np.finfo(dtype), task.location, task.scale
    if (scale < limits.tiny).any() or max(
        scale.max(), abs(location).max()
    ) > limits.max:
        wider = "" if dtype == np.float64 else "fit with dtype='float64', or "
        raise ValueError(
            f"y has the location {location} and the scale {scale}, beyond the range of "
            f"{dtype}, in which the network computes: {wider}give y in another unit."
        )
    return network.followed_by([Rescale()], [statistics])


def _draw_weights(network, state, table, loss):
    """Draw the first weights; some starts look at rows that are trained on."""
    theta = state.theta
    rows = cast(table.some_inputs(START_ROWS), theta.dtype, network.accepts_sparse)
    # Numbers that are too large are met by an error of the loop.
    with np.errstate(all="ignore"):
        theta[...] = network.init_weights(state.weight_rng, theta.dtype, rows)
    if table.task.starts_at_constant:
        output = network.split(theta)[-1]
        output["coef"] *= START_OF_OUTPUT
        output["intercept"][...] = table.constant_raw(loss)


def _batch_size(parts, network, n_rows, dtype):
    """Return the rows in a batch; for L-BFGS those in a block of the full batch."""
    if not parts.full_batch:
        return min(200 if parts.batch_size == "auto" else parts.batch_size, n_rows)
    if not all(part.mean_over_rows for part in parts.regularizers):
        return n_rows
    # Blocks that add up to all rows, and are about as large as each other.
    rows = row_blocks(network, 1, dtype.itemsize, fewest=FEWEST_ROWS)
    return -(-n_rows // -(-n_rows // rows))


def _resumed(parts, network, task, model, state, from_kept):
    """Return a copy of a state to go on from, with today's parts.

    It starts from the weights of the model, which users see and may have changed. Only
    a validated run that nobody touched goes on from its last weights instead, unless
    `from_kept`.

    Raises
    ------
    ValueError
        If the weights do not fit today's task, layers or type.
    """
    if not task.same_as(model.task):
        raise ValueError(
            f"Training goes on with the {model.task.noun} of the last fit, "
            f"{model.task}, but y has {task}. Set warm_start=False and call fit to "
            "start anew."
        )
    shapes = model.trained.weight_shapes
    if network.weight_shapes != shapes:
        raise ValueError(
            "Training goes on with the weights of the last fit, but the layers have "
            f"changed from {shapes} to {network.weight_shapes}. Set warm_start=False "
            "and call fit to start anew."
        )
    dtype = model.dtype
    if compute_dtype(parts.dtype, dtype) != dtype:
        raise ValueError(
            f"Training goes on in {dtype}, which dtype={parts.dtype!r} does not allow. "
            "Set warm_start=False and call fit to start anew."
        )
    if parts.full_batch:
        warnings.warn(
            "Training goes on from the weights of the last fit, but "
            f"{parts.optimizer!r} starts its memory of gradients anew.",
            ConvergenceWarning,
            stacklevel=5,
        )
    state = state.copy()
    best = state.stopping.best_theta
    if from_kept or best is None or not np.array_equal(best, model.weights):
        state.theta[...] = model.weights
    return state


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
            stacklevel=4,
        )
