"""How much each row counts."""

import numbers

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight


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
            f"{name} is zero for every row: there is nothing to learn from."
        )
    return weight


def class_weights(class_weight, targets, codes, sample_weight):
    """Return the weight of each row that comes from its class.

    Parameters
    ----------
    class_weight : None, "balanced", dict or list of dict
        As in scikit-learn. ``"balanced"`` gives all classes the same total, counted
        with `sample_weight`.
    targets : Targets
    codes : array of int
        Encoded by `targets`.
    sample_weight : array of shape (n_samples,) or None

    Returns
    -------
    array of shape (n_samples,) or None

    Raises
    ------
    ValueError
        If a dict names a class that does not exist.
    """
    if class_weight is None:
        return None
    if targets.multilabel:
        return compute_sample_weight(class_weight, codes)
    if class_weight == "balanced":
        totals = np.bincount(
            codes, weights=sample_weight, minlength=len(targets.classes)
        )
        present = totals > 0
        of_class = np.zeros(len(totals))
        of_class[present] = totals.sum() / (np.count_nonzero(present) * totals[present])
        return of_class[codes]
    if not isinstance(class_weight, dict):
        raise ValueError(
            "class_weight must be a dict, 'balanced' or None for a problem without "
            f"labels, got {class_weight!r}."
        )
    return _named_weights(class_weight, targets)[codes]


def _named_weights(class_weight, targets):
    """Return the weight of each class, one where the dict names none."""
    of_class = np.ones(len(targets.classes))
    known = {label: index for index, label in enumerate(targets.classes.tolist())}
    for label, weight in class_weight.items():
        plain = label.item() if isinstance(label, np.generic) else label
        if plain not in known:
            raise ValueError(
                f"class_weight names the class {plain!r}, which y does not have. "
                f"Classes: {targets.classes.tolist()}."
            )
        if not isinstance(weight, numbers.Real):
            raise TypeError(
                f"class_weight[{plain!r}] must be a number, got {weight!r}."
            )
        of_class[known[plain]] = weight
    if not (np.isfinite(of_class).all() and (of_class >= 0.0).all()):
        raise ValueError(
            f"class_weight must be finite and not negative, got {class_weight!r}."
        )
    return of_class


def combine(*weights):
    """Return the product of weights, some of which may be None."""
    given = [weight for weight in weights if weight is not None]
    return np.prod(given, axis=0) if given else None


def relative(weight, rows=None):
    """Return weights divided by their mean over `rows`, None where all are equal.

    Dividing once for a whole fit, not in every batch, keeps mini-batch gradients
    unbiased and makes the scale of the weights irrelevant.
    """
    if weight is None:
        return None
    used = weight if rows is None else weight[rows]
    if (used == used[0]).all():
        return None
    return weight / used.mean()
