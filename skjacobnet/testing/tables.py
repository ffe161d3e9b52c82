"""A table with columns of all kinds, for checks of encodings."""

import numpy as np

from skjacobnet.layers import Column


def draw_table(rng, n_samples=40):
    """Draw a table of numbers and categories, with missing values.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_samples : int, default=40

    Returns
    -------
    X : array of shape (n_samples, n_columns), float64
        Table of numbers that are exact in float32.
    columns : list of Column
        Numbers and categories are mixed. Their sources differ from their places, so
        that the two cannot be confused.

    Examples
    --------
    >>> X, columns = draw_table(np.random.default_rng(0))
    >>> X.shape, [column.kind for column in columns].count("category")
    ((40, 14), 4)
    """
    normal = rng.normal(size=n_samples)
    few = rng.integers(0, 5, size=n_samples)
    skewed = np.minimum(rng.geometric(0.5, size=n_samples) - 1, 4)
    drawn = {
        "normal": normal,
        "category with rare codes": skewed,
        "normal with gaps": _with_gaps(5.0 + 3.0 * rng.normal(size=n_samples), rng),
        "few values": few - 1.0,
        "constant": np.full(n_samples, 0.1),
        "category with two codes": _with_gaps(rng.integers(1, 3, size=n_samples), rng),
        "all missing": np.full(n_samples, np.nan),
        "two values": np.where(few > 2, 3.0, -1.0),
        "category with one code": np.full(n_samples, 1.0),
        "skewed": np.exp(1.5 * rng.normal(size=n_samples)),
        "category with gaps": _with_gaps(few, rng),
        "constant with gaps": _with_gaps(np.full(n_samples, 2.0), rng),
        "two values with gaps": _with_gaps(np.where(few > 1, 0.75, 0.25), rng),
        "a third value in the last rows": np.where(
            np.arange(n_samples) < 0.9 * n_samples, few > 2, 2.0
        ),
    }
    X = np.stack(list(drawn.values()), axis=1).astype(np.float32).astype(np.float64)
    columns = [
        Column(place, "category", 8) if "category" in name else Column(place, "number")
        for place, name in zip(rng.permutation(len(drawn)).tolist(), drawn, strict=True)
    ]
    return X, columns


def _with_gaps(values, rng):
    return np.where(rng.random(len(values)) < 0.2, np.nan, values)
