"""Every operator against its dense matrix."""

import numpy as np
import pytest

from skjacobnet.accumulation import Structure
from skjacobnet.operators import (
    BlockRow,
    ConstantMatrix,
    Dense,
    Diagonal,
    DiagonalMinusRankOne,
    Expansion,
    IdentityOperator,
    Product,
    Selection,
    Stack,
    Sum,
    expansion,
    multiplication,
    multiplied_out,
    multiply,
    multiply_around_diagonal,
    simplified,
)
from skjacobnet.operators.costs import plan
from skjacobnet.testing import check_operator

N_SAMPLES, N_IN, N_OUT = 6, 4, 3


def make(kind, rng, n_out, n_in, dtype=np.float64, stack=()):
    def draw(*shape):
        return rng.standard_normal((*stack, *shape)).astype(dtype)

    if kind == "diagonal":
        return Diagonal(draw(N_SAMPLES, n_in))
    if kind == "constant":
        return ConstantMatrix(draw(n_in, n_out))
    if kind == "rank one":
        return DiagonalMinusRankOne(*(draw(N_SAMPLES, n_in) for _ in range(3)))
    if kind == "dense":
        return Dense(draw(N_SAMPLES, n_out, n_in))
    if kind == "identity":
        return IdentityOperator(n_in, dtype)
    if kind == "selection":
        places = np.argsort(draw(N_SAMPLES, n_in), axis=-1)[..., :n_out]
        return Selection(places, n_in, dtype)
    if kind == "shared selection":
        return Selection(rng.permutation(n_in)[:n_out], n_in, dtype)
    if kind in BLOCK_ROWS:
        n_blocks = next(k for k in (2, 3, 5) if n_in % k == 0)
        blocks = draw(N_SAMPLES, n_blocks, n_out, n_in // n_blocks)
        if kind == "shared block row":
            blocks = blocks.reshape(-1, *blocks.shape[-3:])[0]
        return BlockRow(Dense(blocks))
    if kind in EXPANSIONS:
        slopes = draw(N_SAMPLES, n_out)
        if kind == "shared expansion":
            slopes = slopes.reshape(-1, n_out)[0]
        return Expansion(rng.integers(0, n_in, size=n_out), slopes, n_in)
    if kind == "residual":
        inner = make("product", rng, n_in, n_in, dtype, stack)
        return Sum([make("identity", rng, n_in, n_in, dtype), inner])
    if kind == "sum":
        terms = ("dense", "constant", "dense")
        return Sum([make(term, rng, n_out, n_in, dtype, stack) for term in terms])
    if kind == "stack":
        upper = make("constant", rng, n_out - 2, n_in, dtype, stack)
        lower = make("dense", rng, 2, n_in, dtype, stack)
        return Stack([upper, lower])
    left = make("constant", rng, n_out, n_in, dtype, stack)
    return left @ make("rank one", rng, n_in, n_in, dtype, stack)


SQUARE = ["diagonal", "rank one", "identity", "residual"]
SELECTIONS = ["selection", "shared selection"]
EXPANSIONS = ["expansion", "shared expansion"]
BLOCK_ROWS = ["block row", "shared block row"]
KINDS = [
    *SQUARE,
    *SELECTIONS,
    *EXPANSIONS,
    *BLOCK_ROWS,
    "constant",
    "dense",
    "product",
    "sum",
    "stack",
]


def fitting(kind, n_out, n_in):
    """Return the output width nearest to `n_out` that an operator can have."""
    if kind in SQUARE:
        return n_in
    return min(n_out, n_in) if kind in SELECTIONS else n_out


def written_out(operator):
    """Return the dense matrix by the definition of each class, without its methods."""
    if isinstance(operator, Diagonal):
        return operator.diagonal[..., np.newaxis] * np.eye(operator.n_in)
    if isinstance(operator, ConstantMatrix):
        coef_t = operator.coef.swapaxes(-1, -2)[..., np.newaxis, :, :]
        return np.repeat(coef_t, N_SAMPLES, axis=-3)
    if isinstance(operator, DiagonalMinusRankOne):
        outer = operator.left[..., :, np.newaxis] * operator.right[..., np.newaxis, :]
        return operator.diagonal[..., np.newaxis] * np.eye(operator.n_in) - outer
    if isinstance(operator, Dense):
        return operator.matrix
    if isinstance(operator, IdentityOperator):
        return np.tile(np.eye(operator.n_in), (N_SAMPLES, 1, 1))
    if isinstance(operator, Selection):
        rows = np.eye(operator.n_in)[operator.indices]
        return np.tile(rows, (N_SAMPLES, 1, 1)) if operator.shared else rows
    if isinstance(operator, Expansion):
        slopes = operator.slopes[..., np.newaxis]
        rows = slopes * np.eye(operator.n_in)[operator.indices]
        return np.tile(rows, (N_SAMPLES, 1, 1)) if operator.shared else rows
    if isinstance(operator, BlockRow):
        blocks = np.moveaxis(operator.blocks.matrix, -3, 0)
        rows = np.concatenate(blocks, axis=-1)
        return np.tile(rows, (N_SAMPLES, 1, 1)) if operator.shared else rows
    if isinstance(operator, Sum):
        return sum(map(written_out, operator.operands))
    if isinstance(operator, Stack):
        return np.concatenate([*map(written_out, operator.operands)], axis=-2)
    left, *others = map(written_out, operator.factors)
    for other in others:
        left = left @ other
    return left


@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_products_equal_those_with_the_dense_matrix(kind, dtype, stack):
    rng = np.random.default_rng(0)
    n_out = N_IN if kind in SQUARE else N_OUT
    operator = make(kind, rng, n_out, N_IN, dtype, stack)
    dense = written_out(operator)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    tangent = rng.standard_normal((5, *stack, N_SAMPLES, N_IN)).astype(dtype)
    cotangent = rng.standard_normal((5, *stack, N_SAMPLES, n_out)).astype(dtype)

    jvp, vjp = operator.jvp(tangent), operator.vjp(cotangent)
    todense = operator.todense(N_SAMPLES)

    assert jvp.dtype == vjp.dtype == todense.dtype == operator.dtype == dtype
    np.testing.assert_allclose(todense, dense, atol=tolerance)
    np.testing.assert_allclose(
        jvp, np.einsum("...oi,v...i->v...o", dense, tangent), atol=tolerance
    )
    np.testing.assert_allclose(
        vjp, np.einsum("...oi,v...o->v...i", dense, cotangent), atol=tolerance
    )
    rows = np.broadcast_to(np.moveaxis(operator.rows(), 0, -2), dense.shape)
    columns = np.broadcast_to(np.moveaxis(operator.columns(), 0, -1), dense.shape)
    np.testing.assert_allclose(rows, dense, atol=tolerance)
    np.testing.assert_allclose(columns, dense, atol=tolerance)
    assert todense.flags.writeable


@pytest.mark.parametrize("kind", KINDS)
def test_no_samples_and_no_vectors(kind):
    rng = np.random.default_rng(15)
    operator = make(kind, rng, N_IN if kind in SQUARE else N_OUT, N_IN)
    none = np.zeros((0, N_SAMPLES, N_IN))
    assert operator.jvp(none).shape == (0, N_SAMPLES, operator.n_out)
    if operator.shared:
        assert operator.jvp(np.zeros((3, 0, N_IN))).shape == (3, 0, operator.n_out)


@pytest.mark.parametrize("kind", KINDS)
def test_results_go_to_out(kind):
    rng = np.random.default_rng(1)
    n_out = N_IN if kind in SQUARE else N_OUT
    operator = make(kind, rng, n_out, N_IN)
    tangent = rng.standard_normal((N_SAMPLES, N_IN))
    cotangent = rng.standard_normal((N_SAMPLES, n_out))
    for product, vector, width in [
        (operator.jvp, tangent, n_out),
        (operator.vjp, cotangent, N_IN),
    ]:
        before = vector.copy()
        out = np.full((N_SAMPLES, width), np.nan)
        assert product(vector, out) is out
        np.testing.assert_array_equal(out, product(vector))
        np.testing.assert_array_equal(vector, before)


@pytest.mark.parametrize("right", KINDS)
@pytest.mark.parametrize("left", KINDS)
def test_a_product_is_the_product_of_dense_matrices(left, right):
    rng = np.random.default_rng(2)
    middle = N_IN if right in SQUARE else N_OUT
    right_operator = make(right, rng, middle, N_IN)
    n_out = middle if left in SQUARE else 5
    left_operator = make(left, rng, n_out, middle)
    expected = written_out(left_operator) @ written_out(right_operator)

    lazy = left_operator @ right_operator
    multiplied = multiply(left_operator, right_operator)

    assert (lazy.n_out, lazy.n_in) == (multiplied.n_out, multiplied.n_in)
    np.testing.assert_allclose(lazy.todense(N_SAMPLES), expected, atol=1e-12)
    np.testing.assert_allclose(multiplied.todense(N_SAMPLES), expected, atol=1e-12)


@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("left", "right", "widths", "way"),
    [
        # The result is so narrow that all rows, or all columns, are one large product.
        ("dense", "constant", (2, 30, 20), "rows"),
        ("constant", "transposed", (300, 300, 2), "columns"),
        ("constant", "dense", (300, 300, 2), "columns"),
        ("constant", "dense", (20, 5, 30), "samples"),
        ("dense", "constant", (20, 5, 30), "samples"),
        ("transposed", "constant", (20, 5, 3), "samples"),
        ("dense", "transposed", (6, 5, 4), "samples"),
        # An operator without a matrix is applied to the shorter side of the other.
        ("rank one", "constant", (200, 200, 2), "columns"),
        ("constant", "rank one", (2, 30, 30), "rows"),
        ("rank one", "dense", (200, 200, 2), "columns"),
        ("transposed", "rank one", (2, 30, 30), "rows"),
    ],
)
def test_every_way_to_multiply(left, right, widths, way, dtype, stack, monkeypatch):
    rng = np.random.default_rng(9)
    n_out, middle, n_in = widths

    def draw(kind, n_out, n_in):
        if kind == "transposed":
            matrix = make("dense", rng, n_in, n_out, dtype, stack).matrix
            return Dense(matrix.swapaxes(-1, -2))
        return make(kind, rng, n_out, n_in, dtype, stack)

    left, right = draw(left, n_out, middle), draw(right, middle, n_in)
    chosen = plan(left, right, N_SAMPLES)
    assert chosen.way == way
    # The product is computed in that way only.
    monkeypatch.setattr(multiplication, "_WAYS", {way: multiplication._WAYS[way]})
    expected = written_out(left) @ written_out(right)
    tolerance = 1e-12 if dtype == np.float64 else 1e-4
    # An `out` may be a part of something larger.
    whole = np.full((*stack, N_SAMPLES + 2, n_out, n_in), np.nan, dtype)
    out = whole[..., 1:-1, :, :]
    alone, written = multiply(left, right), multiply(left, right, out)
    assert written.matrix is out
    assert alone.dtype == dtype
    assert alone.kind == chosen.kind
    np.testing.assert_allclose(alone.matrix, expected, rtol=0, atol=tolerance)
    np.testing.assert_allclose(out, expected, rtol=0, atol=tolerance)
    assert np.isnan(whole[..., [0, -1], :, :]).all()


