"""The classifier's parameters: names become parts, all checked before training."""

import numbers
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from sklearn.base import clone

from skjacobnet.core.constraints import BOOLEAN, Interval
from skjacobnet.initializers import INITIALIZERS, Initializer
from skjacobnet.layers import ACTIVATIONS, LAYERS, Dropout, Layer, Linear
from skjacobnet.losses import LOSSES, Loss
from skjacobnet.optimizers import OPTIMIZERS, FullBatchOptimizer, Optimizer
from skjacobnet.regularizers import (
    REGULARIZERS,
    ActivationRegularizer,
    Regularizer,
)
from skjacobnet.schedules import SCHEDULES, Schedule

FAMILIES = {
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}

CONSTRAINTS = {
    "learning_rate": Interval(0.0, np.inf, "neither", allowed=("auto",)),
    "dropout": Interval(0.0, 1.0, "left"),
    "batch_size": Interval(1, np.inf, "left", integer=True, allowed=("auto",)),
    "max_iter": Interval(1, np.inf, "left", integer=True),
    "tol": Interval(0.0, np.inf, "left", allowed=(None,)),
    "n_iter_no_change": Interval(1, np.inf, "left", integer=True, allowed=(np.inf,)),
    "shuffle": BOOLEAN,
    "early_stopping": BOOLEAN,
    "validation_fraction": Interval(0.0, 1.0, "neither"),
    "warm_start": BOOLEAN,
    "record_gradients": BOOLEAN,
}


class PartParamsMixin:
    """`get_params` and `set_params` that reach into parts which still are names.

    ``set_params(optimizer__momentum=0.9)`` on ``optimizer="sgd"`` turns the name into
    the part and sets it. An instance is replaced by a changed copy, since somebody else
    may hold it. ``regularizers__weight_decay=1e-4`` adds or replaces an
    entry of the mapping, also where the mapping is None.
    """

    def get_params(self, deep=True):
        """Get the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include those of parts and the entries of `regularizers`.

        Returns
        -------
        dict
        """
        params = super().get_params(deep=deep)
        if deep and isinstance(self.regularizers, dict):
            for label, entry in self.regularizers.items():
                params[f"regularizers__{label}"] = entry
                if isinstance(entry, Regularizer):
                    for name, value in entry.get_params().items():
                        params[f"regularizers__{label}__{name}"] = value
        return params

    def set_params(self, **params):
        """Set parameters, those of parts with ``part__parameter``.

        Returns
        -------
        self
        """
        own = super().get_params(deep=False)
        plain, nested = _by_depth(params)
        for key in params:
            name, is_nested, _ = key.partition("__")
            if name not in own:
                super().set_params(**{key: None})  # raises, and says what is valid
            if is_nested and name not in {*FAMILIES, "regularizers"}:
                raise ValueError(
                    f"Invalid parameter {key!r}: {name} has no parameters of its own."
                )
        changed = {
            name: _with_params(name, plain.get(name, own[name]), changes)
            for name, changes in nested.items()
        }
        for name, value in {**plain, **changed}.items():
            setattr(self, name, value)
        return self


def _with_params(name, value, changes):
    """Return a copy of a part, or of the regularizers, with parameters changed.

    A part within the part, such as the schedule in a warm-up, may be a name too.
    """
    if name == "regularizers":
        return _with_entries(value, changes)
    if value == "auto":
        raise ValueError(
            f"{name}='auto' has no parameters, so {', '.join(changes)} cannot be set. "
            f"Choose one of {', '.join(map(repr, FAMILIES[name].names))} first."
        )
    part = FAMILIES[name].make(value) if isinstance(value, str) else clone(value)
    plain, nested = _by_depth(changes)
    part.set_params(**plain)
    for inner, inner_changes in nested.items():
        if inner in FAMILIES:
            changed = _with_params(inner, getattr(part, inner), inner_changes)
            part.set_params(**{inner: changed})
        else:
            part.set_params(**{f"{inner}__{k}": v for k, v in inner_changes.items()})
    return part


def _by_depth(params):
    """Return what has no ``__`` in its name, and the rest by the part it belongs to."""
    plain, nested = {}, {}
    for key, value in params.items():
        name, is_nested, rest = key.partition("__")
        if is_nested:
            nested.setdefault(name, {})[rest] = value
        else:
            plain[name] = value
    return plain, nested


