"""Runs: from parts, a task and a table to a fitted model."""

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

    A generator: it yields jobs and receives the outcome of each. `alone` and `together`
    of `skjacobnet.training.drive` run it to its end.

    Parameters
    ----------
    parts : Parts
    task : Task
    table : Table
    validation : Table, optional
        Validation set; by default it is split off the table if `parts` require one.
    columns : RawColumns, optional
        Types of the columns of the table, for encodings.
    earlier : tuple of FittedModel and RunState, optional
        Model and state to continue from. Neither is changed.
    n_epochs : int, optional
        Maximum number of epochs of this call, for `partial_fit`, by default `max_iter`.
        The schedule is always spread over ``parts.max_iter``.
    relative : bool, default=True
        Whether sample weights are divided by their mean.
    estimator_of : callable, optional
        ``estimator_of(model)`` returns an estimator that predicts as a `FittedModel`
        does, for scorers.
    observers_of_pilot, observers_of : callable, optional
        ``observers_of(parts)`` returns observers of epochs, for parts without
        ``"auto"``; see `Watch`.
    attributes : callable, optional
        ``attributes(model, state)`` returns those of a fitted estimator.
    pilot_rows : callable, optional
        Argument `rows_of` of `pilot`.
    shared : Shared, optional
        Results shared with other runs on the table.

    Yields
    ------
    Job

    Returns
    -------
    model : FittedModel
        Model with the best weights if there is a validation set, else the last.
    state : RunState
        State from which training can continue, with the `outcome` of the run.
    parts : Parts
        Parts without ``"auto"``.

    Raises
    ------
    TypeError, ValueError
        If the data are incompatible with the parts, or the loss is no longer finite.
    KeyboardInterrupt
        At an interrupt before the end of the first epoch.
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
    """Return the sizes that automatic values depend on."""
    n_columns = table.X.shape[1]
    if encoded_columns:
        kinds = [column.kind for column in encoded_columns]
        n_columns = sum(kind not in ("bin", "constant") for kind in kinds)
    return Size(table.n_rows, max(n_columns, 1), table.task.n_answers)


def compute_dtype(dtype, given):
    """Return the dtype of the computation: the requested one, or that of the data.

    Parameters
    ----------
    dtype : None, "float32", "float64" or such a type
    given : data-type
        Type of X. float32 and float64 are kept, anything else becomes float64.

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
    """Check that the scale of the targets is in the range of a dtype.

    Raises
    ------
    ValueError
        If it is outside the range.
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
            f"{dtype}, in which the network computes: {wider}convert y to another unit."
        )


def predicting_network(network, task, encoder=None, calibration=None):
    """Return the network that predicts, in the unit of the targets.

    Parameters
    ----------
    network : Network
        Trained network.
    task : Task
    encoder : Network, optional
        Encodings of its inputs.
    calibration : dict of str to array, optional
        Factor and shift of raw predictions, before the unit of the targets.

    Returns
    -------
    Network
        Network with a last `Rescale` if the task or a calibration has one.
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
    """Return a copy of a state for a continued run, with the current parts.

    It starts from the weights of the model, which users may have changed. Only a run
    with a validation set and unchanged weights continues from its last weights instead,
    unless `from_kept`.

    Raises
    ------
    ValueError
        If the weights are incompatible with the current task, layers or dtype.
    """
    if not task.same_as(model.task):
        raise ValueError(
            f"Training continues with the {model.task.noun} of the last fit, "
            f"{model.task}, but y has {task}. Set warm_start=False and call fit to "
            "start anew."
        )
    shapes = model.trained.weight_shapes
    if network.weight_shapes != shapes:
        raise ValueError(
            "Training continues with the weights of the last fit, but the layers have "
            f"changed from {shapes} to {network.weight_shapes}. Set warm_start=False "
            "and call fit to start anew."
        )
    dtype = model.dtype
    if compute_dtype(parts.dtype, dtype) != dtype:
        raise ValueError(
            f"Training continues in {dtype}, but dtype={parts.dtype!r}. "
            "Set warm_start=False and call fit to start anew."
        )
    if parts.full_batch:
        warnings.warn(
            "Training continues from the weights of the last fit, but "
            f"{parts.optimizer!r} restarts its memory of gradients.",
            ConvergenceWarning,
            stacklevel=7,
        )
    state = state.copy()
    best = state.stopping.best_theta
    if from_kept or best is None or not np.array_equal(best, model.weights):
        state.theta[...] = model.weights
    return state
