import numpy as np
import pytest
from autograd import elementwise_grad
from autograd import numpy as anp
from sklearn.exceptions import NotFittedError

from skjacobnet.layers import Binary, Column, EncodedRows, Linear, OneHot, fit_encodings
from skjacobnet.network import Network
from skjacobnet.operators import Diagonal
from skjacobnet.testing import check_encoding

LIMIT = np.sqrt(10.0)


def fitted(X, weight=None, rows_per_block=None):
    X = np.asarray(X, float)
    columns = [Column(i, "number") for i in range(X.shape[1])]
    rows = EncodedRows(X, weight, rows_per_block=rows_per_block)
    return Binary().fitted(columns, rows)


def kinds(columns):
    return [column.kind for column in columns]


def test_by_hand():
    # Middle 3, half 2. At 9 the ratio is 3: 3 sqrt((10/9) / 2) = sqrt(5); the slope
    # is sqrt(10/9) / 2 times 2^(-3/2), which is 5^(1/2) / 12.
    X = np.array([[1.0, 7.0], [5.0, 8.0], [5.0, 9.0], [np.nan, 7.0]])
    layer, statistics, columns = fitted(X)
    assert columns == [Column(0, "binary"), Column(1, "number")]
    assert layer.columns == (0,)
    np.testing.assert_array_equal(statistics["low"], [1.0])
    np.testing.assert_array_equal(statistics["half"], [2.0])
    rows = np.array([[1.0, 0.1], [5.0, 0.2], [3.0, 0.3], [9.0, 0.4], [np.nan, np.nan]])
    output, operator = layer.linearize(statistics, rows)
    np.testing.assert_allclose(
        output[:, 0], [-1.0, 1.0, 0.0, np.sqrt(5.0), np.nan], rtol=1e-15
    )
    np.testing.assert_array_equal(output[:, 1], rows[:, 1])
    assert isinstance(operator, Diagonal)
    # At both values (1 + 1/9)^-1 / 2, whatever the unit.
    np.testing.assert_allclose(
        operator.diagonal[:, 0],
        [0.45, 0.45, np.sqrt(10.0) / 6.0, np.sqrt(5.0) / 12.0, 0.0],
        rtol=1e-14,
    )
    np.testing.assert_array_equal(operator.diagonal[:, 1], np.ones(5))


def test_only_columns_with_two_values():
    nan = np.nan
    table = {
        "two": [4.0, 2.0, 4.0, 4.0, 4.0],
        "two and gaps": [nan, 2.0, nan, -2.0, 2.0],
        "constant": [0.1, 0.1, 0.1, 0.1, 0.1],
        "constant and gaps": [0.1, nan, 0.1, 0.1, 0.1],
        "three": [0.0, 1.0, 2.0, 1.0, 0.0],
        "three, the last": [0.0, 1.0, 0.0, 1.0, 0.5],
        "three, the largest": [0.0, 1.0, 0.0, 1.0, 1.0 + 2**-52],
        "all missing": [nan, nan, nan, nan, nan],
        "two zeros": [0.0, -0.0, 0.0, -0.0, -0.0],
        "one known": [nan, nan, 3.0, nan, nan],
        "neighbors": [1.0, 1.0 + 2**-52, 1.0, 1.0, 1.0],
        "one is zero": [-0.0, 0.0, 5.0, 5.0, 0.0],
    }
    X = np.stack(list(table.values()), axis=1)
    expected = ["two", "two and gaps", "neighbors", "one is zero"]
    for rows_per_block in (None, 1, 2):
        layer, statistics, columns = fitted(X, rows_per_block=rows_per_block)
        assert [list(table)[number] for number in layer.columns] == expected
        assert kinds(columns) == [
            "binary" if name in expected else "number" for name in table
        ]
        output = layer.forward(statistics, X)
        others = [place for place, name in enumerate(table) if name not in expected]
        np.testing.assert_array_equal(output[:, others], X[:, others])
        np.testing.assert_allclose(output[:, 0], [1.0, -1.0, 1.0, 1.0, 1.0], rtol=1e-15)
        np.testing.assert_array_equal(np.isnan(output), np.isnan(X))