def _with_entries(mapping, changes):
    if not isinstance(mapping, dict | None):
        raise TypeError(f"regularizers must be a dict or None, got {mapping!r}.")
    entries = dict(mapping or {})
    strengths, nested = _by_depth(changes)
    for label, entry in strengths.items():
        known = entries.get(label)
        if isinstance(known, Regularizer) and isinstance(entry, numbers.Number):
            entry = clone(known).set_params(strength=entry)
        entries[label] = entry
    for label, params in nested.items():
        entry = entries.get(label, 1.0)
        if isinstance(entry, Regularizer):
            part = clone(entry)
        else:
            part = REGULARIZERS.make(label, strength=entry)
        entries[label] = part.set_params(**params)
    return entries


@dataclass(frozen=True)
class Parts:
    """The parts that an estimator's parameters stand for."""

    hidden: list[Layer]
    initializer: str | Initializer
    loss: Loss
    optimizer: Optimizer | FullBatchOptimizer
    learning_rate: float | None
    schedule: Schedule
    regularizers: list[Regularizer]

    @property
    def full_batch(self):
        """Whether the optimizer takes all rows at once."""
        return isinstance(self.optimizer, FullBatchOptimizer)


def resolve(estimator):
    """Check all parameters and turn names into parts.

    Raises
    ------
    TypeError, ValueError
        With the parameter's name, its value and a way out.
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
    resolve_dtype(estimator.dtype, np.float64)
    if not _is_auto(estimator.initializer):
        INITIALIZERS.resolve(estimator.initializer)
    optimizer = OPTIMIZERS.resolve(estimator.optimizer)
    parts = Parts(
        hidden=_hidden_layers(estimator),
        initializer=estimator.initializer,
        loss=LOSSES.resolve(estimator.loss),
        optimizer=optimizer,
        learning_rate=(
            optimizer.default_learning_rate
            if _is_auto(estimator.learning_rate)
            else float(estimator.learning_rate)
        ),
        schedule=SCHEDULES.resolve(estimator.schedule),
        regularizers=_regularizers(estimator.regularizers),
    )
    _check_together(parts)
    return parts


def resolve_dtype(dtype, given):
    """Return the type to compute in: the one asked for, or that of the data.

    Parameters
    ----------
    dtype : None, "float32", "float64" or such a type
    given : data-type
        Of X. float32 and float64 stay, anything else becomes float64.
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


def check_monitor(monitor):
    """Check that a monitor is ``"loss"``, the name of a scorer or a callable."""
    if callable(monitor) or (isinstance(monitor, str) and monitor == "loss"):
        return
    if not isinstance(monitor, str):
        raise TypeError(
            "monitor must be 'loss', the name of a scorer or a callable, got "
            f"{monitor!r}."
        )
    # Loaded when needed: it takes longer to import than all of this package.
    from sklearn.metrics import get_scorer_names

    names = get_scorer_names()
    if monitor not in names:
        near = get_close_matches(monitor.lower(), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"monitor={monitor!r} is neither 'loss' nor the name of a scorer.{hint} "
            "sklearn.metrics.get_scorer_names lists them."
        )


def _is_auto(value):
    return isinstance(value, str) and value == "auto"


def is_full_batch(optimizer):
    """Whether an `optimizer` parameter stands for a full-batch rule."""
    if isinstance(optimizer, str) and optimizer in OPTIMIZERS.names:
        return issubclass(OPTIMIZERS.class_of(optimizer)[0], FullBatchOptimizer)
    return isinstance(optimizer, FullBatchOptimizer)


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
            f"activation={estimator.activation!r} is a layer but no activation. Put it "
            "into layers instead."
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
            raise TypeError(f"regularizers: {label!r} is no name.")
        if not isinstance(entry, Regularizer):
            REGULARIZERS.class_of(label)
            Interval(0.0, np.inf, "left").check(entry, f"regularizers[{label!r}]")
            entry = REGULARIZERS.make(label, strength=float(entry))
        parts.append(REGULARIZERS.resolve(entry, f"regularizers[{label!r}]"))
    return parts


def _check_together(parts):
    """Refuse choices that exclude each other."""
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
        if parts.full_batch and regularizer.draws:
            raise ValueError(
                f"{parts.optimizer!r} needs an objective without noise and cannot "
                f"train with the random draws of {regularizer!r}. Set "
                "n_projections=None or choose optimizer='adam'."
            )
        if isinstance(regularizer, ActivationRegularizer) and inside and not outside:
            raise ValueError(
                f"{regularizer!r} has nothing to act on: activations inside {inside!r} "
                f"are not penalized. Put one into layers itself, such as 'relu' behind "
                f"it, or leave the penalty out."
            )
    if parts.full_batch and type(parts.schedule).name != "constant":
        raise ValueError(
            f"{parts.optimizer!r} finds its own step lengths and takes no schedule, "
            f"got {parts.schedule!r}. Set schedule='constant' or optimizer='sgd'."
        )
