"""Descriptions of the columns of a table, before and after encodings."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np


class Column(NamedTuple):
    """Column of a table or of the output of an encoding.

    Attributes
    ----------
    source : int
        Index of its raw column.
    kind : {"number", "constant", "binary", "category", "indicator", "bin", "one_hot"}
        A ``"category"`` holds codes 0, 1, ... as floats. NaN is a missing number, and a
        missing or unknown category. ``"constant"`` and ``"binary"`` are encoded numbers
        with one or two distinct values.
    n_categories : int, default=0
        Number of codes of a ``"category"``.
    place : int, default=0
        Index of the bin, or code of the category. A single column for two categories
        has the code of the second one.

    Examples
    --------
    >>> Column(0, "number")
    Column(source=0, kind='number', n_categories=0, place=0)
    """

    source: int
    kind: str
    n_categories: int = 0
    place: int = 0


def of_kind(columns, *kinds):
    """Return the indices of the columns of some kinds, as a tuple.

    Examples
    --------
    >>> of_kind([Column(0, "number"), Column(1, "category", 3)], "category")
    (1,)
    """
    return tuple(i for i, column in enumerate(columns) if column.kind in kinds)


@lru_cache(maxsize=64)
def runs(numbers):
    """Return the slices of consecutive columns in a table.

    Parameters
    ----------
    numbers : tuple of int
        Indices of the columns.

    Returns
    -------
    tuple of (slice, slice)
        Slices in `numbers` and in the table.

    Examples
    --------
    >>> runs((3, 4, 8))
    ((slice(0, 2, None), slice(3, 5, None)), (slice(2, 3, None), slice(8, 9, None)))
    """
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    starts, ends = [0, *breaks.tolist()], [*breaks.tolist(), len(numbers)]
    return tuple(
        (slice(a, b), slice(numbers[a], numbers[a] + b - a))
        for a, b in zip(starts, ends, strict=True)
        if b > a
    )


def taken(X, numbers):
    """Return columns of a table as the rows of a new array.

    Parameters
    ----------
    X : array of shape (..., n_samples, n_columns)
    numbers : tuple of int

    Returns
    -------
    array of shape (..., len(numbers), n_samples), in C order

    Examples
    --------
    >>> taken(np.array([[1.0, 2.0], [3.0, 4.0]]), (1,))
    array([[2., 4.]])
    """
    found = np.empty((*X.shape[:-2], len(numbers), X.shape[-2]), X.dtype)
    for place, run in runs(numbers):
        found[..., place, :] = X[..., run].swapaxes(-1, -2)
    return found


def put(values, out, numbers):
    """Write the result of `taken`, or values of its shape, to columns of a table."""
    for place, run in runs(numbers):
        out[..., run] = values[..., place, :].swapaxes(-1, -2)
