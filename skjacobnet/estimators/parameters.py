"""Checks of an estimator's parameters, and their conversion to parts and settings."""

import numbers
from difflib import get_close_matches

import numpy as np

from skjacobnet.core.constraints import BOOLEAN, Interval, OneOf
from skjacobnet.initializers import INITIALIZERS
from skjacobnet.layers import (
    ACTIVATIONS,
    ENCODINGS,
    LAYERS,
    Dropout,
    Encoding,
    Linear,
)
from skjacobnet.losses import LOSSES, REGRESSION_LOSSES, Loss
from skjacobnet.optimizers import OPTIMIZERS, AdamW, FullBatchOptimizer
from skjacobnet.regularizers import (
    REGULARIZERS,
    ActivationRegularizer,
    PredictionRegularizer,
    Regularizer,
)
from skjacobnet.schedules import SCHEDULES, Constant
from skjacobnet.training.parts import Parts
from skjacobnet.training.run import compute_dtype

CONSTRAINTS = {
    "n_estimators": Interval(1, np.inf, "left", integer=True),
    "learning_rate": Interval(0.0, np.inf, "neither", allowed=("auto",)),
    "dropout": Interval(0.0, 1.0, "left"),
    "batch_size": Interval(1, np.inf, "left", integer=True, allowed=("auto",)),
    "total_weight_decay": Interval(0.0, np.inf, "left", allowed=("auto",)),
    "max_iter": Interval(1, np.inf, "left", integer=True, allowed=("auto",)),
    "tol": Interval(0.0, np.inf, "left", allowed=(None,)),
    "n_iter_no_change": Interval(1, np.inf, "left", integer=True, allowed=(np.inf,)),
    "shuffle": BOOLEAN,
    "early_stopping": BOOLEAN,
    "validation_fraction": Interval(0.0, 1.0, "neither"),
    "warm_start": BOOLEAN,
    "record_gradients": BOOLEAN,
}


def resolve(estimator):
    """Check all parameters and turn names into parts.

    Parameters
    ----------
    estimator : JacobianNetwork

    Returns
    -------
    Parts

    Raises
    ------
    TypeError, ValueError
        With the parameter's name, its value and the remedy.
    """
    if isinstance(estimator.learning_rate, str) and estimator.learning_rate != "auto":
        near = SCHEDULES.nearest(estimator.learning_rate) or "cosine"
        raise ValueError(
            "learning_rate must be a number or 'auto', got "
            f"{estimator.learning_rate!r}. How the rate changes over time is set by "
            f"schedule, such as {near!r}."
        )
    for name, constraint in CONSTRAINTS.items():
        constraint.check(getattr(estimator, name), name)
    verbose = estimator.verbose
    if not isinstance(verbose, numbers.Integral | np.bool_) or verbose < 0:
        raise ValueError(
            f"verbose must be a bool or an int >= 0, got {estimator.verbose!r}."
        )
    check_monitor(estimator.monitor)
    weight = estimator.class_weight
    is_balanced = isinstance(weight, str) and weight == "balanced"
    if not (is_balanced or isinstance(weight, dict | list | None)):
        raise ValueError(
            "class_weight must be a dict of classes and their weights, 'balanced' or "
            f"None, or for labels a list of dicts, got {weight!r}."
        )
    compute_dtype(estimator.dtype, np.float64)
    check_random_state(estimator.random_state)
    if not _is_auto(estimator.initializer):
        INITIALIZERS.resolve(estimator.initializer)
    optimizer = OPTIMIZERS.resolve(estimator.optimizer)
    loss = _loss(estimator.loss, estimator.losses, estimator.auto_loss)
    rate, schedule = estimator.learning_rate, estimator.schedule
    decay = estimator.total_weight_decay
    parts = Parts(
        encodings=_encodings(estimator.encoding),
        hidden=_hidden_layers(estimator),
        initializer=estimator.initializer,
        loss=loss,
        optimizer=optimizer,
        learning_rate=rate if _is_auto(rate) else float(rate),
        schedule="auto" if _is_auto(schedule) else SCHEDULES.resolve(schedule),
        total_weight_decay=decay if _is_auto(decay) else float(decay),
        regularizers=tuple(_regularizers(estimator.regularizers)),
        # Python's integers: NumPy's of 8 and 16 bits would overflow in products.
        batch_size=_integer(estimator.batch_size),
        max_iter=_integer(estimator.max_iter),
        tol=estimator.tol,
        n_iter_no_change=_integer(estimator.n_iter_no_change),
        shuffle=bool(estimator.shuffle),
        early_stopping=bool(estimator.early_stopping),
        validation_fraction=float(estimator.validation_fraction),
        monitor=estimator.monitor,
        calibration=_calibration(estimator, loss, optimizer),
        dtype=estimator.dtype,
        random_state=estimator.random_state,
        record_gradients=bool(estimator.record_gradients),
    )
    _check_together(parts)
    return parts


