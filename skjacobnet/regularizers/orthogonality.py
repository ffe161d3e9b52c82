"""Orthogonality of weights, which preserves norms."""

import numpy as np

from skjacobnet.core.rows import inner_products
from skjacobnet.regularizers.base import WeightRegularizer


class Orthogonality(WeightRegularizer):
    r"""Squared distance of the Gram matrix of the columns from the identity.

    .. math::

        R(W) = \lambda \lVert W^T W - I \rVert_F^2, \qquad
        \nabla R = 4 \lambda W (W^T W - I)

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`. Unit: that of the loss; the penalty is dimensionless for
        dimensionless weights.

    See Also
    --------
    skjacobnet.initializers : The initializers ``orthogonal`` and ``isometric`` start at
        the minimum of this penalty.

    Notes
    -----
    W has shape (n_in, n_out) and I is of size n_out. A wide matrix, n_out > n_in,
    cannot have orthonormal columns. The smaller Gram matrix of the rows replaces it
    there:

    .. math::

        \lVert W^T W - I_{n_{out}} \rVert_F^2
        = \lVert W W^T - I_{n_{in}} \rVert_F^2 + n_{out} - n_{in}, \qquad
        W (W^T W - I) = (W W^T - I) W,

    because both norms are :math:`\lVert W^T W \rVert_F^2 - 2 \lVert W \rVert_F^2` plus
    the size of the identity. So the value and the gradient are exact for every shape,
    the least value of a wide matrix is n_out - n_in, and it is reached where the rows
    are orthonormal.

    O(n_in * n_out * min(n_in, n_out)) time, memory for the smaller Gram matrix.

    References
    ----------
    .. [1] N. Bansal, X. Chen and Z. Wang, "Can We Gain More from Orthogonality
       Regularizations in Training Deep CNNs?", NeurIPS 2018, soft orthogonality.
       https://arxiv.org/abs/1810.09102

    Examples
    --------
    The columns of (1, 1) have the Gram matrix of ones, two entries off the identity:

    >>> coef = np.array([[1.0, 1.0]])
    >>> Orthogonality().value(coef)
    np.float64(2.0)
    >>> Orthogonality().gradient(coef)
    array([[4., 4.]])
    """

    name = "orthogonality"
    member_numbers = ("strength",)

    def value(self, coef):
        return self._value(_excess(coef), coef)

    def gradient(self, coef, out=None):
        return self._gradient(_excess(coef), coef, out)

    def value_and_gradient(self, coef, out=None):
        if not self._keeps(Orthogonality, "value", "gradient"):
            return super().value_and_gradient(coef, out)
        excess = _excess(coef)
        return self._value(excess, coef), self._gradient(excess, coef, out)

    def _value(self, excess, coef):
        n_in, n_out = coef.shape[-2:]
        total = inner_products(excess, excess) + max(n_out - n_in, 0)
        return total * self.strength_for(0, coef.dtype)

    def _gradient(self, excess, coef, out):
        """Return the gradient; `excess` is overwritten."""
        np.multiply(excess, self.strength_for(2, coef.dtype, 4.0), excess)
        if coef.shape[-1] > coef.shape[-2]:
            return np.matmul(excess, coef, out)
        return np.matmul(coef, excess, out)


def _excess(coef):
    """Return the smaller Gram matrix minus the identity, a new array."""
    transposed = coef.swapaxes(-1, -2)
    wide = coef.shape[-1] > coef.shape[-2]
    gram = coef @ transposed if wide else transposed @ coef
    diagonal = np.einsum("...ii->...i", gram)
    diagonal -= 1.0
    return gram
