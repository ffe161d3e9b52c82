"""Softmax as a layer."""

import numpy as np

from skjacobnet.layers.base import Layer
from skjacobnet.links import SOFTMAX


class Softmax(Layer):
    r"""Softmax of each sample's features: positive shares that sum to 1.

    .. math::

        p_k = \frac{e^{x_k}}{\sum_j e^{x_j}}, \qquad
        J = \operatorname{diag}(p) - p p^T

    See Also
    --------
    skjacobnet.links.Softmax : Softmax link from raw predictions to probabilities.

    Notes
    -----
    The Jacobian is symmetric and has rank n - 1: adding a constant to all features
    changes nothing. Applying it costs 3 n multiplications per sample. The largest
    feature is subtracted first, so nothing overflows. For a loss, raw predictions
    passed to the loss are faster and more accurate.

    References
    ----------
    .. [1] J. S. Bridle, "Probabilistic Interpretation of Feedforward Classification
       Network Outputs, with Relationships to Statistical Pattern Recognition", in
       Neurocomputing, Springer, 1990. https://doi.org/10.1007/978-3-642-76153-9_28

    Examples
    --------
    >>> layer = Softmax()
    >>> X = np.log(np.array([[1.0, 3.0]]))
    >>> output, operator = layer.linearize({}, X)
    >>> output
    array([[0.25, 0.75]])
    >>> operator.todense(1)
    array([[[ 0.1875, -0.1875],
            [-0.1875,  0.1875]]])
    """

    name = "softmax"
    is_activation = True
    value_range = (0.0, 1.0)
    twice_differentiable = True

    def forward(self, weights, X, out=None):
        return SOFTMAX.proba(X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        out = None
        if workspace is not None:
            out = workspace.array("output", X.shape, X.dtype)
        proba = SOFTMAX.proba(X, out)
        return proba, SOFTMAX.jacobian(proba)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        output = self.forward(weights, X) if output is None else output
        # c^T J t = sum(p c t) - (p c) (p t), differentiated with respect to p, then J.
        for_proba = tangent * cotangent
        for_proba -= tangent * np.vecdot(cotangent, output)[..., np.newaxis]
        for_proba -= cotangent * np.vecdot(tangent, output)[..., np.newaxis]
        return operator.vjp(np.sum(for_proba, axis=0)), {}