def check_random_state(random_state):
    """Check that `random_state` is a seed, a RandomState instance or None."""
    if random_state is None or random_state is np.random:
        return
    if isinstance(random_state, np.random.RandomState):
        return
    is_integer = isinstance(random_state, numbers.Integral)
    if not is_integer or not 0 <= random_state < 2**32:
        raise ValueError(
            "random_state must be an integer in [0, 4294967295], a "
            f"numpy.random.RandomState or None, got {random_state!r}."
        )


def check_monitor(monitor):
    """Check that a monitor is ``"loss"``, the name of a scorer or a callable."""
    if callable(monitor) or (isinstance(monitor, str) and monitor == "loss"):
        return
    if not isinstance(monitor, str):
        raise TypeError(
            "monitor must be 'loss', the name of a scorer or a callable, got "
            f"{monitor!r}."
        )
    # Imported when needed: its import takes longer than that of this package.
    from sklearn.metrics import get_scorer_names

    names = get_scorer_names()
    if monitor not in names:
        near = get_close_matches(monitor.lower(), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"monitor={monitor!r} is neither 'loss' nor the name of a scorer.{hint} "
            "sklearn.metrics.get_scorer_names lists them."
        )


def _calibration(estimator, loss, optimizer):
    """Return the calibration: None, "temperature" or "noise"."""
    choice = estimator.calibration
    suits = "temperature" if loss.gives_probabilities else "noise"
    OneOf("auto", suits, None).check(choice, "calibration")
    decays = _is_auto(estimator.total_weight_decay) and not isinstance(
        optimizer, AdamW | FullBatchOptimizer
    )
    if choice == "noise" and not decays:
        raise ValueError(
            "calibration='noise' chooses total_weight_decay, which is "
            f"{estimator.total_weight_decay!r} with {optimizer!r}. Set "
            "calibration=None, or total_weight_decay='auto' and optimizer='adam'."
        )
    if _is_auto(choice):
        choice = loss.calibration
    return None if choice == "noise" and not decays else choice


def _loss(choice, losses, automatic):
    """Return the loss, or raise an error; one for another task is named as such."""
    if _is_auto(choice):
        return automatic
    numbers = losses is REGRESSION_LOSSES
    other = LOSSES if numbers else REGRESSION_LOSSES
    if isinstance(choice, str):
        foreign = choice in {*other.names, *other.elsewhere} - {*losses.elsewhere}
    else:
        foreign = isinstance(choice, Loss) and not losses.takes(type(choice))
    if foreign:
        task, noun = (
            ("regressor", "classification") if numbers else ("classifier", "regression")
        )
        raise ValueError(
            f"loss={choice!r} is a {noun} loss and does not suit a {task}. "
            f"Available: {', '.join(map(repr, losses.names))}."
        )
    return losses.resolve(choice)


def _is_auto(value):
    return isinstance(value, str) and value == "auto"


def _integer(value):
    return int(value) if isinstance(value, numbers.Integral) else value


def is_full_batch(optimizer):
    """Whether an `optimizer` parameter names a full-batch optimizer."""
    if isinstance(optimizer, str) and optimizer in OPTIMIZERS.names:
        return issubclass(OPTIMIZERS.class_of(optimizer)[0], FullBatchOptimizer)
    return isinstance(optimizer, FullBatchOptimizer)


def _encodings(choice):
    """Return the encodings as a tuple, or "auto"."""
    if choice is None:
        return ()
    if _is_auto(choice):
        return "auto"
    if isinstance(choice, str | Encoding):
        choice = [choice]
    if not isinstance(choice, list | tuple):
        raise TypeError(
            "encoding must be None, 'auto', or a list of encodings, such as "
            f"['one_hot', 'standardize'], got {choice!r}."
        )
    return tuple(
        ENCODINGS.resolve(entry, f"encoding[{place}]")
        for place, entry in enumerate(choice)
    )


def taken_tables(encoding):
    """Return which tables an `encoding` parameter accepts.

    Returns
    -------
    sparse, missing : bool
        Whether it accepts sparse matrices, and missing numbers.
    """
    try:
        found = _encodings(encoding)
    except (TypeError, ValueError):  # fit raises it
        return False, False
    if found == "auto":
        return True, True
    sparse = all(entry.accepts_sparse for entry in found)
    return sparse, any(entry.fills_missing for entry in found)


