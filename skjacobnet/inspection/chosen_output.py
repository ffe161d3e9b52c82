"""Chosen output of each row, and its gradient."""

import numpy as np

from skjacobnet.accumulation import cotangents
from skjacobnet.inspection.output_columns import OutputColumns, has_classes


def target_columns(model, output, target, n_samples):
    """Return the index of the target of each row among all possible targets.

    Parameters
    ----------
    model : FittedModel
    output : str
    target : class or int, array-like of shape (n_samples,), or None
        One class, index of a label, or index of a column of the output for all rows, or
        one for each row.
    n_samples : int

    Returns
    -------
    array of int of shape (n_samples,), or None
        Indices in the `targets` of `OutputColumns`. None is the most probable class of
        each row.

    Raises
    ------
    ValueError
        If a target is unknown, there are not as many as rows, or a regressor's output
        has several columns and `target` is None.
    """
    targets = OutputColumns.of(model, output).targets
    if has_classes(model):
        unknown = "classes that the classifier does not know"
        return (
            None
            if target is None
            else _places(target, targets, n_samples, "class", unknown)
        )
    last = len(targets) - 1
    if target is None:
        if last > 0:
            raise ValueError(
                f"The output {output!r} has {len(targets)} columns. Set target to the "
                f"index of one of them, from 0 to {last}."
            )
        target = 0
    elif np.asarray(target).dtype.kind not in "iu":
        raise ValueError(
            f"target must be the index of a column of the output {output!r}, an "
            f"integer from 0 to {last}, got {target!r}."
        )
    unknown = f"columns that the output {output!r} does not have"
    return _places(target, targets, n_samples, "column", unknown)


def _places(target, targets, n_samples, noun, unknown):
    """Return the checked index of each row's target among all."""
    target = np.asarray(target)
    if target.shape not in ((), (n_samples,)):
        raise ValueError(
            f"target must be one {noun}, or one for each of the {n_samples} rows, got "
            f"an array of shape {target.shape}."
        )
    others = np.setdiff1d(target, targets)
    if len(others):
        raise ValueError(
            f"target has {unknown}: {others.tolist()}. Known: {targets.tolist()}."
        )
    return np.broadcast_to(np.searchsorted(targets, target), n_samples)


def most_probable(model, raw):
    """Return the index of each row's most probable class or label."""
    return np.argmax(model.link.columns(raw), axis=1)


def target_cotangent(model, columns, output):
    """Return the cotangent of an output that picks one column in each row.

    A binary problem has one raw prediction; that of the first class is its negative.

    Returns
    -------
    array of shape (n_samples, n_outputs), float64
    """
    _, names, targets = OutputColumns.of(model, output)
    if len(names) < len(targets):
        return np.where(columns, 1.0, -1.0)[:, np.newaxis]
    return np.eye(len(targets))[columns]


def target_gradients(route, target):
    """Return the gradient of the chosen output of each row with respect to X.

    Parameters
    ----------
    route : Route
    target : class or int, array-like of shape (n_samples,), or None
        As in `target_columns`.

    Returns
    -------
    array of shape (n_samples, n_features)
        One vector per row is backpropagated, whatever the number of columns.
    """
    shape = route.inputs.shape[0], route.n_features
    gradients = np.empty(shape, route.model.dtype)
    for rows, gradient in gradient_blocks(route, target):
        gradients[rows] = gradient
    return gradients


def gradient_blocks(route, target, first=0):
    """Yield the gradient of the chosen output of each row, in blocks of rows.

    Parameters
    ----------
    route : Route
    target : class or int, array-like of shape (n_samples,), or None
        As in `target_columns`.
    first : int, default=0
        Number of steps and layers before the input of the gradient.

    Yields
    ------
    rows : slice
    gradient : array of shape (n_rows, width)
    """
    model, output = route.model, route.output
    given = target_columns(model, output, target, route.inputs.shape[0])
    for rows, at, operators in route.chains():
        columns = most_probable(model, at.value) if given is None else given[rows]
        cotangent = target_cotangent(model, columns, output).astype(model.dtype)
        *_, gradient = cotangents(operators[first:], cotangent)
        yield rows, gradient
