"""The rows of one fit: inputs, encoded targets and weights."""

import warnings
import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from skjacobnet.data.batches import Batches, cast
from skjacobnet.data.sample_weights import (
    check_weights,
    class_factors,
    combine,
    mean_weight,
    row_factors,
)
from skjacobnet.data.split import split_rows
from skjacobnet.tasks.classes import Targets


@dataclass(frozen=True)
class Table:
    """Rows to train on or to validate with.

    Attributes
    ----------
    X : array or CSR matrix of shape (n_samples, n_features)
    y : array
        The targets as the user gave them.
    targets : Targets
    codes : array of int
        `y`, encoded; 0 in rows that are left out.
    weight : array of shape (n_samples,) or None
        Sample weight times class weight.
    rows : array of int or None
        The rows that count; none means all.
    factors : array or None
        The weight of each class.
    """

    X: Any
    y: np.ndarray
    targets: Targets
    codes: np.ndarray
    weight: np.ndarray | None
    rows: np.ndarray | None
    factors: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        X,
        y,
        sample_weight=None,
        class_weight=None,
        targets=None,
        factors=None,
        names=None,
    ):
        """Build a table; rows of weight zero are as good as absent.

        Parameters
        ----------
        X, y, sample_weight
            Already checked, but for the weights.
        class_weight : as in scikit-learn
        targets : Targets, optional
            The known classes; by default those of `y`.
        factors : array, optional
            The weight of each class where it is known from another table.
        names : tuple of str, optional
            What `y` and `sample_weight` are called in messages.
        """
        y_name, weight_name = names or ("y", "sample_weight")
        sample_weight = check_weights(sample_weight, X.shape[0], weight_name)
        rows = None
        if sample_weight is not None and not sample_weight.all():
            rows = np.flatnonzero(sample_weight)
        seen = y if rows is None else y[rows]
        targets = Targets.of(seen) if targets is None else targets
        codes = targets.codes(seen, y_name)
        if rows is not None:
            seen_codes = codes
            codes = np.zeros((X.shape[0], *codes.shape[1:]), codes.dtype)
            codes[rows] = seen_codes
        if factors is None:
            counted = slice(None) if rows is None else rows
            factors = class_factors(
                class_weight,
                targets,
                codes[counted],
                None if sample_weight is None else sample_weight[counted],
            )
        weight = combine(sample_weight, row_factors(factors, codes))
        if weight is not None and not weight.all():
            rows = np.flatnonzero(weight)
            if not len(rows):
                raise ValueError("class_weight leaves no row with a weight above 0.")
        return cls(X, y, targets, codes, weight, rows, factors)

    @property
    def n_rows(self):
        """The number of rows that count."""
        return self.X.shape[0] if self.rows is None else len(self.rows)

    def shape_key(self):
        """Return what tells tables apart: size, rows that count, targets."""
        rows = None if self.rows is None else zlib.crc32(self.rows.tobytes())
        return self.X.shape[0], rows, zlib.crc32(self.codes.tobytes())

    @property
    def counted_codes(self):
        """The codes of the rows that count."""
        return self.codes if self.rows is None else self.codes[self.rows]

    def absent_classes(self):
        """Return the classes that no row has; labels may be absent."""
        if self.targets.multilabel:
            return []
        seen = np.unique(self.counted_codes)
        return np.delete(self.targets.classes, seen).tolist()

    def split(self, validation_fraction, rng):
        """Return the rows to train on and the rows to validate with.

        Warns
        -----
        UserWarning
            If the rows to validate with lack a class that they could have.
        """
        rows = np.arange(self.X.shape[0]) if self.rows is None else self.rows
        train, validation = split_rows(self.counted_codes, validation_fraction, rng)
        held_back = self.only(rows[validation])
        if self._needlessly_lacks_classes(held_back):
            warnings.warn(
                f"early_stopping=True holds back {held_back.n_rows} of {len(rows)} "
                "rows to judge the training by, and none of them has the classes "
                f"{held_back.absent_classes()}. Raise validation_fraction="
                f"{validation_fraction}, give X_val and y_val with all classes, or set "
                "early_stopping=False.",
                UserWarning,
                stacklevel=5,
            )
        return rows[train], rows[validation]

    def _needlessly_lacks_classes(self, part):
        """Whether a part lacks a class, other than one whose single row stays here."""
        if not part.absent_classes():
            return False
        n_classes = len(self.targets.classes)
        counts, held = (
            np.bincount(table.counted_codes, minlength=n_classes)
            for table in (self, part)
        )
        return bool(np.any((counts > 1) != (held > 0)))

    def some_inputs(self, n_rows, dtype, sparse):
        """Return at most so many rows of `X` that count, evenly spaced.

        Parameters
        ----------
        n_rows : int
        dtype : data-type
        sparse : bool
            Whether a sparse `X` stays sparse.
        """
        n_chosen = min(n_rows, self.n_rows)
        chosen = np.linspace(0, self.n_rows - 1, n_chosen).astype(np.intp)
        rows = chosen if self.rows is None else self.rows[chosen]
        return cast(self.X[rows], dtype, sparse)

    def only(self, rows):
        """Return the table restricted to some of its rows."""
        return replace(self, rows=rows)

    def taken(self):
        """Return a table that holds copies of the rows that count, and only them."""
        if self.rows is None:
            return self
        y = self.y.tocsr() if issparse(self.y) else self.y
        return replace(
            self,
            X=self.X[self.rows],
            y=y[self.rows],
            codes=self.codes[self.rows],
            weight=None if self.weight is None else self.weight[self.rows],
            rows=None,
        )

    def relative_weight(self):
        """Return the weights divided by their mean, None where all are equal."""
        mean = mean_weight(self.weight, self.rows)
        return None if mean is None else self.weight / mean

    def batches(self, batch_size, dtype, sparse, weight="relative"):
        """Return the rows in mini-batches.

        Parameters
        ----------
        batch_size : int
        dtype : data-type
        sparse : bool
            Whether batches of a sparse `X` stay sparse.
        weight : {"relative", "as given"}, default="relative"
            Relative weights are divided by their mean, and are left out where all are
            equal.
        """
        unit = 1.0
        if weight == "relative":
            unit = mean_weight(self.weight, self.rows)
        return Batches(
            self.X,
            self.codes,
            self.targets,
            None if unit is None else self.weight,
            self.rows,
            batch_size,
            dtype,
            sparse,
            unit,
        )