@pytest.mark.parametrize(
    ("left", "right", "widths", "multiplications"),
    [
        # One product with the rank-one operator takes 3 times its width.
        ("constant", "rank one", (2, 30, 30), 2 * 90),
        ("rank one", "dense", (200, 200, 2), 2 * 600),
        # Where it is written out, that is a product for each of its rows or columns.
        ("dense", "rank one", (300, 10, 10), 10 * 30 + 300 * 10 * 10),
        ("rank one", "dense", (10, 10, 300), 10 * 30 + 10 * 10 * 300),
        ("rank one", "rank one", (30, 30, 30), 30 * 90 + 30 * 90),
        ("diagonal", "dense", (4, 4, 5), 4 * 5),
        ("diagonal", "diagonal", (4, 4, 4), 4),
        ("constant", "dense", (3, 4, 5), 3 * 4 * 5),
    ],
)
def test_multiplications_by_hand(left, right, widths, multiplications):
    rng = np.random.default_rng(14)
    n_out, middle, n_in = widths
    factors = make(left, rng, n_out, middle), make(right, rng, middle, n_in)
    assert plan(*factors, 1000).multiplications == 1000 * multiplications


def test_multiplications_column_by_column_by_hand():
    rng = np.random.default_rng(15)
    one = make("rank one", rng, 4, 4)
    chosen = plan(Stack([one] * 10), one, 1000)
    assert chosen.way == "columns"
    # Each of the 4 columns takes one product with the right and ten with the left.
    assert chosen.multiplications == 1000 * 4 * (12 + 10 * 12)


