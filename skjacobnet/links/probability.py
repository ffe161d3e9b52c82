"""From raw predictions to probabilities: classes that exclude each other, or not."""

from abc import abstractmethod
from functools import lru_cache
from math import prod

import numpy as np
from scipy.special import expit, log_expit

from skjacobnet.core.matrix_products import product
from skjacobnet.core.workspace import Workspace
from skjacobnet.links.base import Link
from skjacobnet.operators import ConstantMatrix, Diagonal, DiagonalMinusRankOne

# What a network of probabilities can be asked for, and differentiated.
# Exponentials of numbers up to this size, and sums of them, are far from the limits of
# float32.
SAFE_EXPONENT = 60.0


class ProbabilityLink(Link):
    """The map from raw predictions to probabilities.

    Attributes
    ----------
    exclusive : bool
        Whether the columns are answers that exclude each other.
    """

    outputs = ("proba", "raw", "log_proba")
    exclusive = True

    @abstractmethod
    def proba(self, raw, out=None):
        """Return the probability that each column is the answer, shape of `raw`."""

    @abstractmethod
    def log_proba(self, raw):
        """Return the logarithm of `proba`, a new array.

        It is finite where the probability underflows, and keeps its relative accuracy
        where the probability rounds to one.
        """

    @abstractmethod
    def jacobian(self, proba):
        """Return the operator d proba / d raw at the probabilities `proba`."""

    @abstractmethod
    def log_jacobian(self, raw):
        """Return the operator d log_proba / d raw.

        It never divides by a probability, so that it holds where one underflows.
        """

    def residual(self, y, raw):
        """Return ``proba - y`` without cancellation, a new array.

        Where the target is near one, both are subtracted from one first.
        """
        log_proba = self.log_proba(raw)
        return np.where(y > 0.5, np.expm1(log_proba) + (1.0 - y), np.exp(log_proba) - y)

    def columns(self, raw):
        """Return one raw prediction for each column of probabilities."""
        return raw

    def n_outputs(self, output, n_raw):
        return n_raw

    def value(self, raw, output):
        """Return the output of that name, (..., n_samples, n_outputs).

        The logarithm of probabilities is finite where they underflow.
        """
        if output == "raw":
            return raw
        columns = self.columns(raw)
        return self.proba(columns) if output == "proba" else self.log_proba(columns)

    def operators(self, raw, output):
        if output == "raw":
            return []
        columns = self.columns(raw)
        jacobian = (
            self.log_jacobian(columns)
            if output == "log_proba"
            else self.jacobian(self.proba(columns))
        )
        if columns is raw:
            return [jacobian]
        return [ConstantMatrix(np.array([[-1.0, 1.0]], raw.dtype)), jacobian]

    def predict_proba(self, raw):
        """Return a column for each class, (..., n_samples, n_classes or n_labels)."""
        return self.proba(self.columns(raw))

    def predict_log_proba(self, raw):
        """Return the logarithm of `predict_proba`, accurate where that rounds to one.

        Minus infinity where `predict_proba` is zero, so that the two always agree;
        `log_proba` goes on below.
        """
        columns = self.columns(raw)
        return np.where(
            self.proba(columns) > 0.0, self.log_proba(columns), -np.inf
        ).astype(raw.dtype, copy=False)


class Softmax(ProbabilityLink):
    r"""Exclusive classes.

    .. math:: p_k = e^{z_k} / \sum_j e^{z_j}

    Notes
    -----
    Where it is needed, every row is first shifted by its maximum, which changes no
    probability and keeps the exponentials from overflowing.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
       Equations 4.104 and 4.106.

    Examples
    --------
    >>> SOFTMAX.proba(np.array([[1e4, 1e4]]))
    array([[0.5, 0.5]])
    >>> SOFTMAX.log_proba(np.array([[1e4, -1e4]]))
    array([[     0., -20000.]])
    """

    def proba(self, raw, out=None):
        out = np.empty_like(raw, order="C") if out is None else out
        exponentials(raw, out)
        # A product with ones sums the rows faster than a reduction does. Networks of a
        # stack need one each: in a product of all rows sums depend on the rows before.
        ones = _column_of_ones(raw.shape[-1], raw.dtype)
        total = product(out, ones) if out.ndim <= 2 else np.matmul(out, ones)
        return np.divide(out, total, out=out)

    def log_proba(self, raw):
        shifted = raw - row_maximum(raw)
        others = np.exp(shifted, order="C")
        others.ravel()[_places_of_maximum(raw)] = 0.0
        return shifted - np.log1p(np.sum(others, axis=-1, keepdims=True))

    def jacobian(self, proba):
        return DiagonalMinusRankOne(proba, proba, proba)

    def log_jacobian(self, raw):
        ones = np.ones_like(raw)
        return DiagonalMinusRankOne(ones, ones, self.proba(raw))


