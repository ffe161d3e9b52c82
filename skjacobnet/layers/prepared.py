"""Layers made ready for training.

A layer is a value: every call looks up its weights, its buffers and its shapes. That
would be a quarter of a training step on a small network. So a network prepares its
layers once for each vector of weights and size of a batch, and its steps ask the
prepared layers, which have nothing left to look up.
"""

import numpy as np

from skjacobnet.core.blocks import passes
from skjacobnet.operators import Diagonal


class PreparedLayer:
    """Any layer, with its weights and its workspace.

    It serves inputs of one kind: of one shape and one type.

    Parameters
    ----------
    layer : Layer
    weights : dict of str to array
        Views of the vector of all weights, so that they follow its changes.
    workspace : Workspace
        Where the arrays live.
    """

    __slots__ = ("layer", "weights", "workspace")

    def __init__(self, layer, weights, workspace):
        self.layer = layer
        self.weights = weights
        self.workspace = workspace

    def linearize(self, X, rng=None):
        """Return the output and the Jacobian of the output for the input."""
        return self.layer.linearize(self.weights, X, rng=rng, workspace=self.workspace)

    def vjp(self, operator, X, cotangent, gradients, out=None):
        """Carry a cotangent from the output to the weights and to the input.

        Parameters
        ----------
        operator : JacobianOperator
            What `linearize` returned.
        X : array of shape (..., n_samples, n_in)
            What it was given.
        cotangent : array of shape (..., n_samples, n_out)
        gradients : dict of str to array
            Where the gradient for each weight is written. In an empty one none is.
        out : array of shape (..., n_samples, n_in), optional
            Where to write the cotangent of the input, which is not computed without.

        Returns
        -------
        array of shape (..., n_samples, n_in) or None
        """
        if gradients:
            self.layer.weight_vjp_at(
                operator,
                self.weights,
                X,
                cotangent,
                gradients,
                workspace=self.workspace,
            )
        return None if out is None else operator.vjp(cotangent, out)


class PreparedElementwise(PreparedLayer):
    """A function of each feature alone, in blocks that stay in the cache."""

    __slots__ = ("operator", "output")

    def __init__(self, layer, weights, workspace):
        super().__init__(layer, weights, workspace)
        self.output = None

    def linearize(self, X, rng=None):
        layer, workspace = self.layer, self.workspace
        if self.output is None or self.output.shape != X.shape:
            self.output, slope = workspace.arrays(
                ("output", "derivative"), X.shape, X.dtype
            )
            self.operator = Diagonal(slope)
        for x, y, d in passes(X, self.output, self.operator.diagonal):
            write(layer.function_in(workspace, x, y), y)
            write(layer.derivative(x, y, d), d)
        return self.output, self.operator

    def vjp(self, operator, X, cotangent, gradients, out=None):
        if gradients or out is None:
            return super().vjp(operator, X, cotangent, gradients, out)
        return np.multiply(cotangent, operator.diagonal, out)


class Cast(PreparedLayer):
    """A prepared layer whose output is cast to another type.

    Parameters
    ----------
    prepared : PreparedLayer
    dtype : data-type
    """

    __slots__ = ("dtype", "prepared")

    def __init__(self, prepared, dtype):
        super().__init__(prepared.layer, prepared.weights, prepared.workspace)
        self.prepared = prepared
        self.dtype = dtype

    def linearize(self, X, rng=None):
        output, operator = self.prepared.linearize(X, rng)
        return output.astype(self.dtype), operator

    def vjp(self, operator, X, cotangent, gradients, out=None):
        return self.prepared.vjp(operator, X, cotangent, gradients, out)


def write(value, out):
    """Write a value to `out`, unless it is there already."""
    if value is not out:
        out[...] = value
