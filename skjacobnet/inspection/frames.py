"""Results with the names of what was given."""

import sys

import numpy as np


def feature_names(values):
    """Return the names of the features in rows, or in a Series that is one row.

    Returns
    -------
    list, or None where `values` has no names
    """
    pandas = sys.modules.get("pandas")
    names = getattr(values, "columns", None)
    if pandas is not None and isinstance(values, pandas.Series):
        names = values.index
    return None if names is None else list(names)


def labeled(values, X, index=None):
    """Return values with a column for each feature as a frame where `X` is one.

    Parameters
    ----------
    values : array of shape (n_rows, n_features)
    X : array, sparse matrix or data frame
    index : sequence of length n_rows, optional
        Names of the rows; by default those of `X`.

    Returns
    -------
    pandas.DataFrame if `X` is one, else `values`
    """
    pandas = sys.modules.get("pandas")  # without it X is no frame of its kind
    if pandas is None or not isinstance(X, pandas.DataFrame):
        return values
    index = X.index if index is None else np.asarray(index)
    return pandas.DataFrame(values, index=index, columns=X.columns)