@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", ["constant", "dense"])
@pytest.mark.parametrize("widths", [(40, 3), (3, 40), (5, 5)])
def test_scaled_matrices_lie_as_is_best_for_their_shape(widths, kind, side, stack):
    rng = np.random.default_rng(10)
    n_out, n_in = widths
    matrix = make(kind, rng, n_out, n_in, stack=stack)
    if side == "left":
        diagonal = make("diagonal", rng, n_out, n_out, stack=stack)
        factors = diagonal, matrix
    else:
        factors = matrix, make("diagonal", rng, n_in, n_in, stack=stack)
    product = multiply(*factors)
    expected = written_out(factors[0]) @ written_out(factors[1])
    np.testing.assert_allclose(product.matrix, expected, rtol=1e-14)
    high = kind == "constant" and widths == (40, 3)
    assert product.kind == ("transposed" if high else "dense")
    assert product.kind == plan(*factors, N_SAMPLES).kind
    out = np.full_like(expected, np.nan)
    assert multiply(*factors, out).matrix is out
    np.testing.assert_allclose(out, expected, rtol=1e-14)


@pytest.mark.parametrize("right", KINDS)
@pytest.mark.parametrize("left", KINDS)
def test_a_product_has_the_structure_that_was_planned(left, right):
    """Else the costs of a chain would be those of other products."""
    rng = np.random.default_rng(13)
    for n_out, middle, n_in in [(3, 4, 5), (40, 30, 3), (3, 30, 40), (20, 3, 20)]:
        middle = fitting(right, middle, n_in)
        first = simplified(make(right, rng, middle, n_in))
        last = simplified(make(left, rng, fitting(left, n_out, middle), middle))
        planned, _ = Structure.of(last).times(Structure.of(first), N_SAMPLES)
        assert Structure.of(multiply(last, first)) == planned


