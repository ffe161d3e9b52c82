"""Numbers of mean zero and standard deviation one."""

import numpy as np
from scipy.sparse import issparse

from skjacobnet.core.constraints import BOOLEAN
from skjacobnet.layers.encodings.base import Encoding
from skjacobnet.layers.encodings.columns import of_kind
from skjacobnet.layers.encodings.columnwise import apply_to_columns
from skjacobnet.layers.encodings.moments import moments
from skjacobnet.operators import Diagonal


class Standardize(Encoding):
    r"""Numbers of mean zero and standard deviation one.

    .. math:: y = \frac{x - \mu}{\sigma}

    Mean :math:`\mu` and population standard deviation :math:`\sigma` are weighted, over
    the rows where the column has a value. A missing number becomes 0, and so does every
    number of a column that is constant or all missing in the fit; there the slope is 0.

    Parameters
    ----------
    center : bool, default=True
        Whether to subtract the mean. If not, zeros stay zeros, and `X` may be a CSR
        matrix, which stays sparse.
    columns : tuple of int, optional
        Numeric columns. Set by `fitted`.

    See Also
    --------
    MissingIndicator : Records which numbers are missing.
    SmoothClip : Clips outliers afterwards.

    Notes
    -----
    Statistics: ``mean``, zero without centering, and ``deviation``, zero for a constant
    column, both of shape (n_columns,). The Jacobian is a diagonal, :math:`1/\sigma` for
    numbers and 1 for all other columns, which pass through.

    The mean is subtracted in the dtype of `X`. So a float32 column of large numbers
    with small differences loses no digits.

    Examples
    --------
    >>> from skjacobnet.layers import Column, EncodedRows
    >>> X = np.array([[1.0], [3.0], [np.nan]])
    >>> layer, statistics, _ = Standardize().fitted(
    ...     [Column(0, "number")], EncodedRows(X)
    ... )
    >>> statistics
    {'mean': array([2.]), 'deviation': array([1.])}
    >>> layer.forward(statistics, X).ravel()
    array([-1.,  1.,  0.])
    """

    name = "standardize"
    constraints = {"center": BOOLEAN}
    statistics = ("mean", "deviation")
    fills_missing = True
    in_place = True

    def __init__(self, center=True, columns=None):
        self.center = center
        self.columns = columns

    @property
    def accepts_sparse(self):
        """Whether the input may be a SciPy CSR matrix: if it is not centered."""
        return not self.center

    def fitted(self, columns, rows):
        numbers = of_kind(columns, "number", "binary")
        found = moments(rows, numbers)
        # Columns of `Binary` are scaled; only missing values become 0.
        binary = [columns[n].kind == "binary" for n in numbers]
        mean = np.where(binary, 0.0, found.mean if self.center else 0.0)
        deviation = np.where(binary, 1.0, found.deviation)
        columns = list(columns)
        for number in np.array(numbers, np.intp)[deviation == 0.0]:
            columns[number] = columns[number]._replace(kind="constant")
        layer = self.with_structure(columns=numbers)
        return layer, {"mean": mean, "deviation": deviation}, columns

    def neutral_statistics(self, n_in):
        n = len(self.acts_on)
        return {"mean": np.zeros(n), "deviation": np.ones(n)}

    def encode(self, weights, X, out):
        if out is not X:
            np.copyto(out, X)
        apply_to_columns(
            _standardized, X, out, self.acts_on, weights["mean"], _divisor(weights)
        )

    def slopes(self, weights, X, out):
        out.fill(1.0)
        apply_to_columns(_slope, X, out, self.acts_on, _divisor(weights))

    def forward(self, weights, X, out=None):
        if issparse(X):
            return self._of_sparse(weights, X)
        return super().forward(weights, X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        if not issparse(X):
            return super().linearize(weights, X, rng=rng, workspace=workspace)
        slopes = np.broadcast_to(1.0 / self._divisors(weights, X), X.shape)
        if np.isnan(X.data).any():
            slopes = slopes.copy()
            coordinates = X.tocoo()
            missing = np.isnan(coordinates.data)
            slopes[coordinates.row[missing], coordinates.col[missing]] = 0.0
        return self._of_sparse(weights, X), Diagonal(slopes)

    def _of_sparse(self, weights, X):
        data = X.data / self._divisors(weights, X)[X.indices]
        data[np.isnan(data)] = 0.0
        return type(X)((data, X.indices, X.indptr), shape=X.shape)

    def _divisors(self, weights, X):
        """Return the divisor of each column, a vector in the dtype of `X`."""
        divisors = np.ones(X.shape[1], X.dtype)
        divisors[list(self.acts_on)] = _divisor(weights)
        return divisors


def _divisor(weights):
    """Return the deviations, infinite where they are zero, so that ratios are zero."""
    deviation = weights["deviation"]
    return np.where(deviation > 0.0, deviation, deviation.dtype.type(np.inf))


def _standardized(x, out, mean, divisor):
    np.subtract(x, mean, out)
    np.divide(out, divisor, out)
    np.copyto(out, 0.0, where=np.isnan(out))


def _slope(x, out, divisor):
    np.divide(1.0, divisor, out)
    np.copyto(out, 0.0, where=np.isnan(x))
