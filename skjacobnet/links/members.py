"""Sums over the members of an ensemble, along the second to last axis."""

import numpy as np

from skjacobnet.operators import Diagonal


def log_sum(logarithms):
    """Return the logarithm of the sum of numbers, given their logarithms.

    Parameters
    ----------
    logarithms : array of shape (..., n_members, n)
        Minus infinity is zero; each sum must have a larger one.

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
    r"""Return the share of each number in a sum, the Jacobian of `log_sum`.

    .. math:: r_{mk} = \frac{x_{mk}}{\sum_n x_{nk}}

    Parameters
    ----------
    logarithms : array of shape (..., n_members, n)
        Logarithms of x, as in `log_sum`.

    Returns
    -------
    array of shape (..., n_members, n)

    Examples
    --------
    >>> shares_of(np.log([[1.0], [3.0]]))
    array([[0.25],
           [0.75]])
    """
    # Divided, since a large logarithm of the sum would lose digits.
    shares = np.exp(logarithms - logarithms.max(axis=-2, keepdims=True))
    return np.divide(shares, shares.sum(axis=-2, keepdims=True), shares)


def mean_of_members(n_members, n, dtype):
    """Return the operator of an elementwise mean over the members.

    Parameters
    ----------
    n_members, n : int
    dtype : data-type

    Returns
    -------
    Diagonal
        Operator with the members on the axis of samples, for `BlockRow`.
    """
    return Diagonal(np.full((n_members, n), 1.0 / n_members, dtype))


def second_of_log_sum(shares, tangent, cotangent):
    r"""Return the gradient of a product with the Jacobian of `log_sum`.

    With the shares r it is

    .. math:: c_k r_{mk} \bigl(t_{mk} - \sum_n r_{nk} t_{nk}\bigr).

    Parameters
    ----------
    shares : array of shape (..., n_members, n)
        Result of `shares_of`.
    tangent : array of shape (n_pairs, ..., n_members, n)
    cotangent : array of shape (n_pairs, ..., 1, n)

    Returns
    -------
    array of shape (n_pairs, ..., n_members, n)
    """
    mean = (shares * tangent).sum(axis=-2, keepdims=True)
    return cotangent * shares * (tangent - mean)
