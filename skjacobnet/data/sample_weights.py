"""Sample weights and class weights."""

import numbers
from functools import reduce

import numpy as np
from sklearn.utils import check_array


def check_weights(sample_weight, n_samples, name="sample_weight"):
    """Return weights as a float array, or None.

    Raises
    ------
    ValueError
        If the weights are not one finite number of at least 0 for each row, or all 0.
    """
    if sample_weight is None:
        return None
    if np.isscalar(sample_weight):
        sample_weight = np.full(n_samples, sample_weight)
    weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name=name
    )
    if weight.shape != (n_samples,):
        raise ValueError(
            f"{name} must have the shape ({n_samples},), one weight for each row, got "
            f"{weight.shape}."
        )
    if (weight < 0.0).any():
        row = int(np.argmin(weight))
        raise ValueError(
            f"{name} must not be negative, got {weight[row]} in row {row}. To leave a "
            "row out, give it weight 0."
        )
    if not weight.any():
        raise ValueError(
            f"{name} is zero for every row: at least one row needs a positive weight."
        )
    return weight


def class_factors(class_weight, task, codes, sample_weight):
    """Return the weight of each class.

    Parameters
    ----------
    class_weight : None, "balanced", dict or list of dict
        Weights by class; a class missing from a dict has weight one. ``"balanced"``
        gives all classes the same total, with `sample_weight` included. For a
        multilabel problem both apply to each label, whose classes are 0 and 1; a list
        has a dict for each label.
    task : Classes or Labels
    codes : array of int, (n_samples,) or (n_samples, n_labels)
        Codes of `task` for rows of positive weight.
    sample_weight : array of shape (n_samples,) or None

    Returns
    -------
    array of shape (n_classes,) or (n_labels, 2), or None

    Raises
    ------
    TypeError, ValueError
        If a dict names an unknown class, or a weight is not a finite number of at least
        0.
    """
    if class_weight is None:
        return None
    if not task.multilabel:
        if isinstance(class_weight, list):
            example = dict.fromkeys(task.classes.tolist()[:2], 1.0)
            raise ValueError(
                "class_weight must be 'balanced', None or a dict of classes and their "
                f"weights, such as {example}, where y has one class in each row, got "
                f"{class_weight!r}. A list of dicts, one for each label, goes with a y "
                "of several columns of zeros and ones."
            )
        return _factors(class_weight, task.classes, codes, sample_weight)
    n_labels = codes.shape[1]
    choices = class_weight
    if not isinstance(class_weight, list):
        choices = [class_weight] * n_labels
    if len(choices) != n_labels:
        raise ValueError(
            f"class_weight must have {n_labels} dicts, one for each label, got "
            f"{len(choices)}."
        )
    for label, choice in enumerate(choices):
        if not isinstance(choice, dict) and choice != "balanced":
            raise TypeError(
                f"class_weight[{label}] must be a dict of the weights of 0 and 1, such "
                f"as {{0: 1.0, 1: 2.0}}, or 'balanced', got {choice!r}."
            )
    return np.stack(
        [
            _factors(choice, np.arange(2), codes[:, label], sample_weight)
            for label, choice in enumerate(choices)
        ]
    )


def row_factors(factors, codes):
    """Return the weight of each row from its class or its labels."""
    if factors is None:
        return None
    if codes.ndim == 1:
        return factors[codes]
    product = np.ones(len(codes))
    for own, column in zip(factors, codes.T, strict=True):
        product *= own[column]
    return product


def _factors(class_weight, classes, codes, sample_weight):
    if isinstance(class_weight, dict):
        return _named_factors(class_weight, classes)
    totals = np.bincount(codes, weights=sample_weight, minlength=len(classes))
    present = totals > 0
    factors = np.zeros(len(classes))
    factors[present] = totals.sum() / (np.count_nonzero(present) * totals[present])
    return factors


def _named_factors(class_weight, classes):
    factors = np.ones(len(classes))
    known = {label: index for index, label in enumerate(classes.tolist())}
    for label, weight in class_weight.items():
        plain = label.item() if isinstance(label, np.generic) else label
        if plain not in known:
            raise ValueError(
                f"class_weight names the class {plain!r}, which y does not have. "
                f"Classes: {classes.tolist()}."
            )
        if not isinstance(weight, numbers.Real):
            raise TypeError(
                f"class_weight[{plain!r}] must be a number, got {weight!r}."
            )
        factors[known[plain]] = weight
    if not (np.isfinite(factors).all() and (factors >= 0.0).all()):
        raise ValueError(
            f"class_weight must be finite and not negative, got {class_weight!r}."
        )
    return factors


def combine(*weights):
    """Return the product of weights, some of which may be None.

    For a single one it is that array itself.
    """
    given = [weight for weight in weights if weight is not None]
    return reduce(np.multiply, given) if given else None


def mean_weight(weight, rows=None):
    """Return the mean of weights over `rows`, None if all are equal.

    Dividing by the mean of a whole fit, not of every batch, keeps mini-batch gradients
    unbiased and makes the scale of the weights irrelevant.
    """
    if weight is None:
        return None
    used = weight if rows is None else weight[rows]
    if (used == used[0]).all():
        return None
    # Divided by the largest first, so that no sum overflows.
    largest = used.max()
    return largest * (used / largest).mean()


def as_counts(weight):
    """Return weights in units of rows.

    Multiples of the smallest weight count repeated rows; others are scaled to mean one.

    Parameters
    ----------
    weight : array of shape (n_samples,)
        Positive weights.

    Examples
    --------
    >>> as_counts(np.array([0.1, 0.2, 0.2])), as_counts(np.array([1.0, 1.5]))
    (array([1., 2., 2.]), array([0.8, 1.2]))
    """
    counts = weight / weight.min()
    whole = np.round(counts)
    if np.allclose(counts, whole, rtol=1e-12, atol=0.0):
        return whole
    return weight / mean_weight(weight)
