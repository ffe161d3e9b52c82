r"""Derivatives by central differences.

.. math:: f'(x) d \approx \frac{f(x + h d) - f(x - h d)}{2 h}

With step :math:`h = \epsilon^{1/3}`, :math:`\epsilon` the machine precision, the error
of the formula and that of rounding balance at about :math:`\epsilon^{2/3}`, ten digits
in float64. Everything is computed in float64, whatever the input.
"""

import numpy as np

STEP = float(np.finfo(np.float64).eps) ** (1.0 / 3.0)


def finite_difference(function, x, direction):
    r"""Return the central difference of a function along a direction.

    .. math::

        f'(x) d \approx \frac{f(x_+) - f(x_-)}{\hat h}, \qquad x_\pm = x \pm h d, \qquad
        h = \epsilon^{1/3} \frac{\max(1, \max|x|)}{\max|d|}

    Parameters
    ----------
    function : callable
        Function that maps an array of the shape of `x` to an array of any shape.
    x : array
        Point at which to differentiate.
    direction : array of the shape of `x`
        Direction :math:`d`; the result scales with its norm.

    Returns
    -------
    array of the shape of ``function(x)``, float64

    See Also
    --------
    empirical_jacobian : Derivatives along all features, for each row.

    Notes
    -----
    Two calls of the function. The points :math:`x_\pm` are rounded, so the step is
    computed from them and not from h:
    :math:`\hat h = \langle x_+ - x_-, d \rangle / \langle d, d \rangle`, which is exact
    if d has one entry. A function that rounds to float32 loses all but about two
    digits.

    References
    ----------
    .. [1] J. Nocedal and S. J. Wright, "Numerical Optimization", 2nd edition, 2006,
       Section 8.1. https://doi.org/10.1007/978-0-387-40065-5

    Examples
    --------
    The square has the slope 6 at 3, so the direction 2 gives 12:

    >>> finite_difference(np.square, np.array([3.0]), np.array([2.0]))
    array([12.000000])
    """
    x = np.asarray(x, np.float64)
    direction = np.asarray(direction, np.float64)
    longest = np.max(np.abs(direction), initial=0.0)
    if longest == 0.0:
        return np.zeros_like(function(x), np.float64)
    h = STEP * np.max(np.abs(x), initial=1.0) / longest
    above, below = x + h * direction, x - h * direction
    step = np.vdot(above - below, direction) / np.vdot(direction, direction)
    return _difference(function, above, below) / step


def empirical_jacobian(function, X, scale=None):
    r"""Return the Jacobian of a row-wise function by central differences.

    .. math:: J_{s,o,i} = \partial f(X)_{s,o} / \partial X_{s,i}

    Parameters
    ----------
    function : callable
        Function that maps (n_samples, n_in) to (n_samples, n_out), such as
        ``predict_proba``.
    X : array of shape (n_samples, n_in)
    scale : array of shape (n_in,), optional
        Typical size of changes of each column. Columns of scale zero and missing
        numbers are not changed; their derivatives are zero. By default
        :math:`\max(1, |x|)` of each entry.

    Returns
    -------
    array of shape (n_samples, n_out, n_in), float64

    Raises
    ------
    ValueError
        If `X` or the result of the function is not two-dimensional with the same
        number of rows.

    See Also
    --------
    finite_difference : Derivative along one direction.

    Notes
    -----
    Two calls of the function for each feature, for all rows at once. The result is
    meaningless for a function that mixes rows. Steps are relative to each entry,
    :math:`h = \epsilon^{1/3} \max(1, |x|)`, or to the scale; differences are divided by
    the rounded steps. Keep `X` farther than that from kinks.

    Examples
    --------
    >>> X = np.array([[3.0, 5.0]])
    >>> empirical_jacobian(lambda X: X[:, :1] * X[:, 1:], X)
    array([[[5.000000, 3.000000]]])
    """
    X = np.asarray(X, np.float64)
    if X.ndim != 2:
        raise ValueError(f"X must have the shape (n_samples, n_in), got {X.shape}.")
    columns = []
    for feature in range(X.shape[1]):
        above, below = X.copy(), X.copy()
        x = X[:, feature]
        h = STEP * (np.maximum(1.0, np.abs(x)) if scale is None else scale[feature])
        above[:, feature] += h
        below[:, feature] -= h
        difference = _difference(function, above, below)
        if difference.ndim != 2 or len(difference) != len(X):
            raise ValueError(
                f"function must return an array of shape ({len(X)}, n_out), got "
                f"{difference.shape}. Add an axis to a result of shape (n_samples,)."
            )
        step = (above[:, feature] - below[:, feature])[:, np.newaxis]
        slopes = np.zeros_like(difference)
        columns.append(np.divide(difference, step, slopes, where=step > 0.0))
    return np.stack(columns, axis=-1)


def empirical_gradient(function, x):
    """Return the gradient of a scalar function by central differences.

    Parameters
    ----------
    function : callable
        Function that maps an array of the shape of `x` to a number.
    x : array
        Point at which to differentiate.

    Returns
    -------
    array of the shape of `x`, float64

    Examples
    --------
    >>> empirical_gradient(np.sum, np.array([[3.0, 5.0]]))
    array([[1.000000, 1.000000]])
    """
    basis = np.eye(np.size(x)).reshape(-1, *np.shape(x))
    slopes = [finite_difference(function, x, direction) for direction in basis]
    return np.reshape(slopes, np.shape(x))


def _difference(function, above, below):
    """Return the difference of two values of a function, in float64."""
    high = np.array(function(above), np.float64)
    return high - np.asarray(function(below), np.float64)
