"""The untrained last layer, which converts raw predictions to the target's unit."""

import numpy as np

from skjacobnet.layers.base import Layer
from skjacobnet.operators import Diagonal


class Rescale(Layer):
    r"""Affine map of each feature with fixed numbers.

    .. math:: y_j = a_j x_j + b_j

    It is the last layer of a network trained on scaled targets. Training does not
    include it: losses and penalties are those of its input.

    See Also
    --------
    skjacobnet.JacobianMLPRegressor : Estimator that adds it.

    Notes
    -----
    Statistics: ``factor`` :math:`a` and ``shift`` :math:`b`, both of shape (n_in,).
    Without data they are one and zero. The Jacobian is the diagonal :math:`a`.

    Examples
    --------
    >>> numbers = {"factor": np.array([2.0]), "shift": np.array([10.0])}
    >>> Rescale().forward(numbers, np.array([[0.0], [1.0]]))
    array([[10.],
           [12.]])
    """

    twice_differentiable = True
    statistics = ("factor", "shift")

    def neutral_statistics(self, n_in):
        return {"factor": np.ones(n_in), "shift": np.zeros(n_in)}

    def forward(self, weights, X, out=None):
        out = np.multiply(X, _row(weights["factor"]), out)
        return np.add(out, _row(weights["shift"]), out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        output = self.forward(weights, X)
        return output, Diagonal(np.broadcast_to(_row(weights["factor"]), output.shape))

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        return None, {}


def _row(numbers):
    """Return numbers of each feature as a row that broadcasts over samples."""
    return numbers[..., np.newaxis, :]
