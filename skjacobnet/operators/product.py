"""Jacobians of functions in a row."""

from functools import reduce
from itertools import pairwise

from skjacobnet.operators.composite import Composite
from skjacobnet.operators.diagonal import Diagonal
from skjacobnet.operators.multiplication import multiply


class Product(Composite):
    r"""A product of operators that is applied factor by factor.

    .. math:: J = J_L \cdots J_2 J_1

    Parameters
    ----------
    factors : sequence of JacobianOperator
        From the left, the output side, to the right, the input side. Products among
        them are opened.

    Raises
    ------
    ValueError
        If the widths of neighbors differ or there is no factor.

    Notes
    -----
    One product costs the sum of its factors'. `todense` multiplies from the output
    side; `skjacobnet.accumulation.accumulate` offers the other orders.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.operators import ConstantMatrix
    >>> scale = Diagonal(np.array([[2.0, 3.0]]))
    >>> total = ConstantMatrix(np.array([[1.0], [1.0]]))
    >>> (total @ scale).todense(1)
    array([[[2., 3.]]])
    """

    __slots__ = ()

    def __init__(self, factors):
        opened = []
        for factor in factors:
            opened += factor.factors if isinstance(factor, Product) else [factor]
        for left, right in pairwise(opened):
            if left.n_in != right.n_out:
                raise ValueError(
                    f"Cannot multiply {type(left).__name__} with n_in={left.n_in} "
                    f"by {type(right).__name__} with n_out={right.n_out}."
                )
        super().__init__(opened)

    @property
    def factors(self):
        """The factors, from the output side to the input side."""
        return self.parts

    @property
    def n_in(self):
        return self.factors[-1].n_in

    @property
    def n_out(self):
        return self.factors[0].n_out

    def jvp(self, tangent, out=None):
        *others, last = reversed(self.factors)
        return last.jvp(reduce(lambda t, factor: factor.jvp(t), others, tangent), out)

    def vjp(self, cotangent, out=None):
        *others, last = self.factors
        return last.vjp(reduce(lambda c, factor: factor.vjp(c), others, cotangent), out)

    def rows(self):
        return reduce(multiply, self.factors).rows()

    def simplified(self):
        factors = [factor.simplified() for factor in self.factors]
        if all(isinstance(factor, Diagonal) for factor in factors):
            return reduce(multiply, factors)
        return super().simplified()
