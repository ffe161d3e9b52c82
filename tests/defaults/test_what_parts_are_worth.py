"""Each part of the defaults improves the score on suitable data.

Log-losses and errors are means over four seeds, on held-out rows.
"""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.layers import (
    Binary,
    MissingIndicator,
    OneHot,
    SmoothClip,
    Standardize,
)

SEEDS = range(4)
N_TEST = 1000
WITHOUT_BINS = [OneHot(), Binary(), MissingIndicator(), Standardize(), SmoothClip()]


def mean_log_loss(draw, n, **parameters):
    """Return the mean log-loss of networks trained on n rows of a table."""
    found = []
    for seed in SEEDS:
        X, y = draw(np.random.default_rng(seed), n + N_TEST)
        model = JacobianMLPClassifier(random_state=seed, **parameters)
        model.fit(X[:n], y[:n])
        found.append(log_loss(y[n:], model.predict_proba(X[n:])))
    return np.mean(found)


def mean_error(draw, n, **parameters):
    """Return the root mean squared error over the deviation of the target."""
    found = []
    for seed in SEEDS:
        X, y = draw(np.random.default_rng(seed), n + N_TEST)
        model = JacobianMLPRegressor(random_state=seed, **parameters).fit(X[:n], y[:n])
        error = np.sqrt(np.mean(np.square(model.predict(X[n:]) - y[n:])))
        found.append(error / y[n:].std())
    return np.mean(found)


def flipped(share):
    """Return a function that draws two classes, with a share flipped at random."""

    def draw(rng, n):
        X = rng.standard_normal((n, 8))
        y = X[:, 0] + X[:, 1] > 0.0
        return X, np.where(rng.random(n) < share, ~y, y).astype(int)

    return draw


def test_the_temperature():
    with_it = mean_log_loss(flipped(0.3), 300)
    without = mean_log_loss(flipped(0.3), 300, calibration=None)
    assert with_it < without - 0.08
    assert with_it < np.log(2.0) + 0.03


def test_label_smoothing():
    plain = {"calibration": None}
    with_it = mean_log_loss(flipped(0.1), 300, **plain)
    without = mean_log_loss(flipped(0.1), 300, loss="cross_entropy", **plain)
    assert with_it < without - 0.02


def test_the_total_decay():
    def draw(rng, n):
        X = rng.standard_normal((n, 40))
        return X, (X[:, 0] + X[:, 1] + 0.5 * rng.standard_normal(n) > 0.0).astype(int)

    with_it = mean_log_loss(draw, 300)
    without = mean_log_loss(draw, 300, total_weight_decay=0.0)
    assert with_it < without - 0.01


def test_piecewise_linear_bins():
    def draw(rng, n):
        X = rng.uniform(-1.0, 1.0, (n, 3))
        return X, np.sin(12.0 * X[:, 0]) + 0.1 * rng.standard_normal(n)

    assert mean_error(draw, 500) < 0.3
    assert mean_error(draw, 500, encoding=WITHOUT_BINS) > 0.8


def test_the_start_inside_the_data():
    def draw(rng, n):
        X = rng.uniform(-3.0, 3.0, (n, 2))
        return X, np.sin(2.0 * X[:, 0]) * np.sin(2.0 * X[:, 1])

    # Bins would add kinks.
    with_it = mean_error(draw, 1000, encoding=WITHOUT_BINS)
    without = mean_error(draw, 1000, encoding=WITHOUT_BINS, initializer="he_normal")
    assert with_it < 0.75 * without


def test_the_decay_that_suits_the_noise():
    def draw(rng, n):
        X = rng.standard_normal((n, 6))
        return X, np.tanh(X[:, 0]) + X[:, 1] * X[:, 2]

    with_it = mean_error(draw, 300)
    without = mean_error(draw, 300, calibration=None)
    assert with_it < 0.9 * without


def test_predictions_of_noise_are_the_mean():
    def draw(rng, n):
        return rng.standard_normal((n, 10)), rng.standard_normal(n)

    assert mean_error(draw, 60) < 1.05
    assert mean_error(draw, 60, calibration=None) > 1.1


@pytest.mark.parametrize("network", [JacobianMLPClassifier, JacobianMLPRegressor])
def test_all_rows_are_trained_on_after_the_pilot(network):
    """The kept network has the weights of a run without a pilot, on all rows."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), rng.integers(2, size=60)
    decay = {} if network is JacobianMLPClassifier else {"loss": "squared_error"}
    model = network((8,), random_state=0, **decay).fit(X, y)
    plain = network(
        (8,),
        random_state=0,
        calibration=None,
        total_weight_decay=model.total_weight_decay_,
        **decay,
    ).fit(X, y)
    np.testing.assert_array_equal(model.weights_, plain.weights_)
    assert not np.array_equal(model.network_.statistics, plain.network_.statistics)
