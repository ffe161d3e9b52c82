"""Simpler forms of composite operators."""

from functools import reduce

from skjacobnet.operators.base import Product
from skjacobnet.operators.constant_matrix import ConstantMatrix
from skjacobnet.operators.dense import Dense
from skjacobnet.operators.diagonal import Diagonal
from skjacobnet.operators.identity import IdentityOperator
from skjacobnet.operators.multiplication import multiply
from skjacobnet.operators.sum import Sum, added


def simplified(operator):
    """Return the same Jacobian, in a simpler form if there is an exact one.

    Parameters
    ----------
    operator : JacobianOperator

    Returns
    -------
    JacobianOperator
        A `ConstantMatrix` for composites of shared operators, a `Diagonal` for a
        product or a sum of diagonals, else the operator itself.
    """
    if not operator.operands:
        return operator
    if operator.shared:
        return ConstantMatrix.of(operator)
    operands = [simplified(operand) for operand in operator.operands]
    if isinstance(operator, Product) and _all(Diagonal, operands):
        return reduce(multiply, operands)
    if isinstance(operator, Sum) and _all(Diagonal | IdentityOperator, operands):
        return Diagonal(added([operand.diagonal for operand in operands]))
    return operator


def multiplied_out(operator):
    """Return the same Jacobian as an operator without `operands`."""
    simple = simplified(operator)
    return Dense(simple.matrix) if simple.operands else simple


def _all(kind, operands):
    return all(isinstance(operand, kind) for operand in operands)
