"""Jacobians without structure."""

import numpy as np

from skjacobnet.core.matrix_products import written
from skjacobnet.operators.base import JacobianOperator
from skjacobnet.operators.costs import cost_of_vector, laid_out


class Dense(JacobianOperator):
    r"""Dense Jacobian: one matrix for each sample, without structure.

    Parameters
    ----------
    matrix : array of shape (..., n_samples, n_out, n_in)
        :math:`J_s`.

    Notes
    -----
    One product costs ``n_in * n_out`` multiplications per sample.

    Examples
    --------
    >>> Dense(np.array([[[1.0, 2.0]]])).jvp(np.array([[10.0, 1.0]]))
    array([[12.]])
    """

    __slots__ = ("matrix", "n_in", "n_out")

    def __init__(self, matrix):
        self.matrix = matrix
        self.n_out, self.n_in = matrix.shape[-2:]

    @property
    def kind(self):
        rows, columns = self.matrix.strides[-2:]
        return laid_out(self.n_out, self.n_in, by_columns=rows < columns)

    @property
    def dtype(self):
        return self.matrix.dtype

    @property
    def batch_shape(self):
        return self.matrix.shape[:-2]

    @property
    def multiplications(self):
        return self.n_in * self.n_out

    @property
    def cost(self):
        return cost_of_vector("dense", self.n_out, self.n_in)

    def jvp(self, tangent, out=None):
        return _apply_each(self.matrix, tangent, out)

    def vjp(self, cotangent, out=None):
        return _apply_each(self.matrix.swapaxes(-1, -2), cotangent, out)

    def rows(self):
        return np.moveaxis(self.matrix, -2, 0)

    def columns(self):
        return np.moveaxis(self.matrix, -1, 0)


def _apply_each(matrix, vector, out):
    """Multiply each sample's matrix by its vector."""
    return written(np.matmul(matrix, vector[..., np.newaxis])[..., 0], out)