@pytest.mark.parametrize("left", ["dense", "constant", "rank one", "diagonal"])
@pytest.mark.parametrize("right", ["dense", "constant", "rank one", "diagonal"])
@pytest.mark.parametrize("stacks", [((2,), ()), ((), (2,)), ((2, 1), (3,))])
def test_products_of_stacks_and_types_that_differ(left, right, stacks):
    rng = np.random.default_rng(14)
    square = {"rank one", "diagonal"}
    for n_out, middle, n_in in [(2, 90, 90), (90, 90, 2), (6, 6, 6)]:
        last = middle if left in square else n_out, middle
        first = middle, middle if right in square else n_in
        last = make(left, rng, *last, np.float32, stacks[0])
        first = make(right, rng, *first, np.float64, stacks[1])
        result = multiply(last, first)
        assert result.dtype == np.float64
        np.testing.assert_allclose(
            result.todense(N_SAMPLES),
            written_out(last) @ written_out(first),
            rtol=0,
            atol=1e-5,
        )


@pytest.mark.parametrize("stacks", [((), (), ()), ((2,), (2,), (2,)), ((2,), (), ())])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_three_factors_at_once(dtype, stacks):
    rng = np.random.default_rng(11)
    kinds = "constant", "diagonal", "constant"
    widths = (5, 4), (4, 4), (4, 3)
    factors = [
        make(kind, rng, *width, dtype, stack)
        for kind, width, stack in zip(kinds, widths, stacks, strict=True)
    ]
    expected = written_out(Product(factors))
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    # Also into an array whose rows are apart.
    n_in = expected.shape[-1]
    wide = np.full((*expected.shape[:-1], n_in + 2), np.nan, dtype)
    for out in (None, np.full_like(expected, np.nan, dtype), wide[..., :n_in]):
        result = multiply_around_diagonal(*factors, out)
        assert out is None or result.matrix is out
        assert result.dtype == dtype
        np.testing.assert_allclose(result.matrix, expected, rtol=0, atol=tolerance)
    assert np.isnan(wide[..., n_in:]).all()


