"""Jacobians of affine maps."""

import numpy as np

from skjacobnet.core.matrix_products import product
from skjacobnet.operators.base import JacobianOperator
from skjacobnet.operators.costs import cost_of_vector


class ConstantMatrix(JacobianOperator):
    r"""Constant matrix: the Jacobian of an affine map, shared by all samples.

    .. math:: y = x C + b \quad\Rightarrow\quad J_s = C^T

    Parameters
    ----------
    coef : array of shape (..., n_in, n_out)
        Matrix of the map, the transposed Jacobian, as stored by `Linear`.

    Notes
    -----
    One application costs ``n_in * n_out`` multiplications per sample, in one matrix
    product for the whole batch.

    Examples
    --------
    >>> coef = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]])
    >>> ConstantMatrix(coef).jvp(np.array([[1.0, 1.0]]))
    array([[1., 1., 5.]])
    """

    __slots__ = ("coef",)
    shared = True

    def __init__(self, coef):
        self.coef = coef

    @classmethod
    def of(cls, operator):
        """Return a Jacobian shared by all samples as one dense matrix."""
        return cls(np.moveaxis(operator.columns()[..., 0, :], 0, -2))

    @property
    def n_in(self):
        return self.coef.shape[-2]

    @property
    def n_out(self):
        return self.coef.shape[-1]

    @property
    def dtype(self):
        return self.coef.dtype

    @property
    def batch_shape(self):
        return *self.coef.shape[:-2], 1

    @property
    def multiplications(self):
        return self.n_in * self.n_out

    @property
    def cost(self):
        return cost_of_vector("constant", self.n_out, self.n_in)

    def jvp(self, tangent, out=None):
        return product(tangent, self.coef, out)

    def vjp(self, cotangent, out=None):
        return product(cotangent, self.coef.swapaxes(-1, -2), out)

    def rows(self):
        # Contiguous, so that products are contiguous.
        return np.moveaxis(self.coef, -1, 0).copy()[..., np.newaxis, :]

    @property
    def matrix(self):
        return self.coef.swapaxes(-1, -2)[..., np.newaxis, :, :]

    def columns(self):
        return np.moveaxis(self.coef, -2, 0)[..., np.newaxis, :]
