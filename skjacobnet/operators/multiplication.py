"""Products of operators, multiplied out."""

import numpy as np

from skjacobnet.operators.constant_matrix import ConstantMatrix
from skjacobnet.operators.dense import Dense
from skjacobnet.operators.diagonal import Diagonal
from skjacobnet.operators.identity import Identity


def multiply(left, right):
    """Multiply two operators out, keeping the structure that the product still has.

    Parameters
    ----------
    left, right : JacobianOperator
        With ``left.n_in == right.n_out``.

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
        return Dense(np.matmul(left.matrix, right.matrix))
    stack_axes = max(left.stack_axes, right.stack_axes)
    if applies_left_rows(left, right):
        rows = _with_stack_axes(left.rows(), stack_axes)
        return Dense(np.moveaxis(right.vjp(rows), 0, -2))
    columns = _with_stack_axes(right.columns(), stack_axes)
    return Dense(np.moveaxis(left.jvp(columns), 0, -1))


def applies_left_rows(left, right):
    """Whether ``left @ right`` is cheaper by applying `right` to the rows of `left`."""
    return left.n_out * right.multiplications <= right.n_in * left.multiplications


def _with_stack_axes(vectors, stack_axes):
    """Return vectors (n, ..., n_samples, width) with that many axes for ``...``."""
    n, *shape = vectors.shape
    missing = stack_axes + 2 - len(shape)
    return vectors.reshape(n, *(1,) * missing, *shape)
