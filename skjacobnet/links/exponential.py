"""The exponential link to positive means."""

import math

import numpy as np

from skjacobnet.links.base import LOG_OF_ZERO, RegressionLink
from skjacobnet.links.members import log_sum, second_of_log_sum, shares_of
from skjacobnet.operators import BlockRow, Diagonal


class ExponentialLink(RegressionLink):
    r"""Exponential link, with positive predictions.

    .. math:: \mu = e^z

    Notes
    -----
    Infinite, with a warning by NumPy, for raw predictions beyond 88 in float32 and 709
    in float64.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd edition,
       Chapman and Hall 1989, Section 2.2 (links).
       https://doi.org/10.1007/978-1-4899-3242-6

    Examples
    --------
    >>> EXPONENTIAL.value(np.array([[0.0, np.log(2.0)]]), "prediction")
    array([[1., 2.]])
    """

    outputs = ("prediction", "raw")

    def n_outputs(self, output, n_raw):
        return n_raw

    def value(self, raw, output):
        return raw if output == "raw" else np.exp(raw)

    def operators(self, raw, output):
        return [] if output == "raw" else [Diagonal(np.exp(raw))]

    def rescaling(self, location, scale):
        # A mean in another unit differs by a factor, not by a location.
        return np.ones_like(scale), np.log(scale)

    def certain(self, value):
        zeros = np.full_like(value, LOG_OF_ZERO)
        return np.log(value, out=zeros, where=value > 0.0)

    def average(self, raw):
        return log_sum(raw)[..., 0, :] - math.log(raw.shape[-2])

    def average_jacobian(self, raw):
        return BlockRow(Diagonal(shares_of(raw)))

    def average_second_vjp(self, raw, tangent, cotangent):
        shares = shares_of(raw)
        cotangent = cotangent[..., np.newaxis, :]
        return second_of_log_sum(shares, tangent, cotangent).sum(axis=0)


EXPONENTIAL = ExponentialLink()
