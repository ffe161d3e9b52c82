"""Jacobians of sums of functions of different inputs."""

import numpy as np

from skjacobnet.operators.base import JacobianOperator


class BlockRow(JacobianOperator):
    r"""Block row: the Jacobian of a sum of functions of different inputs.

    .. math:: y_s = \sum_m f_m(x_{sm}) \quad\Rightarrow\quad
        J_s = \begin{pmatrix} A_{s1} & A_{s2} & \cdots \end{pmatrix}

    for inputs :math:`x_s = (x_{s1}, x_{s2}, \dots)` side by side.

    Parameters
    ----------
    blocks : JacobianOperator
        All :math:`A_{sm}` in one operator, with the blocks of a sample on the axis of
        samples: its `batch_shape` is (..., n_samples, n_blocks), or (n_blocks,) if all
        samples share the blocks.

    See Also
    --------
    Stack : Functions of one input with concatenated outputs.

    Notes
    -----
    One application costs that of all blocks of a sample.

    Examples
    --------
    The mean of two numbers, for each of two features:

    >>> from skjacobnet.operators import Diagonal
    >>> mean = BlockRow(Diagonal(np.full((2, 2), 0.5)))
    >>> mean.jvp(np.array([[1.0, 10.0, 3.0, 30.0]]))
    array([[ 2., 20.]])
    >>> mean.vjp(np.array([[2.0, 20.0]]))
    array([[ 1., 10.,  1., 10.]])
    """

    __slots__ = ("blocks", "n_blocks")

    def __init__(self, blocks):
        self.blocks = blocks
        self.n_blocks = blocks.batch_shape[-1]

    @property
    def n_in(self):
        return self.n_blocks * self.blocks.n_in

    @property
    def n_out(self):
        return self.blocks.n_out

    @property
    def shared(self):
        return len(self.blocks.batch_shape) == 1

    @property
    def dtype(self):
        return self.blocks.dtype

    @property
    def batch_shape(self):
        return (1,) if self.shared else self.blocks.batch_shape[:-1]

    @property
    def multiplications(self):
        return self.n_blocks * self.blocks.multiplications

    @property
    def cost(self):
        return self.n_blocks * self.blocks.cost

    def jvp(self, tangent, out=None):
        return np.sum(self.blocks.jvp(self._apart(tangent)), axis=-2, out=out)

    def vjp(self, cotangent, out=None):
        if out is None:
            shape = np.broadcast_shapes(cotangent.shape[:-1], self.batch_shape)
            dtype = np.result_type(cotangent, self.dtype)
            out = np.empty((*shape, self.n_in), dtype)
        # Splitting one axis always gives a view.
        self.blocks.vjp(cotangent[..., np.newaxis, :], self._apart(out))
        return out

    def _apart(self, side_by_side):
        """Reshape concatenated vectors to have an axis for the blocks."""
        shape = side_by_side.shape[:-1]
        return side_by_side.reshape(*shape, self.n_blocks, self.blocks.n_in)
