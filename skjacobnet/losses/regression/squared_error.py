"""Squared error."""

import numpy as np

from skjacobnet.losses.regression.base import RegressionLoss
from skjacobnet.losses.regression.weighted import mean_over_rows
from skjacobnet.operators import Diagonal


class SquaredError(RegressionLoss):
    r"""Half the squared error, summed over the targets.

    .. math:: \ell(y, z) = \frac{1}{2} \sum_t (z_t - y_t)^2, \qquad
        \nabla \ell = z - y, \qquad \nabla^2 \ell = I

    The best constant is the weighted mean.

    See Also
    --------
    Huber : Linear for large errors.
    Gaussian : Predicts standard deviations as well.

    Notes
    -----
    T / 2 times ``sklearn.metrics.mean_squared_error``, which averages over the T
    targets. For one target it is the loss of ``sklearn.neural_network.MLPRegressor``,
    which halves the mean over all numbers.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
       Equation 5.11.

    Examples
    --------
    >>> y, raw = np.array([[1.0, 2.0]]), np.array([[4.0, 0.0]])
    >>> float(SquaredError().value(y, raw))
    6.5
    >>> SquaredError().gradient(y, raw)
    array([[ 3., -2.]])
    """

    name = "squared_error"
    calibration = "noise"

    def sample_values(self, y, raw, link):
        error = raw - y
        return 0.5 * np.vecdot(error, error)

    def sample_gradients(self, y, raw, link):
        return raw - y

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(scale * np.ones_like(raw))

    def values_and_gradients(self, y, raw, gradients):
        np.subtract(raw, y, gradients)
        return 0.5 * np.vecdot(gradients, gradients)

    def best_constant(self, y, sample_weight=None):
        return mean_over_rows(y, sample_weight)
