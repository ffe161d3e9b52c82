"""Integrated gradients: completeness, closed forms, and quadrature by brute force."""

import numpy as np
import pandas as pd
import pytest
from plain import plain_classifier
from scipy import sparse
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.core import blocks
from skjacobnet.inspection import integrated_gradients
from skjacobnet.inspection.paths import Paths
from skjacobnet.layers import HardTanh, Linear, ReLU
from skjacobnet.layers.base import Layer

X, Y = load_iris(return_X_y=True)
ROWS = X[::10]
LABELS = np.stack([Y > 0, Y < 2, X[:, 0] > 6], axis=1).astype(int)
STACKS = {
    "relu": [Linear(9), "relu"],
    "deep": [Linear(9), "relu", Linear(8), "leaky_relu", Linear(7), "relu"],
    "hard": [Linear(9), HardTanh(), Linear(6), "elu"],
    "smooth": [Linear(9), "tanh", Linear(6), "gelu"],
    "mixed": [Linear(9), "tanh", Linear(6), "relu"],
    "softmax": [Linear(9), "relu", Linear(5), "softmax"],
    "linear": [],
}


def fitted(layers, y=Y, X=X):
    model = plain_classifier(
        layers=layers, max_iter=20, tol=None, random_state=0, learning_rate=0.05
    )
    return model.fit(X, y)


def brute_force(model, rows, baseline, columns, output):
    """The midpoint rule with many points."""
    n = 4000
    alpha = ((np.arange(n) + 0.5) / n)[:, np.newaxis, np.newaxis]
    points = (baseline + alpha * (rows - baseline)).reshape(-1, 4)
    jacobian = model.input_jacobian(points, output=output)
    gradients = jacobian[np.arange(len(points)), np.tile(columns, n)]
    return (rows - baseline) * gradients.reshape(n, *rows.shape).mean(axis=0)


@pytest.mark.parametrize("name", STACKS)
def test_against_many_small_steps(name):
    model = fitted(STACKS[name])
    rows, baseline = ROWS[::3], X.mean(axis=0)
    columns = np.argmax(model.predict_proba(rows), axis=1)
    for output in ("proba", "raw"):
        result, error = integrated_gradients(model, rows, baseline, output=output)
        expected = brute_force(model, rows, baseline, columns, output)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(result, expected, atol=3e-3 * scale)
        assert error.max() < 1e-4


@pytest.mark.parametrize("output", ["proba", "raw", "log_proba"])
@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("y", [Y, Y > 0, LABELS], ids=["classes", "binary", "labels"])
def test_attributions_add_up(name, y, output):
    model = fitted(STACKS[name], y)
    result, error = integrated_gradients(model, ROWS, target=model.classes_[1],
                                         output=output, tol=1e-6)  # fmt: skip
    zero = np.zeros((1, 4))
    if output == "raw":
        change = model.model_.raw(ROWS) - model.model_.raw(zero)
        change = change[:, min(1, change.shape[1] - 1)]
    else:
        predict = getattr(model, f"predict_{output}")
        change = (predict(ROWS) - predict(zero))[:, 1]
    missing = np.abs(result.sum(axis=1) - change)
    np.testing.assert_allclose(missing, error, atol=1e-12)
    assert error.max() < 1e-6


def test_a_linear_model_in_closed_form():
    model = fitted([])
    result, error = integrated_gradients(model, ROWS, X[0], target=2, output="raw")
    np.testing.assert_allclose(result, (ROWS - X[0]) * model.coefs_[0][:, 2])
    assert error.max() < 1e-12


@pytest.mark.parametrize("name", ["relu", "deep", "hard"])
def test_kinks_are_found_exactly_in_a_few_rounds(name):
    model = fitted(STACKS[name])
    _, error = integrated_gradients(model, ROWS, output="raw", tol=1e-9, max_iter=24)
    assert error.max() < 1e-9


