"""Base class of encodings: untrained layers that are fitted to a table."""

from abc import abstractmethod
from copy import copy

import numpy as np
from sklearn.exceptions import NotFittedError

from skjacobnet.core.workspace import Workspace
from skjacobnet.layers.base import Layer
from skjacobnet.operators import Diagonal, Expansion


class Encoding(Layer):
    r"""Untrained first layer of a network, fitted to a table.

    The table has numbers and codes of categories (`Column`); NaN is a missing value.
    Each output depends on a single input.

    Users omit the last constructor arguments, the *structure*: which columns the
    encoding acts on, and how many outputs they have. `fitted` returns a copy with the
    structure, and statistics, which are handled as those of every layer. A subclass
    defines `fitted`, `encode`, and `slopes` or `jacobian`; if its outputs do not
    correspond one-to-one to its inputs, also `output_size` and `sources`.

    Attributes
    ----------
    fills_missing : bool
        Whether missing numbers are imputed, so that no number of the output is missing.
    """

    twice_differentiable = True
    fills_missing = False
    columns = None

    @abstractmethod
    def fitted(self, columns, rows):
        """Return the fitted encoding, its statistics, and its output columns.

        Parameters
        ----------
        columns : list of Column
            Columns of the input.
        rows : EncodedRows
            Rows of the input to fit.

        Returns
        -------
        layer : Encoding
            A copy of the same class.
        statistics : dict of str to array
            Statistics in float64, with the names in `statistics`.
        columns_out : list of Column
            Columns of the output.
        """

    @abstractmethod
    def encode(self, weights, X, out):
        """Write the output for rows `X` to `out`."""

    def slopes(self, weights, X, out):
        """Write the derivative of each output with respect to its input."""
        raise NotImplementedError(f"{type(self).__name__} has no slopes.")

    def sources(self, n_in):
        """Return the index of the input that each output depends on, as an array."""
        return np.arange(n_in)

    @property
    def acts_on(self):
        """Indices of the columns that it acts on, as a tuple.

        Raises
        ------
        NotFittedError
            If the encoding has no structure.
        """
        if self.columns is None:
            raise NotFittedError(
                f"{self!r} is not fitted to a table. Its method `fitted` returns a "
                "fitted layer."
            )
        return self.columns

    def with_structure(self, **structure):
        """Return a copy of the same class with these constructor arguments."""
        layer = copy(self)
        for name, value in structure.items():
            setattr(layer, name, value)
        return layer

    def forward(self, weights, X, out=None):
        if out is None:
            out = np.empty(self._shape(weights, X), X.dtype)
        self.encode(weights, X, out)
        return out

    def linearize(self, weights, X, *, rng=None, workspace=None):
        workspace = Workspace() if workspace is None else workspace
        output = workspace.array("output", self._shape(weights, X), X.dtype)
        self.encode(weights, X, output)
        return output, self.jacobian(weights, X, workspace)

    def jacobian(self, weights, X, workspace):
        """Return the Jacobian of the output for rows `X`, as an operator."""
        slopes = workspace.array("slopes", self._shape(weights, X), X.dtype)
        self.slopes(weights, X, slopes)
        n_in = X.shape[-1]
        sources = self.sources(n_in)
        if np.array_equal(sources, np.arange(n_in)):
            return Diagonal(slopes)
        return Expansion(sources, slopes, n_in)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        return None, {}

    def _shape(self, weights, X):
        """Return the shape of the output."""
        own = (np.shape(weights[name])[:-1] for name in self.statistics)
        stack = np.broadcast_shapes(X.shape[:-2], *own)
        return *stack, X.shape[-2], self.output_size(X.shape[-1])
