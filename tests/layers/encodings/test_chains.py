"""Encodings one after the other, and in networks."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.base import clone

from skjacobnet.core.component import Component
from skjacobnet.layers import (
    ENCODINGS,
    Binary,
    Column,
    Linear,
    MissingIndicator,
    OneHot,
    PiecewiseLinear,
    SmoothClip,
    Standardize,
    Tanh,
    fit_encodings,
)
from skjacobnet.network import Network
from skjacobnet.network.workspace import NetworkWorkspace
from skjacobnet.testing.finite_differences import empirical_jacobian
from skjacobnet.testing.tables import draw_table

USUAL = [
    OneHot(),
    Binary(),
    PiecewiseLinear(n_bins=3),
    MissingIndicator(),
    Standardize(),
    SmoothClip(),
]
# Up to four of them, and all without `Binary`.
ORDERS = [
    order
    for n in range(1, len(USUAL))
    for order in permutations(range(len(USUAL)), n)
    if n < 5 or 1 not in order
]


def flat(statistics):
    arrays = [array for known in statistics for array in known.values()]
    return np.concatenate([np.empty(0), *arrays])


def network_of(encodings, X, columns, weight=None):
    layers, statistics, _ = fit_encodings(encodings, columns, X, weight)
    layers = [*layers, Linear(4), Tanh(), Linear(2)]
    return Network(layers, X.shape[1], flat(statistics))


def number_columns(columns):
    return [i for i, column in enumerate(columns) if column.kind == "number"]


def test_the_printed_network():
    X = np.array(
        [[0.0, 1.0, 4.0], [np.nan, 0.0, 1.0], [2.0, 2.0, 2.0], [1.0, 2.0, 3.0]]
    )
    columns = [Column(0, "number"), Column(1, "category", 3), Column(2, "number")]
    assert str(network_of(USUAL, X, columns)) == (
        "layer                        Jacobian         inputs  outputs  weights\n"
        "1 OneHot                     expansion             3        5        0\n"
        "2 Binary                     diagonal              5        5        0\n"
        "3 PiecewiseLinear(n_bins=3)  expansion             5       10        0\n"
        "4 MissingIndicator           expansion            10       11        0\n"
        "5 Standardize                diagonal             11       11        0\n"
        "6 SmoothClip                 diagonal             11       11        0\n"
        "7 Linear(units=4)            constant matrix      11        4       48\n"
        "8 Tanh                       diagonal              4        4        0\n"
        "9 Linear(units=2)            constant matrix       4        2       10\n"
        "total                                              3        2       58\n"
        "232 bytes in float32, 464 bytes in float64"
    )


def test_rows_by_hand():
    # Numbers 0, 2, missing, 1: mean 1, deviation sqrt(2/3) of the known, sqrt(1/2) of
    # the filled ones; three edges 0, 1, 2. The next category has three values with what
    # is missing, the last one two. A missing one of two numbers is between them.
    nan = np.nan
    X = np.array(
        [
            [0.0, 1.0, 20.0, 0.0],
            [2.0, 0.0, 50.0, 2.0],
            [nan, 1.0, nan, 1.0],
            [1.0, nan, 50.0, 1.0],
        ]
    )
    columns = [
        Column(0, "number"),
        Column(1, "category", 2),
        Column(2, "number"),
        Column(3, "category", 3),
    ]
    layers, statistics, columns_out = fit_encodings(USUAL, columns, X)
    kinds = [column.kind for column in columns_out]
    assert kinds == [
        "number",
        "binary",
        *["one_hot"] * 4,
        "bin",
        "bin",
        "indicator",
        "indicator",
    ]
    assert [column.source for column in columns_out] == [0, 2, 1, 3, 3, 3, 0, 0, 0, 2]
    for layer, known in zip(layers, statistics, strict=True):
        X = layer.forward(known, X)
    z = 2.0**0.5
    clipped = z / (1.0 + 2.0 / 9.0) ** 0.5
    expected = [
        [-clipped, -1.0, 1.0, 1.0, -0.5, -0.5, 0.0, 0.0, 0.0, 0.0],
        [clipped, 1.0, -1.0, -0.5, -0.5, 1.0, 1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, -0.5, 1.0, -0.5, 0.0, 0.0, 1.0, 1.0],
        [0.0, 1.0, 0.0, -0.5, 1.0, -0.5, 1.0, 0.0, 0.0, 0.0],
    ]
    np.testing.assert_allclose(X, expected, rtol=1e-15)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_the_input_jacobian_agrees_with_finite_differences(mode):
    rng = np.random.default_rng(0)
    X, columns = draw_table(rng, 60)
    network = network_of(USUAL, X, columns, rng.random(60))
    theta = network.init_weights(rng, np.float64)
    numbers = number_columns(columns)
    rows = X[:20].copy()
    # Away from the edges, which are values of the table.
    rows[:, numbers] += 0.001 + 0.01 * rng.random((20, len(numbers)))
    jacobian = network.input_jacobian(theta, rows, mode)
    expected = np.nan_to_num(
        empirical_jacobian(lambda X: network.forward(theta, X), rows)
    )
    known = ~np.isnan(rows[:, numbers])
    found = jacobian[..., numbers].swapaxes(-1, -2)
    wanted = expected[..., numbers].swapaxes(-1, -2)
    np.testing.assert_allclose(found[known], wanted[known], atol=1e-6)
    np.testing.assert_array_equal(found[~known], 0.0)
    others = np.delete(np.arange(X.shape[1]), numbers)
    np.testing.assert_array_equal(jacobian[..., others], 0.0)


def test_the_gradient_is_that_of_a_network_on_encoded_rows():
    rng = np.random.default_rng(1)
    X, columns = draw_table(rng)
    network = network_of(USUAL, X, columns)
    theta = network.init_weights(rng, np.float64)
    cotangent = rng.normal(size=(len(X), 2))
    at = network.linearize(theta, X)
    encoded = at.outputs[len(USUAL)]
    plain = Network(network.layers[len(USUAL) :], encoded.shape[1])
    expected = plain.gradient(theta, plain.linearize(theta, encoded), cotangent)
    np.testing.assert_array_equal(network.gradient(theta, at, cotangent), expected)
    assert at.chain.first == len(USUAL)
    np.testing.assert_allclose(
        network.forward(theta, X), plain.forward(theta, encoded), rtol=1e-14
    )
    norms = network.sample_squared_norms(theta, at, cotangent)
    each = network.sample_gradients(theta, at, cotangent)
    np.testing.assert_allclose(norms, np.sum(each**2, axis=1), rtol=1e-12)


def test_the_backward_pass_does_not_reach_encodings(monkeypatch):
    rng = np.random.default_rng(2)
    X, columns = draw_table(rng)
    network = network_of(USUAL, X, columns)
    theta = network.init_weights(rng, np.float64)
    at = network.linearize(theta, X)

    def refuse(*arguments):
        raise AssertionError("An encoding was asked for a cotangent.")

    for operator in at.operators[: len(USUAL)]:
        monkeypatch.setattr(type(operator), "vjp", refuse)
    monkeypatch.setattr(
        type(at.operators[-2]), "vjp", lambda self, c, out=None: c * self.diagonal
    )
    network.gradient(theta, at, rng.normal(size=(len(X), 2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_with_a_workspace(dtype):
    rng = np.random.default_rng(3)
    X, columns = draw_table(rng)
    X = X.astype(dtype)
    network = network_of(USUAL, X, columns)
    theta = network.init_weights(rng, dtype)
    before = X.copy()
    workspace = NetworkWorkspace(network)
    for rows in (X[::-1], X):
        found = network.forward(theta, rows, workspace=workspace)
    np.testing.assert_allclose(found, network.forward(theta, X), rtol=1e-5)
    np.testing.assert_array_equal(X, before)
    assert found.dtype == dtype


@pytest.mark.parametrize("first", range(len(USUAL)))
def test_every_order_of_every_subset_works(first):
    rng = np.random.default_rng(4)
    X, columns = draw_table(rng)
    weight = rng.integers(0, 3, size=len(X)).astype(float)
    for order in ORDERS:
        if order[0] != first:
            continue
        encodings = [USUAL[i] for i in order]
        layers, statistics, found = fit_encodings(encodings, columns, X, weight)
        output = X
        for layer, known in zip(layers, statistics, strict=True):
            output = layer.forward(known, output)
        assert output.shape[1] == len(found)
        kinds = {column.kind for column in found}
        onehot, binary, bins, indicator, standardize, _ = (
            order.index(place) if place in order else np.inf for place in range(6)
        )
        assert ("one_hot" in kinds) == (onehot < np.inf) != ("category" in kinds)
        assert ("bin" in kinds) == (bins < np.inf)
        assert ("binary" in kinds) == (binary < np.inf)
        assert ("constant" in kinds) == (standardize < np.inf)
        # Standardize fills gaps as well, so that none is left to indicate.
        assert ("indicator" in kinds) == (
            indicator < np.inf and indicator < standardize
        )
        for column, values in zip(found, output.T, strict=True):
            if column.kind in ("bin", "one_hot", "indicator", "constant"):
                assert np.isfinite(values).all()
            if column.kind in ("number", "binary") and {3, 4} & set(order):
                assert np.isfinite(values).all()


def test_a_table_without_numbers_or_without_categories():
    rng = np.random.default_rng(5)
    X, columns = draw_table(rng)
    for kind in ("number", "category"):
        chosen = [i for i, column in enumerate(columns) if column.kind == kind]
        own = [columns[i] for i in chosen]
        network = network_of(USUAL, X[:, chosen], own)
        theta = network.init_weights(rng, np.float64)
        assert np.isfinite(network.forward(theta, X[:, chosen])).all()
        assert np.isfinite(network.input_jacobian(theta, X[:, chosen])).all()


def test_fitting_changes_no_encoding_and_copies_keep_their_class():
    class Twice(Standardize):
        name = None

        def encode(self, weights, X, out):
            super().encode(weights, X, out)
            out *= 2.0

    X, columns = draw_table(np.random.default_rng(6))
    layers, statistics, _ = fit_encodings([Twice(), Standardize()], columns, X)
    assert type(layers[0]) is Twice
    for name in ENCODINGS.names:
        part = ENCODINGS.make(name)
        before = part.get_params()
        fit_encodings([part], columns, X)
        assert part.get_params() == before
        assert isinstance(clone(part), Component)
    numbers = number_columns(columns)
    once = Standardize().with_structure(columns=layers[0].columns)
    found = layers[0].forward(statistics[0], X)
    expected = once.forward(statistics[0], X)
    np.testing.assert_array_equal(found[:, numbers], 2.0 * expected[:, numbers])
