"""The negative log-likelihood of a normal distribution."""

from math import log, pi

import numpy as np

from skjacobnet.links import MEAN_AND_DEVIATION, per_target
from skjacobnet.losses.regression.base import RegressionLoss
from skjacobnet.losses.regression.weighted import mean_over_rows
from skjacobnet.operators import Dense


class Gaussian(RegressionLoss):
    r"""Gaussian negative log-likelihood, summed over the targets.

    .. math:: \ell(y, z) = \sum_t \frac{1}{2} \log 2 \pi + s_t + \frac{1}{2} r_t^2,
        \qquad r_t = (y_t - \mu_t) e^{-s_t}

    with two raw predictions for each target, the mean :math:`\mu_t` and the logarithm
    :math:`s_t` of the standard deviation. The derivatives are, for each target,

    .. math::

        \frac{\partial \ell}{\partial (\mu, s)} = \left( -r e^{-s}, \; 1 - r^2 \right),
        \qquad
        \frac{\partial^2 \ell}{\partial (\mu, s)^2} = \begin{pmatrix}
            e^{-2 s} & 2 r e^{-s} \\ 2 r e^{-s} & 2 r^2
        \end{pmatrix}.

    See Also
    --------
    SquaredError : Has a standard deviation of 1 and no constant.
    Quantile : Intervals without the assumption of a normal distribution.

    Notes
    -----
    The value is minus the mean of ``scipy.stats.norm.logpdf``, summed over the targets.
    It has no lower bound, and is not convex in both raw predictions together.

    The best constant is the weighted mean and the logarithm of the weighted standard
    deviation, of at least 1.2e-7 times the largest absolute target, or 1.2e-7 if all
    targets are 0.

    Values and derivatives overflow, with a warning by NumPy, if a standard deviation is
    far too small: r² beyond 3e38 in float32 and 1.8e308 in float64.

    The Hessian is `Dense`, (2 T)² numbers per sample for T targets, although these do
    not interact.

    References
    ----------
    .. [1] D. A. Nix and A. S. Weigend, "Estimating the Mean and Variance of the Target
       Probability Distribution", ICNN 1994. https://doi.org/10.1109/ICNN.1994.374138
    .. [2] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
       Equation 1.46.

    Examples
    --------
    A target one standard deviation away has the loss ``log(2 * pi) / 2 + 1 / 2``:

    >>> y, raw = np.array([[1.0]]), np.array([[0.0, 0.0]])
    >>> float(Gaussian().value(y, raw))
    1.418939
    >>> Gaussian().gradient(y, raw)
    array([[-1.,  0.]])
    """

    name = "gaussian"
    calibration = "noise"
    n_per_target = 2
    link = MEAN_AND_DEVIATION

    def sample_values(self, y, raw, link):
        log_std, _, r = _parts(y, raw)
        return np.sum(log_std + (0.5 * np.square(r) + 0.5 * log(2.0 * pi)), axis=-1)

    def sample_gradients(self, y, raw, link):
        _, precision, r = _parts(y, raw)
        gradient = np.empty(raw.shape, raw.dtype)
        pairs = per_target(gradient, 2)
        np.multiply(-r, precision, out=pairs[..., 0])
        np.subtract(1.0, np.square(r), out=pairs[..., 1])
        return gradient

    def values_and_gradients(self, y, raw, gradients):
        log_std, precision, r = _parts(y, raw)
        pairs = per_target(gradients, 2)
        np.multiply(r, precision, out=pairs[..., 0])
        np.negative(pairs[..., 0], pairs[..., 0])
        np.square(r, r)
        np.subtract(1.0, r, out=pairs[..., 1])
        constant = 0.5 * log(2.0 * pi) * log_std.shape[-1]
        return np.add.reduce(log_std + 0.5 * r, -1) + constant

    def sample_hessians(self, y, raw, link, scale):
        _, precision, r = _parts(y, raw)
        *batch_shape, n_raw = raw.shape
        matrix = np.zeros((*batch_shape, n_raw, n_raw), raw.dtype)
        pairs = matrix.reshape(*batch_shape, n_raw // 2, 2, n_raw // 2, 2)
        blocks = np.einsum("...tatb->...tab", pairs)
        blocks[..., 0, 0] = scale * np.square(precision)
        blocks[..., 0, 1] = blocks[..., 1, 0] = scale * (2.0 * r * precision)
        blocks[..., 1, 1] = scale * (2.0 * np.square(r))
        return Dense(matrix)

    def best_constant(self, y, sample_weight=None):
        y = y.astype(np.float64)
        mean = mean_over_rows(y, sample_weight)
        std = np.sqrt(mean_over_rows(np.square(y - mean), sample_weight))
        size = np.max(np.abs(y), axis=0)
        floor = float(np.finfo(np.float32).eps) * np.where(size > 0.0, size, 1.0)
        return np.stack([mean, np.log(np.maximum(std, floor))], axis=-1).ravel()


def _parts(y, raw):
    """Return s, exp(-s) and r, (..., n_samples, n_targets)."""
    pairs = per_target(raw, 2)
    mean, log_std = pairs[..., 0], pairs[..., 1]
    precision = np.exp(-log_std)
    return log_std, precision, (y - mean) * precision
