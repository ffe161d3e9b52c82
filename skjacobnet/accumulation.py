r"""The chain rule: the product of Jacobians, in any order.

A chain of functions has the Jacobian :math:`J = J_L \cdots J_2 J_1`, one product of
matrices for each sample. Such a product may be bracketed at will:

* *reverse mode* starts at the outputs, :math:`((J_L J_{L-1}) \cdots) J_1`, and is cheap
  when there are few outputs;
* *forward mode* starts at the inputs, :math:`J_L (\cdots (J_2 J_1))`, and is cheap when
  there are few inputs;
* the *automatic* order is the cheapest bracketing of all, found by dynamic programming
  over what each operator really costs. It beats both where the chain is narrow in the
  middle.

Training is reverse mode applied to a single vector, as in `cotangents`, with the
gradient for each layer's weights taken on the way.

Lists of operators are in the order in which the functions are applied: ``operators[0]``
takes the inputs.
"""

from functools import lru_cache, reduce
from typing import NamedTuple

from skjacobnet.operators import Dense, Product, multiply
from skjacobnet.operators.costs import (
    MATRICES,
    cheapest_way,
    cost_of_constant,
    cost_of_dense,
    scaling,
)

MODES = ("auto", "forward", "reverse")


def cotangents(operators, cotangent):
    """Carry a cotangent from the outputs to the inputs, one operator at a time.

    Parameters
    ----------
    operators : sequence of JacobianOperator
    cotangent : array of shape (..., n_samples, n_out)
        Of the last operator's output.

    Yields
    ------
    array
        The cotangent at the output of the last operator, then of each one before it,
        and in the end at the input of the first. Each is computed when it is asked
        for: who stops early does not pay for the rest.

    Examples
    --------
    Two scalings by 2 and 3 multiply what comes back by 3, then by 6:

    >>> import numpy as np
    >>> from skjacobnet.operators import Diagonal
    >>> chain = [Diagonal(np.array([[2.0]])), Diagonal(np.array([[3.0]]))]
    >>> [float(c[0, 0]) for c in cotangents(chain, np.array([[1.0]]))]
    [1.0, 3.0, 6.0]
    """
    yield cotangent
    for operator in reversed(operators):
        cotangent = operator.vjp(cotangent)
        yield cotangent


def tangents(operators, tangent):
    """Carry a tangent from the inputs to the outputs, one operator at a time.

    Parameters
    ----------
    operators : sequence of JacobianOperator
    tangent : array of shape (..., n_samples, n_in)
        Of the first operator's input.

    Yields
    ------
    array
        The tangent at the input of the first operator, then at each one's output.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.operators import Diagonal
    >>> chain = [Diagonal(np.array([[2.0]])), Diagonal(np.array([[3.0]]))]
    >>> [float(t[0, 0]) for t in tangents(chain, np.array([[1.0]]))]
    [1.0, 2.0, 6.0]
    """
    yield tangent
    for operator in operators:
        tangent = operator.jvp(tangent)
        yield tangent


def accumulate(operators, mode="auto", n_samples=1, out=None):
    r"""Multiply a chain of Jacobians out.

    Parameters
    ----------
    operators : sequence of JacobianOperator
        At least one.
    mode : {"auto", "forward", "reverse"}, default="auto"
        The order of the multiplications. All give the same result up to rounding.
    n_samples : int >= 1, default=1
        For the costs in automatic mode: products of matrices that all samples share
        are paid once.
    out : array of shape (..., n_samples, n_out, n_in), optional
        Where the last multiplication may write its result.

    Returns
    -------
    JacobianOperator
        :math:`J_L \cdots J_1`, multiplied out as far as structure allows.

    Raises
    ------
    ValueError
        If `mode` is unknown or there is no operator.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.operators import ConstantMatrix, Diagonal
    >>> spread = ConstantMatrix(np.array([[1.0, 2.0]]))
    >>> chain = [spread, Diagonal(np.array([[3.0, 4.0]]))]
    >>> accumulate(chain, "reverse").todense(1)
    array([[[3.],
            [8.]]])
    """
    if mode not in MODES:
        raise ValueError(
            f"mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}."
        )
    if not operators:
        raise ValueError("There is no operator to accumulate.")
    operators = _opened(operators)
    if mode == "auto":
        order, _ = cheapest_order(tuple(map(Structure.of, operators)), n_samples)
    elif mode == "reverse":
        order = reduce(
            lambda left, right: (left, right), reversed(range(len(operators)))
        )
    else:
        order = reduce(lambda right, left: (left, right), range(len(operators)))
    return _multiply_in(order, operators, out).multiplied_out()


