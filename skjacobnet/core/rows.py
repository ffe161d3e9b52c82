"""Rows of a batch: casts, and weighted means."""

from contextlib import contextmanager

import numpy as np
from scipy.sparse import issparse


def cast(X, dtype, sparse):
    """Return rows in the dtype of a network's weights, dense unless `sparse`.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_samples, n_features)
    dtype : data-type
    sparse : bool
        Whether a sparse `X` stays sparse.

    Returns
    -------
    array or CSR matrix of shape (n_samples, n_features)
        `X` itself if it has the dtype.

    Raises
    ------
    ValueError
        If a finite number of `X` is outside the range of the dtype.
    """
    if X.dtype != dtype:
        with checked_range(X, dtype):
            X = X.astype(dtype)
    return X.toarray() if issparse(X) and not sparse else X


@contextmanager
def checked_range(X, dtype):
    """Convert an overflow in a cast of `X` into an error that names both."""
    try:
        with np.errstate(over="raise"):
            yield
    except FloatingPointError as error:
        raise ValueError(
            f"X has numbers up to {abs(X).max():.3g}, beyond the range of "
            f"{np.dtype(dtype)}, in which the network computes. Scale the features, or "
            "fit with dtype='float64'."
        ) from error


def weighted_mean(values, sample_weight):
    """Return the sum of weights times values divided by the number of rows.

    Parameters
    ----------
    values : array of shape (..., n_samples)
    sample_weight : array of shape (n_samples,) or (n_members, n_samples), or None
        None is ones.

    Returns
    -------
    array of shape (...)
        Means in the dtype of `values`.

    Examples
    --------
    >>> weighted_mean(np.array([1.0, 5.0]), np.array([2.0, 0.0]))
    np.float64(1.0)
    """
    if sample_weight is None:
        return np.mean(values, axis=-1)
    sample_weight = sample_weight.astype(values.dtype, copy=False)
    if values.ndim == 1:
        return np.matmul(values, sample_weight) / values.shape[-1]
    # One product of vectors for each network of a stack, as above. A matrix-vector
    # product would add in another order.
    return np.vecdot(values, sample_weight) / values.shape[-1]


def row_scale(rows, sample_weight):
    """Return weight / n_samples as a column, or a number without weights.

    Parameters
    ----------
    rows : array of shape (..., n_samples, n)
        Array of which only shape and dtype are used.
    sample_weight : array of shape (n_samples,) or (n_members, n_samples), or None

    Returns
    -------
    number, or array of shape (n_samples, 1) or (n_members, n_samples, 1)
        Scale in the dtype of `rows`.
    """
    n_samples = rows.shape[-2]
    if sample_weight is None:
        return rows.dtype.type(1.0 / n_samples)
    return (sample_weight / n_samples).astype(rows.dtype)[..., np.newaxis]


def average_rows(gradients, sample_weight):
    """Convert gradients of samples to those of their weighted mean, in place.

    Parameters
    ----------
    gradients : array of shape (..., n_samples, n)
    sample_weight : array of shape (n_samples,) or (n_members, n_samples), or None

    Returns
    -------
    array of shape (..., n_samples, n)
        `gradients`.
    """
    if sample_weight is not None:
        np.multiply(gradients, sample_weight[..., np.newaxis], gradients)
    return np.multiply(gradients, 1.0 / gradients.shape[-2], gradients)


def sum_over_first(values):
    """Return the sum over the first axis, in the same order for stacks.

    Parameters
    ----------
    values : array of shape (n, ..., n_samples)

    Returns
    -------
    array of shape (..., n_samples)
        Sums, for each network of a stack equal to `numpy.sum` of that network.

    Examples
    --------
    >>> sum_over_first(np.ones((3, 2)))
    array([3., 3.])
    """
    if values.ndim > 2 and values.shape[-1] == 1:
        # For a single network the numbers of a row are contiguous. NumPy then adds
        # several at a time; else one after another.
        side_by_side = np.ascontiguousarray(np.moveaxis(values, 0, -1))
        return np.add.reduce(side_by_side, -1)
    return np.add.reduce(values, 0)


def inner_products(left, right):
    """Return the sum of all products of entries, for each network of a stack.

    Parameters
    ----------
    left, right : array of shape (..., n_rows, n)
        Rows of a batch, or matrices.

    Returns
    -------
    array of shape (...)
        Sums, for each network equal to `numpy.vdot` of that network.

    Examples
    --------
    >>> inner_products(np.ones((2, 3)), np.full((2, 2, 3), 0.5))
    array([3., 3.])
    """
    if left.ndim == right.ndim == 2:
        return np.vdot(left, right)
    left, right = (a.reshape(*a.shape[:-2], -1) for a in (left, right))
    return np.vecdot(left, right)
