"""The linear layer, an affine map with weights."""

from copy import copy

import numpy as np
from scipy.sparse import issparse

from skjacobnet.core.constraints import BOOLEAN, Interval
from skjacobnet.core.matrix_products import kernel, product, transposed_product
from skjacobnet.core.workspace import Workspace
from skjacobnet.initializers import INITIALIZERS
from skjacobnet.layers.base import Layer
from skjacobnet.layers.prepared import PreparedLayer
from skjacobnet.operators import ConstantMatrix


class Linear(Layer):
    r"""Affine map of the features.

    .. math:: Y = X C + b

    Parameters
    ----------
    units : int >= 1
        Width of the output.
    use_bias : bool, default=True
        Whether to add the intercept :math:`b`.
    initializer : str or Initializer, default="auto"
        Distribution of the initial :math:`C`. In a network ``"auto"`` is the
        initializer of the next activation; in a layer outside a network it is
        ``"glorot_uniform"``. Intercepts start at zero, except for ``"isometric"`` and
        ``"data_driven"``.

    See Also
    --------
    skjacobnet.initializers : The distributions.

    Notes
    -----
    Weights: ``coef`` of shape (n_in, units) and ``intercept`` of shape (units,).
    Jacobian: the constant matrix :math:`C^T`, n_in * units multiplications per sample.
    The gradient for ``coef`` is :math:`X^T G` with cotangent G, the *sum over samples
    of products*, not a product of means. `X` may be CSR.

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
        return int(self.units)  # NumPy's small integers would overflow in products

    def weight_shapes(self, n_in):
        units = int(self.units)
        shapes = {"coef": (n_in, units)}
        if self.use_bias:
            shapes["intercept"] = (units,)
        return shapes

    def settled(self, initializer, activation):
        choice = initializer if self.initializer == "auto" else self.initializer
        if choice == "auto":
            choice = (
                "glorot_uniform"
                if activation is None
                else activation.linear_initializer
            )
        # The activation also gives the gain of an orthogonal initializer.
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
        return weights if X is None else initializer.adapt(weights, X, rng)

    def forward(self, weights, X, out=None):
        return PreparedLinear(self, weights, Workspace()).forward(X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        coef = weights["coef"]
        out = None
        if workspace is not None and coef.ndim == 2:
            out = workspace.array("output", (*X.shape[:-1], self.units), X.dtype)
        return self.forward(weights, X, out), ConstantMatrix(coef)

    def prepare(self, weights, n_samples, workspace):
        # Methods of a subclass apply in training as well.
        if self._keeps(Linear, "forward", "linearize", "weight_vjp", "weight_vjp_at"):
            return PreparedLinear(self, weights, workspace)
        return super().prepare(weights, n_samples, workspace)

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        out = dict.fromkeys(weights) if out is None else out
        workspace = Workspace() if workspace is None else workspace
        PreparedLinear(self, weights, workspace).vjp(None, X, cotangent, out)
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
        # The norm of an outer product is the product of the norms of its factors.
        lengths = np.vecdot(X, X) + self.use_bias
        return lengths * np.vecdot(cotangent, cotangent)

    def weight_jvp(self, weights, X, tangents):
        tangent = X @ tangents["coef"]
        if self.use_bias:
            tangent = tangent + tangents["intercept"][..., np.newaxis, :]
        return tangent

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        # The Jacobian is the matrix itself: pairs count as further samples.
        return None, {"coef": transposed_product(_rows(tangent), _rows(cotangent))}


class PreparedLinear(PreparedLayer):
    """Prepared linear layer, which chooses how to multiply by its first input."""

    __slots__ = (
        "coef",
        "coef_T",
        "dtype",
        "kernels",
        "ndim",
        "ones",
        "operator",
        "output",
        "shift",
    )

    def __init__(self, layer, weights, workspace):
        super().__init__(layer, weights, workspace)
        self.coef = weights["coef"]
        self.coef_T = self.coef.mT
        self.shift = weights.get("intercept")
        if self.shift is not None and self.shift.ndim > 1:
            self.shift = self.shift[..., np.newaxis, :]
        self.operator = ConstantMatrix(self.coef)
        self.kernels = product, product, product
        self.dtype = self.ndim = self.ones = self.output = None

    def forward(self, X, out=None):
        """Return the output only."""
        out = self.kernels[0](X, self.coef, out)
        if self.shift is not None:
            np.add(out, self.shift, out)
        return out

    def linearize(self, X, rng=None):
        if self.output is None:
            self._choose(X)
        return self.forward(X, self.output), self.operator

    def vjp(self, operator, X, cotangent, gradients, out=None):
        of_input, of_rows, of_cotangent = self.kernels
        ones = self.ones
        if cotangent.ndim != self.ndim or cotangent.dtype is not self.dtype:
            of_input = of_rows = of_cotangent = product
            ones = self.workspace.ones(cotangent.shape[-2], cotangent.dtype)
        if gradients:
            X_T = X.T if X.ndim == 2 else X.mT
            gradients["coef"] = of_input(X_T, cotangent, gradients["coef"])
            if self.shift is not None:
                # A product with ones sums the rows faster than a reduction does.
                gradients["intercept"] = of_rows(
                    ones, cotangent, gradients["intercept"]
                )
        return None if out is None else of_cotangent(cotangent, self.coef_T, out)

    def _choose(self, X):
        coef = self.coef
        stack = np.broadcast_shapes(X.shape[:-2], coef.shape[:-2])
        shape = *stack, X.shape[-2], coef.shape[-1]
        dtype = np.result_type(X.dtype, coef.dtype)
        self.output = self.workspace.array("output", shape, dtype)
        if X.dtype != coef.dtype:
            return
        if not stack:
            of_coef = kernel(coef)
            self.kernels = kernel(X), of_coef, of_coef
        elif coef.ndim == 3 and len(stack) == 1 and not issparse(X):
            # NumPy multiplies a column by a row without BLAS.
            outer = np.multiply if coef.shape[-1] == 1 else np.matmul
            self.kernels = np.matmul, _sums_of_rows, outer
        else:
            return
        self.dtype, self.ndim = dtype, 2 + len(stack)
        self.ones = self.workspace.ones(X.shape[-2], dtype)


def _sums_of_rows(ones, cotangent, out):
    """Return ``ones.dot(cotangent)`` for each member of a stack."""
    # `dot` copies a non-contiguous array; the sum of the original rounds differently.
    return np.matmul(ones, np.ascontiguousarray(cotangent), out)


def _rows(pairs):
    """Reshape pairs (n_pairs, ..., n_samples, n) to (..., n_pairs * n_samples, n)."""
    if pairs.ndim > 3:
        pairs = np.moveaxis(pairs, 0, -3)
    return pairs.reshape(*pairs.shape[:-3], -1, pairs.shape[-1])
