"""Mean imputation of missing numbers, with indicator columns."""

import numpy as np

from skjacobnet.layers.encodings.base import Encoding
from skjacobnet.layers.encodings.columns import Column, of_kind, runs
from skjacobnet.layers.encodings.columnwise import apply_to_columns
from skjacobnet.layers.encodings.moments import moments


class MissingIndicator(Encoding):
    r"""Mean imputation of missing numbers, with indicator columns.

    .. math:: y_j = \begin{cases} \mu_j & x_j \text{ missing} \\ x_j & \text{else}
        \end{cases}, \qquad y_{n+k} = \begin{cases} 1 & x_{j(k)} \text{ missing} \\ 0 &
        \text{else} \end{cases}

    The mean :math:`\mu` is weighted, over the rows where the column has a value; it is
    0 for a column without values, and for one encoded by `Binary`. The numeric columns
    :math:`j(k)` with missing values in the fit get an indicator. The slope is 0 for
    missing numbers and for all indicators, else 1.

    Parameters
    ----------
    columns : tuple of int, optional
        Numeric columns. Set by `fitted`.
    gaps : tuple of int, optional
        Columns with an indicator. Set by `fitted`.

    See Also
    --------
    PiecewiseLinear : Precedes it, so that missing numbers get no bin.

    Notes
    -----
    Statistics: ``mean``, of shape (n_columns,). The Jacobian is an `Expansion`, a
    `Diagonal` if there is no indicator.

    Examples
    --------
    >>> from skjacobnet.layers import Column, EncodedRows
    >>> X = np.array([[1.0], [3.0], [np.nan]])
    >>> layer, statistics, columns = MissingIndicator().fitted(
    ...     [Column(0, "number")], EncodedRows(X)
    ... )
    >>> layer.forward(statistics, X)
    array([[1., 0.],
           [3., 0.],
           [2., 1.]])
    >>> columns[1].kind
    'indicator'
    """

    name = "missing_indicator"
    statistics = ("mean",)
    fills_missing = True

    def __init__(self, columns=None, gaps=None):
        self.columns = columns
        self.gaps = gaps

    def fitted(self, columns, rows):
        numbers = of_kind(columns, "number", "binary")
        found = moments(rows, numbers)
        # Halfway between -1 and +1, whatever their frequencies.
        binary = [columns[n].kind == "binary" for n in numbers]
        gaps = tuple(n for n, gap in zip(numbers, found.has_gaps, strict=True) if gap)
        added = [Column(columns[n].source, "indicator") for n in gaps]
        layer = self.with_structure(columns=numbers, gaps=gaps)
        mean = np.where(binary, 0.0, found.mean)
        return layer, {"mean": mean}, [*columns, *added]

    def output_size(self, n_in):
        return n_in + len(self.acts_on and self.gaps)

    def neutral_statistics(self, n_in):
        return {"mean": np.zeros(len(self.acts_on))}

    def sources(self, n_in):
        return np.concatenate([np.arange(n_in), np.array(self.gaps, np.intp)])

    def encode(self, weights, X, out):
        n_in = X.shape[-1]
        kept, added = out[..., :n_in], out[..., n_in:]
        np.copyto(kept, X)
        apply_to_columns(_filled, X, kept, self.acts_on, weights["mean"])
        for place, run in runs(self.gaps):
            added[..., place] = np.isnan(X[..., run])

    def slopes(self, weights, X, out):
        n_in = X.shape[-1]
        out[..., :n_in] = 1.0
        out[..., n_in:] = 0.0
        apply_to_columns(_slope, X, out, self.acts_on)


def _filled(x, out, mean):
    np.copyto(out, x)
    np.copyto(out, mean, where=np.isnan(out), casting="same_kind")


def _slope(x, out):
    np.copyto(out, 1.0)
    np.copyto(out, 0.0, where=np.isnan(x))
