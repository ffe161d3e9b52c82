"""The gamma deviance of positive amounts."""

import numpy as np

from skjacobnet.links import EXPONENTIAL
from skjacobnet.losses.regression.base import RegressionLoss
from skjacobnet.losses.regression.domain import require
from skjacobnet.losses.regression.weighted import mean_over_rows
from skjacobnet.operators import Diagonal


class Gamma(RegressionLoss):
    r"""Half the gamma deviance of positive amounts, summed over the targets.

    .. math:: \ell(y, z) = \sum_t e^{d_t} - 1 - d_t, \qquad d = \log y - z, \qquad
        \nabla \ell = 1 - e^d, \qquad \nabla^2 \ell = \operatorname{diag} e^d

    The prediction is :math:`\mu = e^z`. The best constant is the logarithm of the
    weighted mean.

    See Also
    --------
    Poisson : For counts, zeros included.

    Notes
    -----
    T / 2 times ``sklearn.metrics.mean_gamma_deviance``, if that is averaged over T
    targets. The loss depends only on the ratio of target and prediction. Targets are
    not standardized.

    Near the target neither the value nor the gradient cancels.

    Values and derivatives overflow, with a warning by NumPy, for d beyond 88 in float32
    and 709 in float64, for predictions that are far too low.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd edition,
       Chapman and Hall 1989, Section 2.3.1.
       https://doi.org/10.1007/978-1-4899-3242-6

    Examples
    --------
    A prediction of half the target has the loss ``2 - 1 - log(2)``:

    >>> float(Gamma().value(np.array([[2.0]]), np.zeros((1, 1))))
    0.306853
    >>> Gamma().gradient(np.array([[2.0]]), np.zeros((1, 1)))
    array([[-1.]])
    """

    name = "gamma"
    calibration = "noise"
    link = EXPONENTIAL
    scales_target = False
    positive_only = True

    def check_targets(self, y, name="y"):
        require(y > 0.0, y, self, name, "positive")

    def sample_values(self, y, raw, link):
        d = np.log(y) - raw
        # Rounding may make a nonnegative value negative.
        return np.sum(np.maximum(np.expm1(d) - d, 0.0), axis=-1)

    def sample_gradients(self, y, raw, link):
        return -np.expm1(np.log(y) - raw)

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(scale * np.exp(np.log(y) - raw))

    def best_constant(self, y, sample_weight=None):
        return np.log(mean_over_rows(y, sample_weight))
