"""Nested parameters of parts, also of parts given by name.

``set_params(optimizer__momentum=0.9)`` on ``optimizer="sgd"`` turns the name into the
part and sets it. An instance is replaced by a changed copy, since other objects may
hold it. ``regularizers__weight_decay=1e-4`` adds or replaces an entry of the mapping,
also where the mapping is None.
"""

import numbers

from sklearn.base import clone

from skjacobnet.initializers import INITIALIZERS
from skjacobnet.layers import ACTIVATIONS
from skjacobnet.optimizers import OPTIMIZERS
from skjacobnet.regularizers import REGULARIZERS, Regularizer
from skjacobnet.schedules import SCHEDULES

FAMILIES = {
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}


def entries_of(regularizers):
    """Return the entries of `regularizers`, and their parameters, as `get_params` does.

    Examples
    --------
    >>> entries_of({"l1": 0.1})
    {'regularizers__l1': 0.1}
    """
    found = {}
    if isinstance(regularizers, dict):
        for label, entry in regularizers.items():
            found[f"regularizers__{label}"] = entry
            if isinstance(entry, Regularizer):
                for name, value in entry.get_params().items():
                    found[f"regularizers__{label}__{name}"] = value
    return found


def changed_params(params, own, losses):
    """Return the changed parameters of an estimator, with nested ones resolved.

    Parameters
    ----------
    params : dict
        Arguments of `set_params`.
    own : dict
        Current parameters of the estimator itself.
    losses : Family
        Losses of the estimator.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If a part has no parameter of that name.

    Examples
    --------
    >>> from skjacobnet.losses import LOSSES
    >>> changed_params({"optimizer__momentum": 0.5}, {"optimizer": "sgd"}, LOSSES)
    {'optimizer': SGD(momentum=0.5)}
    """
    plain, nested = _by_depth(params)
    families = {**FAMILIES, "loss": losses}
    for name, inner in nested.items():
        if name not in {*families, "regularizers"}:
            raise ValueError(
                f"Invalid parameter '{name}__{next(iter(inner))}': {name} has "
                "no nested parameters."
            )
    changed = {
        name: _with_params(name, plain.get(name, own[name]), changes, families)
        for name, changes in nested.items()
    }
    return {**plain, **changed}


def _with_params(name, value, changes, families):
    """Return a copy of a part, or of the regularizers, with changed parameters.

    A part within the part, such as the schedule in a warm-up, may be a name too.
    """
    if name == "regularizers":
        return _with_entries(value, changes)
    if value == "auto":
        raise ValueError(
            f"{name}='auto' has no parameters, so {', '.join(changes)} cannot be set. "
            f"Choose one of {', '.join(map(repr, families[name].names))} first."
        )
    part = families[name].make(value) if isinstance(value, str) else clone(value)
    plain, nested = _by_depth(changes)
    part.set_params(**plain)
    for inner, inner_changes in nested.items():
        if inner in families:
            changed = _with_params(inner, getattr(part, inner), inner_changes, families)
            part.set_params(**{inner: changed})
        else:
            part.set_params(**{f"{inner}__{k}": v for k, v in inner_changes.items()})
    return part


def _by_depth(params):
    """Split parameters into plain ones, and nested ones (``__``) by part."""
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
