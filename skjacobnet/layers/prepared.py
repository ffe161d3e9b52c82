"""Layers prepared for training.

A layer has no state: every call looks up its weights, its buffers and its shapes. That
would take a quarter of a training step on a small network. So a network prepares its
layers once for each vector of weights and batch size, and its steps call the prepared
layers, which need no look-ups.
"""

import numpy as np

from skjacobnet.core.blocks import passes
from skjacobnet.operators import Diagonal


class PreparedLayer:
    """Layer bound to its weights and its workspace.

    All inputs must have the same shape and dtype.

    Parameters
    ----------
    layer : Layer
    weights : dict of str to array
        Views of the vector of all weights, which follow its changes.
    workspace : Workspace
        Workspace that holds the arrays.
    """

    __slots__ = ("layer", "weights", "workspace")

    def __init__(self, layer, weights, workspace):
        self.layer = layer
        self.weights = weights
        self.workspace = workspace

    def linearize(self, X, rng=None):
        """Return the output and its Jacobian with respect to the input."""
        return self.layer.linearize(self.weights, X, rng=rng, workspace=self.workspace)

    def vjp(self, operator, X, cotangent, gradients, out=None):
        """Backpropagate a cotangent from the output to the weights and to the input.

        Parameters
        ----------
        operator : JacobianOperator
            Operator returned by `linearize`.
        X : array of shape (..., n_samples, n_in)
            Input of the layer.
        cotangent : array of shape (..., n_samples, n_out)
        gradients : dict of str to array
            Arrays for the gradient of each weight; an empty dict skips the gradients.
        out : array of shape (..., n_samples, n_in), optional
            Array for the cotangent of the input, which is not computed without it.

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
    """Prepared elementwise layer, computed in blocks that stay in the cache."""

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
    """Prepared layer whose output is cast to another dtype.

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
    """Write a value to `out`, unless it is the same array."""
    if value is not out:
        out[...] = value
