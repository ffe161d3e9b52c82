"""A run: from parts, a task and a table to a fitted model."""

import warnings

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from skjacobnet.layers import Rescale
from skjacobnet.model import FittedModel
from skjacobnet.training.calibration import by_pilot, by_validation
from skjacobnet.training.encoder import encoder_of, fitted_encoder
from skjacobnet.training.job import Job
from skjacobnet.training.monitor import Monitor
from skjacobnet.training.objective import Objective
from skjacobnet.training.outcome import baseline_of, outcome_of
from skjacobnet.training.pilot import predicted
from skjacobnet.training.recipe import Size, resolved, settings
from skjacobnet.training.record import LayerRecord
from skjacobnet.training.start import draw_weights, network_to_train
from skjacobnet.training.state import RunState


def run(
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
    observers_of_pilot=None,
    observers_of=None,
    attributes=None,
    pilot_rows=None,
    shared=None,
):
    """Train a network on a table, and leave each optimization to the caller.

    A generator: it yields jobs and is sent how each has ended. `alone` and `together`
    of `skjacobnet.training.drive` run it to its end.

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
    observers_of_pilot, observers_of : callable, optional
        ``observers_of(parts)`` gives what is told of each epoch, for parts without any
        ``"auto"``; see `Watch`.
    attributes : callable, optional
        ``attributes(model, state)`` gives those of a fitted estimator.
    pilot_rows : callable, optional
        As `rows_of` in `pilot`.
    shared : Shared, optional
        What other runs on the table have found.

    Yields
    ------
    Job

    Returns
    -------
    model : FittedModel
        With the weights that are kept: the best ones where there is a validation set,
        else the last.
    state : RunState
        Enough to go on; its `outcome` tells how the run ended.
    parts : Parts
        Without any ``"auto"``.

    Raises
    ------
    TypeError, ValueError
        If the data do not fit the parts, or the loss is no longer finite.
    KeyboardInterrupt
        If there is one before an epoch has been completed.
    """
    goes_on = earlier is not None or n_epochs is not None
    if earlier is None:
        encoder, encoded_columns, mean_encoded = fitted_encoder(
            parts, table, columns, shared
        )
    else:
        encoder = encoder_of(earlier[0], parts, issparse(table.X))
        encoded_columns = earlier[0].encoded_columns
        mean_encoded = earlier[0].mean_encoded
    network = network_to_train(parts, encoder.sizes[-1], task)
    if earlier is None:
        dtype = compute_dtype(parts.dtype, table.X.dtype)
        theta = np.empty(network.n_weights, dtype)
        state = RunState.begun(theta, parts.random_state)
    else:
        state = _resumed(parts, network, task, *earlier, from_kept=n_epochs is not None)
        dtype = state.theta.dtype
    _check_unit(task, dtype)
    table = table.encoded_by(encoder, dtype, shared)
    if validation is not None:
        validation = validation.encoded_by(encoder, dtype)
    if validation is None and parts.early_stopping:
        table, validation = state.split_of(table, parts.validation_fraction)
    baseline = baseline_of(parts.loss, table, validation)
    size = _size(table, encoded_columns)
    parts = resolved(parts, size, goes_on, by_call=n_epochs is not None)
    calibration, beats_constant = None, True
    if earlier is not None:
        calibration = earlier[0].calibration
    elif not goes_on and validation is None:
        parts, calibration, beats_constant = yield from by_pilot(
            parts,
            network,
            table,
            dtype,
            state.pilot_rng,
            encoded_columns,
            observers_of_pilot,
            pilot_rows,
        )
    state.settings = settings(parts)
    if earlier is None:
        draw_weights(parts, network, state, table, encoded_columns)

    def model_at(theta, calibration=calibration):
        return FittedModel(
            predicting_network(network, task, encoder, calibration),
            theta,
            task=task,
            loss=parts.loss,
            regularizers=parts.regularizers,
            columns=columns,
            encoded_columns=encoded_columns,
            mean_encoded=mean_encoded,
            calibration=calibration,
        )

    link = task.link(parts.loss)
    objective = Objective(network, parts.loss, link, parts.regularizers)
    monitor = None
    if validation is not None:
        monitor = Monitor(
            validation,
            objective,
            parts.monitor,
            lambda theta: estimator_of(model_at(theta)),
            state.theta,
        )
    ended_by = yield Job(
        parts,
        objective,
        table,
        state,
        relative=relative,
        n_epochs=n_epochs,
        monitor=monitor,
        observers=() if observers_of is None else observers_of(parts),
        model=lambda: model_at(state.kept_weights()),
        record=LayerRecord(network) if parts.record_gradients else None,
        attributes=lambda: attributes(model_at(state.kept_weights()), state),
    )
    kept = state.kept_weights()
    if validation is not None and not goes_on and parts.calibration == "temperature":
        held_out = predicted(network, kept, validation)
        calibration, beats_constant = by_validation(held_out, table, parts.loss)
    state.outcome = outcome_of(ended_by, state, baseline, beats_constant)
    return model_at(kept, calibration), state, parts


def _size(table, encoded_columns):
    """Return what automatic values depend on."""
    n_columns = table.X.shape[1]
    if encoded_columns:
        kinds = [column.kind for column in encoded_columns]
        n_columns = sum(kind not in ("bin", "constant") for kind in kinds)
    return Size(table.n_rows, max(n_columns, 1), table.task.n_answers)


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


def _check_unit(task, dtype):
    """Check that a type has the unit of the targets in its range.

    Raises
    ------
    ValueError
        If it has not.
    """
    if task.rescaling() is None:
        return
    limits, location, scale = np.finfo(dtype), task.location, task.scale
    if (scale < limits.tiny).any() or max(
        scale.max(), abs(location).max()
    ) > limits.max:
        wider = "" if dtype == np.float64 else "fit with dtype='float64', or "
        raise ValueError(
            f"y has the location {location} and the scale {scale}, beyond the range of "
            f"{dtype}, in which the network computes: {wider}give y in another unit."
        )


def predicting_network(network, task, encoder=None, calibration=None):
    """Return the network that predicts, in the unit of the targets.

    Parameters
    ----------
    network : Network
        The trained one.
    task : Task
    encoder : Network, optional
        Encodings of its inputs.
    calibration : dict of str to array, optional
        Factor and shift of raw predictions, before the unit of the targets.

    Returns
    -------
    Network
        With a last `Rescale` where the task or a calibration has one.
    """
    if encoder is not None and encoder.n_encodings:
        layers = network.layers
        none = [{}] * len(layers)
        network = encoder.followed_by(layers, none)
    statistics = task.rescaling()
    if statistics is None:
        if calibration is None:
            return network
        return network.followed_by([Rescale()], [calibration])
    if calibration is not None:
        shift = statistics["shift"] + statistics["factor"] * calibration["shift"]
        factor = statistics["factor"] * calibration["factor"]
        statistics = {"factor": factor, "shift": shift}
    return network.followed_by([Rescale()], [statistics])


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
            stacklevel=7,
        )
    state = state.copy()
    best = state.stopping.best_theta
    if from_kept or best is None or not np.array_equal(best, model.weights):
        state.theta[...] = model.weights
    return state
