"""The task of a classifier, from its targets."""

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skjacobnet.tasks.classes import Classes
from skjacobnet.tasks.labels import Labels


def classification_task(y):
    """Return the task with the classes of all targets, whatever their weights.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels)

    Returns
    -------
    Classes or Labels

    Raises
    ------
    ValueError
        If there are fewer than two classes, or the targets are not classes.

    Examples
    --------
    >>> classification_task(["no", "yes", "no"]).classes
    array(['no', 'yes'], dtype='<U3')
    """
    if _is_multilabel(y):
        return Labels(y.shape[1])
    return _classes(np.unique(y), "y")


def declared_task(classes, y):
    """Return the task with declared classes, for a first `partial_fit`.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        Classes; for labels the indices of the columns of `y`.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)

    Returns
    -------
    Classes or Labels

    Raises
    ------
    ValueError
        As in `classification_task`, or if `y` has other columns than declared.
    """
    classes = np.unique(classes)
    if not _is_multilabel(y):
        return _classes(classes, "classes")
    if not np.array_equal(classes, np.arange(y.shape[1])):
        raise ValueError(
            f"classes must be the indices 0 to {y.shape[1] - 1} of the columns of y, "
            f"got {classes.tolist()}."
        )
    return Labels(y.shape[1])


def _is_multilabel(y):
    """Whether targets are labels; invalid targets raise an error."""
    kind = type_of_target(y)
    if kind not in ("binary", "multiclass", "multilabel-indicator"):
        check_classification_targets(y)  # says what is wrong
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y has several columns of classes, which is not supported. Fit one "
            "classifier for each column, for example with MultiOutputClassifier."
        )
    return kind == "multilabel-indicator"


def _classes(classes, name):
    if len(classes) < 2:
        raise ValueError(
            f"Classifier can't be trained on one class only: {name} holds "
            f"{classes.tolist()} and nothing else. Give at least two classes."
        )
    return Classes(classes)
