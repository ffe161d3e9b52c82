"""Frozen layers, whose weights are not trained."""

import numpy as np

from skjacobnet.layers.containers.base import Container, PreparedContainer


class Frozen(Container):
    r"""Frozen layer: its weights are not trained.

    .. math:: y = f(x), \qquad J = J_f, \qquad \nabla_w = 0

    Parameters
    ----------
    layer : Layer or str
        The function f.

    Notes
    -----
    Weights: those of the layer, under names such as ``"0.coef"``. They are initialized
    like all others and used in predictions and Jacobians. Their gradient is zero, no
    penalty acts on them and no optimizer decays them, so they stay bit-identical.
    Examples are random features for the following layers, as in extreme learning
    machines [1]_, or pretrained weights, assigned before a fit with ``warm_start``.
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
        return self.inner_layers[0].accepts_sparse

    @property
    def is_activation(self):
        """Whether the output counts as an activation."""
        return self.inner_layers[0].is_activation

    @property
    def value_range(self):
        """Infimum and supremum of the outputs."""
        return self.inner_layers[0].value_range

    def fixed(self, weights):
        return tuple(weights)

    def settled(self, initializer, activation):
        layer, activation = self.inner_layers[0].settled(initializer, activation)
        return self.with_inner_layers([layer]), activation

    def output_size(self, n_in):
        return self.inner_layers[0].output_size(n_in)

    def forward(self, weights, X, out=None):
        return self.inner_layers[0].forward(*self.split(weights), X, out)

    def widths(self, n_in):
        return self.inner_layers[0].widths(n_in)

    def prepare_inside(self, weights, n_samples, workspace):
        return PreparedFrozen(self, weights, n_samples, workspace)

    def inner(self, operator, X):
        return [(self.inner_layers[0], X, operator)]

    def received(self, operator, X, cotangent):
        # Nothing that needs gradients.
        return iter(())

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        (own,) = self.split(weights)
        for_input, _ = self.inner_layers[0].second_vjp(
            own, X, output, operator, tangent, cotangent
        )
        return for_input, {}

    def weight_jvp_at(self, operator, weights, X, tangents):
        return np.zeros_like(self.forward(weights, X)) if weights else 0.0


# One dict, so that containers inside split it once.
NO_GRADIENTS = {}


class PreparedFrozen(PreparedContainer):
    """Prepared frozen layer, with zero gradients."""

    __slots__ = ()

    def linearize(self, X, rng=None):
        return self.inner[0].linearize(X, rng)

    def vjp(self, operator, X, cotangent, gradients, out=None):
        for gradient in gradients.values():
            gradient.fill(0.0)
        if out is None:
            return None
        return self.inner[0].vjp(operator, X, cotangent, NO_GRADIENTS, out)