def _hidden_layers(estimator):
    if estimator.layers is not None:
        if estimator.dropout:
            raise ValueError(
                f"dropout={estimator.dropout} goes with hidden_layer_sizes. With "
                f"layers, put Dropout({estimator.dropout}) into the list."
            )
        if isinstance(estimator.layers, str) or not hasattr(
            estimator.layers, "__iter__"
        ):
            raise TypeError(
                "layers must be a list of layers, such as [Linear(30), 'relu'], got "
                f"{estimator.layers!r}."
            )
        return [
            unrolled
            for position, layer in enumerate(estimator.layers)
            for unrolled in LAYERS.resolve(layer, f"layers[{position}]").unrolled
        ]
    sizes = _checked_sizes(estimator.hidden_layer_sizes)
    activation = ACTIVATIONS.resolve(estimator.activation, "activation")
    if not activation.is_activation:
        raise ValueError(
            f"activation={estimator.activation!r} is a layer, not an activation. Put "
            "it into layers instead."
        )
    hidden = []
    for units in sizes:
        hidden += [Linear(int(units)), activation]
        if estimator.dropout:
            hidden.append(Dropout(estimator.dropout))
    return hidden


def _checked_sizes(given):
    size = Interval(1, np.inf, "left", integer=True)
    if isinstance(given, numbers.Number):
        size.check(given, "hidden_layer_sizes")
        return [given]
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(
            f"hidden_layer_sizes must be {size} or a sequence of them, such as "
            f"(100, 50), or () for a linear model, got {given!r}."
        )
    sizes = list(given)
    for position, units in enumerate(sizes):
        size.check(units, f"hidden_layer_sizes[{position}]")
    return sizes


def _regularizers(mapping):
    if mapping is None:
        return []
    if not isinstance(mapping, dict):
        raise TypeError(
            "regularizers must be a dict such as {'weight_decay': 1e-4} or None, got "
            f"{mapping!r}."
        )
    parts = []
    for label, entry in mapping.items():
        if not isinstance(label, str):
            raise TypeError(f"regularizers: {label!r} is not a string.")
        if not isinstance(entry, Regularizer):
            REGULARIZERS.class_of(label)
            Interval(0.0, np.inf, "left").check(entry, f"regularizers[{label!r}]")
            entry = REGULARIZERS.make(label, strength=float(entry))
        parts.append(REGULARIZERS.resolve(entry, f"regularizers[{label!r}]"))
    return parts


def _check_together(parts):
    """Raise an error for parameters that exclude each other."""
    for layer in parts.hidden:
        if parts.full_batch and layer.is_random:
            raise ValueError(
                f"{parts.optimizer!r} needs an objective without noise and cannot "
                f"train with {layer!r}. Set dropout=0.0 or choose optimizer='adam'."
            )
        for regularizer in parts.regularizers:
            regularizer.check_layer(layer)
    outside = any(layer.is_activation for layer in parts.hidden)
    inside = next((layer for layer in parts.hidden if layer.inner_layers), None)
    for regularizer in parts.regularizers:
        on_classes = isinstance(regularizer, PredictionRegularizer)
        if on_classes and not parts.loss.gives_probabilities:
            raise ValueError(
                f"{regularizer!r} is a penalty on class probabilities, and a "
                "regressor has none. Leave it out, or choose another one, such as "
                "'weight_decay'."
            )
        if parts.full_batch and regularizer.draws:
            raise ValueError(
                f"{parts.optimizer!r} needs an objective without noise and cannot "
                f"train with the random draws of {regularizer!r}. Set "
                "n_projections=None or choose optimizer='adam'."
            )
        if isinstance(regularizer, ActivationRegularizer) and inside and not outside:
            raise ValueError(
                f"{regularizer!r} has no activations to penalize: those inside "
                f"{inside!r} are not available. Add an activation to layers, such as "
                f"'relu' after it, or leave the penalty out."
            )
    if parts.full_batch and parts.total_weight_decay not in ("auto", 0.0):
        raise ValueError(
            f"{parts.optimizer!r} minimizes the objective itself and takes no "
            f"total_weight_decay, got {parts.total_weight_decay}. Set "
            "total_weight_decay='auto' or regularizers={'weight_decay': 1e-4}."
        )
    if parts.full_batch and not isinstance(parts.schedule, str | Constant):
        raise ValueError(
            f"{parts.optimizer!r} finds its own step lengths and takes no schedule, "
            f"got {parts.schedule!r}. Set schedule='constant' or optimizer='sgd'."
        )
