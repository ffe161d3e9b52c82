"""The affine layer, the one that learns."""

from copy import copy

import numpy as np

from skjacobnet.core.constraints import BOOLEAN, Interval
from skjacobnet.core.matrix_products import product, transposed_product
from skjacobnet.core.workspace import Workspace
from skjacobnet.initializers import INITIALIZERS
from skjacobnet.layers.base import Layer
from skjacobnet.layers.prepared import PreparedLinear
from skjacobnet.operators import ConstantMatrix


class Linear(Layer):
    r"""An affine map of the features.

    .. math:: Y = X C + b

    Parameters
    ----------
    units : int >= 1
        Width of the output.
    use_bias : bool, default=True
        Whether to add the intercept :math:`b`.
    initializer : str or Initializer, default="auto"
        How :math:`C` is drawn. ``"auto"`` leaves the choice to the network, which takes
        what suits the next activation; on its own it is ``"glorot_uniform"``.
        Intercepts start at zero, except for ``"isometric"``.

    See Also
    --------
    skjacobnet.initializers : The distributions.

    Notes
    -----
    Weights: ``coef`` of shape (n_in, units) and ``intercept`` of shape (units,).
    Jacobian for the input: the constant matrix :math:`C^T`, n_in * units
    multiplications a sample. The gradient for ``coef`` is :math:`X^T G` with cotangent
    G, the *sum over samples of products*, not a product of means. `X` may be CSR.

    Examples
    --------
    >>> layer = Linear(1)
    >>> weights = {"coef": np.array([[2.0], [3.0]]), "intercept": np.array([1.0])}
    >>> X = np.array([[1.0, 10.0]])
    >>> layer.forward(weights, X)
    array([[33.]])
    >>> layer.weight_vjp(weights, X, np.array([[2.0]]))["coef"]
    array([[ 2.],
           [20.]])
    """

    name = "linear"
    constraints = {
        "units": Interval(1, np.inf, "left", integer=True),
        "use_bias": BOOLEAN,
    }
    penalized = ("coef",)
    accepts_sparse = True
    twice_differentiable = True

    def __init__(self, units, use_bias=True, initializer="auto"):
        self.units = units
        self.use_bias = use_bias
        self.initializer = initializer

    def validate(self):
        super().validate()
        if self.initializer != "auto":
            INITIALIZERS.resolve(self.initializer)

    def output_size(self, n_in):
        return self.units

    def weight_shapes(self, n_in):
        shapes = {"coef": (n_in, self.units)}
        if self.use_bias:
            shapes["intercept"] = (self.units,)
        return shapes

    def settled(self, initializer, activation):
        choice = initializer if self.initializer == "auto" else self.initializer
        if choice == "auto":
            choice = (
                "glorot_uniform"
                if activation is None
                else activation.linear_initializer
            )
        # The activation also gives the gain of an orthogonal start.
        initializer = INITIALIZERS.resolve(choice).for_activation(activation)
        settled = copy(self)  # of the same class, which may be a subclass
        settled.initializer = initializer
        return settled, None

    def init_weights(self, n_in, rng, dtype, X=None):
        choice = "glorot_uniform" if self.initializer == "auto" else self.initializer
        initializer = INITIALIZERS.resolve(choice)
        weights = {"coef": initializer((n_in, self.units), rng, dtype)}
        if self.use_bias:
            weights["intercept"] = np.zeros(self.units, dtype)
        return weights if X is None else initializer.adapt(weights, X)

    def forward(self, weights, X, out=None):
        out = product(X, weights["coef"], out)
        if self.use_bias:
            intercept = weights["intercept"]
            if intercept.ndim > 1:
                intercept = intercept[..., np.newaxis, :]
            np.add(out, intercept, out)
        return out

    def linearize(self, weights, X, *, rng=None, workspace=None):
        coef = weights["coef"]
        out = None
        if workspace is not None and coef.ndim == 2:
            out = workspace.array("output", (*X.shape[:-1], self.units), X.dtype)
        return self.forward(weights, X, out), ConstantMatrix(coef)

    def prepare(self, weights, n_samples, workspace):
        # What a subclass has changed counts, also while training.
        if type(self) is not Linear or weights["coef"].ndim > 2:
            return super().prepare(weights, n_samples, workspace)
        return PreparedLinear(self, weights, workspace, n_samples)

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        if out is None:
            out = dict.fromkeys(weights)
        out["coef"] = transposed_product(X, cotangent, out["coef"])
        if self.use_bias:
            workspace = Workspace() if workspace is None else workspace
            # A product with ones sums the rows faster than a reduction does.
            ones = workspace.ones(cotangent.shape[-2], cotangent.dtype)
            out["intercept"] = product(ones, cotangent, out["intercept"])
        return out

    def sample_gradients(self, weights, X, cotangent, out=None):
        if out is None:
            out = dict.fromkeys(weights)
        out["coef"] = np.multiply(
            X[..., np.newaxis], cotangent[..., np.newaxis, :], out["coef"]
        )
        if self.use_bias:
            out["intercept"] = np.positive(cotangent, out["intercept"])
        return out

    def sample_squared_norms(self, weights, X, cotangent):
        # An outer product is as long as its two factors are together.
        lengths = np.vecdot(X, X) + self.use_bias
        return lengths * np.vecdot(cotangent, cotangent)

    def weight_jvp(self, weights, X, tangents):
        tangent = X @ tangents["coef"]
        if self.use_bias:
            tangent = tangent + tangents["intercept"][..., np.newaxis, :]
        return tangent

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        # The Jacobian is the matrix itself: pairs are as good as further samples.
        return None, {"coef": transposed_product(_rows(tangent), _rows(cotangent))}


def _rows(pairs):
    """Turn pairs (n_pairs, ..., n_samples, n) into (..., n_pairs * n_samples, n)."""
    if pairs.ndim > 3:
        pairs = np.moveaxis(pairs, 0, -3)
    return pairs.reshape(*pairs.shape[:-3], -1, pairs.shape[-1])
