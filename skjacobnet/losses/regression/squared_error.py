"""Half the squared error."""

import numpy as np

from skjacobnet.core.rows import average_rows, weighted_mean
from skjacobnet.core.workspace import Workspace
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
    Huber : Grows linearly where errors are large.
    Gaussian : Also predicts how large errors are.

    Notes
    -----
    T / 2 times ``sklearn.metrics.mean_squared_error``, which averages over the T
    targets, and what ``sklearn.neural_network.MLPRegressor`` minimizes, which halves
    the mean over all numbers instead, for one target.

    `value_and_gradient` takes three passes over the numbers. With a workspace it
    allocates nothing that grows with their count.

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

    def sample_values(self, y, raw, link):
        error = raw - y
        return 0.5 * np.vecdot(error, error)

    def sample_gradients(self, y, raw, link):
        return raw - y

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(scale * np.ones_like(raw))

    def value_and_gradient(
        self, y, raw, sample_weight=None, link=None, *, workspace=None
    ):
        if not self._keeps(SquaredError, *_FUSED):
            return super().value_and_gradient(
                y, raw, sample_weight, link, workspace=workspace
            )
        workspace = Workspace() if workspace is None else workspace
        gradient, total, share = workspace.made(_arrays, raw.shape, raw.dtype)
        np.subtract(raw, y, gradient)
        if sample_weight is None and raw.ndim == 2:
            value = np.vdot(gradient, gradient) / (2 * raw.shape[0])
            return value, np.multiply(gradient, share, gradient)
        np.vecdot(gradient, gradient, out=total)
        value = weighted_mean(total, sample_weight) / 2
        return value, average_rows(gradient, sample_weight)

    def best_constant(self, y, sample_weight=None):
        return mean_over_rows(y, sample_weight)


# What `SquaredError.value_and_gradient` computes in one go.
_FUSED = "value", "gradient", "sample_values", "sample_gradients"


def _arrays(shape, dtype):
    """Return what the fused version writes to, and the constant that it needs."""
    # NumPy takes a number from an array sooner than from Python.
    share = np.array(1.0 / shape[-2], dtype)
    return np.empty(shape, dtype), np.empty(shape[:-1], dtype), share
