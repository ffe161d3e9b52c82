"""Weighted means and standard deviations of columns with missing values."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse


class Moments(NamedTuple):
    """Result of `moments`, arrays of shape (n,).

    Attributes
    ----------
    mean : array
        Zero for a column without any value.
    deviation : array
        Population standard deviation; zero where all values are equal.
    has_gaps : array of bool
        Whether a value is missing.
    """

    mean: np.ndarray
    deviation: np.ndarray
    has_gaps: np.ndarray


def moments(rows, numbers):
    """Return weighted moments over the rows where a column has a value.

    They neither overflow nor underflow if the numbers of the columns do not.

    Parameters
    ----------
    rows : EncodedRows
    numbers : tuple of int
        Indices of the columns.

    Returns
    -------
    Moments

    Notes
    -----
    Two passes over the rows, three if they are sparse. Memory is one block.

    Examples
    --------
    >>> from skjacobnet.layers.encodings.rows import EncodedRows
    >>> X = np.array([[1e200], [3e200], [np.nan]])
    >>> found = moments(EncodedRows(X), (0,))
    >>> found.mean / 1e200, found.deviation / 1e200, found.has_gaps
    (array([2.]), array([1.]), array([ True]))
    """
    numbers = list(numbers)
    if issparse(rows.X):
        return _of_sparse(rows, numbers)
    low, high = np.full(len(numbers), np.inf), np.full(len(numbers), -np.inf)
    has_gaps = np.zeros(len(numbers), bool)
    for block, _ in rows.blocks():
        x = block[:, numbers]
        np.fmin(low, np.fmin.reduce(x, axis=0), low)
        np.fmax(high, np.fmax.reduce(x, axis=0), high)
        has_gaps |= np.isnan(x).any(axis=0)
    low, high, unit = _range(low, high)
    center = 0.5 * (low / unit) + 0.5 * (high / unit)
    total, mean, squares = (np.zeros(len(numbers)) for _ in range(3))
    for block, weight in rows.blocks():
        y = block[:, numbers] / unit - center
        weight = np.ones(len(y)) if weight is None else weight
        missing = np.isnan(y)
        weights = np.where(missing, 0.0, weight[:, np.newaxis])
        y[missing] = 0.0
        own_total = weights.sum(axis=0)
        own_mean = _ratio(np.sum(weights * y, axis=0), own_total)
        own_squares = np.sum(weights * np.square(y - own_mean), axis=0)
        # Chan's formula joins the moments of two groups without cancellation.
        change, joint = own_mean - mean, total + own_total
        share = _ratio(own_total, joint)
        squares += own_squares + np.square(change) * total * share
        mean += change * share
        total = joint
    deviation = np.sqrt(_ratio(squares, total)) * unit
    return Moments((center + mean) * unit, deviation, has_gaps)


def _of_sparse(rows, numbers):
    """Return the moments of CSR rows, whose zeros are values."""
    n = rows.n_columns
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    n_stored, has_gaps = np.zeros(n, np.intp), np.zeros(n, bool)
    total, gap_weight = 0.0, np.zeros(n)
    for x, place, weight, row_weight in _stored(rows):
        np.fmin.at(low, place, x)
        np.fmax.at(high, place, x)
        n_stored += np.bincount(place, minlength=n)
        gap_weight += np.bincount(place, weight * np.isnan(x), minlength=n)
        has_gaps[place[np.isnan(x)]] = True
        total += row_weight.sum()
    has_zeros = n_stored < rows.n_rows
    low, high = (
        np.where(has_zeros, np.fmin(low, 0.0), low),
        np.where(has_zeros, np.fmax(high, 0.0), high),
    )
    low, high, unit = _range(low, high)
    total = total - gap_weight
    mean, stored_weight, squares = (np.zeros(n) for _ in range(3))
    for x, place, weight, _ in _stored(rows):
        known = ~np.isnan(x)
        x, place, weight = x[known], place[known], weight[known]
        mean += np.bincount(place, weight * (x / unit[place]), minlength=n)
        stored_weight += np.bincount(place, weight, minlength=n)
    mean = _ratio(mean, total)
    for x, place, weight, _ in _stored(rows):
        known = ~np.isnan(x)
        x, place, weight = x[known], place[known], weight[known]
        offset = x / unit[place] - mean[place]
        squares += np.bincount(place, weight * np.square(offset), minlength=n)
    squares += np.maximum(total - stored_weight, 0.0) * np.square(mean)
    deviation = np.sqrt(_ratio(squares, total)) * unit
    # Sums round, but equal values must have no deviation.
    constant = low == high
    mean = np.where(constant, low, mean * unit)
    deviation = np.where(constant, 0.0, deviation)
    return Moments(mean[numbers], deviation[numbers], has_gaps[numbers])


def _stored(rows):
    """Yield the stored numbers of CSR rows, with their columns and weights."""
    for block, weight in rows.blocks():
        block = block.tocsr(copy=True)
        block.sum_duplicates()
        weight = np.ones(block.shape[0]) if weight is None else weight
        of_each = np.repeat(weight, np.diff(block.indptr))
        yield block.data, block.indices, of_each, weight


def _range(low, high):
    """Return finite bounds, zero if there is no value, and a unit of their size."""
    none = low > high
    low, high = np.where(none, 0.0, low), np.where(none, 0.0, high)
    largest = np.maximum(np.abs(low), np.abs(high))
    # A power of two, which changes no digit.
    return low, high, np.ldexp(1.0, np.frexp(largest)[1] - 1)


def _ratio(dividend, divisor):
    """Return the ratio, zero where the divisor is zero."""
    return np.divide(dividend, divisor, np.zeros_like(divisor), where=divisor > 0.0)
