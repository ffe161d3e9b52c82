"""A layer whose weights stay as they are."""

import numpy as np

from skjacobnet.layers.containers.base import Container, part_of


class Frozen(Container):
    r"""Keep the weights of a layer out of training.

    .. math:: y = f(x), \qquad J = J_f, \qquad \nabla_w = 0

    Parameters
    ----------
    layer : Layer or str
        The function f.

    Notes
    -----
    Weights: those of the layer, under names such as ``"0.coef"``. They are drawn like
    all others and take part in predictions and Jacobians. Their gradient is zero, no
    penalty sees them and no optimizer decays them, so that they keep their bits: random
    features behind which the other layers learn, as in extreme learning machines [1]_,
    or weights from another model, written to them before a fit with ``warm_start``.
    Jacobian, sparse inputs and activation are those of the layer.

    References
    ----------
    .. [1] G.-B. Huang, Q.-Y. Zhu and C.-K. Siew, "Extreme learning machine: Theory and
       applications", Neurocomputing 70, 489-501, 2006.
       https://doi.org/10.1016/j.neucom.2005.12.126

    Examples
    --------
    >>> from skjacobnet.layers import Linear
    >>> layer = Frozen(Linear(1, use_bias=False))
    >>> weights, X = {"0.coef": np.array([[2.0]])}, np.array([[3.0]])
    >>> layer.forward(weights, X)
    array([[6.]])
    >>> layer.weight_vjp(weights, X, np.array([[1.0]]))
    {'0.coef': array([[0.]])}
    """

    name = "frozen"
    holds = "layer"
    penalized = ()

    def __init__(self, layer):
        self.layer = layer

    @property
    def accepts_sparse(self):
        """Whether the input may be a SciPy CSR matrix."""
        return self.parts[0].accepts_sparse

    @property
    def is_activation(self):
        """Whether the output counts as an activation."""
        return self.parts[0].is_activation

    @property
    def value_range(self):
        """Infimum and supremum of the outputs."""
        return self.parts[0].value_range

    def fixed(self, weights):
        return tuple(weights)

    def settled(self, initializer, activation):
        part, activation = self.parts[0].settled(initializer, activation)
        return self.with_parts([part]), activation

    def output_size(self, n_in):
        return self.parts[0].output_size(n_in)

    def forward(self, weights, X, out=None):
        return self.parts[0].forward(*self._split(weights), X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        return self.parts[0].linearize(
            *self._split(weights), X, rng=rng, workspace=part_of(workspace, 0)
        )

    def inner(self, operator, X):
        return [(self.parts[0], X, operator)]

    def received(self, operator, X, cotangent):
        yield 0, operator, X, cotangent

    def _added(self, gradients, operator, weights, X, cotangent, out):
        if out is None:
            found = super()._added(gradients, operator, weights, X, cotangent, None)
            return {name: np.zeros_like(array) for name, array in found.items()}
        for array in out.values():
            array[...] = 0.0
        return out

    def sample_squared_norms_at(self, operator, weights, X, cotangent):
        stack = np.broadcast_shapes(X.shape[:-1], cotangent.shape[:-1])
        return np.zeros(stack, cotangent.dtype)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        (own,) = self._split(weights)
        for_input, _ = self.parts[0].second_vjp(
            own, X, output, operator, tangent, cotangent
        )
        return for_input, {}

    def weight_jvp_at(self, operator, weights, X, tangents):
        return np.zeros_like(self.forward(weights, X)) if weights else 0.0
