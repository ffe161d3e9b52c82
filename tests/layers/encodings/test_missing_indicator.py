import numpy as np
import pytest
from sklearn.impute import SimpleImputer

from skjacobnet.layers import Column, EncodedRows, MissingIndicator
from skjacobnet.operators import Diagonal, Expansion
from skjacobnet.testing import check_encoding

COLUMNS = [Column(5, "number"), Column(3, "category", 2), Column(4, "number")]


def test_by_hand():
    # Weighted mean of 1, 1 and 4: 2. The category's gap is not filled.
    X = np.array([[1.0, 0.0, 2.0], [np.nan, np.nan, 3.0], [4.0, 1.0, 3.0]])
    rows = EncodedRows(X, np.array([2.0, 1.0, 1.0]))
    layer, statistics, columns = MissingIndicator().fitted(COLUMNS, rows)
    assert columns == [*COLUMNS, Column(5, "indicator")]
    np.testing.assert_array_equal(statistics["mean"], [2.0, 2.5])
    output, operator = layer.linearize(statistics, X)
    np.testing.assert_array_equal(
        output, [[1.0, 0.0, 2.0, 0.0], [2.0, np.nan, 3.0, 1.0], [4.0, 1.0, 3.0, 0.0]]
    )
    assert isinstance(operator, Expansion)
    slopes = np.zeros((3, 4, 3))
    slopes[:, :3] = np.eye(3)
    slopes[1, 0, 0] = 0.0
    np.testing.assert_array_equal(operator.todense(3), slopes)


def test_gaps_of_rows_without_weight_get_no_indicator():
    X = np.array([[1.0], [3.0], [np.nan]])
    rows = EncodedRows(X, np.array([1.0, 1.0, 0.0]))
    layer, statistics, columns = MissingIndicator().fitted([Column(0, "number")], rows)
    assert columns == [Column(0, "number")]
    output, operator = layer.linearize(statistics, X)
    np.testing.assert_array_equal(output, [[1.0], [3.0], [2.0]])
    assert isinstance(operator, Diagonal)
    np.testing.assert_array_equal(operator.diagonal, [[1.0], [1.0], [0.0]])


def test_a_column_without_values_becomes_zero():
    X = np.full((4, 1), np.nan)
    columns = [Column(0, "number")]
    layer, statistics, _ = MissingIndicator().fitted(columns, EncodedRows(X))
    np.testing.assert_array_equal(layer.forward(statistics, X), [[0.0, 1.0]] * 4)


def test_a_missing_one_of_two_values_is_between_them():
    """However frequent each is, and with a separate indicator."""
    X = np.array([[-1.0, 1.0], [1.0, 1.0], [1.0, 4.0], [np.nan, np.nan]])
    columns = [Column(7, "binary"), Column(8, "number")]
    rows = EncodedRows(X, np.array([1.0, 2.0, 3.0, 1.0]))
    layer, statistics, found = MissingIndicator().fitted(columns, rows)
    np.testing.assert_array_equal(statistics["mean"], [0.0, 2.5])
    assert found == [*columns, Column(7, "indicator"), Column(8, "indicator")]
    output, operator = layer.linearize(statistics, X)
    np.testing.assert_array_equal(output[3], [0.0, 2.5, 1.0, 1.0])
    np.testing.assert_array_equal(output[:3, :2], X[:3])
    np.testing.assert_array_equal(operator.todense(4)[3], np.zeros((4, 2)))
    # Gaps only in later rows: filled in the same way, without an indicator.
    layer, statistics, found = MissingIndicator().fitted(columns, EncodedRows(X[:3]))
    assert found == columns
    np.testing.assert_array_equal(layer.forward(statistics, X)[3], [0.0, 2.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_scikit_learn(dtype):
    rng = np.random.default_rng(0)
    X = rng.normal(3.0, size=(500, 6)).astype(dtype)
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:, 2] = 1.0
    columns = [Column(i, "number") for i in range(6)]
    layer, statistics, _ = MissingIndicator().fitted(columns, EncodedRows(X))
    imputer = SimpleImputer(add_indicator=True).fit(X.astype(np.float64))
    expected = imputer.transform(X.astype(np.float64))
    found = layer.forward(statistics, X.astype(np.float64))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_contract():
    check_encoding(MissingIndicator(), random_state=9)
