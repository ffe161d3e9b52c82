"""Products of operators, multiplied out."""

import numpy as np

from skjacobnet.operators.base import with_stack_axes
from skjacobnet.operators.constant_matrix import ConstantMatrix
from skjacobnet.operators.dense import Dense
from skjacobnet.operators.diagonal import Diagonal
from skjacobnet.operators.identity import Identity


def multiply(left, right, out=None):
    """Multiply two operators out, keeping the structure that the product still has.

    Parameters
    ----------
    left, right : JacobianOperator
        With ``left.n_in == right.n_out``.
    out : array of shape (..., n_samples, n_out, n_in), optional
        Where to write the matrix of a `Dense` product.

    Returns
    -------
    JacobianOperator
        The other one where one is the `Identity`; `Diagonal` of two diagonals,
        `ConstantMatrix` of two matrices that all samples share, else `Dense`, by
        whichever of the two operators is cheaper to apply to the other.
    """
    if isinstance(left, Identity):
        return right
    if isinstance(right, Identity):
        return left
    if isinstance(left, Diagonal) and isinstance(right, Diagonal):
        return Diagonal(left.diagonal * right.diagonal)
    if left.shared and right.shared:
        first, second = ConstantMatrix.of(right), ConstantMatrix.of(left)
        return ConstantMatrix(np.matmul(first.coef, second.coef))
    if isinstance(left, Dense) and isinstance(right, Dense):
        return Dense(np.matmul(left.matrix, right.matrix, out))
    batch_shape = np.broadcast_shapes(left.batch_shape, right.batch_shape)
    stack_axes = len(batch_shape) - 1
    n_out, n_in, dtype = left.n_out, right.n_in, np.result_type(left.dtype, right.dtype)
    # The samples come first in memory, whatever the order of the axes, so that the
    # rows or columns of all samples are one matrix for the next product.
    if applies_left_rows(left, right):
        matrix = np.empty((*batch_shape, n_out, n_in), dtype) if out is None else out
        rows = with_stack_axes(left.rows(), stack_axes)
        right.vjp(rows, np.moveaxis(matrix, -2, 0))
        return Dense(matrix)
    transposed = np.empty((*batch_shape, n_in, n_out), dtype)
    columns = with_stack_axes(right.columns(), stack_axes)
    left.jvp(columns, np.moveaxis(transposed, -2, 0))
    matrix = transposed.swapaxes(-1, -2)
    if out is not None:
        np.copyto(out, matrix)
        matrix = out
    return Dense(matrix)


def applies_left_rows(left, right):
    """Whether ``left @ right`` is cheaper by applying `right` to the rows of `left`."""
    return left.n_out * right.cost <= right.n_in * left.cost
