"""From raw predictions to a mean and a standard deviation."""

import numpy as np

from skjacobnet.links.base import LOG_OF_ZERO, RegressionLink
from skjacobnet.links.layout import per_target
from skjacobnet.operators import Diagonal, Selection


class MeanAndDeviation(RegressionLink):
    r"""A mean and a standard deviation, from two raw predictions for each target.

    .. math:: \mu = z_1, \qquad \sigma = e^{z_2}

    Shapes: raw predictions are (..., n_samples, 2 * n_targets), the two of the first
    target before those of the second; means, called ``"prediction"``, and standard
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


MEAN_AND_DEVIATION = MeanAndDeviation()
