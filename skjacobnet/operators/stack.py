"""Jacobians of functions with concatenated outputs."""

from itertools import accumulate as running_total
from itertools import pairwise

import numpy as np

from skjacobnet.operators.base import Composite
from skjacobnet.operators.sum import added


class Stack(Composite):
    r"""Stack: the Jacobian of functions of one input with concatenated outputs.

    .. math:: J = \begin{pmatrix} J_1 \\ J_2 \\ \vdots \end{pmatrix}

    Parameters
    ----------
    operands : sequence of JacobianOperator
        Operators with the same `n_in`, in the order of the outputs.

    Raises
    ------
    ValueError
        If the input widths differ or there is no operator.

    See Also
    --------
    BlockRow : Sum of functions of different inputs.

    Notes
    -----
    One application costs the sum of those of its operands. Multiplied out, matrices
    shared by all samples become a `ConstantMatrix`; anything else becomes `Dense`.

    Examples
    --------
    >>> from skjacobnet.operators import Diagonal, IdentityOperator
    >>> both = Stack([IdentityOperator(1, np.float64), Diagonal(np.array([[5.0]]))])
    >>> both.jvp(np.array([[2.0]]))
    array([[ 2., 10.]])
    >>> both.vjp(np.array([[1.0, 1.0]]))
    array([[6.]])
    """

    __slots__ = ()

    def __init__(self, operands):
        super().__init__(operands)
        self._of_one_width("n_in")

    @property
    def n_in(self):
        return self.operands[0].n_in

    @property
    def n_out(self):
        return sum(operand.n_out for operand in self.operands)

    def jvp(self, tangent, out=None):
        return side_by_side([operand.jvp(tangent) for operand in self.operands], out)

    def vjp(self, cotangent, out=None):
        pieces = split_widths(cotangent, [operand.n_out for operand in self.operands])
        pairs = zip(self.operands, pieces, strict=True)
        return added([operand.vjp(piece) for operand, piece in pairs], out)


def side_by_side(arrays, out=None):
    """Concatenate arrays along the last axis, with leading axes that broadcast."""
    shape = np.broadcast_shapes(*(array.shape[:-1] for array in arrays))
    arrays = [np.broadcast_to(array, (*shape, array.shape[-1])) for array in arrays]
    return np.concatenate(arrays, axis=-1, out=out)


def split_widths(array, widths):
    """Split an array (..., n) into views of the given widths, which add up to n."""
    ends = running_total(widths, initial=0)
    return [array[..., start:end] for start, end in pairwise(ends)]
