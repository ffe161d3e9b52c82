"""The Jacobian of a function whose outputs depend on one input each."""

import numpy as np

from skjacobnet.core.matrix_products import product, written
from skjacobnet.operators.base import JacobianOperator
from skjacobnet.operators.costs import ELEMENTWISE, LOOP

# Up to this input width a matrix product is faster than a sum over groups.
# Measured with 1,000 rows of 155 to 1,000 outputs in both types.
WIDEST_PRODUCT = 128


class Expansion(JacobianOperator):
    r"""The Jacobian of a function whose outputs depend on one input each.

    .. math:: y_{s,o} = f_o(x_{s,i(o)}) \quad\Rightarrow\quad
        J_{s,o,j} = d_{s,o} \, \delta_{j, i(o)}

    Parameters
    ----------
    indices : integer array of shape (n_out,)
        Index :math:`i` of the input that each output depends on. Several outputs may
        share an input, and an input may have no output.
    slopes : array of shape (..., n_samples, n_out) or (n_out,)
        Derivative :math:`d` of each output with respect to its input; with the second
        shape the same for all samples.
    n_in : int
        Width of the input.

    Notes
    -----
    One product costs n_out multiplications per sample.

    Examples
    --------
    Two outputs depend on the first input, none on the second:

    >>> twice = Expansion(np.array([0, 0]), np.array([[2.0, 3.0]]), n_in=2)
    >>> twice.jvp(np.array([[1.0, 5.0]]))
    array([[2., 3.]])
    >>> twice.vjp(np.array([[1.0, 10.0]]))
    array([[32.,  0.]])
    """

    __slots__ = ("indices", "n_in", "n_out", "slopes")

    def __init__(self, indices, slopes, n_in):
        self.indices = indices
        self.slopes = slopes
        self.n_in = n_in
        self.n_out = len(indices)

    @property
    def shared(self):
        return self.slopes.ndim == 1

    @property
    def dtype(self):
        return self.slopes.dtype

    @property
    def batch_shape(self):
        return (1,) if self.shared else self.slopes.shape[:-1]

    @property
    def multiplications(self):
        return self.n_out

    @property
    def cost(self):
        # The numbers are gathered or summed, and multiplied.
        return 2 * LOOP + ELEMENTWISE * (2 * self.n_out + self.n_in)

    def jvp(self, tangent, out=None):
        gathered = np.take(tangent, self.indices, axis=-1)
        return np.multiply(gathered, self.slopes, out)

    def vjp(self, cotangent, out=None):
        products = cotangent * self.slopes
        if self.n_out and self.n_in <= WIDEST_PRODUCT:
            return product(products, self._summing(products.dtype), out)
        return written(self._sums(products), out)

    def _summing(self, dtype):
        """Return the matrix (n_out, n_in) of zeros and ones that sums by input."""
        matrix = np.zeros((self.n_out, self.n_in), dtype)
        matrix[np.arange(self.n_out), self.indices] = 1.0
        return matrix

    def _sums(self, products):
        """Return the sums by input, if a matrix would be large."""
        order = np.argsort(self.indices, kind="stable")
        inputs, starts = np.unique(self.indices[order], return_index=True)
        sums = np.zeros((*products.shape[:-1], self.n_in), products.dtype)
        if inputs.size:
            groups = np.take(products, order, axis=-1)
            sums[..., inputs] = np.add.reduceat(groups, starts, axis=-1)
        return sums