def test_rows_of_weight_zero_do_not_count():
    X = np.array([[1.0, 0.0], [3.0, 0.0], [2.0, 0.0], [9.0, 1.0]])
    _, statistics, columns = fitted(X, np.array([1.0, 0.5, 0.0, 0.0]))
    assert kinds(columns) == ["binary", "number"]
    np.testing.assert_array_equal(statistics["low"], [1.0])
    np.testing.assert_array_equal(statistics["half"], [1.0])
    assert fitted(X)[0].columns == (1,)
    # However light, a row with another value counts, and weights move nothing.
    weight = np.array([1.0, 1e-300, 0.0, 0.0])
    np.testing.assert_array_equal(fitted(X, weight)[1]["low"], [1.0])


def test_columns_of_categories():
    """One-hot columns have two values, and are not changed."""
    X = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [2.0, 0.0, 1.0]])
    columns = [Column(0, "category", 3), Column(1, "category", 2), Column(2, "number")]
    layers, _, columns_out = fit_encodings([OneHot(), Binary()], columns, X)
    assert kinds(columns_out) == ["binary", *["one_hot"] * 4]
    assert layers[1].columns == (0,)
    # Codes of categories themselves are no numbers.
    layer, _, columns_out = Binary().fitted(columns, EncodedRows(X))
    assert layer.columns == (2,)
    assert kinds(columns_out) == ["category", "category", "binary"]


def test_what_other_encodings_made_is_left_alone():
    X = np.array([[0.0] * 4, [1.0] * 4])
    made = ["indicator", "bin", "constant", "binary"]
    columns = [Column(i, kind) for i, kind in enumerate(made)]
    layer, statistics, columns_out = Binary().fitted(columns, EncodedRows(X))
    assert columns_out == columns
    assert layer.columns == ()
    np.testing.assert_array_equal(layer.forward(statistics, X), X)
    np.testing.assert_array_equal(
        layer.linearize(statistics, X)[1].todense(2)[1], np.eye(4)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types(dtype):
    X = np.array([[0.1, -7.0], [0.3, 1e6], [np.nan, -7.0]], dtype)
    layer, statistics, _ = fitted(X)
    assert {array.dtype for array in statistics.values()} == {np.dtype(np.float64)}
    known = {name: array.astype(dtype) for name, array in statistics.items()}
    output, operator = layer.linearize(known, X)
    assert output.dtype == operator.dtype == dtype
    expected = [[-1.0, -1.0], [1.0, 1.0], [np.nan, -1.0]]
    tolerance = 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(output, expected, rtol=tolerance)
    half = np.array([0.1, 0.5 * (1e6 + 7.0)])
    slopes = 0.9 / half * ~np.isnan(X)
    np.testing.assert_allclose(operator.diagonal, slopes, rtol=tolerance)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (1e-300, 3e-300),
        (-1e-300, 1e-300),
        (1e300, 3e300),
        (-1e300, 1e300),
        (-1.7e308, 1.7e308),
        (0.0, 1.7e308),
        (1.0, 1e300),
        (0.0, 1e-300),
    ],
)
def test_numbers_of_any_size(low, high):
    X = np.array([[low], [high], [0.5 * low + 0.5 * high]])
    with np.errstate(all="raise", under="ignore"):
        layer, statistics, columns = fitted(X[:2])
        output, operator = layer.linearize(statistics, X)
    assert kinds(columns) == ["binary"]
    np.testing.assert_allclose(output.ravel(), [-1.0, 1.0, 0.0], rtol=1e-14, atol=1e-15)
    # Halves first: the difference itself may be too large.
    slope = 0.9 / (0.5 * high - 0.5 * low)
    np.testing.assert_allclose(operator.diagonal[:2].ravel(), slope, rtol=1e-13)


def test_outputs_are_bounded():
    layer, statistics, _ = fitted([[-1.0], [1.0]])
    X = np.concatenate([np.linspace(-1e3, 1e3, 2001), [-1e300, 1e300]])[:, np.newaxis]
    output, operator = layer.linearize(statistics, X)
    assert np.abs(output).max() <= LIMIT * (1.0 + 1e-15)
    np.testing.assert_allclose(output[-2:].ravel(), [-LIMIT, LIMIT])
    rising = np.diff(output[:-2], axis=0)
    assert rising.min() > 0.0
    np.testing.assert_allclose(output, -layer.forward(statistics, -X), atol=1e-15)
    # It is steepest in the middle and flat far away.
    assert operator.diagonal.argmax() == 1000
    assert operator.diagonal.min() >= 0.0
    np.testing.assert_allclose(operator.diagonal[-2:], 0.0, atol=1e-20)


