"""Sums over the members of an ensemble, whose axis is the last but one."""

import numpy as np

from skjacobnet.operators import Diagonal


def log_sum(logarithms):
    """Return the logarithm of the sum of numbers, given their logarithms.

    Parameters
    ----------
    logarithms : array of shape (..., n_members, n)
        Minus infinity stands for zero; of each sum one must be larger.

    Returns
    -------
    array of shape (..., 1, n)

    Examples
    --------
    >>> log_sum(np.array([[-1000.0], [-1000.0]]))
    array([[-999.307]])
    """
    largest = logarithms.max(axis=-2, keepdims=True)
    sums = np.exp(logarithms - largest).sum(axis=-2, keepdims=True)
    return np.add(np.log(sums, sums), largest, sums)


def shares_of(logarithms):
    r"""Return which share of a sum each number has, the Jacobian of `log_sum`.

    .. math:: r_{mk} = \frac{x_{mk}}{\sum_n x_{nk}}

    Parameters
    ----------
    logarithms : array of shape (..., n_members, n)
        As in `log_sum`, those of x.

    Returns
    -------
    array of shape (..., n_members, n)

    Examples
    --------
    >>> shares_of(np.log([[1.0], [3.0]]))
    array([[0.25],
           [0.75]])
    """
    # Divided, since a large logarithm of the sum would have been rounded.
    shares = np.exp(logarithms - logarithms.max(axis=-2, keepdims=True))
    return np.divide(shares, shares.sum(axis=-2, keepdims=True), shares)


def mean_of_members(n_members, n, dtype):
    """Return the operator of a mean over the members, that of each number alone.

    Parameters
    ----------
    n_members, n : int
    dtype : data-type

    Returns
    -------
    Diagonal
        With the members in the place of the samples, as `BlockRow` takes it.
    """
    return Diagonal(np.full((n_members, n), 1.0 / n_members, dtype))


def second_of_log_sum(shares, tangent, cotangent):
    r"""Return the gradient of a product with the Jacobian of `log_sum`.

    With the shares r it is

    .. math:: c_k r_{mk} \bigl(t_{mk} - \sum_n r_{nk} t_{nk}\bigr).

    Parameters
    ----------
    shares : array of shape (..., n_members, n)
        As from `shares_of`.
    tangent : array of shape (n_pairs, ..., n_members, n)
    cotangent : array of shape (n_pairs, ..., 1, n)

    Returns
    -------
    array of shape (n_pairs, ..., n_members, n)
    """
    mean = (shares * tangent).sum(axis=-2, keepdims=True)
    return cotangent * shares * (tangent - mean)
