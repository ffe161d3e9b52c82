"""Orthogonal initial weights."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.initializers.base import Initializer


class Orthogonal(Initializer):
    r"""Matrix with orthonormal rows or columns, times a gain.

    .. math::

        W^T W = g^2 I \quad (n_{in} \ge n_{out}), \qquad
        W W^T = g^2 I \quad (n_{in} \le n_{out})

    Parameters
    ----------
    gain : float > 0 or "auto", default="auto"
        Gain g, the value of all singular values. Dimensionless. ``"auto"`` is the gain
        of the activation that follows the weights, and 1 if there is none.

    See Also
    --------
    skjacobnet.layers.Layer : Its `gain` is the inverse of the layer's typical slope.

    Notes
    -----
    The Q factor of a matrix of independent normal numbers, with the columns' signs
    corrected by those of the diagonal of R; without that the distribution would depend
    on how the factorization chooses signs, with it square matrices are uniform over the
    orthogonal group [1]_. A gain that is the inverse of the activation's slope gives
    layers whose Jacobians nearly keep norms, which lets deep and narrow networks learn
    [2]_ [3]_. Cost: that of a QR factorization, O(max(n_in, n_out) min(n_in, n_out)^2).

    References
    ----------
    .. [1] F. Mezzadri, "How to generate random matrices from the classical compact
       groups", Notices of the AMS 54(5), 592-604, 2007.
       https://arxiv.org/abs/math-ph/0609050
    .. [2] A. M. Saxe, J. L. McClelland and S. Ganguli, "Exact solutions to the
       nonlinear dynamics of learning in deep linear neural networks", ICLR 2014.
       https://arxiv.org/abs/1312.6120
    .. [3] J. Pennington, S. S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in
       deep learning through dynamical isometry: theory and practice", NIPS 2017.
       https://arxiv.org/abs/1711.04735

    Examples
    --------
    >>> weights = Orthogonal(gain=2.0)((3, 2), np.random.default_rng(0), np.float64)
    >>> np.linalg.svd(weights, compute_uv=False)
    array([2., 2.])
    """

    name = "orthogonal"
    constraints = {"gain": Interval(0, np.inf, "neither", allowed=("auto",))}

    def __init__(self, gain="auto"):
        self.gain = gain

    def __call__(self, shape, rng, dtype):
        *stack, n_in, n_out = shape
        tall = (*stack, max(n_in, n_out), min(n_in, n_out))
        q, r = np.linalg.qr(rng.standard_normal(tall))
        diagonal = np.diagonal(r, axis1=-2, axis2=-1)
        q *= np.copysign(1.0, diagonal)[..., np.newaxis, :]
        q *= 1.0 if self.gain == "auto" else self.gain
        q = q if n_in >= n_out else q.swapaxes(-1, -2)
        return np.ascontiguousarray(q, dtype)

    def for_activation(self, activation):
        if self.gain != "auto":
            return self
        return Orthogonal(1.0 if activation is None else activation.gain)
