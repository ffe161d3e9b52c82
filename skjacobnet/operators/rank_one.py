"""Diagonal minus rank-one Jacobians, such as that of softmax."""

import numpy as np

from skjacobnet.operators.base import JacobianOperator


class DiagonalMinusRankOne(JacobianOperator):
    r"""Diagonal minus an outer product, as in the Jacobian of softmax.

    .. math:: J_s = \operatorname{diag}(d_s) - u_s v_s^T

    Parameters
    ----------
    diagonal, left, right : arrays of shape (..., n_samples, n)
        :math:`d`, :math:`u` and :math:`v`.

    Notes
    -----
    One product costs 3 n multiplications per sample.

    Examples
    --------
    The Jacobian of softmax at ``p = (0.5, 0.5)`` is ``diag(p) - p p^T``:

    >>> p = np.array([[0.5, 0.5]])
    >>> DiagonalMinusRankOne(p, p, p).todense(1)
    array([[[ 0.25, -0.25],
            [-0.25,  0.25]]])
    """

    __slots__ = ("diagonal", "left", "n_in", "n_out", "right")

    def __init__(self, diagonal, left, right):
        self.diagonal = diagonal
        self.left = left
        self.right = right
        self.n_in = self.n_out = diagonal.shape[-1]

    @property
    def dtype(self):
        return self.diagonal.dtype

    @property
    def batch_shape(self):
        return self.diagonal.shape[:-1]

    @property
    def multiplications(self):
        return 3 * self.n_in

    def jvp(self, tangent, out=None):
        return self._apply(tangent, self.left, self.right, out)

    def vjp(self, cotangent, out=None):
        return self._apply(cotangent, self.right, self.left, out)

    @property
    def matrix(self):
        matrix = self.left[..., :, np.newaxis] * -self.right[..., np.newaxis, :]
        np.einsum("...ii->...i", matrix)[...] += self.diagonal
        return matrix

    def rows(self):
        return np.moveaxis(self.matrix, -2, 0)

    def columns(self):
        return np.moveaxis(self.matrix, -1, 0)

    def _apply(self, vector, left, right, out):
        inner = np.sum(vector * right, axis=-1, keepdims=True)
        return np.subtract(vector * self.diagonal, left * inner, out)
