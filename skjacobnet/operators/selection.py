"""The Jacobian of a function whose outputs are some of its inputs."""

import numpy as np

from skjacobnet.core.matrix_products import written
from skjacobnet.operators.base import JacobianOperator
from skjacobnet.operators.costs import ELEMENTWISE, GATHERED, LOOP


class Selection(JacobianOperator):
    r"""The Jacobian of a function whose outputs are some of its inputs.

    .. math:: y_{s,o} = x_{s,i(s,o)} \quad\Rightarrow\quad
        J_{s,o,j} = \delta_{j, i(s,o)}

    Parameters
    ----------
    indices : integer array of shape (..., n_samples, n_out) or (n_out,)
        Index :math:`i` of the input of each output; with the second shape the same for
        all samples. Indices within a row must be distinct, which is not checked.
    n_in : int >= 1
        Width of the input.
    dtype : data-type
        Type of the operator.

    Notes
    -----
    No multiplications: `jvp` gathers numbers, and `vjp` scatters them among zeros.

    Examples
    --------
    >>> swap = Selection(np.array([2, 0]), 3, np.float64)
    >>> swap.jvp(np.array([[1.0, 2.0, 3.0]]))
    array([[3., 1.]])
    >>> swap.vjp(np.array([[5.0, 7.0]]))
    array([[7., 0., 5.]])
    """

    __slots__ = ("_dtype", "indices", "n_in", "n_out")
    multiplications = 0

    def __init__(self, indices, n_in, dtype):
        self.indices = indices
        self.n_in = n_in
        self.n_out = indices.shape[-1]
        self._dtype = np.dtype(dtype)

    @property
    def shared(self):
        return self.indices.ndim == 1

    @property
    def dtype(self):
        return self._dtype

    @property
    def batch_shape(self):
        return (1,) if self.shared else self.indices.shape[:-1]

    @property
    def cost(self):
        # Numbers are gathered or scattered, and `vjp` writes zeros first.
        each = ELEMENTWISE if self.shared else GATHERED
        return LOOP + ELEMENTWISE * self.n_in + each * self.n_out

    def jvp(self, tangent, out=None):
        tangent = self._of_type(tangent)
        if self.shared:
            return written(tangent[..., self.indices], out)
        tangent, indices = _with_axes_of_each_other(tangent, self.indices)
        return written(np.take_along_axis(tangent, indices, axis=-1), out)

    def vjp(self, cotangent, out=None):
        cotangent = self._of_type(cotangent)
        shape = np.broadcast_shapes(cotangent.shape[:-1], self.batch_shape)
        if out is None:
            out = np.zeros((*shape, self.n_in), cotangent.dtype)
        else:
            out[...] = 0.0
        if self.shared:
            out[..., self.indices] = cotangent
            return out
        target, indices = _with_axes_of_each_other(out, self.indices)
        np.put_along_axis(target, indices, cotangent, axis=-1)
        return out

    def _of_type(self, vectors):
        dtype = np.result_type(vectors.dtype, self._dtype)
        return vectors.astype(dtype, copy=False)


def _with_axes_of_each_other(first, second):
    """Return two arrays with the larger of their numbers of axes."""
    n_axes = max(first.ndim, second.ndim)
    return [
        array.reshape(*(1,) * (n_axes - array.ndim), *array.shape)
        for array in (first, second)
    ]
