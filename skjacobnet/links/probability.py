"""Links to probabilities of exclusive classes and of labels."""

from abc import abstractmethod
from functools import lru_cache
from math import prod

import numpy as np
from scipy.special import expit, log_expit

from skjacobnet.core.matrix_products import product
from skjacobnet.core.workspace import Workspace
from skjacobnet.links.base import Link
from skjacobnet.links.members import log_sum, second_of_log_sum, shares_of
from skjacobnet.operators import (
    BlockRow,
    ConstantMatrix,
    Diagonal,
    DiagonalMinusRankOne,
)

# Differentiable outputs of a classifier's network. Exponentials of numbers up to this
# size, and their sums, are far from the limits of float32.
SAFE_EXPONENT = 60.0


class ProbabilityLink(Link):
    """Base class of links to probabilities.

    Attributes
    ----------
    exclusive : bool
        Whether the columns are mutually exclusive classes.
    """

    outputs = ("proba", "raw", "log_proba")
    exclusive = True

    @abstractmethod
    def proba(self, raw, out=None):
        """Return the probability of each column, with the shape of `raw`."""

    @abstractmethod
    def log_proba(self, raw):
        """Return the logarithm of `proba`, a new array.

        It is finite where the probability underflows, and relatively accurate where the
        probability rounds to one.
        """

    @abstractmethod
    def jacobian(self, proba):
        """Return the operator d proba / d raw at the probabilities `proba`."""

    @abstractmethod
    def log_jacobian(self, raw):
        """Return the operator d log_proba / d raw.

        It never divides by a probability, so it is accurate where one underflows.
        """

    def residual(self, y, raw):
        """Return ``proba - y`` without cancellation, a new array.

        For targets close to one, both are subtracted from one first.
        """
        log_proba = self.log_proba(raw)
        return np.where(y > 0.5, np.expm1(log_proba) + (1.0 - y), np.exp(log_proba) - y)

    def columns(self, raw):
        """Return one raw prediction for each column of probabilities."""
        return raw

    def n_outputs(self, output, n_raw):
        return n_raw

    def value(self, raw, output):
        """Return an output by its name, (..., n_samples, n_outputs).

        Logarithms of probabilities are finite where these underflow.
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
        """Return the logarithm of `predict_proba`, accurate where it rounds to one.

        It is minus infinity where `predict_proba` is zero, so that the two always
        agree; `log_proba` is finite there.
        """
        columns = self.columns(raw)
        return np.where(
            self.proba(columns) > 0.0, self.log_proba(columns), -np.inf
        ).astype(raw.dtype, copy=False)


class Softmax(ProbabilityLink):
    r"""Softmax link: one probability for each of several exclusive classes.

    .. math:: p_k = e^{z_k} / \sum_j e^{z_j}

    Notes
    -----
    If necessary, rows are first shifted by their maximum, which does not change
    probabilities and prevents overflow.

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
        # A product with ones sums the rows faster than a reduction does. Each network
        # of a stack needs its product: in a product of all rows sums depend on
        # preceding rows.
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

    def average(self, raw):
        # Logarithms of sums of probabilities, minus the same number in each row;
        # normalized, so that they are accurate where a mean rounds to one.
        return self.log_proba(log_sum(self.log_proba(raw))[..., 0, :])

    def average_jacobian(self, raw):
        shares = shares_of(self.log_proba(raw))
        return BlockRow(DiagonalMinusRankOne(shares, shares, self.proba(raw)))

    def average_second_vjp(self, raw, tangent, cotangent):
        # Through the logarithms of the members' probabilities.
        proba, shares = self.proba(raw), shares_of(self.log_proba(raw))
        tangent = tangent - np.vecdot(tangent, proba)[..., np.newaxis]
        cotangent = cotangent[..., np.newaxis, :]
        found = second_of_log_sum(shares, tangent, cotangent)
        found -= proba * found.sum(axis=-1, keepdims=True)
        found -= (cotangent * shares).sum(axis=-1, keepdims=True) * proba * tangent
        return found.sum(axis=0)


