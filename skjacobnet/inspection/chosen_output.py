"""Which output of each row is looked at, and its gradient."""

import numpy as np

from skjacobnet.accumulation import cotangents


def target_columns(classifier, target, n_samples):
    """Return the place in ``classes_`` of the class to look at in each row.

    Parameters
    ----------
    classifier : JacobianMLPClassifier
    target : class, array-like of shape (n_samples,), or None
        One class (or number of a label) for all rows, or one for each.
    n_samples : int

    Returns
    -------
    array of int of shape (n_samples,), or None where `target` is

    Raises
    ------
    ValueError
        If a class is unknown, or their number is not that of the rows.
    """
    if target is None:
        return None
    classes, target = classifier.classes_, np.asarray(target)
    if target.shape not in ((), (n_samples,)):
        raise ValueError(
            f"target must be one class, or one for each of the {n_samples} rows, got "
            f"an array of shape {target.shape}."
        )
    unknown = np.setdiff1d(target, classes)
    if len(unknown):
        raise ValueError(
            f"target has classes that the classifier does not know: {unknown.tolist()}."
            f" Known: {classes.tolist()}."
        )
    return np.broadcast_to(np.searchsorted(classes, target), n_samples)


def most_probable(classifier, raw):
    """Return the place in ``classes_`` of each row's most probable class or label."""
    return np.argmax(classifier.model_.link.columns(raw), axis=1)


def target_cotangent(classifier, columns, output):
    """Return the cotangent of an output that picks one column in each row.

    A binary problem has one raw prediction; that of the first class is its negative.

    Returns
    -------
    array of shape (n_samples, n_outputs), float64
    """
    if output == "raw" and classifier.task_.n_raw == 1 < len(classifier.classes_):
        return np.where(columns, 1.0, -1.0)[:, np.newaxis]
    return np.eye(len(classifier.classes_))[columns]


def target_gradients(route, target):
    """Return the gradient of the chosen output of each row for the user's X.

    Parameters
    ----------
    route : Route
    target : class, array-like of shape (n_samples,), or None

    Returns
    -------
    array of shape (n_samples, n_features)
        One vector a row is carried back, whatever the number of classes.
    """
    classifier = route.classifier
    dtype, n_samples = classifier.weights_.dtype, route.inputs.shape[0]
    gradients = np.empty((n_samples, route.n_features), dtype)
    given = target_columns(classifier, target, n_samples)
    for rows, at, operators in route.chains():
        columns = most_probable(classifier, at.value) if given is None else given[rows]
        cotangent = target_cotangent(classifier, columns, route.output).astype(dtype)
        *_, gradients[rows] = cotangents(operators, cotangent)
    return gradients
