import numpy as np
import pytest
from scipy.sparse import csr_array, csr_matrix
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from skjacobnet.layers import Column, EncodedRows, Linear, Standardize
from skjacobnet.network import Network
from skjacobnet.operators import Diagonal
from skjacobnet.testing import check_encoding


def fitted(X, weight=None, **arguments):
    columns = [Column(i, "number") for i in range(X.shape[1])]
    return Standardize(**arguments).fitted(columns, EncodedRows(X, weight))[:2]


def test_by_hand():
    # Weights 1, 3: mean 2.5, variance (1.5^2 + 3 * 0.5^2) / 4 = 0.75.
    X = np.array([[1.0], [3.0], [np.nan], [50.0]])
    layer, statistics = fitted(X, np.array([1.0, 3.0, 2.0, 0.0]))
    assert statistics["mean"] == 2.5
    assert statistics["deviation"] == np.sqrt(0.75)
    output, operator = layer.linearize(statistics, X[:3])
    np.testing.assert_allclose(
        output.ravel(), [-1.5 / 0.75**0.5, 0.5 / 0.75**0.5, 0.0], rtol=1e-15
    )
    assert isinstance(operator, Diagonal)
    np.testing.assert_allclose(
        operator.diagonal.ravel(), [0.75**-0.5, 0.75**-0.5, 0.0], rtol=1e-15
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_scikit_learn(weighted):
    rng = np.random.default_rng(0)
    X = 1e4 + 10.0 ** rng.integers(-3, 3, size=6) * rng.normal(size=(300, 6))
    weight = rng.exponential(size=300) if weighted else None
    layer, statistics = fitted(X, weight)
    scaler = StandardScaler().fit(X, sample_weight=weight)
    np.testing.assert_allclose(statistics["mean"], scaler.mean_, rtol=1e-12)
    X = scaler.inverse_transform(rng.normal(size=(50, 6)))
    found, expected = layer.forward(statistics, X), scaler.transform(X)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)
    X = rng.normal(size=(300, 6))
    layer, statistics = fitted(X, weight)
    expected = StandardScaler().fit(X, sample_weight=weight).transform(X)
    np.testing.assert_allclose(layer.forward(statistics, X), expected, atol=1e-12)


@pytest.mark.parametrize("size", [1e-300, 1e-5, 1e300])
def test_numbers_of_any_size(size):
    X = np.array([[1.0], [2.0], [4.0], [-3.0]])
    with np.errstate(all="raise"):
        layer, statistics = fitted(size * X)
        found = layer.forward(statistics, size * X)
    np.testing.assert_allclose(found, (X - X.mean()) / X.std(), rtol=1e-13)


def test_a_small_spread_around_a_large_mean():
    offsets = np.random.default_rng(0).integers(-5, 6, size=(5000, 1)) / 8.0
    _, statistics = fitted(1.7e9 + offsets)
    np.testing.assert_allclose(statistics["deviation"], offsets.std(), rtol=1e-13)
    one_by_one = EncodedRows(1.7e9 + offsets, rows_per_block=1)
    _, statistics, _ = Standardize().fitted([Column(0, "number")], one_by_one)
    np.testing.assert_allclose(statistics["deviation"], offsets.std(), rtol=1e-13)


@pytest.mark.parametrize("value", [0.1, 1e300, 0.0, np.nan])
def test_columns_of_one_value_become_zero(value):
    X = np.full((1000, 1), value)
    X[7] = np.nan
    layer, statistics = fitted(X, np.full(1000, 0.1))
    assert statistics["deviation"] == 0.0
    output, operator = layer.linearize(statistics, np.array([[value], [5.0]]))
    np.testing.assert_array_equal(output, np.zeros((2, 1)))
    np.testing.assert_array_equal(operator.todense(2), np.zeros((2, 1, 1)))


def test_columns_of_one_value_are_called_constant():
    nan = np.nan
    X = np.array([[1.0, 2.0, nan, 0.5, 1.0], [3.0, 2.0, nan, nan, 7.0]])
    columns = [*(Column(9 - i, "number") for i in range(4)), Column(5, "category", 8)]
    for encoding in (Standardize(), Standardize(center=False)):
        layer, _, found = encoding.fitted(columns, EncodedRows(X))
        assert found == [
            Column(9, "number"),
            Column(8, "constant"),
            Column(7, "constant"),
            Column(6, "constant"),
            Column(5, "category", 8),
        ]
        assert layer.columns == (0, 1, 2, 3)
        assert columns[1] == Column(8, "number")
    # Rows of weight zero do not count, and columns that others have made stay.
    rows = EncodedRows(X, np.array([1.0, 0.0]))
    _, _, found = Standardize().fitted([Column(0, "bin"), *columns[1:]], rows)
    kinds = [column.kind for column in found]
    assert kinds == ["bin", *["constant"] * 3, "category"]
    sparse = csr_array(np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 2.0]]))
    numbers = [Column(i, "number") for i in range(3)]
    _, _, found = Standardize(center=False).fitted(numbers, EncodedRows(sparse))
    assert [column.kind for column in found] == ["constant", "constant", "number"]


