"""Perturbed tables."""

import sys

import numpy as np
from scipy.sparse import issparse

from skjacobnet.data.columns import checked_table
from skjacobnet.data.frames import column, column_names, numbers_of
from skjacobnet.inspection.frames import labeled
from skjacobnet.inspection.pipelines import numbers


def moved(X, change, moves=None, dtype=None):
    """Return a table with perturbed numbers.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
    change : array of shape (n_samples, n_features)
    moves : array of bool of shape (n_features,), optional
        Mask of the columns of a raw table to change. Others need not be numbers. None
        is for a table of numbers only.
    dtype : data-type, optional
        Type of a result of numbers only.

    Returns
    -------
    array or data frame of shape (n_samples, n_features)
        A frame if `X` is one. Missing numbers stay missing.
    """
    if moves is None:
        values = numbers(X) + change
        return labeled(values if dtype is None else values.astype(dtype, copy=False), X)
    table = checked_table(X)
    names = column_names(table) or range(table.shape[1])
    found = {
        place: numbers_of(column(table, place), name) + change[:, place]
        for place, name in enumerate(names)
        if moves[place]
    }
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(table, polars.DataFrame):
        return table.with_columns(
            polars.Series(names[place], values) for place, values in found.items()
        )
    if hasattr(table, "iloc"):
        table = table.copy()
        for place, values in found.items():
            table.isetitem(place, values)
        return table
    table = table.toarray() if issparse(table) else table
    table = table.astype(table.dtype if table.dtype.kind in "fO" else np.float64)
    for place, values in found.items():
        table[:, place] = values
    return table
