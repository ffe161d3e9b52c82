"""Residual connections."""

import numpy as np

from skjacobnet.layers.containers.base import Container, PreparedContainer, prefixed
from skjacobnet.operators import IdentityOperator, Sum


class Residual(Container):
    r"""Residual connection: the input plus the output of a layer.

    .. math:: y = x + f(x), \qquad J = I + J_f

    Parameters
    ----------
    layer : Layer or str
        The function f. Its output must be as wide as its input.

    Raises
    ------
    ValueError
        In a network, if the layer changes the width.

    See Also
    --------
    Parallel : Any number of layers with the same input.

    Notes
    -----
    Weights: those of the layer, under names such as ``"0.coef"``. Jacobian: a
    `skjacobnet.operators.Sum` of the identity, which costs nothing, and that of the
    layer. Since a cotangent also bypasses the layer unchanged, it does not vanish with
    depth [1]_. The input must be dense.

    Penalties on activations do not include those inside the layer.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Identity Mappings in Deep Residual
       Networks", ECCV 2016, Equation 1 with identity mappings.
       https://arxiv.org/abs/1603.05027

    Examples
    --------
    >>> from skjacobnet.layers import Linear
    >>> layer = Residual(Linear(2, use_bias=False))
    >>> weights = {"0.coef": np.array([[0.0, 5.0], [0.0, 0.0]])}
    >>> output, operator = layer.linearize(weights, np.array([[1.0, 1.0]]))
    >>> output
    array([[1., 6.]])
    >>> operator.todense(1)
    array([[[1., 0.],
            [5., 1.]]])
    """

    name = "residual"
    holds = "layer"

    def __init__(self, layer):
        self.layer = layer

    def settled(self, initializer, activation):
        layer, first = self.inner_layers[0].settled(initializer, activation)
        # The preceding layer also feeds the next one, bypassing this layer.
        return self.with_inner_layers([layer]), activation if first is None else first

    def output_size(self, n_in):
        n_out = self.inner_layers[0].output_size(n_in)
        if n_out != n_in:
            raise ValueError(
                f"{self!r} adds {n_in} features to {n_out}. Let its last linear layer "
                f"have units={n_in}, or put a Linear({n_out}) before it."
            )
        return n_out

    def forward(self, weights, X, out=None):
        return np.add(X, self.inner_layers[0].forward(*self.split(weights), X), out)

    def prepare_inside(self, weights, n_samples, workspace):
        return PreparedResidual(self, weights, n_samples, workspace)

    def inner(self, operator, X):
        return [(self.inner_layers[0], X, operator.operands[1])]

    def received(self, operator, X, cotangent):
        yield 0, operator.operands[1], X, cotangent

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        (own,), inner = self.split(weights), operator.operands[1]
        for_input, gradients = self.inner_layers[0].second_vjp(
            own, X, None, inner, tangent, cotangent
        )
        return for_input, prefixed(0, gradients)

    def weight_jvp_at(self, operator, weights, X, tangents):
        (own,), (own_tangents,) = self.split(weights), self.split(tangents)
        (layer,), inner = self.inner_layers, operator.operands[1]
        return layer.weight_jvp_at(inner, own, X, own_tangents)


class PreparedResidual(PreparedContainer):
    """Prepared residual connection."""

    __slots__ = ()

    def linearize(self, X, rng=None):
        added, operator = self.inner[0].linearize(X, rng)
        output = np.add(
            X, added, self.workspace.array("output", added.shape, added.dtype)
        )
        return output, self.operator([operator], _beside_identity)

    def vjp(self, operator, X, cotangent, gradients, out=None):
        (own,), inner = self.split(gradients), operator.operands[1]
        through = self.inner[0].vjp(inner, X, cotangent, own, out)
        return None if out is None else np.add(cotangent, through, out)


def _beside_identity(operators):
    (operator,) = operators
    return Sum([IdentityOperator(operator.n_in, operator.dtype), operator])