def test_kinks_that_cancel_in_the_output_are_seen_in_the_features():
    """Along the path x0 = x1, and relu(x0 - 1/3) - relu(x1 - 1/3) stays zero."""
    two = X[:, :2]
    model = fitted([Linear(2), "relu"], Y > 0, two)
    model.coefs_ = [np.eye(2), [[1.0], [-1.0]]]
    model.intercepts_ = [[-1.0 / 3.0, -1.0 / 3.0], [0.0]]
    shares, error = integrated_gradients(
        model, [[1.0, 1.0]], target=True, output="raw", tol=1e-6
    )
    np.testing.assert_allclose(shares, [[2.0 / 3.0, -2.0 / 3.0]], atol=1e-6)
    assert error[0] < 1e-12


def test_a_wide_network_needs_far_fewer_points_than_it_has_kinks(monkeypatch):
    """Kinks are noise that the points average over; some 500 units are in each path."""
    model = plain_classifier((2048,), max_iter=3, tol=None, random_state=0)
    model.fit(X, Y)
    n_points, gradients = [], Paths.gradients

    def counted(self, path, t):
        n_points.append(len(path))
        return gradients(self, path, t)

    monkeypatch.setattr(Paths, "gradients", counted)
    rows, columns = ROWS[:4], np.argmax(model.predict_proba(ROWS[:4]), axis=1)
    baseline = X.mean(axis=0)
    shares, error = integrated_gradients(model, rows, baseline)
    assert error.max() < 1e-4
    assert sum(n_points) < 4 * 1400
    expected = brute_force(model, rows, baseline, columns, "proba")
    np.testing.assert_allclose(shares, expected, atol=1e-4)


def test_numbers_that_overflow_or_are_too_large_for_tol_end(monkeypatch):
    model = fitted(STACKS["deep"])
    for scale in (1e14, 1e200):
        model.coefs_ = [coef * scale for coef in fitted(STACKS["deep"]).coefs_]
        with (
            np.errstate(all="ignore"),
            pytest.warns(ConvergenceWarning, match="may have errors"),
        ):
            integrated_gradients(model, ROWS[:2], output="raw")


