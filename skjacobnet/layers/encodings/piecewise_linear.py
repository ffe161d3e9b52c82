"""Piecewise-linear encoding of numbers."""

from functools import lru_cache

import numpy as np

from skjacobnet.core.blocks import passes
from skjacobnet.core.constraints import Interval
from skjacobnet.layers.encodings.base import Encoding
from skjacobnet.layers.encodings.columns import Column, of_kind, taken

# With fewer bins per column, because of too many columns, bins do not pay.
FEWEST_BINS = 3
# Tolerance for cumulative weights as shares of the total: sums of the same weights in
# another order differ by rounding.
ROUNDING = 1e-12


class PiecewiseLinear(Encoding):
    r"""Piecewise-linear encoding: the numbers themselves, followed by bins.

    .. math:: t_k = \min\!\left(\max\!\left(\frac{x - e_k}{e_{k+1} - e_k}, 0\right), 1
        \right)

    A linear map of the bins of a column is a piecewise linear function of its number,
    with kinks at the edges :math:`e_k` only. At an edge the slope is that of the bin on
    the right. Outside the edges it is 0. A missing number has zeros in all bins, and
    slopes of 0.

    Parameters
    ----------
    n_bins : int >= 1, default=8
        Maximum number of bins of a column.
    max_total : int >= 1 or None, default=256
        Maximum number of bins of all q columns with more than two distinct values: a
        column has at most ``max_total // q``, and none if that is less than 3 and less
        than `n_bins`. None sets no limit.
    columns : tuple of int, optional
        Numeric columns with bins. Set by `fitted`.
    counts : tuple of int, optional
        Number of bins of each of them. Set by `fitted`.

    See Also
    --------
    Standardize : Scales the numbers themselves.

    Notes
    -----
    The edges are weighted quantiles: the smallest number whose cumulative weight
    reaches i / n_bins of the total, i = 0 ... n_bins, without duplicates. A column with
    no more distinct values than bins has these values as edges. With fewer than three
    edges it has no bins. All inputs are kept; the bins follow, column by column.

    Statistics: ``left`` edges and ``width`` of all bins, of shape (n_bins,). The
    Jacobian is an `Expansion`.

    Examples
    --------
    >>> from skjacobnet.layers import Column, EncodedRows
    >>> X = np.array([[0.0], [1.0], [3.0], [np.nan]])
    >>> layer, statistics, _ = PiecewiseLinear(n_bins=3).fitted(
    ...     [Column(0, "number")], EncodedRows(X)
    ... )
    >>> statistics
    {'left': array([0., 1.]), 'width': array([1., 2.])}
    >>> layer.forward(statistics, np.array([[0.5], [2.0], [9.0], [np.nan]]))
    array([[0.5, 0.5, 0. ],
           [2. , 1. , 0.5],
           [9. , 1. , 1. ],
           [nan, 0. , 0. ]])
    """

    name = "piecewise_linear"
    constraints = {
        "n_bins": Interval(1, np.inf, "left", integer=True),
        "max_total": Interval(1, np.inf, "left", integer=True, allowed=(None,)),
    }
    statistics = ("left", "width")

    def __init__(self, n_bins=8, max_total=256, columns=None, counts=None):
        self.n_bins = n_bins
        self.max_total = max_total
        self.columns = columns
        self.counts = counts

    def fitted(self, columns, rows):
        numbers = of_kind(columns, "number")
        numbers = [n for n, x in rows.columns(numbers) if _has_more_than_two(x)]
        n_bins = self.n_bins
        if self.max_total is not None:
            n_bins = min(n_bins, self.max_total // max(1, len(numbers)))
            if n_bins < min(FEWEST_BINS, self.n_bins):
                numbers = []
        edges = {}
        for number, x in rows.columns(numbers):
            found = quantile_edges(x, rows.weight, n_bins)
            if len(found) >= 3:
                edges[number] = found
        counts = tuple(len(found) - 1 for found in edges.values())
        layer = self.with_structure(columns=tuple(edges), counts=counts)
        none = [np.empty(0)]
        statistics = {
            "left": np.concatenate([*none, *(e[:-1] for e in edges.values())]),
            "width": np.concatenate([*none, *map(np.diff, edges.values())]),
        }
        added = [
            Column(columns[number].source, "bin", place=place)
            for number, count in zip(edges, counts, strict=True)
            for place in range(count)
        ]
        return layer, statistics, [*columns, *added]

    def output_size(self, n_in):
        return n_in + sum(self.acts_on and self.counts)

    def neutral_statistics(self, n_in):
        n = self.output_size(n_in) - n_in
        return {"left": np.zeros(n), "width": np.ones(n)}

    def sources(self, n_in):
        of_bins = np.repeat(np.array(self.acts_on, np.intp), self.counts)
        return np.concatenate([np.arange(n_in), of_bins])

    def encode(self, weights, X, out):
        n_in = X.shape[-1]
        out[..., :n_in] = X
        for bins, filled, _ in self._filled(weights, X, out[..., n_in:]):
            np.clip(filled, 0.0, 1.0, filled)
            bins[...] = filled.swapaxes(-1, -2)

    def slopes(self, weights, X, out):
        n_in = X.shape[-1]
        out[..., :n_in] = 1.0
        for bins, filled, width in self._filled(weights, X, out[..., n_in:]):
            inside = (filled >= 0.0) & (filled < 1.0)
            bins[...] = (inside / width).swapaxes(-1, -2)

    def _filled(self, weights, X, out):
        """Yield the filled share of each bin, in blocks of rows.

        Yields
        ------
        bins : array of shape (..., n_samples, n_bins)
            A part of `out`.
        filled : array of shape (..., n_bins, n_samples)
            Not clipped. Bins are its rows, since loops over the few bins of a column
            would spend most of their time on overhead.
        width : array of shape (..., n_bins, 1)
        """
        x = taken(X, self.acts_on)
        # A missing number counts as left of every bin.
        np.copyto(x, -np.inf, where=np.isnan(x))
        # A width that rounds to zero in the output's dtype leaves a step.
        width = np.maximum(weights["width"], np.finfo(out.dtype).tiny)
        edges = (array[..., np.newaxis, :] for array in (weights["left"], width))
        of_bins = _columns_of_bins(self.counts)
        for bins, columns, left, width in passes(out, x.swapaxes(-1, -2), *edges):
            left, width = left.swapaxes(-1, -2), width.swapaxes(-1, -2)
            filled = np.empty(bins.swapaxes(-1, -2).shape, bins.dtype)
            with np.errstate(over="ignore"):
                of_each = np.take(columns.swapaxes(-1, -2), of_bins, axis=-2)
                np.subtract(of_each, left, filled)
                np.divide(filled, width, filled)
            yield bins, filled, width


def quantile_edges(x, weight, n_bins):
    r"""Return weighted quantiles of numbers, without duplicates.

    Parameters
    ----------
    x : array of shape (n_samples,)
        NaN is ignored.
    weight : array of shape (n_samples,) or None
        Positive weights. None is ones.
    n_bins : int >= 1

    Returns
    -------
    array of shape (n_edges,), increasing
        Smallest numbers whose cumulative weight reaches i / n_bins of the total, i = 0
        ... n_bins; all distinct numbers if there are no more than `n_bins`.

    Examples
    --------
    >>> quantile_edges(np.array([3.0, 1.0, 2.0, 4.0]), None, 2)
    array([1., 2., 4.])
    >>> quantile_edges(np.array([3.0, 1.0, 2.0, 4.0]), np.array([1, 1, 1, 5.0]), 2)
    array([1., 4.])
    """
    known = ~np.isnan(x)
    # Zero has two signs, which are equal; adding zero leaves one.
    x = x[known] + 0.0
    if weight is None:
        x.sort()
        cumulative = np.arange(1.0, len(x) + 1.0)
    else:
        order = np.argsort(x, kind="stable")
        x, cumulative = x[order], np.cumsum(weight[known][order])
    # The last one of equal numbers has the weight of all of them.
    last = np.flatnonzero(np.append(x[1:] != x[:-1], x.size > 0))
    values, cumulative = x[last], cumulative[last]
    if len(values) <= n_bins:
        return values
    total = cumulative[-1]
    wanted = np.arange(n_bins + 1) * total / n_bins - ROUNDING * total
    places = np.searchsorted(cumulative, wanted)
    places[-1] = len(values) - 1
    return values[np.unique(places)]


@lru_cache(maxsize=64)
def _columns_of_bins(counts):
    """Return for each bin the index of its column among those with bins."""
    return np.repeat(np.arange(len(counts)), counts)


def _has_more_than_two(x):
    """Whether numbers have more than two distinct values."""
    x = x[~np.isnan(x)]
    return bool(x.size and ((x != x.min()) & (x != x.max())).any())
