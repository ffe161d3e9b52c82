"""The absolute error."""

import numpy as np

from skjacobnet.losses.regression.base import RegressionLoss
from skjacobnet.losses.regression.weighted import quantiles_over_rows
from skjacobnet.operators import Diagonal


class AbsoluteError(RegressionLoss):
    r"""Absolute error, summed over the targets.

    .. math:: \ell(y, z) = \sum_t |z_t - y_t|, \qquad
        \nabla \ell = \operatorname{sign}(z - y), \qquad \nabla^2 \ell = 0

    The best constant is the weighted median.

    See Also
    --------
    Huber : Smooth where errors are small.
    Quantile : Other quantiles than the median.

    Notes
    -----
    T times ``sklearn.metrics.mean_absolute_error``, which averages over the T targets,
    and twice `Quantile` at the level 1/2.

    There is a kink where a prediction equals the target. The gradient is 0 there, and
    the Hessian is 0 everywhere, so neither depends on the distance to the kink.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
       Equation 1.91 with q = 1.

    Examples
    --------
    >>> y, raw = np.array([[1.0, 2.0]]), np.array([[4.0, 2.0]])
    >>> float(AbsoluteError().value(y, raw))
    3.0
    >>> AbsoluteError().gradient(y, raw)
    array([[1., 0.]])
    """

    name = "absolute_error"

    def sample_values(self, y, raw, link):
        return np.sum(np.abs(raw - y), axis=-1)

    def sample_gradients(self, y, raw, link):
        return np.sign(raw - y)

    def values_and_gradients(self, y, raw, gradients):
        error = raw - y
        np.sign(error, gradients)
        return np.vecdot(error, gradients)

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(np.zeros_like(raw))

    def best_constant(self, y, sample_weight=None):
        return quantiles_over_rows(y, [0.5], sample_weight)[:, 0]