class Logistic(ProbabilityLink):
    r"""Logistic link: a separate binary probability for each column.

    .. math:: p = 1 / (1 + e^{-z})

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
       Equations 4.59 and 4.88.

    Examples
    --------
    One column is a binary problem with two probabilities:

    >>> LOGISTIC.predict_proba(np.array([[0.0]]))
    array([[0.5, 0.5]])

    Several columns are labels, which are not exclusive:

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

    def average(self, raw):
        yes, no = (log_sum(self.log_proba(z)) for z in (raw, -raw))
        return (yes - no)[..., 0, :]

    def average_jacobian(self, raw):
        slopes = sum(shares_of(self.log_proba(z)) * self.proba(-z) for z in (raw, -raw))
        return BlockRow(Diagonal(slopes))

    def average_second_vjp(self, raw, tangent, cotangent):
        cotangent = cotangent[..., np.newaxis, :]

        def of_log_sum(z, cotangent):
            # Through the logarithms of the members' probabilities.
            shares, slope = shares_of(self.log_proba(z)), self.proba(-z)
            found = slope * second_of_log_sum(shares, slope * tangent, cotangent)
            return found - cotangent * shares * tangent * slope * self.proba(z)

        found = of_log_sum(raw, cotangent) - of_log_sum(-raw, cotangent)
        return found.sum(axis=0)

    def columns(self, raw):
        if raw.shape[-1] > 1:
            return raw
        # The negative class comes first: its raw prediction is the negative. 1 - p
        # would lose small p.
        return np.concatenate([-raw, raw], axis=-1)

    def n_outputs(self, output, n_raw):
        return 2 if n_raw == 1 and output != "raw" else n_raw


SOFTMAX = Softmax()
LOGISTIC = Logistic()


def default_link(raw):
    """Return the default link of a raw prediction.

    One column is a binary problem; several columns are classes.
    """
    return LOGISTIC if raw.shape[-1] == 1 else SOFTMAX


def exponentials(raw, out, workspace=None):
    """Write ``exp(raw)`` to `out`, each row times a factor that prevents overflow.

    Rows are shifted by their maximum only if necessary, which saves a tenth of a
    training step on 64-100-10 and a sixth of a prediction. The shift applies to all
    rows of a batch or to none; in a stack of networks each batch is decided separately.

    Parameters
    ----------
    raw, out : array of shape (..., n_samples, n)
    workspace : Workspace, optional

    Returns
    -------
    array of shape (..., n_samples, n)
        Logarithm of `out`: `raw` itself, or the shifted one.
    """
    np.absolute(raw, out)
    if not out.item(out.argmax()) < SAFE_EXPONENT:  # also for NaN
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
    """Return a cached column of ones; saves a hundredth of predicting a row."""
    ones = np.ones((n, 1), dtype)
    ones.setflags(write=False)
    return ones


def row_maximum(raw, workspace=None):
    """Return the largest entry of each row, (..., n_samples, 1).

    NumPy computes the argmax along a short last axis several times faster than the
    maximum.
    """
    workspace = Workspace() if workspace is None else workspace
    places = _places_of_maximum(raw, workspace)
    out = workspace.array("row maximum", places.shape, raw.dtype)
    # With this mode it writes to `out` directly; there is nothing to clip.
    return raw.ravel().take(places, out=out, mode="clip")


def _places_of_maximum(raw, workspace=None):
    """Return the index of each row's maximum in the raveled array."""
    workspace = Workspace() if workspace is None else workspace
    places, starts = workspace.made(_arrays_for_places, raw.shape, np.intp)
    raw.argmax(-1, places, keepdims=True)
    return np.add(places, starts, places)


def _arrays_for_places(shape, dtype):
    """Return buffers for the indices of maxima, and the start of each row."""
    starts = np.arange(0, prod(shape), shape[-1], dtype).reshape(*shape[:-1], 1)
    return np.empty_like(starts), starts
