"""Intervals of predictions on held-out rows, where the noise is known."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman3
from sklearn.model_selection import ShuffleSplit, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPRegressor
from skjacobnet.losses import Quantile

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def noisy(n_samples, seed):
    """Draw a table whose noise grows with its second feature."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0.0, 2.0, (n_samples, 3))
    std = 0.1 + 0.5 * X[:, 1]
    return X, np.sin(3.0 * X[:, 0]) + std * rng.normal(size=n_samples), std


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("unit", [1.0, 1e6])
def test_the_standard_deviation_is_that_of_the_noise(seed, unit):
    X, y, _ = noisy(1000, seed)
    X_test, y_test, std = noisy(1000, seed + 100)
    network = JacobianMLPRegressor(loss="gaussian", random_state=seed)
    model = make_pipeline(StandardScaler(), network).fit(X, unit * y)
    mean, predicted = model.predict(X_test, return_std=True)
    inside = np.abs(unit * y_test - mean) < norm.ppf(0.95) * predicted
    assert 0.8 < inside.mean() < 0.97
    assert np.corrcoef(predicted, std)[0, 1] > 0.9
    np.testing.assert_allclose(predicted.mean(), unit * std.mean(), rtol=0.15)


@pytest.mark.parametrize("seed", range(3))
def test_quantiles_have_as_many_rows_below_them_as_their_levels_say(seed):
    X, y, _ = noisy(1000, seed)
    X_test, y_test, std = noisy(1000, seed + 100)
    network = JacobianMLPRegressor(loss=Quantile((0.1, 0.9)), random_state=seed)
    model = make_pipeline(StandardScaler(), network).fit(X, y)
    low, high = network.predict_quantiles(model[0].transform(X_test)).T
    assert 0.05 < np.mean(y_test < low) < 0.17
    assert 0.05 < np.mean(y_test > high) < 0.17
    assert np.corrcoef(high - low, std)[0, 1] > 0.9


@pytest.mark.parametrize(
    ("X", "y"),
    [
        load_diabetes(return_X_y=True),
        make_friedman1(400, noise=1.0, random_state=0),
        make_friedman3(400, noise=0.1, random_state=0),
    ],
    ids=["diabetes", "friedman1", "friedman3"],
)
def test_as_good_as_mlp_regressor_on_a_scaled_target(X, y):
    cv = ShuffleSplit(3, test_size=0.25, random_state=0)
    ours = make_pipeline(StandardScaler(), JacobianMLPRegressor(random_state=0))
    peer = TransformedTargetRegressor(
        MLPRegressor(random_state=0), transformer=StandardScaler()
    )
    peer = make_pipeline(StandardScaler(), peer)
    score = cross_val_score(ours, X, y, cv=cv).mean()
    assert score > cross_val_score(peer, X, y, cv=cv).mean() - 0.01
    in_other_unit = cross_val_score(ours, X, 1e-6 * y, cv=cv).mean()
    assert in_other_unit == pytest.approx(score, abs=1e-3)
    narrow = cross_val_score(ours, X.astype(np.float32), y + 1e3, cv=cv).mean()
    assert narrow == pytest.approx(score, abs=1e-2)
