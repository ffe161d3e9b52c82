"""Multilabel targets."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse

from skjacobnet.links import LOGISTIC
from skjacobnet.tasks.base import Task
from skjacobnet.tasks.classes import SMALLEST_SHARE


@dataclass(frozen=True, eq=False)
class Labels(Task):
    """Multilabel classification task: a binary outcome for each label.

    Parameters
    ----------
    n_labels : int

    Examples
    --------
    >>> task = Labels(2)
    >>> task.encode(task.codes(np.array([[1, 0], [1, 1]])), np.float64)
    array([[1., 0.],
           [1., 1.]])
    """

    n_labels: int
    multilabel = True
    noun = "labels"

    @property
    def classes(self):
        """Indices of the labels."""
        return np.arange(self.n_labels)

    @property
    def n_raw(self):
        """Number of raw predictions: one for each label."""
        return self.n_labels

    def __str__(self):
        return str(self.n_labels)

    def link(self, loss=None):
        return LOGISTIC

    def codes(self, y, name="y"):
        y = y.toarray() if issparse(y) else np.asarray(y)
        if y.ndim != 2 or y.shape[1] != self.n_labels:
            raise ValueError(
                f"{name} must have {self.n_labels} columns, one for each label, got an "
                f"array of shape {y.shape}."
            )
        if not ((y == 0) | (y == 1)).all():
            raise ValueError(
                f"{name} must hold zeros and ones, one column for each label, got the "
                f"values {np.unique(y).tolist()}."
            )
        return y.astype(np.int8)

    def encode(self, codes, dtype, out=None, places=None):
        if out is None:
            out = np.empty((len(codes), self.n_raw), dtype)
        out[...] = codes
        return out

    def decide(self, raw):
        return (raw > 0.0).astype(int)

    def same_as(self, other):
        return type(other) is Labels and self.n_labels == other.n_labels

    def constant_raw(self, codes, sample_weight, loss):
        shares = np.average(codes, axis=0, weights=sample_weight)
        shares = np.clip(shares, SMALLEST_SHARE, 1.0 - SMALLEST_SHARE)
        return np.log(shares) - np.log1p(-shares)

    def prior_raw(self, codes, counts):
        r"""Return the raw prediction of the label frequencies, (n_labels,).

        .. math:: \pi = (n_1 + 1) / (n + 2)

        Parameters
        ----------
        codes : array of shape (n_samples, n_labels)
        counts : array of shape (n_samples,) or None
            Number of rows that each one represents; their sum is n. None is ones.
        """
        counts = np.ones(len(codes)) if counts is None else counts
        totals = counts @ codes + 1.0
        return np.log(totals) - np.log(counts.sum() + 2.0 - totals)
