"""The contract of a link."""

from abc import ABC, abstractmethod

import numpy as np

from skjacobnet.operators import ConstantMatrix

# What a network can be asked for, and differentiated.
OUTPUTS = ("proba", "raw", "log_proba")


class Link(ABC):
    """The map from raw predictions to probabilities.

    All methods keep the data type and any leading axes, and none changes its input.

    Attributes
    ----------
    exclusive : bool
        Whether the columns are answers that exclude each other.
    """

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

    def value(self, raw, output):
        """Return the output of that name, (..., n_samples, n_outputs).

        The logarithm of probabilities is finite where they underflow.
        """
        if output == "raw":
            return raw
        columns = self.columns(raw)
        return self.proba(columns) if output == "proba" else self.log_proba(columns)

    def operators(self, raw, output):
        """Return the Jacobian of an output for the raw prediction, as a chain.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_raw)
        output : {"proba", "raw", "log_proba"}
            As `predict_proba` and `predict_log_proba` return them, or `raw` itself.

        Returns
        -------
        list of JacobianOperator
            In the order in which they are applied; empty for ``"raw"``.
        """
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
