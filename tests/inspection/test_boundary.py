"""Distances to decision boundaries, exact for linear models."""

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.core import blocks
from skjacobnet.inspection import boundary_distance
from skjacobnet.testing import empirical_jacobian

X, Y = load_iris(return_X_y=True)
WORDS = np.array(["setosa", "versicolor", "virginica"])[Y]
LABELS = np.stack([Y > 0, Y < 2, X[:, 0] > 6], axis=1).astype(int)


def fitted(sizes, y):
    network = plain_classifier(
        sizes, "tanh", max_iter=20, tol=None, random_state=0, learning_rate=0.05
    )
    return make_pipeline(StandardScaler(), network).fit(X, y)


def raw(model, X):
    result = model.decision_function(X)
    return result[:, np.newaxis] if result.ndim == 1 else result


def test_a_linear_model_decides_otherwise_just_beyond_it():
    model = fitted((), WORDS)
    distance, direction, other = boundary_distance(model, X)
    np.testing.assert_allclose(np.linalg.norm(direction, axis=1), 1.0)
    at = raw(model, X + distance[:, np.newaxis] * direction)
    ordered = np.sort(at, axis=1)
    np.testing.assert_allclose(ordered[:, -1], ordered[:, -2], atol=1e-9)
    before = model.predict(X + 0.999 * distance[:, np.newaxis] * direction)
    np.testing.assert_array_equal(before, model.predict(X))
    beyond = model.predict(X + 1.001 * distance[:, np.newaxis] * direction)
    np.testing.assert_array_equal(beyond, other)
    # No other way is shorter.
    rng = np.random.default_rng(0)
    for _ in range(20):
        way = rng.standard_normal(X.shape)
        way *= (0.999 * distance / np.linalg.norm(way, axis=1))[:, np.newaxis]
        np.testing.assert_array_equal(model.predict(X + way), model.predict(X))


def test_a_linear_binary_model():
    model = fitted((), WORDS == "setosa")
    distance, direction, other = boundary_distance(model, X)
    moved = X + distance[:, np.newaxis] * direction
    np.testing.assert_allclose(model.decision_function(moved), 0.0, atol=1e-9)
    np.testing.assert_array_equal(other, ~model.predict(X))


@pytest.mark.parametrize("y", [WORDS, LABELS], ids=["classes", "labels"])
def test_against_all_pairs_measured_by_differences(y):
    model = fitted((6,), y)
    values = raw(model, X)
    jacobian = empirical_jacobian(lambda X: raw(model, X), X)
    distance, direction, other = boundary_distance(model, X)
    for s in range(0, 150, 7):
        best = np.inf, None, None
        a = np.argmax(values[s])
        for b in range(3):
            if y is LABELS:
                margin, gradient = values[s, b], jacobian[s, b]
            elif a == b:
                continue
            else:
                margin = values[s, a] - values[s, b]
                gradient = jacobian[s, a] - jacobian[s, b]
            length = np.linalg.norm(gradient)
            way = -np.sign(margin) * gradient / length
            best = min(best, (abs(margin) / length, b, way), key=lambda entry: entry[0])
        np.testing.assert_allclose(distance[s], best[0], rtol=1e-6)
        assert other[s] == model.classes_[best[1]]
        np.testing.assert_allclose(direction[s], best[2], atol=1e-6)


def test_blocks(monkeypatch):
    model = fitted((6,), WORDS)
    whole = boundary_distance(model, X)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    for one, other in zip(boundary_distance(model, X), whole, strict=True):
        if one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-9)
        else:
            np.testing.assert_array_equal(one, other)


def test_where_nothing_moves_the_decision():
    model = fitted((6,), WORDS)
    model[-1].weights_[...] = 0.0
    distance, direction, _ = boundary_distance(model, X)
    assert np.isinf(distance).all()
    assert not direction.any()


def test_float32():
    model = plain_classifier((3,), max_iter=2, tol=None, random_state=0)
    model.fit(X.astype(np.float32), Y)
    distance, direction, _ = boundary_distance(model, X)
    assert distance.dtype == direction.dtype == np.float32


def test_units_are_those_that_columns_are_divided_by():
    rng = np.random.default_rng(0)
    X, units = rng.normal(size=(40, 3)), np.array([10.0, 1.0, 0.1])
    y = X.sum(axis=1) > 0.0
    model = plain_classifier((5,), max_iter=3, tol=None, random_state=0).fit(X, y)
    scaled = plain_classifier((5,), max_iter=3, tol=None, random_state=0)
    scaled.fit(X / units, y)
    first, *rest = model.coefs_
    scaled.coefs_ = [units[:, np.newaxis] * first, *rest]
    scaled.intercepts_ = model.intercepts_
    found = boundary_distance(model, X, units=units)
    expected = boundary_distance(scaled, X / units)
    np.testing.assert_allclose(found.distance, expected.distance)
    np.testing.assert_allclose(found.direction, expected.direction * units)
