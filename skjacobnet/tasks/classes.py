"""Mutually exclusive classes."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import column_or_1d

from skjacobnet.core.workspace import count_up
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.tasks.base import Task

# A frequency of zero would have a raw prediction of minus infinity.
SMALLEST_SHARE = 1e-12


@dataclass(frozen=True, eq=False)
class Classes(Task):
    """Classification task with one of several classes for each row.

    Parameters
    ----------
    classes : array of shape (n_classes,)
        Sorted.

    Examples
    --------
    >>> task = Classes(np.array(["no", "yes"]))
    >>> task.codes(np.array(["yes", "no"]))
    array([1, 0], dtype=uint8)
    >>> task.encode(np.array([1, 0]), np.float64)
    array([[1.],
           [0.]])
    """

    classes: np.ndarray
    multilabel = False
    noun = "classes"

    @property
    def n_raw(self):
        """Number of raw predictions: one for two classes, else one for each."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    @property
    def n_answers(self):
        """Number of classes."""
        return len(self.classes)

    def __str__(self):
        return str(self.classes.tolist())

    def link(self, loss=None):
        return SOFTMAX if self.n_raw > 1 else LOGISTIC

    def codes(self, y, name="y"):
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if y.ndim != 1:
            raise ValueError(
                f"{name} must have one class in each row, got an array of shape "
                f"{y.shape}."
            )
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"{name} has classes that were not seen before: {unknown.tolist()}. "
                f"Known: {self.classes.tolist()}."
            )
        codes = np.searchsorted(self.classes, y)
        # One byte per row suffices for most problems.
        return codes.astype(np.min_scalar_type(len(self.classes) - 1))

    def encode(self, codes, dtype, out=None, places=None):
        if out is None:
            out = np.empty((len(codes), self.n_raw), dtype)
        if self.n_raw == 1:
            out[:, 0] = codes
            return out
        out.fill(0.0)
        # Twice as fast as indexing by rows and columns.
        places = np.empty(len(codes), np.intp) if places is None else places
        count_up(places, self.n_raw)
        places += codes
        out.reshape(-1)[places] = 1.0
        return out

    def decide(self, raw):
        if self.n_raw == 1:
            return self.classes[(raw[:, 0] > 0.0).astype(int)]
        return self.classes[np.argmax(raw, axis=1)]

    def same_as(self, other):
        return type(other) is Classes and np.array_equal(self.classes, other.classes)

    def strata(self, codes):
        return codes

    def absent(self, codes):
        return np.delete(self.classes, np.unique(codes)).tolist()

    def shares(self, codes, sample_weight):
        """Return the weighted share of each class, (n_classes,)."""
        totals = np.bincount(codes, sample_weight, len(self.classes))
        return totals / totals.sum()

    def constant_raw(self, codes, sample_weight, loss):
        shares = self.shares(codes, sample_weight)
        return self._raw_of(np.maximum(shares, SMALLEST_SHARE))

    def prior_raw(self, codes, counts):
        r"""Return the raw prediction of the class frequencies, (n_raw,).

        .. math:: \pi_k = (n_k + 1) / (n + C)

        Parameters
        ----------
        codes : array of int of shape (n_samples,)
        counts : array of shape (n_samples,) or None
            Number of rows that each one represents; their sum is n. None is ones.
        """
        totals = np.bincount(codes, counts, len(self.classes)) + 1.0
        return self._raw_of(totals / totals.sum())

    def _raw_of(self, shares):
        logarithms = np.log(shares)
        return logarithms[1:] - logarithms[:1] if self.n_raw == 1 else logarithms

    def loss_of_constant(self, raw, codes, sample_weight, loss):
        # Rows of a class are identical, so one of each suffices.
        shares = self.shares(codes, sample_weight)
        every = np.arange(len(shares))
        return super().loss_of_constant(raw, every, shares, loss)
