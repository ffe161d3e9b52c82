"""Diagonal Jacobians of elementwise functions."""

import numpy as np

from skjacobnet.operators.base import JacobianOperator


class Diagonal(JacobianOperator):
    r"""Diagonal: the Jacobian of an elementwise function.

    .. math:: J_s = \operatorname{diag}(d_s)

    Parameters
    ----------
    diagonal : array of shape (..., n_samples, n)
        Derivative of each feature.

    Notes
    -----
    One product costs n multiplications per sample.

    Examples
    --------
    >>> Diagonal(np.array([[2.0, 3.0]])).vjp(np.array([[1.0, -1.0]]))
    array([[ 2., -3.]])
    """

    __slots__ = ("diagonal", "n_in", "n_out")
    kind = "diagonal"

    def __init__(self, diagonal):
        self.diagonal = diagonal
        self.n_in = self.n_out = diagonal.shape[-1]

    @property
    def dtype(self):
        return self.diagonal.dtype

    @property
    def batch_shape(self):
        return self.diagonal.shape[:-1]

    @property
    def multiplications(self):
        return self.n_in

    def jvp(self, tangent, out=None):
        return np.multiply(tangent, self.diagonal, out)

    vjp = jvp

    def squared_norm_after(self, coef):
        return np.square(self.diagonal) @ np.sum(np.square(coef), axis=0)
