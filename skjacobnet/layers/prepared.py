"""Layers made ready for training.

A layer is a value: every call looks up its weights, its buffers and its shapes. That
would be a quarter of a training step on a small network. So a network prepares its
layers once for each vector of weights and size of a batch, and its steps ask the
prepared layers, which have nothing left to look up.
"""

import numpy as np

from skjacobnet.core.blocks import passes
from skjacobnet.operators import ConstantMatrix, Diagonal


class PreparedLayer:
    """Any layer, with its weights and its workspace.

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
            Where the gradient for each weight is written.
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


class PreparedLinear(PreparedLayer):
    """The affine layer on plain matrices; all else goes the way of any layer."""

    __slots__ = ("coef", "coef_T", "intercept", "ones", "operator", "output")

    def __init__(self, layer, weights, workspace, n_samples):
        super().__init__(layer, weights, workspace)
        self.coef = coef = weights["coef"]
        self.coef_T = coef.T
        self.intercept = weights.get("intercept")
        self.operator = ConstantMatrix(coef)
        self.output = None
        self.ones = workspace.ones(n_samples, coef.dtype)

    def linearize(self, X, rng=None):
        if self.output is None:
            if X.ndim > 2 or X.dtype != self.coef.dtype:
                return super().linearize(X, rng)
            shape = len(self.ones), self.coef.shape[-1]
            self.output = self.workspace.array("output", shape, X.dtype)
        try:
            output = X.dot(self.coef, self.output)
        except (TypeError, ValueError):
            # A sparse matrix, a stack of matrices, or another type.
            return super().linearize(X, rng)
        if self.intercept is not None:
            np.add(output, self.intercept, output)
        return output, self.operator

    def vjp(self, operator, X, cotangent, gradients, out=None):
        if cotangent.ndim > 2:
            return super().vjp(operator, X, cotangent, gradients, out)
        try:
            X.T.dot(cotangent, gradients["coef"])
            if self.intercept is not None:
                # A product with ones sums the rows faster than a reduction does.
                self.ones.dot(cotangent, gradients["intercept"])
            return None if out is None else cotangent.dot(self.coef_T, out)
        except (TypeError, ValueError):
            return super().vjp(operator, X, cotangent, gradients, out)


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


def write(value, out):
    """Write a value to `out`, unless it is there already."""
    if value is not out:
        out[...] = value