@pytest.mark.parametrize("center", [True, False])
def test_columns_of_two_values_keep_their_scale(center):
    """They are -1 and +1 already; only what is missing becomes 0."""
    X = np.array([[-1.0, 1.0], [1.0, 5.0], [1.0, 0.0], [1.0, 0.0], [np.nan, np.nan]])
    columns = [Column(0, "binary"), Column(1, "number")]
    layer, statistics, found = Standardize(center).fitted(columns, EncodedRows(X))
    assert found == columns
    assert layer.columns == (0, 1)
    mean, deviation = X[:4, 1].mean() if center else 0.0, X[:4, 1].std()
    np.testing.assert_allclose(statistics["mean"], [0.0, mean], rtol=1e-15)
    np.testing.assert_allclose(statistics["deviation"], [1.0, deviation], rtol=1e-15)
    output, operator = layer.linearize(statistics, X)
    np.testing.assert_array_equal(output[:, 0], [-1.0, 1.0, 1.0, 1.0, 0.0])
    np.testing.assert_array_equal(operator.diagonal[:, 0], [1.0, 1.0, 1.0, 1.0, 0.0])
    # Also where all rows that count have the same one of the two.
    rows = EncodedRows(X, np.array([0.0, 1.0, 1.0, 1.0, 1.0]))
    _, statistics, found = Standardize(center).fitted(columns, rows)
    assert found == columns
    np.testing.assert_array_equal(statistics["deviation"][0], 1.0)


def test_deviations_that_vanish_in_float32():
    layer, statistics = fitted(np.array([[1e-60], [3e-60]]))
    narrow = {name: array.astype(np.float32) for name, array in statistics.items()}
    zeros = np.zeros((2, 1), np.float32)
    np.testing.assert_array_equal(layer.forward(narrow, zeros), zeros)


def test_many_columns_side_by_side_or_not():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20, 90))
    X[rng.random(X.shape) < 0.1] = np.nan
    for chosen in (np.arange(90), np.arange(0, 90, 2), np.arange(3, 50)):
        columns = [Column(i, "number" if i in chosen else "bin") for i in range(90)]
        layer, statistics, _ = Standardize().fitted(columns, EncodedRows(X))
        output, operator = layer.linearize(statistics, X)
        expected, slopes = X.copy(), np.ones(X.shape)
        scaled = (X - np.nanmean(X, axis=0)) / np.nanstd(X, axis=0)
        expected[:, chosen] = np.nan_to_num(scaled)[:, chosen]
        slopes[:, chosen] = (~np.isnan(X) / np.nanstd(X, axis=0))[:, chosen]
        np.testing.assert_allclose(output, expected, atol=1e-13)
        np.testing.assert_allclose(operator.diagonal, slopes, rtol=1e-13)


@pytest.mark.parametrize("kind", [csr_array, csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_rows_stay_sparse(kind, dtype):
    rng = np.random.default_rng(2)
    X = np.where(rng.random((200, 5)) < 0.3, rng.normal(2.0, 3.0, size=(200, 5)), 0.0)
    X[:, 3], X[:, 4] = 0.0, 2.0
    weight = rng.integers(0, 3, size=200).astype(float)
    layer, statistics = fitted(kind(X), weight, center=False)
    expected = StandardScaler(with_mean=False).fit(X, sample_weight=weight)
    np.testing.assert_allclose(
        statistics["deviation"][:3], expected.scale_[:3], rtol=1e-12
    )
    np.testing.assert_array_equal(statistics["deviation"][3:], 0.0)
    narrow = {name: array.astype(dtype) for name, array in statistics.items()}
    rows = kind(X.astype(dtype))
    output, operator = layer.linearize(narrow, rows)
    assert type(output) is kind
    assert output.dtype == operator.dtype == dtype
    assert output.nnz == rows.nnz
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    wanted = expected.transform(X) * [1.0, 1.0, 1.0, 0.0, 0.0]
    np.testing.assert_allclose(output.toarray(), wanted, atol=tolerance)


def test_sparse_rows_of_any_size_and_with_gaps():
    X = np.array([[1e300, 1e-300, np.nan], [0.0, 0.0, 2.0], [3e300, 3e-300, 0.0]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        layer, statistics = fitted(csr_array(X), center=False)
        output, operator = layer.linearize(statistics, csr_array(X))
    wanted = np.nan_to_num(X / np.nanstd(X / [1e300, 1e-300, 1.0], axis=0))
    np.testing.assert_allclose(output.toarray(), wanted / [1e300, 1e-300, 1.0])
    assert operator.todense(3)[0, 2, 2] == 0.0


def test_sparse_columns_of_one_value_become_zero():
    rng = np.random.default_rng(4)
    X, weight = csr_array(np.full((1000, 1), 0.1)), rng.exponential(size=1000)
    layer, statistics = fitted(X, weight, center=False)
    assert statistics["deviation"] == 0.0
    np.testing.assert_array_equal(layer.forward(statistics, X).toarray(), 0.0)


def test_a_network_takes_sparse_rows():
    rng = np.random.default_rng(3)
    X = np.where(rng.random((30, 4)) < 0.5, rng.normal(size=(30, 4)), 0.0)
    layer, statistics = fitted(csr_array(X), center=False)
    flat = np.concatenate([statistics["mean"], statistics["deviation"]])
    network = Network([layer, Linear(2)], 4, flat)
    assert network.accepts_sparse
    theta = network.init_weights(rng, np.float64)
    cotangent, results = rng.normal(size=(30, 2)), []
    for rows in (X, csr_array(X)):
        at = network.linearize(theta, rows)
        results.append(
            [
                network.forward(theta, rows),
                network.gradient(theta, at, cotangent),
                network.sample_gradients(theta, at, cotangent),
                network.input_jacobian(theta, rows),
            ]
        )
    for dense, sparse in zip(*results, strict=True):
        np.testing.assert_allclose(sparse, dense, atol=1e-12)


def test_without_a_table():
    with pytest.raises(NotFittedError, match=r"Standardize\(\) is not fitted"):
        Network([Standardize(), Linear(1)], 3)


@pytest.mark.parametrize("center", [True, False])
def test_the_contract(center):
    check_encoding(Standardize(center=center), random_state=9)
