"""The cheapest order of multiplication of a chain of Jacobians."""

from functools import lru_cache, reduce
from itertools import product
from typing import NamedTuple

from skjacobnet.operators.costs import cost_of_vector, plan, plan_around_diagonal


class Structure(NamedTuple):
    """Properties of an operator that determine the cost of a product."""

    kind: str
    n_out: int
    n_in: int
    cost: float
    multiplications: int

    @classmethod
    def of(cls, operator):
        """Return the structure of an operator."""
        return cls(
            operator.kind,
            operator.n_out,
            operator.n_in,
            operator.cost,
            operator.multiplications,
        )

    @classmethod
    def of_matrices(cls, kind, n_out, n_in):
        """Return the structure of a product of matrices."""
        return cls(kind, n_out, n_in, cost_of_vector(kind, n_out, n_in), n_out * n_in)

    def times(self, right, n_samples):
        """Return the structure of ``self @ right`` and the plan to multiply it out."""
        planned = plan(self, right, n_samples)
        if planned.way == "left":
            return self, planned
        if planned.way in ("right", "diagonals"):
            return right, planned
        return Structure.of_matrices(planned.kind, self.n_out, right.n_in), planned

    def around(self, diagonal, right, n_samples):
        """Return the result of `times` for the triple ``self @ diagonal @ right``."""
        n_out, n_in = self.n_out, right.n_in
        planned = plan_around_diagonal(n_out, diagonal.n_in, n_in, n_samples)
        return Structure.of_matrices(planned.kind, n_out, n_in), planned


def order_of(mode, structures, n_samples):
    """Return the order of a mode.

    Parameters
    ----------
    mode : {"auto", "forward", "reverse"}
    structures : tuple of Structure
        Structures in the order of application.
    n_samples : int

    Returns
    -------
    int or tuple
        Order in the format of `cheapest_order`.
    """
    if mode == "auto":
        return cheapest_order(structures, n_samples)[0]
    factors = range(len(structures))
    if mode == "reverse":
        return reduce(lambda left, right: (left, right), reversed(factors))
    return reduce(lambda right, left: (left, right), factors)


@lru_cache(maxsize=256)
def cheapest_order(structures, n_samples):
    r"""Return the cheapest bracketing of a product of operators.

    The cost of the best order for factors i to j is

    .. math:: m(i, j) = \min_{i \le k < j} m(i, k) + m(k+1, j) + c(i, k, j),

    where c is the cost of the last multiplication, given the structure of both sides. A
    diagonal between two matrices may also be multiplied together with both, and if
    products of the same factors have two possible memory layouts, there is one m for
    each.

    Parameters
    ----------
    structures : tuple of Structure
        Structures in the order of application.
    n_samples : int

    Returns
    -------
    order : int or tuple
        An index, or a pair ``(left, right)`` of orders, or ``(left, diagonal, right)``
        for a diagonal between two matrices shared by all samples, which
        `multiply_around_diagonal` multiplies at once.
    cost : float
        Predicted time, in multiplications inside a matrix product.

    Notes
    -----
    O(L^3) for L factors, as long as few adjacent ones are of the same kind. Optimal for
    chains; for general graphs the problem is NP-complete [1]_.

    References
    ----------
    .. [1] U. Naumann, "Optimal Jacobian accumulation is NP-complete", Mathematical
       Programming 112, 427-441, 2008. https://doi.org/10.1007/s10107-006-0042-z

    Examples
    --------
    A chain that is narrow in the middle is cheapest from the middle outward, with the
    two halves joined last:

    >>> from itertools import pairwise
    >>> dense = [
    ...     Structure.of_matrices("dense", n_out, n_in)
    ...     for n_in, n_out in pairwise([100, 50, 2, 50, 100])
    ... ]
    >>> order, cost = cheapest_order(tuple(dense), 1)
    >>> order
    ((3, 2), (1, 0))
    """
    found = {(i, i): [_Candidate(i, 0.0, part)] for i, part in enumerate(structures)}
    for length in range(1, len(structures)):
        for low in range(len(structures) - length):
            candidates = _candidates(found, low, low + length, n_samples)
            found[low, low + length] = _cheapest_of_each_structure(candidates)
    best = min(found[0, len(structures) - 1], key=lambda candidate: candidate.cost)
    return best.order, best.cost


class _Candidate(NamedTuple):
    """Order for some factors, with its cost and the structure of the product."""

    order: int | tuple
    cost: float
    structure: Structure


def _candidates(found, low, high, n_samples):
    """Yield orders for the factors low to high, combined from those for fewer."""
    for cut in range(low, high):
        for pair in product(found[cut + 1, high], found[low, cut]):
            yield _joined(pair, Structure.times, n_samples)
    # Adjacent factors are rarely all of one kind: these loops are short.
    for first in range(low, high):
        right = found[low, first][0]
        if right.structure.kind != "constant":
            break
        for second in range(first + 1, high):
            diagonal = found[first + 1, second][0]
            if diagonal.structure.kind != "diagonal":
                break
            left = found[second + 1, high][0]
            if left.structure.kind == "constant":
                yield _joined((left, diagonal, right), Structure.around, n_samples)


def _joined(factors, multiplied, n_samples):
    """Return the candidate that multiplies the products of other candidates."""
    structure, planned = multiplied(
        *(factor.structure for factor in factors), n_samples
    )
    order = tuple(factor.order for factor in factors)
    cost = planned.cost + sum(factor.cost for factor in factors)
    return _Candidate(order, cost, structure)


def _cheapest_of_each_structure(candidates):
    """Drop candidates that cost more than another one with the same structure.

    A candidate that costs more than one with another structure may still begin the best
    order: the memory layout of a product determines the cost of the next one.
    """
    cheapest = {}
    for candidate in candidates:
        other = cheapest.setdefault(candidate.structure, candidate)
        if candidate.cost < other.cost:
            cheapest[candidate.structure] = candidate
    return list(cheapest.values())
