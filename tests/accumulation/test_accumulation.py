"""The chain rule in its three orders."""

import itertools
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest

from skjacobnet.accumulation import (
    Structure,
    accumulate,
    accumulate_into,
    cheapest_order,
    cotangents,
    tangents,
)
from skjacobnet.operators import (
    ConstantMatrix,
    Dense,
    Diagonal,
    DiagonalMinusRankOne,
    IdentityOperator,
    Product,
    Selection,
    Stack,
    Sum,
)

N_SAMPLES = 5


def chain(widths, rng):
    """Affine maps with a diagonal or softmax-like Jacobian after each but the last."""
    operators = []
    for position, (n_in, n_out) in enumerate(pairwise(widths)):
        operators.append(ConstantMatrix(rng.standard_normal((n_in, n_out))))
        if position == len(widths) - 2:
            continue
        vectors = rng.standard_normal((3, N_SAMPLES, n_out))
        if position % 2:
            operators.append(DiagonalMinusRankOne(*vectors))
        else:
            operators.append(Diagonal(vectors[0]))
    return operators


def dense_product(operators):
    return reduce(np.matmul, [op.todense(N_SAMPLES) for op in operators[::-1]])


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
@pytest.mark.parametrize(
    "widths", [(4, 3), (4, 6, 3), (3, 5, 4, 6), (9, 7, 2, 8, 9), (2, 9, 9), (9, 9, 2)]
)
def test_all_orders_give_the_dense_product(widths, mode):
    operators = chain(widths, np.random.default_rng(0))
    jacobian = accumulate(operators, mode, N_SAMPLES).todense(N_SAMPLES)
    assert jacobian.shape == (N_SAMPLES, widths[-1], widths[0])
    np.testing.assert_allclose(
        jacobian, dense_product(operators), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("at", ["inputs", "middle", "outputs", "everywhere"])
def test_chains_with_selections(at, shared, mode):
    rng = np.random.default_rng(8)
    n_samples = 1 if shared else N_SAMPLES
    operators = []
    for part in ("inputs", "middle", "outputs"):
        if at in (part, "everywhere"):
            places = np.argsort(rng.random((n_samples, 6)), axis=-1)
            places = places[0] if shared else places
            operators.append(Selection(places, 6, np.float64))
        if part != "outputs":
            operators += chain((6, 4, 6), rng)
    operators.append(Selection(np.array([4, 1]), 6, np.float64))
    expected = dense_product(operators)
    jacobian = accumulate(operators, mode, N_SAMPLES).todense(N_SAMPLES)
    np.testing.assert_allclose(jacobian, expected, rtol=1e-12, atol=1e-12)
    out = np.full_like(expected, np.nan)
    accumulate_into(out, operators, mode)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_a_selection_alone_is_written_out(mode):
    for places in (np.array([2, 0]), np.array([[2, 0], [1, 2]])):
        selection = Selection(places, 3, np.float32)
        out = np.full((2, 2, 3), np.nan, np.float32)
        accumulate_into(out, [selection], mode)
        np.testing.assert_array_equal(out, selection.todense(2))


def test_samples_are_not_mixed():
    """Trap 1 of the notebook: a chain rule that sums over another sample's factor."""
    operators = chain((3, 4, 2), np.random.default_rng(1))
    whole = accumulate(operators, "reverse").todense(N_SAMPLES)
    alone = [ConstantMatrix(operators[0].coef), None, ConstantMatrix(operators[2].coef)]
    for sample in range(N_SAMPLES):
        alone[1] = Diagonal(operators[1].diagonal[sample : sample + 1])
        expected = accumulate(alone, "reverse").todense(1)[0]
        np.testing.assert_allclose(whole[sample], expected, rtol=1e-13)


def test_walks_give_every_partial_product():
    rng = np.random.default_rng(2)
    operators = chain((4, 5, 3), rng)
    cotangent = rng.standard_normal((N_SAMPLES, 3))
    tangent = rng.standard_normal((N_SAMPLES, 4))
    back = list(cotangents(operators, cotangent))
    forth = list(tangents(operators, tangent))
    assert [c.shape[-1] for c in back] == [3, 5, 5, 4]
    assert [t.shape[-1] for t in forth] == [4, 5, 5, 3]
    inner = np.sum(cotangent * forth[-1], axis=-1)
    for from_outputs, from_inputs in zip(back, forth[::-1], strict=True):
        np.testing.assert_allclose(
            np.sum(from_outputs * from_inputs, axis=-1), inner, rtol=1e-12
        )


def test_cotangents_are_computed_only_when_asked_for():
    applied = []

    class Recorder(Diagonal):
        __slots__ = ("name",)

        def vjp(self, cotangent, out=None):
            applied.append(self.name)
            return super().vjp(cotangent, out)

    operators = [Recorder(np.ones((1, 2))), Recorder(np.ones((1, 2)))]
    operators[0].name, operators[1].name = "first", "second"
    walk = cotangents(operators, np.ones((1, 2)))
    next(walk)
    assert applied == []
    next(walk)
    assert applied == ["second"]


def brute_force(structures, n_samples):
    """The cheapest cost over all orders, by trying each."""
    if len(structures) == 1:
        return {structures[0]: 0.0}
    found = {}

    def note(product, *costs):
        found[product] = min(sum(costs), found.get(product, np.inf))

    def parts(*ends):
        every = [brute_force(structures[i:j], n_samples) for i, j in pairwise(ends)]
        return itertools.product(*(some.items() for some in every))

    n = len(structures)
    for cut in range(1, n):
        for (right, right_cost), (left, left_cost) in parts(0, cut, n):
            product, plan = left.times(right, n_samples)
            note(product, plan.cost, left_cost, right_cost)
    for cuts in itertools.combinations(range(1, n), 2):
        for three in parts(0, *cuts, n):
            (right, diagonal, left), costs = zip(*three, strict=True)
            if (left.kind, diagonal.kind, right.kind) == AROUND_DIAGONAL:
                product, plan = left.around(diagonal, right, n_samples)
                note(product, plan.cost, *costs)
    return found


AROUND_DIAGONAL = ("constant", "diagonal", "constant")


@pytest.mark.parametrize("n_samples", [5, 5000])
@pytest.mark.parametrize("kinds", ["CDCDC", "CRCDCD", "CCDDC", "DCDDCC", "MDCDM"])
@pytest.mark.parametrize("seed", range(8))
def test_the_order_is_the_cheapest_of_all(seed, kinds, n_samples):
    rng = np.random.default_rng(seed)
    n_in = draw_width(rng)
    structures = []
    for kind in kinds:
        n_out = draw_width(rng) if kind in "CM" else n_in
        structures.append(structure(kind, n_out, n_in))
        n_in = n_out
    _, cost = cheapest_order(tuple(structures), n_samples)
    assert cost == pytest.approx(min(brute_force(structures, n_samples).values()))


def test_a_dear_beginning_may_be_the_cheapest_in_the_end():
    """Its columns are contiguous for the next product."""
    widths = [(20, 2), (20, 20), (488, 20), (488, 488), (35, 488)]
    structures = [
        structure(kind, *width) for kind, width in zip("CDCDC", widths, strict=True)
    ]
    _, cost = cheapest_order(tuple(structures), 5000)
    assert cost == pytest.approx(min(brute_force(structures, 5000).values()))
    beginning, _ = cheapest_order(tuple(structures[:3]), 5000)
    order, _ = cheapest_order(tuple(structures), 5000)
    assert beginning == (2, 1, 0)
    assert order == (4, (3, (2, (1, 0))))


def draw_width(rng):
    return int(np.exp(rng.uniform(0, np.log(500))))


def structure(kind, n_out, n_in):
    """A constant matrix, a diagonal, one minus rank one, or one matrix per sample."""
    if kind in "DR":
        vectors = np.ones((3, 1, n_in))
        return Structure.of(
            Diagonal(vectors[0]) if kind == "D" else DiagonalMinusRankOne(*vectors)
        )
    return Structure.of_matrices("constant" if kind == "C" else "dense", n_out, n_in)


def test_orders_of_ordinary_and_narrow_chains():
    rng = np.random.default_rng(4)

    def order(*widths):
        operators = chain(widths, rng)
        return cheapest_order(tuple(map(Structure.of, operators)), 1000)[0]

    # Few outputs: from the outputs. Few inputs: from the inputs, with a diagonal
    # multiplied together with the two matrices around it.
    assert order(50, 20, 20, 3) == ((((4, 3), 2), 1), 0)
    assert order(3, 20, 20, 50) == (4, (3, (2, 1, 0)))
    # Narrow in the middle: from both ends.
    left, right = order(60, 40, 2, 40, 60)
    assert left != 6
    assert right != 0


def test_identities_are_free():
    rng = np.random.default_rng(13)
    operators = chain((5, 8, 6, 3), rng)
    plain = accumulate(operators)
    _, cost = cheapest_order(tuple(map(Structure.of, operators)), N_SAMPLES)
    for place, n in [(0, 5), (1, 8), (2, 8), (5, 3)]:
        longer = [*operators[:place], IdentityOperator(n, float), *operators[place:]]
        structures = tuple(map(Structure.of, longer))
        assert cheapest_order(structures, N_SAMPLES)[1] == cost
        np.testing.assert_array_equal(accumulate(longer).matrix, plain.matrix)


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
@pytest.mark.parametrize("n_samples", [0, 1, 7])
def test_jacobians_that_all_samples_share_are_repeated(mode, n_samples):
    """As those of an affine map and of dropout in prediction."""
    rng = np.random.default_rng(15)
    shared = [
        ConstantMatrix(rng.standard_normal((4, 3))),
        Diagonal(np.full((1, 3), 2.0)),
        DiagonalMinusRankOne(*rng.standard_normal((3, 1, 3))),
    ]
    own = Diagonal(rng.standard_normal((n_samples, 3)))
    square = ConstantMatrix(rng.standard_normal((3, 3)))
    affine = [*shared[:2], square]
    two = [shared[0], shared[2]]
    for operators in (shared, affine, two, [*shared, own], [own, *shared[1:]]):
        expected = np.eye(operators[0].n_in)
        for operator in operators:
            expected = operator.todense(n_samples) @ expected
        out = np.full((n_samples, 3, operators[0].n_in), np.nan)
        accumulate_into(out, operators, mode)
        np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)