def accumulate_into(out, operators, mode="auto"):
    """Write the Jacobian of a chain to an array.

    Parameters
    ----------
    out : array of shape (..., n_samples, n_out, n_in)
    operators : sequence of JacobianOperator
    mode : {"auto", "forward", "reverse"}, default="auto"
        As in `accumulate`.
    """
    product = accumulate(operators, mode, out.shape[-3], out)
    if not (isinstance(product, Dense) and product.matrix is out):
        product.todense(out.shape[-3], out)


def _opened(operators):
    """Return the same chain without products in it, each operator in simple form."""
    opened = []
    for operator in operators:
        if isinstance(operator, Product):
            opened += _opened(operator.factors[::-1])
        else:
            opened.append(operator.simplified())
    return opened


class Structure(NamedTuple):
    """What the cost of a product depends on."""

    kind: str
    n_out: int
    n_in: int
    cost: float

    @classmethod
    def of(cls, operator):
        """Describe an operator."""
        kind = operator.kind
        if kind == "other" and operator.shared:
            kind = "constant"
        return cls(kind, operator.n_out, operator.n_in, operator.cost)

    def times(self, right, n_samples):
        """Return the structure of ``self @ right`` and the cost to multiply it out."""
        n_out, n_in = self.n_out, right.n_in
        if self.kind == "identity":
            return right, 0.0
        if right.kind == "identity":
            return self, 0.0
        if self.kind == right.kind == "diagonal":
            return right, n_samples * right.cost
        if self.kind == right.kind == "constant":
            structure = Structure(
                "constant", n_out, n_in, cost_of_constant(n_out, n_in)
            )
            return structure, n_out * right.cost
        if self.kind == "diagonal" and right.kind in MATRICES:
            cost, kind = scaling(right)
        elif right.kind == "diagonal" and self.kind in MATRICES:
            cost, kind = scaling(self)
        else:
            cost, way = cheapest_way(self, right, n_samples)
            kind = "transposed" if way == "columns" else "dense"
        structure = Structure(kind, n_out, n_in, cost_of_dense(n_out, n_in))
        return structure, n_samples * cost


@lru_cache(maxsize=256)
def cheapest_order(structures, n_samples):
    r"""Find the cheapest bracketing of a product of operators.

    The cost of the best order for factors i to j is

    .. math:: m(i, j) = \min_{i \le k < j} m(i, k) + m(k+1, j) + c(i, k, j),

    where c is what the last multiplication costs, given the structure of both sides.

    Parameters
    ----------
    structures : tuple of Structure
        In the order in which the functions are applied.
    n_samples : int

    Returns
    -------
    order : int or tuple
        An index, or a pair ``(left, right)`` of orders.
    cost : float
        In multiplications, elementwise ones counted by what they take.

    Notes
    -----
    O(L^3) for L factors. Optimal for chains; for general graphs the problem is
    NP-complete [1]_.

    References
    ----------
    .. [1] U. Naumann, "Optimal Jacobian accumulation is NP-complete", Mathematical
       Programming 112, 427-441, 2008. https://doi.org/10.1007/s10107-006-0042-z

    Examples
    --------
    A chain that is narrow in the middle is cheapest from the middle outwards, with the
    two halves joined last:

    >>> from itertools import pairwise
    >>> dense = [
    ...     Structure("other", n_out, n_in, n_in * n_out)
    ...     for n_in, n_out in pairwise([100, 50, 2, 50, 100])
    ... ]
    >>> order, cost = cheapest_order(tuple(dense), 1)
    >>> order
    ((3, 2), (1, 0))
    """
    best = {(i, i): (i, 0.0, part) for i, part in enumerate(structures)}
    for length in range(1, len(structures)):
        for low in range(len(structures) - length):
            high = low + length
            candidates = []
            for cut in range(low, high):
                right_order, right_cost, right = best[low, cut]
                left_order, left_cost, left = best[cut + 1, high]
                product, cost = left.times(right, n_samples)
                total = left_cost + right_cost + cost
                candidates.append((total, (left_order, right_order), product))
            total, order, product = min(candidates, key=lambda candidate: candidate[0])
            best[low, high] = order, total, product
    order, cost, _ = best[0, len(structures) - 1]
    return order, cost


def _multiply_in(order, operators, out=None):
    if isinstance(order, int):
        return operators[order]
    left, right = (_multiply_in(part, operators) for part in order)
    return multiply(left, right, out)
