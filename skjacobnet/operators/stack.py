"""Jacobians of functions whose outputs stand side by side."""

from itertools import accumulate as running_total
from itertools import pairwise

from skjacobnet.operators.composite import Composite, added, side_by_side


class Stack(Composite):
    r"""The Jacobian of functions of one input whose outputs stand side by side.

    .. math:: J = \begin{pmatrix} J_1 \\ J_2 \\ \vdots \end{pmatrix}

    Parameters
    ----------
    parts : sequence of JacobianOperator
        All of the same `n_in`; the outputs are in this order.

    Raises
    ------
    ValueError
        If the input widths differ or there is no operator.

    Notes
    -----
    One product costs the sum of its parts'. Multiplied out, matrices that all samples
    share become a `ConstantMatrix`; anything else becomes `Dense`.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.operators import Diagonal, Identity
    >>> both = Stack([Identity(1, np.float64), Diagonal(np.array([[5.0]]))])
    >>> both.jvp(np.array([[2.0]]))
    array([[ 2., 10.]])
    >>> both.vjp(np.array([[1.0, 1.0]]))
    array([[6.]])
    """

    __slots__ = ()

    def __init__(self, parts):
        super().__init__(parts)
        self._of_one_width("n_in")

    @property
    def n_in(self):
        return self.parts[0].n_in

    @property
    def n_out(self):
        return sum(part.n_out for part in self.parts)

    def jvp(self, tangent, out=None):
        return side_by_side([part.jvp(tangent) for part in self.parts], out)

    def vjp(self, cotangent, out=None):
        pieces = split_widths(cotangent, [part.n_out for part in self.parts])
        pairs = zip(self.parts, pieces, strict=True)
        return added([part.vjp(piece) for part, piece in pairs], out)


def split_widths(array, widths):
    """Cut an array (..., n) into views of the given widths, which add up to n."""
    ends = running_total(widths, initial=0)
    return [array[..., start:end] for start, end in pairwise(ends)]
