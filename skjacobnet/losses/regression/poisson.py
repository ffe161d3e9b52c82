"""The Poisson deviance of counts."""

import numpy as np

from skjacobnet.links import EXPONENTIAL
from skjacobnet.losses.regression.base import RegressionLoss
from skjacobnet.losses.regression.domain import require
from skjacobnet.losses.regression.weighted import mean_over_rows
from skjacobnet.operators import Diagonal


class Poisson(RegressionLoss):
    r"""Half the Poisson deviance of counts, summed over the targets.

    .. math:: \ell(y, z) = \sum_t e^{z_t} - y_t z_t + y_t \log y_t - y_t, \qquad
        \nabla \ell = e^z - y, \qquad \nabla^2 \ell = \operatorname{diag} e^z

    with 0 log 0 = 0. The prediction is :math:`\mu = e^z`, the mean of the count. The
    best constant is the logarithm of the weighted mean.

    See Also
    --------
    Gamma : For positive amounts with errors in proportion to the mean.

    Notes
    -----
    T / 2 times ``sklearn.metrics.mean_poisson_deviance``, if that is averaged over T
    targets. Targets are at least 0 and need not be whole numbers. They are not
    standardized.

    With :math:`d = z - \log y` the loss is :math:`y (e^d - 1 - d)`, which does not
    cancel near the target; this form is used for d < 1. If all targets are 0, the best
    constant is the logarithm of the smallest normal number of float32.

    Values and derivatives overflow, with a warning by NumPy, for raw predictions
    beyond 88 in float32 and 709 in float64.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd edition,
       Chapman and Hall 1989, Section 2.3.1.
       https://doi.org/10.1007/978-1-4899-3242-6

    Examples
    --------
    A predicted mean of 1 has the loss 1 for the count 0, and 0 for the count 1:

    >>> y, raw = np.array([[0.0], [1.0]]), np.zeros((2, 1))
    >>> Poisson().sample_values(y, raw, None)
    array([1., 0.])
    >>> Poisson().sample_gradients(y, raw, None)
    array([[1.],
           [0.]])
    """

    name = "poisson"
    calibration = "noise"
    link = EXPONENTIAL
    scales_target = False
    positive_only = True

    def check_targets(self, y, name="y"):
        require(y >= 0.0, y, self, name, "non-negative")

    def sample_values(self, y, raw, link):
        d = raw - np.log(y, out=np.zeros_like(y, raw.dtype), where=y > 0.0)
        near = (y > 0.0) & (d < 1.0)
        small = np.where(near, d, 0.0)
        # Rounding may make a nonnegative value negative.
        inside = y * np.maximum(np.expm1(small) - small, 0.0)
        values = np.where(near, inside, np.exp(raw) - y * (1.0 + d))
        return np.sum(values, axis=-1)

    def sample_gradients(self, y, raw, link):
        return np.exp(raw) - y

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(scale * np.exp(raw))

    def best_constant(self, y, sample_weight=None):
        mean = mean_over_rows(y, sample_weight)
        return np.log(np.where(mean > 0.0, mean, 0.5 / len(y)))
