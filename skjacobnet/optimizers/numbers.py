"""Scalars of a step, of one network or of several side by side."""

import numpy as np

from skjacobnet.core.numbers import fitting, rounded


def numbers_for(theta, learning_rate, factor, *numbers):
    """Return the rate times a factor, and numbers, to broadcast to the weights.

    Parameters
    ----------
    theta : array of shape (n_weights,) or (n_members, n_weights)
    learning_rate : float, or array of shape (n_members, 1)
    factor, *numbers : float, or array of shape (n_members,)

    Returns
    -------
    tuple of float or array of shape (n_members, 1)
        Unchanged numbers for one network.

    Examples
    --------
    >>> numbers_for(np.zeros(2), 0.5, 3.0, 7.0)
    (1.5, 7.0)
    >>> numbers_for(np.zeros((2, 9)), 0.5, 3.0, np.array([7.0, 8.0]))[1]
    array([[7.],
           [8.]])
    """
    if theta.ndim == 1:
        return learning_rate * factor, *numbers
    rate = rounded(learning_rate * fitting(factor, 1, np.float64), theta.dtype)
    return rate, *[fitting(number, 1, theta.dtype) for number in numbers]
