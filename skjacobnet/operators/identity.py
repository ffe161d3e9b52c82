"""The identity operator."""

import numpy as np

from skjacobnet.operators.base import JacobianOperator


class IdentityOperator(JacobianOperator):
    r"""Identity: the Jacobian of a function that returns its input.

    .. math:: J_s = I

    Parameters
    ----------
    n : int >= 1
        Width of the input and the output.
    dtype : data-type
        Type of the products.

    Notes
    -----
    No multiplications. Without `out` a product is the argument itself, not a copy.

    Examples
    --------
    >>> IdentityOperator(2, np.float64).vjp(np.array([[3.0, 4.0]]))
    array([[3., 4.]])
    """

    __slots__ = ("_dtype", "n_in", "n_out")
    shared = True
    kind = "identity"
    multiplications = 0
    cost = 0
    batch_shape = (1,)

    def __init__(self, n, dtype):
        self.n_in = self.n_out = n
        self._dtype = np.dtype(dtype)

    @property
    def dtype(self):
        return self._dtype

    @property
    def diagonal(self):
        """Diagonal, (1, n), shared by all samples."""
        return np.ones((1, self.n_in), self._dtype)

    def jvp(self, tangent, out=None):
        return tangent if out is None else np.positive(tangent, out)

    vjp = jvp