def test_the_last_product_is_written_where_it_is_wanted():
    rng = np.random.default_rng(16)
    for widths in [(4, 5), (4, 6, 3), (3, 30, 30, 50)]:
        operators = chain(widths, rng)
        if len(operators) == 1:
            operators.append(Diagonal(rng.standard_normal((N_SAMPLES, 5))))
        for mode in ("forward", "reverse", "auto"):
            out = np.full((N_SAMPLES, widths[-1], widths[0]), np.nan)
            assert accumulate(operators, mode, out=out).matrix is out


def test_sums_and_products_that_are_diagonal_are_multiplied_as_such():
    diagonal = Diagonal(np.full((N_SAMPLES, 3), 2.0))
    both = Sum([IdentityOperator(3, float), diagonal])
    result = accumulate([Product([diagonal, both]), both])
    assert isinstance(result, Diagonal)
    np.testing.assert_array_equal(result.diagonal, np.full((N_SAMPLES, 3), 18.0))


def test_unknown_mode_and_empty_chain():
    with pytest.raises(ValueError, match="mode must be one of 'auto', 'forward'"):
        accumulate([Diagonal(np.ones((1, 1)))], "backward")
    with pytest.raises(ValueError, match="at least one operator"):
        accumulate([])


def test_shared_matrices_are_multiplied_once():
    rng = np.random.default_rng(5)
    linear = [ConstantMatrix(rng.standard_normal((4, 4))) for _ in range(3)]
    for mode in ("forward", "reverse", "auto"):
        assert isinstance(accumulate(linear, mode), ConstantMatrix)
    dense = Dense(rng.standard_normal((N_SAMPLES, 2, 4)))
    assert isinstance(accumulate([*linear, dense], "auto", N_SAMPLES), Dense)