def test_three_factors_of_which_two_are_shared_without_a_matrix():
    rng = np.random.default_rng(12)
    identity, constant = (make(kind, rng, 4, 4) for kind in ("identity", "constant"))
    factors = [
        Sum([identity, constant]),
        make("diagonal", rng, 4, 4),
        Stack([constant]),
    ]
    result = multiply_around_diagonal(*factors)
    np.testing.assert_allclose(
        result.matrix, written_out(Product(factors)), rtol=0, atol=1e-12
    )


def test_multiplying_out_keeps_structure():
    rng = np.random.default_rng(3)
    diagonal = make("diagonal", rng, 4, 4)
    constant = make("constant", rng, 4, 4)
    assert isinstance(multiply(diagonal, diagonal), Diagonal)
    assert isinstance(multiply(constant, constant), ConstantMatrix)
    assert isinstance(multiply(constant, diagonal), Dense)
    assert isinstance(multiply(diagonal, constant), Dense)


def test_composites_keep_the_structure_that_is_exact():
    rng = np.random.default_rng(6)
    diagonal = make("diagonal", rng, 4, 4)
    constant = make("constant", rng, 4, 4)
    identity = make("identity", rng, 4, 4)
    dense = make("dense", rng, 4, 4)
    for operator, kind in [
        (Sum([identity, diagonal]), Diagonal),
        (Sum([diagonal, Product([diagonal, diagonal])]), Diagonal),
        (Sum([identity, constant]), ConstantMatrix),
        (Sum([identity, identity]), ConstantMatrix),
        (Stack([identity, constant @ constant]), ConstantMatrix),
        (Product([diagonal, Sum([identity, diagonal])]), Diagonal),
        (Sum([identity, dense]), Dense),
        (Stack([identity, diagonal]), Dense),
    ]:
        out = multiplied_out(operator)
        assert type(out) is kind
        assert operator.shared == (kind is ConstantMatrix)
        np.testing.assert_allclose(
            out.todense(N_SAMPLES),
            written_out(operator),
            atol=1e-12,
        )
    assert multiply(identity, dense) is multiply(dense, identity) is dense
    shared = multiply(Sum([identity, constant]), constant)
    assert isinstance(shared, ConstantMatrix)
    np.testing.assert_allclose(
        shared.coef.T, (np.eye(4) + constant.coef.T) @ constant.coef.T, atol=1e-12
    )


