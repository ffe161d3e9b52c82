"""Linearization of a network at a batch: its value and all layers' Jacobians."""

from skjacobnet.accumulation import accumulate, cotangents, tangents
from skjacobnet.operators import Product


class Linearization:
    """Value of a network at a batch, and the Jacobian of each layer.

    Attributes
    ----------
    outputs : list of array
        Input, then each layer's output, ``(..., n_samples, width)``.
    operators : list of JacobianOperator
        One for each layer.
    chain : PreparedChain
        Layers with their weights.
    """

    __slots__ = ("chain", "operators", "outputs", "workspace")

    def __init__(self, outputs, operators, chain, workspace):
        self.outputs = outputs
        self.operators = operators
        self.chain = chain
        self.workspace = workspace

    @property
    def layers(self):
        """Layers with their weights, a list of PreparedLayer."""
        return self.chain.layers

    @property
    def value(self):
        """Raw prediction, ``(..., n_samples, n_raw)``."""
        return self.outputs[-1]

    @property
    def operator(self):
        """Jacobian of the whole chain, not multiplied out."""
        return Product(self.operators[::-1])

    def jacobian(self, mode="auto"):
        """Multiply out the Jacobian of the whole chain, in the order of `mode`."""
        return accumulate(self.operators, mode)

    def jvp(self, tangent):
        """Return the tangent of the raw prediction for a tangent of the inputs."""
        *_, result = tangents(self.operators, tangent)
        return result

    def vjp(self, cotangent):
        """Backpropagate a cotangent of the raw prediction to the inputs."""
        *_, result = cotangents(self.operators, cotangent)
        return result
