"""Tables of a fit: inputs, encoded targets and weights."""

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.data.batches import Batches
from skjacobnet.data.sample_weights import (
    as_counts,
    check_weights,
    class_factors,
    combine,
    mean_weight,
    row_factors,
)
from skjacobnet.data.split import split_rows
from skjacobnet.tasks import Task

# Largest table that is encoded once, instead of in each epoch.
CACHED_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Table:
    """Training set or validation set.

    Attributes
    ----------
    task : Task
    X : array or CSR matrix of shape (n_samples, n_features)
    y : array
        Targets as passed by the user.
    codes : array
        Targets in the compact form of the task.
    weight : array of shape (n_samples,) or None
        Sample weights times class weights.
    rows : array of int or None
        Rows of positive weight; None means all.
    factors : array or None
        Weight of each class.
    sample_weight : array of shape (n_samples,) or None
        Sample weights of the user.
    encoder : Network or None
        Encodings of `X` before the trained layers.
    encoded : array of shape (n_samples, width) or None
        Encoded `X`, if it is small.
    """

    task: Task
    X: Any
    y: np.ndarray
    codes: np.ndarray
    weight: np.ndarray | None
    rows: np.ndarray | None
    factors: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    encoder: Any = None
    encoded: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        task,
        X,
        y,
        sample_weight=None,
        class_weight=None,
        factors=None,
        names=("y", "sample_weight"),
    ):
        """Build a table; rows of weight zero are ignored.

        Parameters
        ----------
        task : Task
            Task, which is fitted to the rows of positive weight if necessary.
        X, y, sample_weight
            Checked data, except for the weights.
        class_weight : as in scikit-learn
        factors : array, optional
            Weight of each class, if known from another table.
        names : tuple of str, optional
            Names of `y` and `sample_weight` in messages.
        """
        sample_weight = check_weights(sample_weight, X.shape[0], names[1])
        codes = task.codes(y, names[0])
        if factors is None and class_weight is not None:
            counted, counted_weight = codes, sample_weight
            if sample_weight is not None:
                positive = sample_weight > 0.0
                counted, counted_weight = codes[positive], sample_weight[positive]
            factors = class_factors(class_weight, task, counted, counted_weight)
        weight, rows = combine(sample_weight, row_factors(factors, codes)), None
        if weight is not None and not weight.all():
            rows = np.flatnonzero(weight)
            if not len(rows):
                raise ValueError(
                    "class_weight gives all rows the weight 0. Set a positive weight "
                    "for a class of y."
                )
        table = cls(task, X, y, codes, weight, rows, factors, sample_weight)
        task = task.fitted(table.counted_codes, table.counted_weight)
        return replace(table, task=task)

    def encoded_by(self, encoder, dtype, shared=None):
        """Return the table with encoded inputs.

        Small tables are encoded at once, others batch by batch.

        Parameters
        ----------
        encoder : Network
            Network of the encodings only.
        dtype : data-type
            Type of their output.
        shared : Shared, optional
            Results shared with other runs on the table.
        """
        if not encoder.n_encodings:
            return self
        n_samples, width = self.X.shape[0], encoder.sizes[-1]

        def encoded():
            found = np.empty((n_samples, width), dtype)
            for rows in slices(n_samples, row_blocks(encoder, 0, dtype.itemsize)):
                encoder.encoded(self.X[rows], dtype, found[rows])
            return found

        if issparse(self.X) or n_samples * width * dtype.itemsize > CACHED_BYTES:
            return replace(self, encoder=encoder)
        if shared is None:
            return replace(self, encoder=encoder, encoded=encoded())
        found = shared.get(("encoded", encoder, dtype, self.X), encoded)
        return replace(self, encoder=encoder, encoded=found)

    @property
    def n_rows(self):
        """Number of rows of positive weight."""
        return self.X.shape[0] if self.rows is None else len(self.rows)

    def shape_key(self):
        """Return a key of the table: size, rows of positive weight, targets."""
        rows = None if self.rows is None else zlib.crc32(self.rows.tobytes())
        return self.X.shape[0], rows, zlib.crc32(self.codes.tobytes())

    @property
    def counted_codes(self):
        """Codes of the rows of positive weight."""
        return self.codes if self.rows is None else self.codes[self.rows]

    def absent_classes(self):
        """Return the classes without a row."""
        return self.task.absent(self.counted_codes)

    @property
    def counted_weight(self):
        """Weights of the rows of positive weight, on any scale, or None."""
        if self.weight is None:
            return None
        weight = self.weight if self.rows is None else self.weight[self.rows]
        largest = weight.max()
        return weight if largest < 1e100 else weight / largest  # sums may overflow

    def constant_raw(self, loss):
        """Return the best constant raw prediction for the rows of positive weight."""
        return self.task.constant_raw(self.counted_codes, self.counted_weight, loss)

    def first_raw(self, loss):
        """Return the initial, constant raw prediction of a run.

        For classes it is that of their smoothed frequencies, which is less extreme than
        the best one if a class is missing so far.
        """
        if loss.gives_probabilities:
            return self.prior_raw()
        return self.constant_raw(loss)

    def prior_raw(self):
        """Return the raw prediction of the weighted class frequencies."""
        weight = self.counted_weight
        counts = None if weight is None else as_counts(weight)
        return self.task.prior_raw(self.counted_codes, counts)

    def loss_of_constant(self, raw, loss):
        """Return the mean loss of one raw prediction over rows of positive weight."""
        return self.task.loss_of_constant(
            raw, self.counted_codes, self.counted_weight, loss
        )

    def split(self, fraction, rng):
        """Return the indices of the training rows and of the validation rows."""
        rows = np.arange(self.X.shape[0]) if self.rows is None else self.rows
        strata = self.task.strata(self.counted_codes)
        train, validation = split_rows(strata, len(rows), fraction, rng)
        return rows[train], rows[validation]

    def needlessly_lacks_classes(self, part):
        """Whether a part lacks a class, other than one with a single row, kept here."""
        if not part.absent_classes():
            return False
        counts, chosen = (
            np.bincount(table.counted_codes, minlength=len(self.task.classes))
            for table in (self, part)
        )
        return bool(np.any((counts > 1) != (chosen > 0)))

    def some_inputs(self, n_rows):
        """Return at most `n_rows` encoded rows of positive weight, evenly spaced."""
        n_chosen = min(n_rows, self.n_rows)
        chosen = np.linspace(0, self.n_rows - 1, n_chosen).astype(np.intp)
        X = self.X[chosen if self.rows is None else self.rows[chosen]]
        return X if self.encoder is None else self.encoder.encoded(X, X.dtype)

    def only(self, rows):
        """Return the table restricted to some of its rows."""
        return replace(self, rows=rows)

    def taken(self):
        """Return a table with copies of the rows of positive weight only."""
        if self.rows is None:
            return self
        y = self.y.tocsr() if issparse(self.y) else self.y
        return replace(
            self,
            X=self.X[self.rows],
            y=y[self.rows],
            codes=self.codes[self.rows],
            weight=None if self.weight is None else self.weight[self.rows],
            encoded=None if self.encoded is None else self.encoded[self.rows],
            rows=None,
        )

    def relative_weight(self):
        """Return the weights divided by their mean, None if all are equal."""
        mean = mean_weight(self.weight, self.rows)
        return None if mean is None else self.weight / mean

    def batches(self, batch_size, dtype, sparse, relative=True):
        """Return the mini-batches of the rows.

        Parameters
        ----------
        batch_size : int
        dtype : data-type
        sparse : bool
            Whether batches of a sparse `X` stay sparse.
        relative : bool, default=True
            Whether weights are divided by their mean, and omitted if all are equal.
        """
        unit = mean_weight(self.weight, self.rows) if relative else 1.0
        is_encoded = self.encoded is not None
        return Batches(
            self.encoded if is_encoded else self.X,
            self.codes,
            self.task,
            None if unit is None else self.weight,
            self.rows,
            batch_size,
            dtype,
            sparse,
            unit,
            None if is_encoded else self.encoder,
        )
