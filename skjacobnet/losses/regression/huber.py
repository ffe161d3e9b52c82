"""Squared where errors are small and linear where they are large."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.losses.regression.base import RegressionLoss
from skjacobnet.operators import Diagonal


class Huber(RegressionLoss):
    r"""Huber loss: squared for small errors, linear for large ones.

    .. math::

        \ell(y, z) = \sum_t h(z_t - y_t), \qquad h(r) = \begin{cases}
            r^2 / 2 & \text{for } |r| \le \delta, \\
            \delta (|r| - \delta / 2) & \text{for } |r| > \delta,
        \end{cases}

    with the derivatives :math:`h'(r) = \min(\max(r, -\delta), \delta)` and
    :math:`h''(r) = 1` for :math:`|r| \le \delta`, else 0.

    Parameters
    ----------
    delta : float > 0, default=1.35
        Largest squared error. Unit: that of the targets in the loss, their standard
        deviation if they are standardized.

    See Also
    --------
    SquaredError : The limit for large delta.
    AbsoluteError : The limit for small delta, after division by it.

    Notes
    -----
    The gradient is bounded by delta, so single outliers cannot dominate. It has
    a kink at :math:`|r| = \delta`, where the Hessian jumps and is computed as inside.

    The best constant is between the mean and the median. It is the point where the
    nondecreasing derivative changes its sign.

    References
    ----------
    .. [1] P. J. Huber, "Robust Estimation of a Location Parameter", The Annals of
       Mathematical Statistics 35(1), 1964. https://doi.org/10.1214/aoms/1177703732

    Examples
    --------
    Errors of 1 and 3; only the first is squared:

    >>> y, raw = np.array([[0.0, 0.0]]), np.array([[1.0, 3.0]])
    >>> float(Huber(delta=2.0).value(y, raw))
    4.5
    >>> Huber(delta=2.0).gradient(y, raw)
    array([[1., 2.]])
    """

    name = "huber"
    constraints = {"delta": Interval(0.0, np.inf, "neither")}

    def __init__(self, delta=1.35):
        self.delta = delta

    def sample_values(self, y, raw, link):
        error = np.abs(raw - y)
        squared = np.minimum(error, float(self.delta))
        return np.sum(squared * (error - 0.5 * squared), axis=-1)

    def sample_gradients(self, y, raw, link):
        delta = float(self.delta)
        return np.clip(raw - y, -delta, delta)

    def values_and_gradients(self, y, raw, gradients):
        error, delta = raw - y, float(self.delta)
        np.clip(error, -delta, delta, gradients)
        # Half of the clipped error is subtracted, with its sign.
        error -= 0.5 * gradients
        return np.vecdot(error, gradients)

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(scale * (np.abs(raw - y) <= float(self.delta)))

    def best_constant(self, y, sample_weight=None):
        return np.array([self._best(column, sample_weight) for column in y.T])

    def _best(self, y, sample_weight):
        # Imported here: it takes a tenth of a second, and few users need it.
        from scipy.optimize import brentq

        y = y.astype(np.float64)
        low, high = float(np.min(y)), float(np.max(y))
        if low == high:
            return low
        delta = float(self.delta)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        eps = float(np.finfo(np.float64).eps)
        return brentq(
            lambda z: np.vdot(weight, np.clip(z - y, -delta, delta)),
            low,
            high,
            xtol=eps * (high - low),
            rtol=4 * eps,
        )
