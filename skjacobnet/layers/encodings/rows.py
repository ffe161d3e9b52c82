"""Rows to fit an encoding to: a table after the preceding encodings."""

import numpy as np
from scipy.sparse import issparse

from skjacobnet.core.blocks import rows_of, slices

# Number of columns copied at once.
COPIED_BYTES = 64 * 2**20


class EncodedRows:
    """Rows of a table with positive weight, after some fitted encodings.

    The encoded table is never stored as a whole: its rows are encoded again, in blocks,
    at each iteration. Everything is computed in float64.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_samples, n_columns)
    sample_weight : array of shape (n_samples,), optional
        Weights of at least 0. Rows of weight 0 are left out.
    layers : sequence of (Encoding, dict of str to array), default=()
        Fitted encodings, each with its statistics, in the order of application.
    rows_per_block : int, optional
        Block size, by default as many rows as fit into the cache.

    Attributes
    ----------
    weight : array of shape (n_rows,) or None
        Weights of the remaining rows, in float64. None is ones.
    n_rows : int
        Number of remaining rows.

    Examples
    --------
    >>> rows = EncodedRows(np.array([[1.0], [2.0], [9.0]]), np.array([1.0, 3.0, 0.0]))
    >>> [(block, weight)] = rows.blocks()
    >>> block, weight
    (array([[1.],
           [2.]]), array([1., 3.]))
    """

    def __init__(self, X, sample_weight=None, layers=(), rows_per_block=None):
        self.X = X
        self.sample_weight = sample_weight
        self.layers = tuple(layers)
        self.n_rows = X.shape[0]
        self._kept = self.weight = None
        if sample_weight is not None:
            weight = np.asarray(sample_weight, np.float64)
            kept = weight > 0.0
            if not kept.all():
                self._kept = kept
                weight = weight[kept]
            self.weight, self.n_rows = weight, len(weight)
        widths = [X.shape[1]]
        for layer, _ in self.layers:
            widths.append(layer.output_size(widths[-1]))
        self.n_columns = widths[-1]
        self._rows_per_block = rows_per_block
        if rows_per_block is None:
            sparse = issparse(X)
            numbers = 2 * X.nnz // max(1, X.shape[0]) if sparse else sum(widths)
            rows_per_block = rows_of(8 * numbers)
        self.rows_per_block = rows_per_block

    def followed_by(self, layer, statistics):
        """Return the rows after one more fitted encoding."""
        layers = [*self.layers, (layer, statistics)]
        return EncodedRows(self.X, self.sample_weight, layers, self._rows_per_block)

    def blocks(self):
        """Yield the rows of positive weight, in blocks.

        Yields
        ------
        block : array or CSR matrix of shape (n_rows, n_columns), float64
            Not to be written to.
        weight : array of shape (n_rows,) or None
            None is ones.
        """
        start = 0
        for rows in slices(self.X.shape[0], self.rows_per_block):
            block = self.X[rows]
            if self._kept is not None:
                block = block[self._kept[rows]]
            n = block.shape[0]
            if not n:
                continue
            block = block.astype(np.float64, copy=False)
            for layer, statistics in self.layers:
                block = layer.forward(statistics, block)
            yield block, None if self.weight is None else self.weight[start : start + n]
            start += n

    def mean(self):
        r"""Return the weighted mean row.

        .. math:: \bar x = \frac{\sum_s w_s x_s}{\sum_s w_s}

        Returns
        -------
        array of shape (n_columns,), float64
        """
        mean, unit = np.zeros(self.n_columns), 1.0 / max(1, self.n_rows)
        if self.weight is not None:
            # Sums of large weights may overflow.
            largest = self.weight.max(initial=0.0)
            unit = 1.0 / np.sum(self.weight / largest) if largest else 0.0
        for block, weight in self.blocks():
            if weight is None:
                share = np.full(block.shape[0], unit)
            else:
                share = weight / largest * unit
            mean += block.T @ share
        return mean

    def columns(self, numbers):
        """Yield columns one by one, with all rows of positive weight.

        Parameters
        ----------
        numbers : sequence of int
            Indices of the columns.

        Yields
        ------
        number : int
        column : array of shape (n_rows,), float64
            Not to be written to.
        """
        if not self.layers:
            for number in numbers:
                column = self.X[:, number]
                column = column if self._kept is None else column[self._kept]
                yield number, column.astype(np.float64, copy=False)
            return
        at_once = max(1, COPIED_BYTES // max(1, 8 * self.n_rows))
        for group in slices(len(numbers), at_once):
            chosen = list(numbers[group])
            gathered, start = np.empty((len(chosen), self.n_rows)), 0
            for block, _ in self.blocks():
                end = start + len(block)
                gathered[:, start:end] = block[:, chosen].T
                start = end
            yield from zip(chosen, gathered, strict=True)
