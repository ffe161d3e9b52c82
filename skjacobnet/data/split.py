"""Splits of the rows of a fit."""

import numpy as np


def split_rows(strata, n_samples, validation_fraction, rng):
    r"""Split rows into a training set and a validation set.

    The split is stratified by class if possible: of the :math:`n_k` rows of
    a class,

    .. math:: v_k \approx v \, n_k / n

    go to the validation set, rounded so that they add up to v and that each class keeps
    a row in the training set: its only row, if it appears once. If too few rows are
    left, the split is not stratified.

    Parameters
    ----------
    strata : array of int of shape (n_samples,), or None
        Indices of classes; None splits without strata.
    n_samples : int
    validation_fraction : float in (0, 1)
    rng : numpy.random.Generator

    Returns
    -------
    train, validation : arrays of int
        Sorted; no row is in both.

    Raises
    ------
    ValueError
        If there are too few rows to split.

    Notes
    -----
    scikit-learn's ``train_test_split`` would store the rows as Python objects, with
    several times the memory.

    Examples
    --------
    >>> strata = np.repeat([0, 1], [80, 20])
    >>> train, validation = split_rows(strata, 100, 0.1, np.random.default_rng(0))
    >>> np.bincount(strata[validation])
    array([8, 2])
    """
    if n_samples < 3:
        raise ValueError(
            "early_stopping=True needs at least 3 rows for a validation set, got "
            f"{n_samples} sample{'s' * (n_samples > 1)}. Pass more rows or set "
            "early_stopping=False."
        )
    n_validation = min(max(1, round(validation_fraction * n_samples)), n_samples - 1)
    chosen = np.zeros(n_samples, bool)
    counts = None if strata is None else np.bincount(strata)
    quotas = None if counts is None else _quotas(counts, n_validation)
    if quotas is None:
        chosen[rng.choice(n_samples, n_validation, replace=False)] = True
    else:
        by_class = np.split(np.argsort(strata, kind="stable"), np.cumsum(counts[:-1]))
        for quota, rows in zip(quotas, by_class, strict=True):
            chosen[rng.choice(rows, quota, replace=False)] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def deal_folds(strata, n_samples, n_folds, rng):
    """Split rows into disjoint folds of equal size.

    The rows of a class are spread as evenly as possible. A class with a single row is
    in no fold, and neither are remaining rows.

    Parameters
    ----------
    strata : array of int of shape (n_samples,), or None
        Indices of classes; None is without strata.
    n_samples : int
    n_folds : int
    rng : numpy.random.Generator

    Returns
    -------
    list of array of int
        Sorted.

    Examples
    --------
    >>> strata = np.repeat([0, 1], [8, 4])
    >>> folds = deal_folds(strata, 12, 4, np.random.default_rng(0))
    >>> [np.bincount(strata[fold]).tolist() for fold in folds]
    [[2, 1], [2, 1], [2, 1], [2, 1]]
    """
    rows = rng.permutation(n_samples)
    if strata is not None:
        rows = rows[np.argsort(strata[rows], kind="stable")]
        rows = rows[np.bincount(strata)[strata[rows]] > 1]
    size = len(rows) // n_folds
    return [np.sort(rows[place::n_folds][:size]) for place in range(n_folds)]


def _quotas(counts, n_validation):
    """Return the number of rows to choose from each class, None if too few."""
    divided = counts[counts > 1]
    if len(divided) > min(n_validation, divided.sum() - n_validation):
        return None
    shares = n_validation * counts / counts.sum()
    quotas = shares.astype(int)
    while missing := n_validation - quotas.sum():
        # One more for the classes furthest below their shares; each keeps a training
        # row.
        able = np.flatnonzero(quotas < counts - 1)
        below = np.argsort((quotas - shares)[able], kind="stable")
        quotas[able[below[:missing]]] += 1
    return quotas