class Logistic(ProbabilityLink):
    r"""Yes or no, for each column alone.

    .. math:: p = 1 / (1 + e^{-z})

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
       Equations 4.59 and 4.88.

    Examples
    --------
    One column is a binary problem, and has two probabilities:

    >>> LOGISTIC.predict_proba(np.array([[0.0]]))
    array([[0.5, 0.5]])

    Several columns are labels that do not exclude each other:

    >>> LOGISTIC.predict_proba(np.array([[0.0, 1e4]]))
    array([[0.5, 1. ]])
    """

    exclusive = False

    def proba(self, raw, out=None):
        return expit(raw, out=out)

    def log_proba(self, raw):
        return log_expit(raw)

    def jacobian(self, proba):
        return Diagonal(proba * (1.0 - proba))

    def log_jacobian(self, raw):
        return Diagonal(self.proba(-raw))

    def columns(self, raw):
        if raw.shape[-1] > 1:
            return raw
        # No first: its raw prediction is the negative one. 1 - p would lose small p.
        return np.concatenate([-raw, raw], axis=-1)

    def n_outputs(self, output, n_raw):
        return 2 if n_raw == 1 and output != "raw" else n_raw


SOFTMAX = Softmax()
LOGISTIC = Logistic()


def default_link(raw):
    """Return the link of a raw prediction without further knowledge of the targets.

    One column is a binary problem; several are classes.
    """
    return LOGISTIC if raw.shape[-1] == 1 else SOFTMAX


def exponentials(raw, out, workspace=None):
    """Write ``exp(raw)`` to `out`, each row times a factor that keeps it in range.

    Rows are shifted by their maximum only where that is needed, which saves a tenth of
    a training step on 64-100-10 and a sixth of a prediction. All rows of a batch are,
    or none; of a stack of networks only the batches that need it are.

    Parameters
    ----------
    raw, out : array of shape (..., n_samples, n)
    workspace : Workspace, optional

    Returns
    -------
    array of shape (..., n_samples, n)
        The logarithm of `out`: `raw` itself, or shifted.
    """
    np.absolute(raw, out)
    if not out.item(out.argmax()) < SAFE_EXPONENT:  # also where it is NaN
        workspace = Workspace() if workspace is None else workspace
        shifted = workspace.array("shifted", raw.shape, raw.dtype)
        np.subtract(raw, row_maximum(raw, workspace), shifted)
        if raw.ndim > 2:
            largest = np.max(out, axis=(-2, -1), keepdims=True)
            np.copyto(shifted, raw, where=largest < SAFE_EXPONENT)
        raw = shifted
    np.exp(raw, out)
    return raw


@lru_cache(maxsize=16)
def _column_of_ones(n, dtype):
    """Return an array that is made once: a hundredth of the prediction of a row."""
    ones = np.ones((n, 1), dtype)
    ones.setflags(write=False)
    return ones


def row_maximum(raw, workspace=None):
    """Return the largest entry of each row, (..., n_samples, 1).

    NumPy finds the place of a maximum along a short last axis several times faster
    than the maximum itself.
    """
    workspace = Workspace() if workspace is None else workspace
    places = _places_of_maximum(raw, workspace)
    out = workspace.array("row maximum", places.shape, raw.dtype)
    # With this mode it writes to `out` itself; there is nothing to clip.
    return raw.ravel().take(places, out=out, mode="clip")


def _places_of_maximum(raw, workspace=None):
    """Return where the maximum of each row is in the raveled array."""
    workspace = Workspace() if workspace is None else workspace
    places, starts = workspace.made(_arrays_for_places, raw.shape, np.intp)
    raw.argmax(-1, places, keepdims=True)
    return np.add(places, starts, places)


def _arrays_for_places(shape, dtype):
    """Return room for the places of maxima, and where each row starts."""
    starts = np.arange(0, prod(shape), shape[-1], dtype).reshape(*shape[:-1], 1)
    return np.empty_like(starts), starts
