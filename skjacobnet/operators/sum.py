"""Jacobians of sums of functions."""

import numpy as np

from skjacobnet.operators.base import Composite


class Sum(Composite):
    r"""Sum: the Jacobian of a sum of functions of one input.

    .. math:: J = J_1 + J_2 + \cdots

    Parameters
    ----------
    operands : sequence of JacobianOperator
        Operators with the same `n_in` and the same `n_out`.

    Raises
    ------
    ValueError
        If the widths differ or there is no operator.

    Notes
    -----
    One application costs the sum of those of its operands. Multiplied out, diagonals
    stay a `Diagonal`, matrices shared by all samples a `ConstantMatrix`; anything else
    becomes `Dense`.

    Examples
    --------
    The identity plus a scaling:

    >>> from skjacobnet.operators import Diagonal, IdentityOperator
    >>> both = Sum([IdentityOperator(2, np.float64), Diagonal(np.array([[2.0, 3.0]]))])
    >>> both.jvp(np.array([[1.0, 1.0]]))
    array([[3., 4.]])
    """

    __slots__ = ()

    def __init__(self, operands):
        super().__init__(operands)
        self._of_one_width("n_in")
        self._of_one_width("n_out")

    @property
    def n_in(self):
        return self.operands[0].n_in

    @property
    def n_out(self):
        return self.operands[0].n_out

    def jvp(self, tangent, out=None):
        return added([operand.jvp(tangent) for operand in self.operands], out)

    def vjp(self, cotangent, out=None):
        return added([operand.vjp(cotangent) for operand in self.operands], out)


def added(arrays, out=None):
    """Add arrays, the last one into `out`."""
    *others, last = arrays
    if not others:
        return last if out is None else np.positive(last, out)
    total = others[0]
    for array in others[1:]:
        total = total + array
    return np.add(total, last, out)
