"""Numeric arguments of parts, which may differ by member of a stack of networks.

A part of a single network holds plain numbers. Parts of networks trained side by side
may hold an array ``(n_members,)`` instead of a number.
"""

import numpy as np


def exact(value):
    """Return a number of a part in float64, for further arithmetic.

    Parameters
    ----------
    value : number, or array of shape (n_members,)

    Returns
    -------
    float, or array of shape (n_members,)

    Examples
    --------
    >>> exact(np.float32(0.5)), exact(np.array([1, 2]))
    (0.5, array([1., 2.]))
    """
    if type(value) is float:
        return value
    if isinstance(value, np.ndarray):
        return value.astype(np.float64, copy=False)
    return float(value)


def fitting(value, n_axes, dtype):
    """Return a number as a factor of an array.

    If members differ, the number is rounded once to the dtype, as NumPy rounds a Python
    number in arithmetic with an array. So a member of a stack uses the same number as a
    single network.

    Parameters
    ----------
    value : float, or array of shape (n_members,)
    n_axes : int
        Number of axes of the array after that of the members: 2 for the rows of a batch
        and for matrices, 1 for vectors of weights, 0 for one number per member.
    dtype : data-type
        Type of the array.

    Returns
    -------
    float, or array of shape (n_members, 1, ...)

    Examples
    --------
    >>> fitting(np.array([1.0, 2.0]), 1, np.float32)
    array([[1.],
           [2.]], dtype=float32)
    >>> fitting(0.5, 1, np.float32)
    0.5
    """
    if isinstance(value, np.ndarray):
        return value.astype(dtype, copy=False).reshape(-1, *(1,) * n_axes)
    return value


def rounded(value, dtype):
    """Return a number for arithmetic with arrays; an array is rounded to the dtype.

    Examples
    --------
    >>> rounded(np.array([[0.5]]), np.float32).dtype, rounded(0.5, np.float32)
    (dtype('float32'), 0.5)
    """
    return value.astype(dtype, copy=False) if isinstance(value, np.ndarray) else value


def power(base, exponent):
    """Return Python's power for each member.

    NumPy's powers of arrays may differ in the last digit.

    Examples
    --------
    >>> power(np.array([0.5, 3.0]), 2)
    array([0.25, 9.  ])
    >>> power(2.0, np.array([0.0, 3.0]))
    array([1., 8.])
    """
    if isinstance(base, np.ndarray):
        return np.array([number**exponent for number in base.tolist()])
    if isinstance(exponent, np.ndarray):
        return np.array([base**number for number in exponent.tolist()])
    return base**exponent