def test_distances_that_vanish_in_float32():
    """Numbers of both values are then the same, and neither moves anything."""
    layer, statistics, _ = fitted([[1e-60], [3e-60]])
    narrow = {name: array.astype(np.float32) for name, array in statistics.items()}
    zeros = np.zeros((2, 1), np.float32)
    with np.errstate(all="raise"):
        output, operator = layer.linearize(narrow, zeros)
    np.testing.assert_allclose(output, zeros - 1.0, rtol=3e-7)
    np.testing.assert_array_equal(operator.diagonal, zeros)


def test_large_numbers_that_differ_little_in_float32():
    X = np.float32(2.0**24) + np.array([[0.0], [2.0]], np.float32)
    layer, statistics, _ = fitted(X)
    narrow = {name: array.astype(np.float32) for name, array in statistics.items()}
    output = layer.forward(narrow, X).ravel()
    np.testing.assert_allclose(output, [-1.0, 1.0], rtol=3e-7)


def test_derivatives_agree_with_autograd():
    rng = np.random.default_rng(0)
    low, high = np.array([[-1.0, 2.0, 1e5], [0.5, 2.1, 9e5]])
    layer, statistics, _ = fitted([low, high])
    X = low + (high - low) * rng.normal(0.5, 2.0, size=(50, 3))

    def reference(x):
        z = (2.0 * x - low - high) / (high - low)
        return z * anp.sqrt((1.0 + 1.0 / 9.0) / (1.0 + z**2 / 9.0))

    output, operator = layer.linearize(statistics, X)
    slope = elementwise_grad(reference)
    np.testing.assert_allclose(output, reference(X), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(operator.diagonal, slope(X), rtol=1e-11)
    tangent, cotangent = rng.normal(size=(2, 4, *X.shape))
    found, of_weights = layer.second_vjp(
        statistics, X, output, operator, tangent, cotangent
    )
    assert of_weights == {}
    curvature = elementwise_grad(slope)(X) * np.sum(tangent * cotangent, axis=0)
    scale = np.abs(curvature).max(axis=0)
    np.testing.assert_allclose(found / scale, curvature / scale, atol=1e-11)
    X[3] = np.nan
    at = layer.linearize(statistics, X)
    found, _ = layer.second_vjp(statistics, X, *at, tangent, cotangent)
    np.testing.assert_array_equal(found[3], np.zeros(3))


def test_many_columns_side_by_side_or_not():
    rng = np.random.default_rng(1)
    low, high = rng.normal(size=90), rng.normal(size=90) + 9.0
    X = np.where(rng.random((40, 90)) < 0.5, low, high)
    for chosen in (np.arange(90), np.arange(0, 90, 2), np.arange(3, 50)):
        columns = [Column(i, "number" if i in chosen else "bin") for i in range(90)]
        layer, statistics, _ = Binary().fitted(columns, EncodedRows(X))
        output, operator = layer.linearize(statistics, X)
        expected, slopes = X.copy(), np.ones(X.shape)
        expected[:, chosen] = np.where(low == X, -1.0, 1.0)[:, chosen]
        slopes[:, chosen] = (1.8 / (high - low))[chosen]
        np.testing.assert_allclose(output, expected, rtol=1e-13)
        np.testing.assert_allclose(operator.diagonal, slopes, rtol=1e-13)


def test_works_in_place():
    X = np.array([[2.0, 9.0], [3.0, 8.0]])
    layer, statistics, _ = fitted([[2.0, 0.0], [3.0, 0.0]])
    assert layer.forward(statistics, X, X) is X
    np.testing.assert_allclose(X, [[-1.0, 9.0], [1.0, 8.0]], rtol=1e-15)


def test_without_a_table():
    with pytest.raises(NotFittedError, match=r"Binary\(\) is not fitted"):
        Network([Binary(), Linear(1)], 3)


def test_the_contract():
    check_encoding(Binary(), random_state=9)