def test_composites_cost_what_their_parts_do():
    rng = np.random.default_rng(7)
    diagonal = make("diagonal", rng, 4, 4)
    constant = make("constant", rng, 4, 4)
    assert Sum([make("identity", rng, 4, 4), constant]).multiplications == 16
    assert Stack([diagonal, constant, constant]).multiplications == 36


def test_parts_must_fit():
    rng = np.random.default_rng(8)
    wide, narrow = make("constant", rng, 5, 4), make("constant", rng, 3, 4)
    assert Stack([wide, narrow]).n_out == 8
    with pytest.raises(ValueError, match=r"Sum needs .* equal n_out, got \[5, 3\]"):
        Sum([wide, narrow])
    with pytest.raises(ValueError, match=r"Stack needs .* equal n_in, got \[4, 3\]"):
        Stack([wide, make("diagonal", rng, 3, 3)])
    with pytest.raises(ValueError, match="Sum needs at least one"):
        Sum([])


def test_products_of_products_are_opened():
    rng = np.random.default_rng(4)
    a, b, c = (make("diagonal", rng, 3, 3) for _ in range(3))
    assert ((a @ b) @ c).factors == (a @ (b @ c)).factors == [a, b, c]


def test_widths_must_fit():
    rng = np.random.default_rng(5)
    with pytest.raises(ValueError, match="n_in=4 by ConstantMatrix with n_out=3"):
        Product([make("diagonal", rng, 4, 4), make("constant", rng, 3, 5)])
    with pytest.raises(TypeError):
        make("diagonal", rng, 4, 4) @ np.eye(4)


def test_selection_by_hand():
    picked = Selection(np.array([[2, 0], [1, 2]]), 3, np.float64)
    vectors = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(picked.jvp(vectors), [[3.0, 1.0], [5.0, 6.0]])
    np.testing.assert_array_equal(
        picked.vjp(np.array([[7.0, 8.0], [9.0, 10.0]])),
        [[8.0, 0.0, 7.0], [0.0, 9.0, 10.0]],
    )
    np.testing.assert_array_equal(picked.matrix[1], [[0, 1, 0], [0, 0, 1]])
    assert (picked.kind, picked.batch_shape) == ("other", (2,))
    shared = Selection(np.array([1]), 2, np.float32)
    assert (shared.kind, shared.batch_shape) == ("constant", (1,))
    assert picked.multiplications == shared.multiplications == 0
    assert shared.cost < Selection(np.array([[1]]), 2, np.float32).cost


@pytest.mark.parametrize("kind", SELECTIONS)
def test_a_selection_has_at_least_its_own_type(kind):
    selection = make(kind, np.random.default_rng(16), 2, 3, np.float64)
    narrow = np.ones((N_SAMPLES, 3), np.float32)
    assert selection.jvp(narrow).dtype == np.float64
    assert selection.vjp(narrow[:, :2]).dtype == np.float64


@pytest.mark.parametrize("shared", [False, True])
def test_wide_expansions_sum_without_a_matrix(shared):
    rng = np.random.default_rng(5)
    n_in, n_out = expansion.WIDEST_PRODUCT + 10, 200
    indices = rng.integers(3, n_in - 3, size=n_out)
    slopes = rng.standard_normal(n_out if shared else (N_SAMPLES, n_out))
    operator = Expansion(indices, slopes, n_in)
    check_operator(operator, N_SAMPLES)
    cotangent = rng.standard_normal((2, N_SAMPLES, n_out))
    expected = (cotangent * slopes) @ np.eye(n_in)[indices]
    np.testing.assert_allclose(operator.vjp(cotangent), expected, atol=1e-13)


def test_an_expansion_may_have_no_outputs():
    for n_in in (3, expansion.WIDEST_PRODUCT + 1):
        nothing = Expansion(np.empty(0, np.intp), np.ones((2, 0)), n_in)
        assert nothing.jvp(np.ones((2, n_in))).shape == (2, 0)
        np.testing.assert_array_equal(nothing.vjp(np.ones((2, 0))), np.zeros((2, n_in)))
