"""The quantile (pinball) loss of one or several levels."""

from itertools import pairwise
from numbers import Real

import numpy as np

from skjacobnet.links import SortedQuantiles, per_target
from skjacobnet.losses.regression.base import RegressionLoss
from skjacobnet.losses.regression.weighted import quantiles_over_rows
from skjacobnet.operators import Diagonal


class IncreasingLevels:
    """Range of one or several strictly increasing numbers in (0, 1)."""

    def check(self, value, parameter):
        """Raise a TypeError or ValueError that names the parameter and the value."""
        levels = _as_list(value)
        if isinstance(value, set | frozenset):
            raise TypeError(
                f"{parameter} must be a sequence, such as [0.1, 0.5, 0.9], got "
                f"{value!r}."
            )
        for level in levels:
            if isinstance(level, bool) or not isinstance(level, Real):
                raise TypeError(
                    f"{parameter} must be a number or a sequence of numbers, such as "
                    f"[0.1, 0.5, 0.9], got {value!r}."
                )
        inside = all(0.0 < level < 1.0 for level in levels)
        increasing = all(low < high for low, high in pairwise(levels))
        if not (levels and inside and increasing):
            raise ValueError(
                f"{parameter} must be one or more numbers in (0, 1), each higher than "
                f"the one before, such as [0.1, 0.5, 0.9], got {value!r}."
            )


class Quantile(RegressionLoss):
    r"""Quantile (pinball) loss, summed over levels and targets.

    .. math:: \ell(y, z) = \sum_{t,i} \max\bigl(\tau_i (y_t - z_{t,i}),
        (\tau_i - 1) (y_t - z_{t,i})\bigr), \qquad
        \frac{\partial \ell}{\partial z_{t,i}} = [z_{t,i} > y_t] - \tau_i,
        \qquad \nabla^2 \ell = 0

    with the levels :math:`\tau_i`. The mean over rows is least if the share
    :math:`\tau_i` of the targets is below the prediction.

    Parameters
    ----------
    levels : float in (0, 1) or sequence of them, default=(0.5,)
        Levels :math:`\tau`, strictly increasing. Each target has as many raw
        predictions. Dimensionless.

    See Also
    --------
    AbsoluteError : Twice the loss at the level 1/2.
    Gaussian : Predicts a mean and a standard deviation.

    Notes
    -----
    At one level, T times ``sklearn.metrics.mean_pinball_loss``, which averages over the
    T targets; at several, the sum over the levels.

    There is a kink where a prediction equals the target. There the step
    :math:`[z > y]` counts as 1/2, so that the gradient is :math:`1/2 - \tau`; the
    Hessian is 0 everywhere.

    Raw predictions of several levels may cross; the link sorts the predictions.

    The best constants are weighted quantiles, each of them one of the targets.

    References
    ----------
    .. [1] R. Koenker and G. Bassett, "Regression Quantiles", Econometrica 46(1), 1978.
       https://doi.org/10.2307/1913643

    Examples
    --------
    At the level 0.9 the loss of a prediction 2 too low is nine times that of one 2 too
    high:

    >>> y, raw = np.array([[0.0], [0.0]]), np.array([[-2.0], [2.0]])
    >>> Quantile(0.9).sample_values(y, raw, None)
    array([1.8, 0.2])
    """

    name = "quantile"
    constraints = {"levels": IncreasingLevels()}

    def __init__(self, levels=(0.5,)):
        self.levels = levels

    @property
    def link(self):
        return SortedQuantiles(tuple(map(float, _as_list(self.levels))))

    @property
    def n_per_target(self):
        return len(_as_list(self.levels))

    def same_as(self, other):
        # An array of levels has no single truth value for a comparison.
        return type(other) is type(self) and _plain(other) == _plain(self)

    def sample_values(self, y, raw, link):
        levels = self._levels(raw)
        error = y[..., np.newaxis] - per_target(raw, len(levels))
        losses = np.maximum(levels * error, (levels - 1.0) * error)
        return np.sum(losses, axis=(-2, -1))

    def sample_gradients(self, y, raw, link):
        levels = self._levels(raw)
        error = per_target(raw, len(levels)) - y[..., np.newaxis]
        half = raw.dtype.type(0.5)
        return (np.heaviside(error, half) - levels).reshape(raw.shape)

    def values_and_gradients(self, y, raw, gradients):
        levels = self._levels(raw)
        error = per_target(raw, len(levels)) - y[..., np.newaxis]
        slopes = per_target(gradients, len(levels))
        np.heaviside(error, raw.dtype.type(0.5), slopes)
        np.subtract(slopes, levels, slopes)
        return np.vecdot(error.reshape(raw.shape), gradients)

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(np.zeros_like(raw))

    def best_constant(self, y, sample_weight=None):
        return quantiles_over_rows(y, _as_list(self.levels), sample_weight).ravel()

    def _levels(self, raw):
        return np.array(_as_list(self.levels), raw.dtype)


def _as_list(levels):
    """Return the levels as a list; a single number or an invalid value as one entry."""
    several = np.iterable(levels) and not isinstance(levels, str)
    return list(levels) if several else [levels]


def _plain(loss):
    """Return the arguments of a loss, the levels as numbers."""
    return {**loss.get_params(), "levels": loss.link.levels}
