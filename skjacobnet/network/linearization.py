"""A network at a batch of inputs: its value and the Jacobian of every layer."""

from skjacobnet.accumulation import accumulate, cotangents, tangents
from skjacobnet.operators import Product


class Linearization:
    """The value of a network at a batch, and the Jacobian of every layer there.

    Attributes
    ----------
    outputs : list of array
        The input, then each layer's output, ``(..., n_samples, width)``.
    operators : list of JacobianOperator
        One for each layer.
    chain : PreparedChain
        The layers with the weights.
    """

    __slots__ = ("chain", "operators", "outputs", "workspace")

    def __init__(self, outputs, operators, chain, workspace):
        self.outputs = outputs
        self.operators = operators
        self.chain = chain
        self.workspace = workspace

    @property
    def layers(self):
        """The layers with the weights, a list of PreparedLayer."""
        return self.chain.layers

    @property
    def value(self):
        """The raw prediction, ``(..., n_samples, n_raw)``."""
        return self.outputs[-1]

    @property
    def operator(self):
        """The Jacobian of the whole chain, not multiplied out."""
        return Product(self.operators[::-1])

    def jacobian(self, mode="auto"):
        """Multiply the Jacobian of the whole chain out, in the order of `mode`."""
        return accumulate(self.operators, mode)

    def jvp(self, tangent):
        """Carry a tangent of the inputs to the raw prediction."""
        *_, result = tangents(self.operators, tangent)
        return result

    def vjp(self, cotangent):
        """Carry a cotangent of the raw prediction to the inputs."""
        *_, result = cotangents(self.operators, cotangent)
        return result
