"""The link to a mean and a standard deviation."""

import math
from typing import NamedTuple

import numpy as np

from skjacobnet.links.base import LOG_OF_ZERO, RegressionLink
from skjacobnet.links.layout import per_target
from skjacobnet.links.members import log_sum, shares_of
from skjacobnet.operators import BlockRow, Diagonal, Product, Selection, Sum


class MeanAndDeviation(RegressionLink):
    r"""Mean and standard deviation, from two raw predictions for each target.

    .. math:: \mu = z_1, \qquad \sigma = e^{z_2}

    Shapes: raw predictions are (..., n_samples, 2 * n_targets), the two of the first
    target before those of the second; means, named ``"prediction"``, and standard
    deviations, ``"std"``, are (..., n_samples, n_targets).

    Notes
    -----
    The standard deviation is infinite, with a warning by NumPy, for raw predictions
    beyond 88 in float32 and 709 in float64.

    References
    ----------
    .. [1] D. A. Nix and A. S. Weigend, "Estimating the Mean and Variance of the Target
       Probability Distribution", ICNN 1994. https://doi.org/10.1109/ICNN.1994.374138

    Examples
    --------
    >>> raw = np.array([[5.0, 0.0, -1.0, np.log(2.0)]])
    >>> MEAN_AND_DEVIATION.value(raw, "prediction")
    array([[ 5., -1.]])
    >>> MEAN_AND_DEVIATION.value(raw, "std")
    array([[1., 2.]])
    """

    outputs = ("prediction", "std", "raw")

    def n_outputs(self, output, n_raw):
        return n_raw if output == "raw" else n_raw // 2

    def value(self, raw, output):
        if output == "raw":
            return raw
        pairs = per_target(raw, 2)
        return np.exp(pairs[..., 1]) if output == "std" else pairs[..., 0].copy()

    def operators(self, raw, output):
        if output == "raw":
            return []
        n_raw = raw.shape[-1]
        if output == "prediction":
            return [Selection(np.arange(0, n_raw, 2), n_raw, raw.dtype)]
        log_std = Selection(np.arange(1, n_raw, 2), n_raw, raw.dtype)
        return [log_std, Diagonal(self.value(raw, "std"))]

    def rescaling(self, location, scale):
        factor = np.stack([scale, np.ones_like(scale)], axis=1)
        return factor.ravel(), np.stack([location, np.log(scale)], axis=1).ravel()

    def certain(self, value):
        log_std = np.full_like(value, LOG_OF_ZERO)
        return np.stack([value, log_std], axis=1).ravel()

    def average(self, raw):
        mixture = _Mixture.of(raw)
        both = np.stack([mixture.mean, mixture.log_std], axis=-1)
        return both.reshape(*raw.shape[:-2], raw.shape[-1])

    def average_jacobian(self, raw):
        of_log_std, of_mean = _Mixture.of(raw).slopes
        own = np.full_like(of_mean, 1.0 / raw.shape[-2])
        # Each number has a slope, and a deviation also one with respect to the mean.
        own = np.stack([own, of_log_std], axis=-1).reshape(raw.shape)
        other = np.stack([np.zeros_like(of_mean), of_mean], axis=-1).reshape(raw.shape)
        n_raw = raw.shape[-1]
        neighbors = np.arange(n_raw).reshape(-1, 2)[:, ::-1].ravel()
        swap = Selection(neighbors, n_raw, raw.dtype)
        return BlockRow(Sum([Diagonal(own), Product([Diagonal(other), swap])]))

    def average_second_vjp(self, raw, tangent, cotangent):
        mixture = _Mixture.of(raw)
        of_log_std, of_mean = mixture.slopes
        t_mean, t_log_std = np.moveaxis(per_target(tangent, 2), -1, 0)
        change = of_log_std * t_log_std + of_mean * t_mean
        change = change.sum(axis=-2, keepdims=True)
        precision = np.exp(-2.0 * mixture.log_std) / raw.shape[-2]
        for_mean = t_mean - t_mean.mean(axis=-2, keepdims=True)
        for_mean = precision * for_mean - 2.0 * of_mean * change
        for_log_std = 2.0 * of_log_std * (t_log_std - change)
        both = np.stack([for_mean, for_log_std], axis=-1)
        # The mean is linear.
        both = both * per_target(cotangent, 2)[..., np.newaxis, :, 1:]
        return both.sum(axis=0).reshape(raw.shape)


class _Mixture(NamedTuple):
    r"""Equal mixture of the members' normal distributions.

    .. math:: \sigma^2 = \frac{1}{M} \sum_m \sigma_m^2 + (\mu_m - \mu)^2

    Attributes
    ----------
    mean, log_std : array of shape (..., 1, n_targets)
    offset : array of shape (..., n_members, n_targets)
        Members' means minus the overall mean.
    log_squares : array of shape (..., 2 * n_members, n_targets)
        Logarithms of all squares in the sum, those of the deviations first.
    """

    mean: np.ndarray
    log_std: np.ndarray
    offset: np.ndarray
    log_squares: np.ndarray

    @classmethod
    def of(cls, raw):
        means, log_stds = np.moveaxis(per_target(raw, 2), -1, 0)
        mean = means.mean(axis=-2, keepdims=True)
        offset = means - mean
        log_offset = np.full_like(offset, -np.inf)
        np.log(np.abs(offset), log_offset, where=offset != 0.0)
        # No square overflows or underflows.
        log_squares = 2.0 * np.concatenate([log_stds, log_offset], axis=-2)
        log_std = 0.5 * (log_sum(log_squares) - math.log(raw.shape[-2]))
        return cls(mean, log_std, offset, log_squares)

    @property
    def slopes(self):
        """Derivatives of `log_std` with respect to the members' `log_std` and means."""
        of_log_std, of_mean = np.split(shares_of(self.log_squares), 2, axis=-2)
        zeros = np.zeros_like(of_mean)
        return of_log_std, np.divide(of_mean, self.offset, zeros, where=of_mean > 0.0)


MEAN_AND_DEVIATION = MeanAndDeviation()
