"""A layer around which its input passes."""

import numpy as np

from skjacobnet.layers.containers.base import Container, part_of, prefixed
from skjacobnet.operators import IdentityOperator, Sum


class Residual(Container):
    r"""Add what a layer makes of the input to the input.

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
    Parallel : Any number of layers that see the same input.

    Notes
    -----
    Weights: those of the layer, under names such as ``"0.coef"``. Jacobian: a
    `skjacobnet.operators.Sum` of the identity, which costs nothing, and that of the
    layer. Since a cotangent also passes beside the layer, unchanged, depth does not
    make it vanish [1]_. The input must be dense.

    Penalties on activations do not see those inside the layer.

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
        part, front = self.parts[0].settled(initializer, activation)
        # What is in front also reaches what is behind, past the layer.
        return self.with_parts([part]), activation if front is None else front

    def output_size(self, n_in):
        n_out = self.parts[0].output_size(n_in)
        if n_out != n_in:
            raise ValueError(
                f"{self!r} adds {n_in} features to {n_out}. Let its last linear layer "
                f"have units={n_in}, or put a Linear({n_out}) in front."
            )
        return n_out

    def forward(self, weights, X, out=None):
        return np.add(X, self.parts[0].forward(*self._split(weights), X), out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        added, operator = self.parts[0].linearize(
            *self._split(weights), X, rng=rng, workspace=part_of(workspace, 0)
        )
        out = None
        if workspace is not None:
            out = workspace.array("output", added.shape, added.dtype)
        return np.add(X, added, out), Sum(
            [IdentityOperator(X.shape[-1], X.dtype), operator]
        )

    def inner(self, operator, X):
        return [(self.parts[0], X, operator.operands[1])]

    def received(self, operator, X, cotangent):
        yield 0, operator.operands[1], X, cotangent

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        (own,), inner = self._split(weights), operator.operands[1]
        for_input, gradients = self.parts[0].second_vjp(
            own, X, None, inner, tangent, cotangent
        )
        return for_input, prefixed(0, gradients)

    def weight_jvp_at(self, operator, weights, X, tangents):
        (own,), (own_tangents,) = self._split(weights), self._split(tangents)
        return self.parts[0].weight_jvp_at(operator.operands[1], own, X, own_tangents)
