"""Mini-batches of the rows of a table."""

import numpy as np
from scipy.sparse import issparse

from skjacobnet.core.blocks import rows_of
from skjacobnet.core.rows import cast, checked_range
from skjacobnet.core.workspace import Workspace, count_up


class Batches:
    """Mini-batches of the training set.

    `X` is never copied as a whole: rows are gathered, cast and encoded in blocks of
    several batches.

    Parameters
    ----------
    X : array or CSR matrix of shape (n_samples, n_features)
        Inputs of any numeric type.
    codes : array of shape (n_samples,) or (n_samples, n_columns)
    task : Task
        Task that encodes `codes`.
    sample_weight : array of shape (n_samples,) or None
    rows : array of int or None
        Rows to use; None means all.
    batch_size : int
    dtype : data-type
        Type of the batches.
    sparse : bool
        Whether a batch of a sparse `X` stays sparse.
    weight_unit : float, default=1.0
        Weight that counts as one.
    encoder : Network, optional
        Encodings of `X`, applied in its dtype.
    """

    def __init__(
        self,
        X,
        codes,
        task,
        sample_weight,
        rows,
        batch_size,
        dtype,
        sparse,
        weight_unit=1.0,
        encoder=None,
    ):
        self.X = X
        self.codes = codes
        self.task = task
        self.sample_weight = sample_weight
        self.rows = rows
        self.n_rows = X.shape[0] if rows is None else len(rows)
        self.batch_size = min(batch_size, self.n_rows)
        self.dtype = np.dtype(dtype)
        self.sparse = sparse
        self.weight_unit = weight_unit
        self.encoder = encoder
        self.n_features = X.shape[1] if encoder is None else encoder.sizes[-1]
        self._workspace = Workspace()
        self._whole = None

    def __len__(self):
        return -(-self.n_rows // self.batch_size)

    def epoch(self, rng=None):
        """Yield each row once, in batches; the last one may be smaller.

        Parameters
        ----------
        rng : numpy.random.Generator, optional
            Generator that shuffles the rows. A single batch keeps its order, since the
            objective does not depend on it.

        Yields
        ------
        X : array or CSR matrix of shape (n_rows, n_features)
        y : array of shape (n_rows, n_columns)
        sample_weight : array of shape (n_rows,) or None
            All three are overwritten during the epoch.
        """
        if len(self) == 1:
            if self._whole is None:
                self._whole = self.gather(*next(self.blocks()))
            yield self._whole
            return
        for rows, n_rows in self.blocks(rng):
            X, y, weight = self.gather(rows, n_rows)
            for first in range(0, y.shape[0], self.batch_size):
                batch = slice(first, first + self.batch_size)
                yield X[batch], y[batch], None if weight is None else weight[batch]

    @property
    def row_bytes(self):
        """Number of bytes of a row of inputs and targets."""
        return (self.n_features + self.task.n_columns) * self.dtype.itemsize

    def blocks(self, rng=None):
        """Yield the rows of several batches at a time, and their number.

        Parameters
        ----------
        rng : numpy.random.Generator, optional
            As in `epoch`.

        Yields
        ------
        rows : slice or array of int
        n_rows : int
        """
        if len(self) == 1:
            yield slice(None) if self.rows is None else self.rows, self.n_rows
            return
        order = self.order(rng)
        # An eighth of a block, which leaves the rest of the cache to the arrays of
        # steps.
        block = rows_of(8 * self.row_bytes * self.batch_size) * self.batch_size
        for start in range(0, self.n_rows, block):
            stop = min(start + block, self.n_rows)
            yield (
                slice(start, stop) if order is None else order[start:stop],
                (stop - start),
            )

    def order(self, rng=None):
        """Return the order of the rows; None means all of them, in order.

        The next call overwrites the array.
        """
        if rng is None:
            return self.rows
        order = self._workspace.array("order", (self.n_rows,), np.intp)
        if self.rows is None:
            count_up(order)
        else:
            order[...] = self.rows
        rng.shuffle(order)
        return order

    def gather(self, rows, n_rows):
        """Return some rows, in buffers that the next call overwrites.

        A slice of rows returns views.

        Parameters
        ----------
        rows : slice or array of int
        n_rows : int
            Number of rows.

        Returns
        -------
        X, y, sample_weight
            As in `epoch`.
        """
        codes = self._taken("codes", self.codes, rows)
        y = self._buffer("y", n_rows, (self.task.n_columns,), self.dtype)
        places = self._buffer("places", n_rows, (), np.intp)
        weight = self.sample_weight
        if weight is not None:
            taken = self._taken("taken weight", weight, rows)
            weight = self._buffer("weight", n_rows, (), self.dtype)
            np.divide(taken, self.weight_unit, weight)
        return (
            self._cast(self._taken("X", self.X, rows), n_rows),
            self.task.encode(codes, self.dtype, y, places),
            weight,
        )

    def _taken(self, name, table, rows):
        # `take` is the fastest, but would first copy an array that is not in row-major
        # order.
        if isinstance(rows, slice) or issparse(table) or not table.flags.c_contiguous:
            return table[rows]
        out = self._buffer(name, len(rows), table.shape[1:], table.dtype)
        # With this mode it writes to `out` directly; there is nothing to clip.
        return np.take(table, rows, axis=0, out=out, mode="clip")

    def _cast(self, X, n_rows):
        if self.encoder is not None:
            if issparse(X):
                return cast(
                    self.encoder.encoded(X, self.dtype), self.dtype, self.sparse
                )
            out = self._buffer("encoded X", n_rows, (self.n_features,), self.dtype)
            return self.encoder.encoded(X, self.dtype, out)
        if issparse(X) or X.dtype == self.dtype:
            return cast(X, self.dtype, self.sparse)
        out = self._buffer("cast X", n_rows, X.shape[1:], self.dtype)
        with checked_range(X, self.dtype):
            np.copyto(out, X)
        return out

    def _buffer(self, name, n_rows, shape, dtype):
        """Return a buffer for a number of rows, reused if it is large enough."""
        known = self._workspace.get(name)
        n_known = n_rows if known is None else max(n_rows, known.shape[0])
        return self._workspace.array(name, (n_known, *shape), dtype)[:n_rows]