def graph(rng):
    """A chain of composites, 4 features to 10: residual, parallel, added."""
    constants = [rng.standard_normal(shape) for shape in [(4, 6), (6, 4), (4, 2)]]
    inner, outer, narrow = map(ConstantMatrix, constants)
    slope = Diagonal(rng.standard_normal((N_SAMPLES, 6)))
    residual = Sum([IdentityOperator(4, np.float64), Product([outer, slope, inner])])
    stack = Stack([narrow, residual, IdentityOperator(4, np.float64)])
    dense = Dense(rng.standard_normal((N_SAMPLES, 10, 10)))
    return [
        inner,
        slope,
        outer,
        residual,
        stack,
        Sum([dense, IdentityOperator(10, float)]),
    ]


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_all_orders_agree_on_composites(mode):
    operators = graph(np.random.default_rng(10))
    expected = dense_product(operators)
    jacobian = accumulate(operators, mode, N_SAMPLES)
    assert isinstance(jacobian, Dense)
    scale = np.abs(expected).max()
    for result in (jacobian, accumulate([Product(operators[::-1])], mode, N_SAMPLES)):
        np.testing.assert_allclose(
            result.todense(N_SAMPLES), expected, rtol=0, atol=1e-12 * scale
        )
    for alone in operators:
        result = accumulate([alone], mode, N_SAMPLES)
        assert not result.operands
        np.testing.assert_allclose(
            result.todense(N_SAMPLES), alone.todense(N_SAMPLES), atol=1e-12
        )


def test_products_inside_a_chain_are_ordered_with_it():
    """Narrow in the middle, but only across the given bracket."""
    rng = np.random.default_rng(11)
    widths = [(40, 40), (40, 2), (2, 40), (40, 40)]
    a, b, c, d = (Dense(rng.standard_normal((N_SAMPLES, o, i))) for i, o in widths)
    flat = accumulate([a, b, c, d], "auto", N_SAMPLES).todense(N_SAMPLES)
    nested = accumulate([a, Product([c, b]), d], "auto", N_SAMPLES).todense(N_SAMPLES)
    np.testing.assert_array_equal(nested, flat)


COSTS = "cost", "multiplications"


def test_a_composite_costs_what_its_parts_do():
    rng = np.random.default_rng(12)
    inner, slope, outer, residual, stack, _ = graph(rng)
    parts = inner, slope, outer
    cost, n = (sum(getattr(part, name) for part in parts) for name in COSTS)
    assert Structure.of(residual) == ("other", 4, 4, cost, n)
    narrow = stack.operands[0]
    cost, n = cost + narrow.cost, n + narrow.multiplications
    assert Structure.of(stack) == ("other", 10, 4, cost, n)
    shared = Sum([inner, inner])
    assert Structure.of(shared) == ("constant", 6, 4, 2 * inner.cost, 2 * 6 * 4)
