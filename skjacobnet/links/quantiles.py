"""The link to quantiles that do not cross."""

from dataclasses import dataclass

import numpy as np

from skjacobnet.links.base import RegressionLink
from skjacobnet.links.layout import per_target
from skjacobnet.links.members import mean_of_members
from skjacobnet.operators import BlockRow, Product, Selection


@dataclass(frozen=True)
class SortedQuantiles(RegressionLink):
    r"""Sorted quantiles of each target, in the order of their levels.

    .. math:: q_1 \le \dots \le q_k \quad \text{are} \quad z_1, \dots, z_k
        \quad \text{in ascending order}

    Shapes: raw predictions and ``"quantiles"`` are (..., n_samples, n_targets * k), all
    of the first target before those of the second; ``"prediction"``, the quantile with
    the level nearest to 1/2 for each target, is (..., n_samples, n_targets).

    Parameters
    ----------
    levels : tuple of float
        The k levels, strictly increasing.

    Notes
    -----
    Of two levels equally near to 1/2 the lower one is used; distances are compared to
    12 digits. At equal raw predictions, where the order may change, the derivative is
    that of their original order.

    Sorting [1]_ never raises the sum of a row's pinball losses: it is the sum of a
    function of each raw prediction that does not depend on the level, and of
    :math:`-\sum_i \tau_i z_i`, which is least in ascending order.

    References
    ----------
    .. [1] V. Chernozhukov, I. Fernández-Val and A. Galichon, "Quantile and Probability
       Curves Without Crossing", Econometrica 78(3), 2010, Section 2 (rearrangement).
       https://doi.org/10.3982/ECTA7880

    Examples
    --------
    >>> link = SortedQuantiles((0.1, 0.5, 0.9))
    >>> raw = np.array([[3.0, 4.0, 2.0]])
    >>> link.value(raw, "quantiles")
    array([[2., 3., 4.]])
    >>> link.value(raw, "prediction")
    array([[3.]])
    """

    levels: tuple

    outputs = ("prediction", "quantiles", "raw")

    def n_outputs(self, output, n_raw):
        return n_raw // len(self.levels) if output == "prediction" else n_raw

    def value(self, raw, output):
        if output == "raw":
            return raw
        quantiles = np.sort(per_target(raw, len(self.levels)), axis=-1)
        if output == "prediction":
            return quantiles[..., self._nearest_to_half].copy()
        return quantiles.reshape(raw.shape)

    def operators(self, raw, output):
        if output == "raw":
            return []
        places = self._places(raw)
        if output == "prediction":
            places = places[..., self._nearest_to_half]
        else:
            places = places.reshape(raw.shape)
        return [Selection(places, raw.shape[-1], raw.dtype)]

    def rescaling(self, location, scale):
        n_levels = len(self.levels)
        return np.repeat(scale, n_levels), np.repeat(location, n_levels)

    def certain(self, value):
        return np.repeat(value, len(self.levels))

    def average(self, raw):
        return self.value(raw, "quantiles").mean(axis=-2)

    def average_jacobian(self, raw):
        *_, n_members, n_raw = raw.shape
        sort = Selection(self._places(raw).reshape(raw.shape), n_raw, raw.dtype)
        mean = mean_of_members(n_members, n_raw, raw.dtype)
        return BlockRow(Product([mean, sort]))

    def average_second_vjp(self, raw, tangent, cotangent):
        return None

    def _places(self, raw):
        """Return the index of each quantile, (..., n_samples, n_targets, k)."""
        n_raw, n_levels = raw.shape[-1], len(self.levels)
        places = np.argsort(per_target(raw, n_levels), axis=-1, stable=True)
        places += np.arange(0, n_raw, n_levels)[:, np.newaxis]
        return places

    @property
    def _nearest_to_half(self):
        """Index of the level of the prediction."""
        # Rounded, since 1/2 - 0.05 and 0.95 - 1/2 differ in the last digit.
        distances = [round(abs(level - 0.5), 12) for level in self.levels]
        return distances.index(min(distances))