class Opaque(Layer):
    """ReLU that does not declare its kink."""

    def forward(self, weights, X, out=None):
        return ReLU().forward(weights, X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        return ReLU().linearize(weights, X)


@pytest.mark.parametrize("output", ["proba", "raw"])
def test_kinks_that_are_not_declared_are_closed_in_on(output):
    model = fitted([Linear(9), Opaque(), Linear(8), Opaque()])
    known = fitted([Linear(9), "relu", Linear(8), "relu"])
    known.weights_[...] = model.weights_
    shares, error = integrated_gradients(model, ROWS, output=output)
    assert error.max() < 1e-4
    exact, _ = integrated_gradients(known, ROWS, output=output, tol=1e-9)
    np.testing.assert_allclose(shares, exact, atol=1e-4)


def test_every_share_is_right_on_digits():
    digits, y = load_digits(return_X_y=True)
    model = plain_classifier((100,), max_iter=20, tol=None, random_state=0)
    model.fit(digits, y)
    shares, error = integrated_gradients(model, digits[:40])
    assert error.max() < 1e-4
    fine, _ = integrated_gradients(model, digits[:40], tol=1e-7)
    np.testing.assert_allclose(shares, fine, atol=1e-4)


def test_through_a_pipeline():
    model = make_pipeline(
        StandardScaler(), PCA(3), plain_classifier((9,), max_iter=20, tol=None)
    ).fit(X, Y)
    baseline = ROWS[::-1]
    result, error = integrated_gradients(model, ROWS, baseline, target=0, tol=1e-7)
    change = model.predict_proba(ROWS) - model.predict_proba(baseline)
    np.testing.assert_allclose(result.sum(axis=1), change[:, 0], atol=2e-7)
    assert error.max() < 1e-7
    # A feature that is equal in two rows has no share.
    same = ROWS.copy()
    same[:, 2] = baseline[:, 2]
    assert not integrated_gradients(model, same, baseline)[0][:, 2].any()


def test_groups_blocks_frames_sparse_rows_and_types(monkeypatch):
    model = fitted(STACKS["deep"])
    whole, _ = integrated_gradients(model, ROWS)
    np.testing.assert_allclose(
        integrated_gradients(model, sparse.csr_array(ROWS))[0], whole, rtol=1e-9
    )
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    np.testing.assert_allclose(integrated_gradients(model, ROWS)[0], whole, rtol=1e-9)
    frame = pd.DataFrame(X, columns=list("abcd"))
    shares, _ = integrated_gradients(fitted(STACKS["deep"], X=frame), frame[::10])
    assert list(shares.columns) == list("abcd")
    np.testing.assert_allclose(shares, whole, rtol=1e-9)
    single = fitted(STACKS["deep"], X=X.astype(np.float32))
    shares, error = integrated_gradients(single, ROWS.astype(np.float32))
    assert shares.dtype == np.float32
    assert error.max() < 1e-4


def test_one_row_is_the_baseline_of_all():
    model, mean = fitted(STACKS["relu"]), X.mean(axis=0)
    expected, _ = integrated_gradients(model, ROWS, mean)
    for baseline in (mean[np.newaxis], pd.DataFrame([mean]), pd.Series(mean)):
        shares, _ = integrated_gradients(model, ROWS, baseline)
        np.testing.assert_array_equal(shares, expected)


@pytest.mark.parametrize("scaled", [False, True])
def test_names_of_a_baseline_are_those_of_the_rows(scaled):
    frame = pd.DataFrame(X, columns=list("abcd"))
    network = plain_classifier((5,), max_iter=2, tol=None, random_state=0)
    model = make_pipeline(StandardScaler(), network) if scaled else network
    model.fit(frame, Y)
    rows, mean = frame[::10], frame.mean()
    expected, _ = integrated_gradients(model, rows, mean.to_numpy())
    for baseline in (mean, mean.to_frame().T, pd.Series(mean.to_numpy())):
        shares, _ = integrated_gradients(model, rows, baseline)
        np.testing.assert_array_equal(shares, expected)
    message = r"order, \['a', .*got \['d', 'c', 'b', 'a'\]\. .*baseline\[X\.columns\]"
    for baseline in (mean[::-1], mean.to_frame().T.iloc[:, ::-1], rows.iloc[:, ::-1]):
        with pytest.raises(ValueError, match=message):
            integrated_gradients(model, rows, baseline)
        shares, _ = integrated_gradients(model, rows, baseline[rows.columns])
    numbered = pd.DataFrame(X)
    with pytest.raises(ValueError, match=r"\[0, 1, 2, 3\], got \[3, 2, 1, 0\]"):
        integrated_gradients(model.fit(X, Y), numbered, numbered.mean()[::-1])


def test_a_row_at_its_baseline_has_no_shares():
    shares, error = integrated_gradients(fitted(STACKS["relu"]), X[:2], X[0])
    assert not shares[0].any()
    assert shares[1].any()
    assert error[0] == 0.0


def test_errors_and_warnings():
    model = fitted(STACKS["relu"])
    with pytest.warns(ConvergenceWarning, match="errors above tol=1e-12; their sums"):
        integrated_gradients(fitted(STACKS["smooth"]), ROWS, tol=1e-12, max_iter=1)
    with pytest.raises(
        ValueError, match=r"tol must be a number in \(0, inf\) or None, got 0"
    ):
        integrated_gradients(model, ROWS, tol=0)
    with pytest.raises(TypeError, match="max_iter must be an integer"):
        integrated_gradients(model, ROWS, max_iter=2.5)
    with pytest.raises(
        ValueError, match=r"baseline must be one row of shape \(4,\) or .* \(15"
    ):
        integrated_gradients(model, ROWS, np.zeros(3))
    with pytest.raises(ValueError, match="target has classes that the classifier does"):
        integrated_gradients(model, ROWS, target=9)
