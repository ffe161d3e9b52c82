"""Products of operators, multiplied out."""

import numpy as np

from skjacobnet.core.matrix_products import product, written
from skjacobnet.operators.base import with_stack_axes
from skjacobnet.operators.constant_matrix import ConstantMatrix
from skjacobnet.operators.costs import plan
from skjacobnet.operators.dense import Dense
from skjacobnet.operators.diagonal import Diagonal


def multiply(left, right, out=None):
    """Multiply out two operators, and keep the structure of the product.

    Parameters
    ----------
    left, right : JacobianOperator
        Operators with ``left.n_in == right.n_out``.
    out : array of shape (..., n_samples, n_out, n_in), optional
        Output array for the matrix of a `Dense` product.

    Returns
    -------
    JacobianOperator
        The other one if one is the `IdentityOperator`; a `Diagonal` for two diagonals,
        a `ConstantMatrix` for two matrices shared by all samples, else `Dense`, in the
        cheapest way (``skjacobnet/operators/costs.py``).

    See Also
    --------
    multiply_around_diagonal : Multiplies three of them at once.
    """
    n_samples = max(left.batch_shape[-1], right.batch_shape[-1])
    chosen = plan(left, right, n_samples)
    return _WAYS[chosen.way](left, right, chosen.kind, out)


def multiply_around_diagonal(left, diagonal, right, out=None):
    r"""Multiply a diagonal by shared matrices on both sides.

    .. math:: J_s = A \operatorname{diag}(d_s) B = \sum_j d_{s,j} \, a_j b_j^T

    is linear in the diagonal, so one matrix product gives all samples at once: that of
    the diagonals with the outer products of the columns :math:`a_j` of A and the rows
    :math:`b_j` of B. No array of the size of A or B is written for each sample.

    Parameters
    ----------
    left, right : JacobianOperator
        Operators A and B, both of the kind ``"constant"``.
    diagonal : Diagonal
        :math:`d`.
    out : array of shape (..., n_samples, n_out, n_in), optional
        Output array for the matrix.

    Returns
    -------
    Dense

    Notes
    -----
    Needs memory for n * n_out * n_in numbers, n the length of the diagonal.

    Examples
    --------
    >>> matrix = ConstantMatrix(np.array([[1.0, 2.0]]))
    >>> slope = Diagonal(np.array([[3.0, 1.0]]))
    >>> total = ConstantMatrix(np.array([[1.0], [1.0]]))
    >>> multiply_around_diagonal(total, slope, matrix).matrix
    array([[[5.]]])
    """
    first, second = left.matrix[..., 0, :, :], right.matrix[..., 0, :, :]
    columns = first.swapaxes(-1, -2)[..., np.newaxis]
    outer_products = columns * second[..., np.newaxis, :]
    *stack, n, n_out, n_in = outer_products.shape
    outer_products = outer_products.reshape(*stack, n, n_out * n_in)
    if out is not None and out.flags.c_contiguous:
        product(diagonal.diagonal, outer_products, out.reshape(*out.shape[:-2], -1))
        return Dense(out)
    matrix = product(diagonal.diagonal, outer_products)
    return Dense(written(matrix.reshape(*matrix.shape[:-1], n_out, n_in), out))


# The ways of `plan`, one function each. Arguments are the kind of the product and the
# output array for its matrix if it is `Dense`.


def _diagonals(left, right, kind, out):
    return Diagonal(left.diagonal * right.diagonal)


def _constants(left, right, kind, out):
    first, second = ConstantMatrix.of(right), ConstantMatrix.of(left)
    return ConstantMatrix(np.matmul(first.coef, second.coef))


def _scaled_rows(left, right, kind, out):
    scale = left.diagonal[..., np.newaxis]
    return Dense(np.multiply(scale, _laid_out(right, kind), out))


def _scaled_columns(left, right, kind, out):
    scale = right.diagonal[..., np.newaxis, :]
    return Dense(np.multiply(_laid_out(left, kind), scale, out))


def _by_samples(left, right, kind, out):
    left, right = _laid_out(left, kind), _laid_out(right, kind)
    return Dense(np.matmul(left, right, out))


def _by_rows(left, right, kind, out):
    if _takes_matrices(right, left):
        return Dense(right.vjp(left.matrix, out))
    shape, dtype = _shape(left, right), np.result_type(left.dtype, right.dtype)
    # Samples come first in memory, whatever the order of the axes, so that the rows of
    # all samples form one matrix for the next product.
    matrix = np.empty(shape, dtype) if out is None else out
    rows = with_stack_axes(left.rows(), len(shape) - 3)
    right.vjp(rows, np.moveaxis(matrix, -2, 0))
    return Dense(matrix)


def _by_columns(left, right, kind, out):
    if _takes_matrices(left, right):
        transposed = left.jvp(right.matrix.swapaxes(-1, -2))
    else:
        *batch_shape, n_out, n_in = _shape(left, right)
        dtype = np.result_type(left.dtype, right.dtype)
        transposed = np.empty((*batch_shape, n_in, n_out), dtype)
        columns = with_stack_axes(right.columns(), len(batch_shape) - 1)
        left.jvp(columns, np.moveaxis(transposed, -2, 0))
    return Dense(written(transposed.swapaxes(-1, -2), out))


_WAYS = {
    "left": lambda left, right, kind, out: left,
    "right": lambda left, right, kind, out: right,
    "diagonals": _diagonals,
    "constants": _constants,
    "scale rows": _scaled_rows,
    "scale columns": _scaled_columns,
    "rows": _by_rows,
    "columns": _by_columns,
    "samples": _by_samples,
}


def _laid_out(operator, kind):
    """Return the matrix of an operator with the memory layout for a product of a kind.

    A matrix shared by all samples is small compared with the product, and is copied if
    its layout differs; matrices of each sample are not copied.
    """
    matrix = operator.matrix
    if operator.kind != "constant":
        return matrix
    if kind == "transposed":
        return np.ascontiguousarray(matrix.swapaxes(-1, -2)).swapaxes(-1, -2)
    return np.ascontiguousarray(matrix)


def _takes_matrices(applied, to):
    """Whether the rows or columns of each sample are a batch for an operator.

    True for an operator shared by all samples.
    """
    return applied.shared and not applied.stack_axes and isinstance(to, Dense)


def _shape(left, right):
    """Return the shape of the matrices of ``left @ right``."""
    batch_shape = np.broadcast_shapes(left.batch_shape, right.batch_shape)
    return *batch_shape, left.n_out, right.n_in
