"""Rows held back from training to see how well it generalizes."""

import numpy as np


def split_rows(codes, validation_fraction, rng):
    """Choose the rows to train on and those to validate on.

    The split is stratified by class where that is possible. Rows of a class that
    appears once are trained on; if even that leaves too little, the split is plain.

    Parameters
    ----------
    codes : array of shape (n_samples,) or (n_samples, n_labels)
        Indices of classes; labels are not stratified.
    validation_fraction : float in (0, 1)
    rng : numpy.random.Generator

    Returns
    -------
    train, validation : arrays of int
        Sorted; no row is in both.

    Raises
    ------
    ValueError
        If there are too few rows to hold any back.
    """
    # Loaded when needed: it takes longer to import than all of this package.
    from sklearn.model_selection import train_test_split

    n_samples = len(codes)
    if n_samples < 3:
        raise ValueError(
            "early_stopping=True needs at least 3 rows to hold some back, got "
            f"{n_samples}. Give more rows or set early_stopping=False."
        )
    seed = int(rng.integers(2**31))
    rows = np.arange(n_samples)
    n_validation = min(max(1, round(validation_fraction * n_samples)), n_samples - 1)
    if codes.ndim == 1:
        counts = np.bincount(codes)
        lonely = counts[codes] == 1
        n_classes = np.count_nonzero(counts > 1)
        n_divided = np.count_nonzero(~lonely)
        if n_classes <= min(n_validation, n_divided - n_validation):
            train, validation = train_test_split(
                rows[~lonely],
                test_size=n_validation,
                stratify=codes[~lonely],
                random_state=seed,
            )
            return np.sort(np.concatenate([train, rows[lonely]])), np.sort(validation)
    train, validation = train_test_split(
        rows, test_size=n_validation, random_state=seed
    )
    return np.sort(train), np.sort(validation)
