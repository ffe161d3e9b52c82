"""Jacobians of functions that are added."""

from skjacobnet.operators.composite import Composite, added
from skjacobnet.operators.diagonal import Diagonal
from skjacobnet.operators.identity import Identity


class Sum(Composite):
    r"""The Jacobian of functions of one input whose outputs are added.

    .. math:: J = J_1 + J_2 + \cdots

    Parameters
    ----------
    parts : sequence of JacobianOperator
        All of the same `n_in` and the same `n_out`.

    Raises
    ------
    ValueError
        If the widths differ or there is no operator.

    Notes
    -----
    One product costs the sum of its parts'. Multiplied out, diagonals stay a
    `Diagonal`, matrices that all samples share a `ConstantMatrix`; anything else
    becomes `Dense`.

    Examples
    --------
    What passes a scaling by, and what goes through it:

    >>> import numpy as np
    >>> both = Sum([Identity(2, np.float64), Diagonal(np.array([[2.0, 3.0]]))])
    >>> both.jvp(np.array([[1.0, 1.0]]))
    array([[3., 4.]])
    """

    __slots__ = ()

    def __init__(self, parts):
        super().__init__(parts)
        self._of_one_width("n_in")
        self._of_one_width("n_out")

    @property
    def n_in(self):
        return self.parts[0].n_in

    @property
    def n_out(self):
        return self.parts[0].n_out

    def jvp(self, tangent, out=None):
        return added([part.jvp(tangent) for part in self.parts], out)

    def vjp(self, cotangent, out=None):
        return added([part.vjp(cotangent) for part in self.parts], out)

    def simplified(self):
        parts = [part.simplified() for part in self.parts]
        if not self.shared and all(isinstance(p, Diagonal | Identity) for p in parts):
            return Diagonal(added([part.diagonal for part in parts]))
        return super().simplified()
