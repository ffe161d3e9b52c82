import numpy as np
import pytest

from skjacobnet.core.blocks import PASS_NUMBERS
from skjacobnet.layers import Column, EncodedRows, PiecewiseLinear
from skjacobnet.operators import Expansion
from skjacobnet.testing import check_encoding

NUMBER = [Column(0, "number")]


def fitted(X, weight=None, n_bins=8):
    columns = [Column(i, "number") for i in range(X.shape[1])]
    return PiecewiseLinear(n_bins).fitted(columns, EncodedRows(X, weight))


def edges(x, weight=None, n_bins=8):
    _, statistics, _ = fitted(np.reshape(x, (-1, 1)), weight, n_bins)
    left, width = statistics["left"], statistics["width"]
    return [*left, left[-1] + width[-1]] if len(left) else []


def test_by_hand():
    # Edges 0, 1, 3; at the edge 1 the first bin is full and the slope is the second's.
    X = np.array([[0.0], [1.0], [3.0]])
    layer, statistics, columns = fitted(X, n_bins=2 + 1)
    assert columns == [*NUMBER, Column(0, "bin", place=0), Column(0, "bin", place=1)]
    rows = np.array([[-1.0], [0.0], [0.5], [1.0], [2.0], [3.0], [4.0], [np.nan]])
    output, operator = layer.linearize(statistics, rows)
    np.testing.assert_array_equal(output[:, :1], rows)
    np.testing.assert_array_equal(
        output[:, 1], [0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.0]
    )
    np.testing.assert_array_equal(
        output[:, 2], [0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 0.0]
    )
    assert isinstance(operator, Expansion)
    slopes = operator.todense(len(rows))[..., 0]
    np.testing.assert_array_equal(slopes[:, 0], np.ones(8))
    np.testing.assert_array_equal(
        slopes[:, 1], [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    )
    np.testing.assert_array_equal(
        slopes[:, 2], [0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0]
    )


def test_edges_by_hand():
    x = [5.0, 1.0, 4.0, 2.0, 3.0, np.nan]
    assert edges(x, n_bins=2) == [1.0, 3.0, 5.0]
    assert edges(x, n_bins=4) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert edges(x, n_bins=5) == [1.0, 2.0, 3.0, 4.0, 5.0]
    # Cumulative weights 4, 5, 6, 7, 8, halves at 4.
    weight = np.array([1.0, 4.0, 1.0, 1.0, 1.0, 9.0])
    assert edges(x, weight, n_bins=2) == []
    # Cumulative weights 1, 2, 3, 4, 8: the quarters are 1, 2, 4.
    x, weight = np.array([9.0, 1.0, 2.0, 3.0, 4.0]), np.array([4.0, 1.0, 1.0, 1.0, 1.0])
    assert edges(x, weight, n_bins=4) == [1.0, 2.0, 4.0, 9.0]


def test_columns_with_too_few_values_get_no_bins():
    assert edges([1.0, 2.0, 1.0, 2.0], n_bins=8) == []
    assert edges([np.nan, np.nan], n_bins=8) == []
    assert edges([1.0, 2.0, 3.0], n_bins=1) == []
    assert edges([0.0, -0.0, 1.0]) == []


def test_zero_has_one_sign():
    for x in ([0.0, -0.0, 1.0, 2.0], [-0.0, 0.0, 1.0, 2.0], [-0.0, 1.0, 2.0]):
        assert not np.signbit(edges(x)).any()


def test_the_last_edge_is_the_largest_number_however_light():
    weight = np.append(np.ones(19), 1e-14)
    assert edges(np.arange(20.0), weight)[-1] == 19.0


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_bins", [3, 8, 16])
def test_edges_agree_with_numpy(n_bins, weighted):
    rng = np.random.default_rng(n_bins)
    for x in (rng.normal(size=203), rng.poisson(20.0, size=400).astype(float)):
        weight = rng.exponential(size=len(x)) if weighted else None
        shares = np.linspace(0.0, 1.0, n_bins + 1)
        expected = np.quantile(x, shares, method="inverted_cdf", weights=weight)
        np.testing.assert_allclose(
            edges(x, weight, n_bins), np.unique(expected), rtol=1e-12
        )


def test_equal_weights_are_no_weights():
    # Sums of 0.1 are rounded: a cumulative weight may miss a share by that much.
    x = np.arange(80.0)
    assert edges(x, np.full(80, 0.1)) == edges(x)
    assert edges(x, np.full(80, 1e-200)) == edges(x)


def test_the_number_of_bins_depends_on_all_columns():
    X = np.random.default_rng(0).normal(size=(400, 90))
    for q, n_bins in [(1, 8), (32, 8), (33, 7), (64, 4), (85, 3), (86, 0), (90, 0)]:
        layer, _, _ = fitted(X[:, :q])
        assert set(layer.counts) == ({n_bins} if n_bins else set())
    # Columns of two values don't count, nor do missing ones.
    X[:, 32:] = X[:, 32:] > 0
    X[::2, 40] = np.nan
    assert fitted(X)[0].counts == (8,) * 32


@pytest.mark.parametrize(
    ("n_bins", "max_total", "counts"),
    [
        # For one column, two, three ... with more than two values.
        (8, 20, (8, 8, 6, 5, 4, 3, 0, 0)),
        (4, 20, (4, 4, 4, 4, 4, 3, 0, 0)),
        (8, None, (8,) * 8),
        (60, 256, (60, 60, 60, 60, 51, 42, 36, 32)),
        # Fewer than three bins are used only if requested.
        (2, 16, (2,) * 8),
        (2, 9, (2, 2, 2, 2, 0, 0, 0, 0)),
        (3, 9, (3, 3, 3, 0, 0, 0, 0, 0)),
        (8, 2, (0,) * 8),
        (8, 1, (0,) * 8),
    ],
)
def test_the_most_bins_of_all_columns(n_bins, max_total, counts):
    X = np.random.default_rng(0).normal(size=(200, 8))
    for q, expected in enumerate(counts, start=1):
        columns = [Column(i, "number") for i in range(q)]
        layer, statistics, found = PiecewiseLinear(n_bins, max_total).fitted(
            columns, EncodedRows(X[:, :q])
        )
        assert layer.counts == ((expected,) * q if expected else ())
        assert len(statistics["left"]) == len(found) - q == expected * q
        if max_total is not None:
            assert expected * q <= max_total


def test_columns_that_other_encodings_made_count_for_nothing():
    """A column of two values, a constant and a category leave the bins to numbers."""
    X = np.random.default_rng(0).normal(size=(100, 7))
    kinds = ["binary", "constant", "number", "indicator", "one_hot", "bin", "category"]
    columns = [Column(i, kind, 9) for i, kind in enumerate(kinds)]
    layer, _, found = PiecewiseLinear(max_total=8).fitted(columns, EncodedRows(X))
    assert layer.columns == (2,)
    assert layer.counts == (8,)
    assert found == [*columns, *(Column(2, "bin", place=place) for place in range(8))]


@pytest.mark.parametrize("max_total", [0, -1, 2.5, "many", np.inf])
def test_totals_that_make_no_sense(max_total):
    with pytest.raises((ValueError, TypeError), match="PiecewiseLinear: max_total"):
        PiecewiseLinear(max_total=max_total).validate()


def test_bins_that_vanish_in_float32():
    X = 1e9 + np.arange(5.0).reshape(-1, 1)
    layer, statistics, _ = fitted(X)
    narrow = {name: array.astype(np.float32) for name, array in statistics.items()}
    output, operator = layer.linearize(narrow, X.astype(np.float32))
    assert np.isfinite(output).all()
    assert np.isfinite(operator.slopes).all()
    narrow["width"][:] = 0.0
    output, _ = layer.linearize(narrow, np.array([[0.0], [2e9]], np.float32))
    np.testing.assert_array_equal(output[:, 1:], [[0.0] * 4, [1.0] * 4])


def test_numbers_far_from_the_edges():
    layer, statistics, _ = fitted(np.array([[0.0], [1e-30], [2e-30], [3e-30]]))
    narrow = {name: array.astype(np.float32) for name, array in statistics.items()}
    largest = np.finfo(np.float32).max
    far = np.array([[largest], [-largest]], np.float32)
    output = layer.forward(narrow, far)
    np.testing.assert_array_equal(output[:, 1:], [[1.0] * 3, [0.0] * 3])


def test_long_blocks_in_passes():
    X = np.random.default_rng(0).normal(size=(5000, 5))
    layer, statistics, _ = fitted(X)
    output, operator = layer.linearize(statistics, X)
    for rows in (slice(0, 10), slice(2000, 2010), slice(4990, 5000)):
        expected, of_rows = layer.linearize(statistics, X[rows])
        np.testing.assert_array_equal(output[rows], expected)
        np.testing.assert_array_equal(operator.slopes[rows], of_rows.slopes)


@pytest.mark.parametrize("shared", [False, True])
def test_networks_side_by_side_in_passes(shared):
    X = np.random.default_rng(0).normal(size=(3, 1500, 5))
    layer, first, _ = fitted(X[0])
    statistics = {name: np.stack([a, 2.0 * a, 3.0 * a]) for name, a in first.items()}
    inputs = X[0] if shared else X
    output, operator = layer.linearize(statistics, inputs)
    assert output.shape == (3, 1500, 5 * 9)
    assert output.size > 4 * PASS_NUMBERS
    for k in range(3):
        own = {name: array[k] for name, array in statistics.items()}
        expected, alone = layer.linearize(own, X[0] if shared else X[k])
        np.testing.assert_array_equal(output[k], expected)
        np.testing.assert_array_equal(operator.slopes[k], alone.slopes)


@pytest.mark.parametrize("n_bins", [0, -1, 2.5, "many"])
def test_numbers_of_bins_that_make_no_sense(n_bins):
    with pytest.raises((ValueError, TypeError), match="PiecewiseLinear: n_bins"):
        PiecewiseLinear(n_bins).validate()


@pytest.mark.parametrize("n_bins", [2, 5, 40])
@pytest.mark.parametrize("max_total", [12, None])
def test_the_contract(n_bins, max_total):
    check_encoding(PiecewiseLinear(n_bins, max_total), random_state=9)
