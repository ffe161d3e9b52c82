"""Rows of a table in mini-batches."""

import numpy as np
from scipy.sparse import issparse

# Rows are gathered for several batches at a time, up to about so many bytes.
GATHER_BYTES = 2**19


class Batches:
    """The rows that are trained on, a mini-batch at a time.

    `X` is never copied as a whole: rows are gathered, cast and encoded in blocks of a
    few batches.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_samples, n_features)
        Of any numeric type.
    codes : array of shape (n_samples,) or (n_samples, n_labels)
    targets : Targets
        Encodes `codes`.
    sample_weight : array of shape (n_samples,) or None
    rows : array of int or None
        The rows to use; none means all.
    batch_size : int
    dtype : data-type
        Of the batches.
    sparse : bool
        Whether a batch of a sparse `X` stays sparse.
    """

    def __init__(
        self, X, codes, targets, sample_weight, rows, batch_size, dtype, sparse
    ):
        self.X = X
        self.codes = codes
        self.targets = targets
        self.sample_weight = sample_weight
        self.rows = rows
        self.n_rows = X.shape[0] if rows is None else len(rows)
        self.batch_size = min(batch_size, self.n_rows)
        self.dtype = np.dtype(dtype)
        self.sparse = sparse
        self._whole = None

    def __len__(self):
        return -(-self.n_rows // self.batch_size)

    def epoch(self, rng=None):
        """Yield every row once, in batches; the last one may be smaller.

        Parameters
        ----------
        rng : numpy.random.Generator, optional
            Shuffles the rows. A single batch is left in order, since the objective does
            not depend on it.

        Yields
        ------
        X : array or CSR matrix of shape (n_rows, n_features)
        y : array of shape (n_rows, n_raw)
        sample_weight : array of shape (n_rows,) or None
        """
        if len(self) == 1:
            if self._whole is None:
                self._whole = self._gather(self.rows)
            yield self._whole
            return
        order = np.arange(self.n_rows) if rng is None else rng.permutation(self.n_rows)
        if self.rows is not None:
            order = self.rows[order]
        row_bytes = max(1, self.X.shape[1] * self.dtype.itemsize)
        block = max(1, GATHER_BYTES // (row_bytes * self.batch_size)) * self.batch_size
        for start in range(0, self.n_rows, block):
            X, y, weight = self._gather(order[start : start + block])
            for first in range(0, y.shape[0], self.batch_size):
                batch = slice(first, first + self.batch_size)
                yield X[batch], y[batch], None if weight is None else weight[batch]

    def _gather(self, rows):
        X, codes, weight = self.X, self.codes, self.sample_weight
        if rows is not None:
            # `take` is the faster, but would first copy all of an array that is not in
            # the order of its rows.
            in_order = not issparse(X) and X.flags.c_contiguous
            X = np.take(X, rows, axis=0) if in_order else X[rows]
            codes = codes[rows]
            weight = None if weight is None else weight[rows]
        return (
            cast(X, self.dtype, self.sparse),
            self.targets.encode(codes, self.dtype),
            None if weight is None else weight.astype(self.dtype, copy=False),
        )


def cast(X, dtype, sparse):
    """Return rows in the network's type, dense unless `sparse`."""
    X = X.astype(dtype, copy=False)
    return X.toarray() if issparse(X) and not sparse else X
