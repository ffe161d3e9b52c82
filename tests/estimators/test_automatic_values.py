"""Values of "auto": each formula, computed here from the table."""

import math
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit, log_softmax
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.exceptions import ConvergenceWarning

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.layers import Dropout, Linear
from skjacobnet.losses import LOSSES, REGRESSION_LOSSES
from skjacobnet.optimizers import OPTIMIZERS
from skjacobnet.training import calibration

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
DIGITS = load_digits(return_X_y=True)
WINE = load_wine(return_X_y=True)
SQUARES = DIABETES[1][:, np.newaxis] ** np.array([1, 2])
RNG = np.random.default_rng(0)
NAMES = "batch_size_", "max_iter_", "learning_rate_", "total_weight_decay_"


def labels(y):
    return np.column_stack([y == 0, y > 1]).astype(int)


def frame():
    """Return a raw table of eleven columns, fifteen after encoding, and its rows."""
    pandas = pytest.importorskip("pandas")
    rng, n = np.random.default_rng(0), 300
    return pandas.DataFrame(
        {
            # One column each; bins do not count, missing indicators do.
            "age": rng.normal(size=n),
            "income": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "three": rng.integers(0, 3, n),
            "two": 3.0 * rng.integers(0, 2, n),
            "two or none": np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 2, n)),
            "flag": rng.random(n) < 0.4,
            "word": rng.choice(["x", "y"], n),
            # Three columns each.
            "city": rng.choice(["a", "b", "c"], n),
            "town": rng.choice(["a", "b", "c", None], n),
            # None.
            "constant": 1.0,
            "empty": np.full(n, np.nan),
        }
    )


def sparse_table():
    rng = np.random.default_rng(0)
    X = np.where(rng.random((400, 12)) < 0.3, rng.normal(size=(400, 12)), 0.0)
    X[:, 4] = 0.0
    return csr_matrix(X), X[:, 0] > 0.0


# Table, targets, rows, columns that count, classes.
TABLES = {
    "iris": (lambda: IRIS, 150, 4, 3),
    "breast cancer": (lambda: CANCER, 569, 30, 2),
    # Three pixels are constant.
    "digits": (lambda: DIGITS, 1797, 61, 10),
    "labels": (lambda: (WINE[0], labels(WINE[1])), 178, 13, 2),
    "raw table": (lambda: (frame(), np.arange(300) % 3), 300, 15 + 1, 3),
    "sparse": (sparse_table, 400, 11, 2),
    "twelve rows": (lambda: (IRIS[0][::13], IRIS[1][::13]), 12, 4, 3),
    "many columns": (lambda: (RNG.normal(size=(40, 90)), np.arange(40) % 2), 40, 90, 2),
}
NUMBERS = {
    "diabetes": (lambda: DIABETES, 442, 10),
    "two targets": (lambda: (DIABETES[0], SQUARES), 442, 10),
    "raw table of a regressor": (lambda: (frame(), np.arange(300.0)), 300, 15 + 1),
}


def expected_batch_size(n):
    powers = [16, 32, 64, 128, 256, 512]
    nearest = min(powers, key=lambda size: abs(math.log(size / (1.5 * n**0.5))))
    return min(nearest, n)


def expected_epochs(n, batch_size):
    steps = math.ceil(n / batch_size)
    return max(20, math.ceil(400 / steps))


def expected_decay(n, d, n_classes=2):
    return min(5.0, 40.0 * math.sqrt(d / (n * math.log2(n_classes))))


def flat_cosine(n_epochs, steps_per_epoch):
    """Return the factor of the last step of each epoch."""
    n = n_epochs * steps_per_epoch
    t = (np.arange(steps_per_epoch - 1, n, steps_per_epoch) + 0.5) / n
    fall = 0.5 * (1.0 + np.cos(np.pi * (t - 0.5) / 0.5))
    return np.minimum(np.minimum(t / 0.1, 1.0), np.where(t > 0.5, fall, 1.0))


def values(model):
    return [getattr(model, name) for name in NAMES]


def small(kind=JacobianMLPClassifier, **params):
    return kind(**{"hidden_layer_sizes": (4,), "random_state": 0, **params})


@pytest.fixture
def pilots(monkeypatch):
    """Return a list of the pilots: their parts and predictions."""
    found, original = [], calibration.pilot

    def recorded(parts, *args, **kwargs):
        held_out = yield from original(parts, *args, **kwargs)
        found.append((parts, held_out))
        return held_out

    monkeypatch.setattr(calibration, "pilot", recorded)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_of_a_classifier(name, pilots):
    table, n, d, n_classes = TABLES[name]
    model = small().fit(*table())
    batch_size = expected_batch_size(n)
    n_epochs = expected_epochs(n, batch_size)
    decay = expected_decay(n, d, n_classes)
    assert values(model) == [batch_size, n_epochs, 0.01, pytest.approx(decay)]
    assert model.n_iter_ == n_epochs
    rates = 0.01 * flat_cosine(n_epochs, math.ceil(n / batch_size))
    np.testing.assert_allclose(model.history_["learning_rate"], rates, rtol=1e-12)
    # The pilot has the settings of the run.
    ((parts, _),) = pilots
    found = [getattr(parts, name.rstrip("_")) for name in NAMES]
    assert found == values(model)


@pytest.mark.parametrize("name", NUMBERS)
def test_of_a_regressor(name, pilots):
    table, n, d = NUMBERS[name]
    model = small(JacobianMLPRegressor).fit(*table())
    batch_size = expected_batch_size(n)
    n_epochs = expected_epochs(n, batch_size)
    assert values(model)[:3] == [batch_size, n_epochs, 0.01]
    # The pilot has the decay before it is multiplied, and half the epochs.
    ((parts, held),) = pilots
    assert parts.total_weight_decay == pytest.approx(expected_decay(n, d))
    assert parts.max_iter == math.ceil(n_epochs / 2)
    # In units of the deviation of the targets.
    unexplained = np.mean((held.raw - held.y) ** 2)
    ratio = 4.0
    if unexplained < 1.0:
        ratio = min(max(math.sqrt(unexplained / (1.0 - unexplained)), 0.1), 4.0)
    assert model.total_weight_decay_ == pytest.approx(ratio * expected_decay(n, d))
    alone = small(JacobianMLPRegressor, calibration=None).fit(*table())
    assert alone.total_weight_decay_ == pytest.approx(expected_decay(n, d))


@pytest.mark.parametrize("n", [1, 5, 9, 15, 64, 100, 900, 3000, 30_000, 250_000])
def test_batches_and_epochs_of_any_number_of_rows(n):
    X, y = np.arange(float(n))[:, np.newaxis], np.arange(float(n))
    model = small(
        JacobianMLPRegressor,
        hidden_layer_sizes=(),
        encoding=None,
        calibration=None,
        learning_rate=1e-9,
    )
    batch_size = expected_batch_size(n)
    if n > 10_000:
        model.set_params(max_iter=1)
    model.fit(X / n, y)
    assert model.batch_size_ == batch_size
    if n <= 10_000:
        assert model.max_iter_ == model.n_iter_ == expected_epochs(n, batch_size)


def test_only_rows_with_weight_count():
    X, y = IRIS
    weight = (np.arange(150) % 3 > 0).astype(float)
    model = small().fit(X, y, sample_weight=weight)
    batch_size = expected_batch_size(100)
    n_epochs = expected_epochs(100, batch_size)
    decay = expected_decay(100, 4, 3)
    assert values(model) == [batch_size, n_epochs, 0.01, pytest.approx(decay)]


def test_columns_as_they_come():
    X = np.column_stack([CANCER[0], np.zeros(569)])
    X = X / X.max(axis=0, initial=1.0)
    model = small(encoding=None).fit(X, CANCER[1])
    assert model.total_weight_decay_ == pytest.approx(expected_decay(569, 31))
    wide = small(encoding=["piecewise_linear", "standardize"]).fit(X[:, :5], CANCER[1])
    assert wide.model_.trained.sizes[0] > 30
    assert wide.total_weight_decay_ == pytest.approx(expected_decay(569, 5))


N_IRIS = expected_batch_size(150), expected_epochs(150, 16), 0.01
D_IRIS = expected_decay(150, 4, 3)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"batch_size": 50}, [50, 134, 0.01, D_IRIS]),
        ({"batch_size": 1000}, [150, 400, 0.01, D_IRIS]),
        ({"max_iter": 7}, [16, 7, 0.01, D_IRIS]),
        ({"learning_rate": 0.003}, [16, 40, 0.003, D_IRIS]),
        ({"schedule": "constant"}, [16, 40, 0.001, D_IRIS]),
        ({"schedule": "cosine"}, [16, 40, 0.01, D_IRIS]),
        ({"schedule": "flat_cosine"}, [16, 40, 0.01, D_IRIS]),
        ({"total_weight_decay": 0.5}, [16, 40, 0.01, 0.5]),
        ({"total_weight_decay": 0.0}, [16, 40, 0.01, 0.0]),
        ({"calibration": None}, [16, 40, 0.01, D_IRIS]),
        ({"calibration": "temperature"}, [16, 40, 0.01, D_IRIS]),
        ({"loss": "brier"}, [16, 40, 0.01, D_IRIS]),
        ({"initializer": "he_uniform"}, [16, 40, 0.01, D_IRIS]),
        ({"regularizers": {"weight_decay": 1e-3}}, [16, 40, 0.01, D_IRIS]),
        ({"dropout": 0.2}, [16, 40, 0.01, D_IRIS]),
        ({"tol": 1e-4, "n_iter_no_change": 50}, [16, 40, 0.01, D_IRIS]),
        ({"class_weight": "balanced"}, [16, 40, 0.01, D_IRIS]),
        ({"dtype": "float32"}, [16, 40, 0.01, D_IRIS]),
        ({"layers": [Linear(5), "tanh", Dropout(0.1)]}, [16, 40, 0.01, D_IRIS]),
        ({"layers": []}, [16, 40, 0.01, D_IRIS]),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Training ended after max_iter")
def test_setting_one_parameter_leaves_the_others_automatic(params, expected):
    assert N_IRIS == (16, 40, 0.01)
    model = small(**params).fit(*IRIS)
    assert values(model) == pytest.approx(expected)
    assert model.n_iter_ == expected[1]
    changed = params.get("schedule", "flat_cosine") != "flat_cosine"
    rates = np.array(model.history_["learning_rate"])
    n_steps = math.ceil(150 / expected[0])
    if not changed:
        known = expected[2] * flat_cosine(expected[1], n_steps)
        np.testing.assert_allclose(rates, known, rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS.names)
@pytest.mark.filterwarnings("ignore:Training ended after max_iter")
def test_each_optimizer_has_what_suits_it(name):
    model = small(optimizer=name, max_iter=2).fit(*IRIS)
    own = OPTIMIZERS.resolve(name).default_learning_rate
    if name == "lbfgs":
        assert own is None
        assert model.learning_rate_ is None
    else:
        gain = 4.0 if name == "sgd" else 10.0
        assert model.learning_rate_ == pytest.approx(gain * own)
        constant = small(optimizer=name, max_iter=2, schedule="constant").fit(*IRIS)
        assert constant.learning_rate_ == own
    decay = 0.0 if name in ("adamw", "lbfgs") else D_IRIS
    assert model.total_weight_decay_ == pytest.approx(decay)


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS.names if n != "lbfgs"])
def test_each_optimizer_learns_with_automatic_values(name):
    X, y = WINE
    model = JacobianMLPClassifier(optimizer=name, random_state=0)
    assert model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.95


def test_numbers_by_optimizers_without_a_decay_to_choose(pilots):
    for name in ("adamw", "lbfgs"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = small(JacobianMLPRegressor, optimizer=name).fit(*DIABETES)
        assert model.total_weight_decay_ == 0.0
        with pytest.raises(ValueError, match="calibration='noise' chooses total_weig"):
            model.set_params(calibration="noise").fit(*DIABETES)
    assert not pilots


def test_lbfgs(pilots):
    X, y = CANCER
    model = small(optimizer="lbfgs", hidden_layer_sizes=(32,)).fit(X[::2], y[::2])
    assert values(model) == [285, 200, None, 0.0]
    assert model.score(X[1::2], y[1::2]) > 0.95
    assert model.n_iter_ < 200
    # It ends at a gradient of at most 1e-4 in any component, not much below.
    gradient = model.history_["gradient_norm"]
    assert gradient[-1] < 1e-4 * math.sqrt(model.weights_.size)
    assert gradient[-1] > 1e-6
    # A classifier is still calibrated.
    assert len(pilots) == 1
    assert model.temperature_ != 1.0
    with pytest.warns(ConvergenceWarning, match="max_iter=200"):
        small(optimizer="lbfgs", tol=1e-12).fit(*IRIS)


def log_loss(raw, y):
    """Return the mean log-loss of raw predictions for encoded targets."""
    if raw.shape[1] == 1 or (y.sum(axis=1) != 1.0).any():
        return np.mean(np.logaddexp(0.0, raw) - y * raw) * raw.shape[1]
    return -np.mean(np.sum(y * log_softmax(raw, axis=1), axis=1))


def calibrated(raw, factor, prior):
    return factor * raw + max(0.0, 1.0 - factor) * prior


def assert_is_best(temperature, raw, y, prior):
    """Check that no other factor gives less, with a half-Cauchy prior."""

    def objective(factor):
        surprise = np.log1p((factor / 0.4) ** 2) / len(y)
        return log_loss(calibrated(raw, factor, prior), y) + surprise

    others = min(map(objective, np.geomspace(0.025, 2.5, 2000)))
    assert 0.4 <= temperature <= 40.0
    assert objective(1.0 / temperature) < others + 2e-6


def prior_of(y):
    """Return the raw prediction of the frequencies, each class counted once more."""
    y = np.asarray(y)
    if y.ndim == 2:
        total = y.sum(axis=0) + 1.0
        return np.log(total) - np.log(len(y) + 2.0 - total)
    counts = np.unique(y, return_counts=True)[1] + 1.0
    logarithms = np.log(counts / counts.sum())
    return logarithms[1:] - logarithms[0] if len(counts) == 2 else logarithms


CALIBRATED = {
    "two classes": CANCER,
    "three classes": IRIS,
    "few rows": (IRIS[0][::13], IRIS[1][::13]),
    "labels": (WINE[0], labels(WINE[1])),
    "noise": (RNG.normal(size=(60, 3)), np.arange(60) % 2),
}


@pytest.mark.parametrize("name", CALIBRATED)
@pytest.mark.filterwarnings("ignore:Predictions on held-out rows")
def test_the_temperature_of_a_pilot(name, pilots):
    X, y = CALIBRATED[name]
    model = small().fit(X, y)
    ((_, held),) = pilots
    assert len(held.raw) == pytest.approx(0.2 * len(X), abs=1.0)
    prior = prior_of(y)
    assert_is_best(model.temperature_, held.raw, held.y, prior)
    # The run is the same without a pilot.
    alone = small(calibration=None).fit(X, y)
    np.testing.assert_array_equal(alone.weights_, model.weights_)
    assert alone.temperature_ == 1.0
    raw = alone.decision_function(X).reshape(len(X), -1)
    raw = calibrated(raw, 1.0 / model.temperature_, prior)
    found = model.decision_function(X).reshape(len(X), -1)
    np.testing.assert_allclose(found, raw, rtol=1e-12, atol=1e-12)
    proba = model.predict_proba(X)
    if y.ndim == 1 and len(np.unique(y)) > 2:
        np.testing.assert_allclose(proba, np.exp(log_softmax(raw, axis=1)), atol=1e-12)
    else:
        np.testing.assert_allclose(proba[:, -raw.shape[1] :], expit(raw), atol=1e-12)


@pytest.mark.parametrize("name", ["two classes", "three classes", "labels"])
@pytest.mark.parametrize("given", [False, True])
def test_a_validation_set_takes_the_place_of_a_pilot(name, given, pilots):
    X, y = CALIBRATED[name]
    held = np.arange(len(X)) % 4 == 0
    model = small(early_stopping=not given, warm_start=True)
    own = {"X_val": X[held], "y_val": y[held]} if given else {}
    rows = ~held if given else slice(None)
    model.fit(X[rows], y[rows], **own)
    assert not pilots
    train, valid = np.flatnonzero(~held), np.flatnonzero(held)
    if not given:
        train, valid = model.training_state_.split[1]
        assert len(valid) == pytest.approx(0.1 * len(X), abs=1.0)
    n, n_classes = len(train), 2 if y.ndim == 2 else len(np.unique(y))
    batch_size = expected_batch_size(n)
    expected = [batch_size, expected_epochs(n, batch_size), 0.01]
    assert values(model)[:3] == expected
    decay = expected_decay(n, X.shape[1], n_classes)
    assert model.total_weight_decay_ == pytest.approx(decay)
    # Calibrated with the final weights, on these rows, to the class frequencies of
    # others.
    alone = clone(model).set_params(calibration=None).fit(X[rows], y[rows], **own)
    np.testing.assert_array_equal(alone.weights_, model.weights_)
    raw = alone.decision_function(X[valid]).reshape(len(valid), -1)
    encoded = model.task_.encode(model.task_.codes(y[valid]), np.float64)
    prior = prior_of(y[train])
    assert_is_best(model.temperature_, raw, encoded, prior)
    found = model.decision_function(X).reshape(len(X), -1)
    raw = alone.decision_function(X).reshape(len(X), -1)
    raw = calibrated(raw, 1.0 / model.temperature_, prior)
    np.testing.assert_allclose(found, raw, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("given", [False, True])
def test_numbers_with_a_validation_set(given, pilots):
    X, y = DIABETES
    model = small(JacobianMLPRegressor, early_stopping=not given)
    own = {"X_val": X[400:], "y_val": y[400:]} if given else {}
    model.fit(X[:400], y[:400], **own)
    n = 400 if given else 360
    batch_size = expected_batch_size(n)
    expected = [batch_size, expected_epochs(n, batch_size), 0.01]
    assert values(model)[:3] == expected
    assert model.total_weight_decay_ == pytest.approx(expected_decay(n, 10))
    assert not pilots


@pytest.mark.parametrize("n", [9, 10])
def test_fewer_than_ten_rows_are_not_calibrated(n):
    X, y = IRIS[0][50 : 50 + n], np.arange(n) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = small().fit(X, y)
        regressor = small(JacobianMLPRegressor).fit(X, y.astype(float))
    assert (model.temperature_ != 1.0) == (n == 10)
    assert (regressor.total_weight_decay_ != 5.0) == (n == 10)


@pytest.mark.parametrize("loss", LOSSES.names)
def test_only_cross_entropy_is_calibrated(loss, pilots):
    model = small(loss=loss, max_iter=3).fit(*IRIS)
    is_calibrated = loss == "cross_entropy"
    assert len(pilots) == is_calibrated
    assert (model.temperature_ != 1.0) == is_calibrated
    asked = small(loss=loss, max_iter=3, calibration="temperature").fit(*IRIS)
    assert asked.temperature_ != 1.0
    assert model.total_weight_decay_ == pytest.approx(D_IRIS)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES.names)
@pytest.mark.filterwarnings("ignore:Predictions on held-out rows")
def test_losses_whose_prediction_is_the_mean_have_a_noise_pilot(loss, pilots):
    model = small(JacobianMLPRegressor, loss=loss, max_iter=4).fit(*DIABETES)
    has_pilot = loss in ("squared_error", "gaussian", "poisson", "gamma")
    assert len(pilots) == has_pilot
    ratio = model.total_weight_decay_ / expected_decay(442, 10)
    assert (abs(ratio - 1.0) > 1e-9) == has_pilot
    model.set_params(calibration="noise").fit(*DIABETES)
    assert len(pilots) == has_pilot + 1


def test_a_decay_that_is_given_needs_no_noise_pilot(pilots):
    model = small(JacobianMLPRegressor, total_weight_decay=1.5).fit(*DIABETES)
    assert model.total_weight_decay_ == 1.5
    assert not pilots


def test_block_by_block(pilots):
    X, y = IRIS
    model = small()
    for rows in np.array_split(RNG.permutation(150), 3):
        model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    assert model.history_["learning_rate"] == [0.001] * 3
    assert model.learning_rate_ == 0.001
    assert model.total_weight_decay_ == 0.0
    assert model.batch_size_ == expected_batch_size(50)
    assert model.temperature_ == 1.0
    regressor = small(JacobianMLPRegressor).partial_fit(*DIABETES)
    assert (regressor.learning_rate_, regressor.total_weight_decay_) == (0.001, 0.0)
    assert regressor.batch_size_ == expected_batch_size(442)
    assert not pilots


def test_a_schedule_is_spread_over_two_hundred_calls():
    X, y = IRIS
    model = small(schedule="cosine", batch_size=150)
    for _ in range(3):
        model.partial_fit(X, y, classes=[0, 1, 2])
    expected = 0.01 * 0.5 * (1.0 + np.cos(np.pi * np.arange(3) / 200))
    np.testing.assert_allclose(model.history_["learning_rate"], expected, rtol=1e-12)
    assert model.max_iter_ == 200


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("kind", [JacobianMLPClassifier, JacobianMLPRegressor])
def test_a_run_that_goes_on(kind, method, pilots):
    X, y = CANCER if kind is JacobianMLPClassifier else DIABETES
    model = small(kind, warm_start=True, max_iter=5).fit(X, y)
    temperature = getattr(model, "temperature_", None)
    before, weights = model.model_, model.weights_.copy()
    getattr(model, method)(X, y)
    assert len(pilots) == 1
    assert getattr(model, "temperature_", None) == temperature
    assert temperature != 1.0
    assert (model.learning_rate_, model.total_weight_decay_) == (0.001, 0.0)
    n_more = 5 if method == "fit" else 1
    assert model.history_["learning_rate"][5:] == [0.001] * n_more
    assert not np.array_equal(model.weights_, weights)
    # A last layer that calibrates, or gives the unit, is the same.
    last = [model.network_.arrays(m.weights)[-1] for m in (before, model.model_)]
    for name in ("factor", "shift"):
        np.testing.assert_array_equal(*(layer[name] for layer in last))


def test_a_fit_that_starts_anew_is_automatic_again(pilots):
    model = small(max_iter=3).fit(*IRIS)
    model.partial_fit(*IRIS)
    assert model.total_weight_decay_ == 0.0
    model.fit(*IRIS)
    assert model.total_weight_decay_ == pytest.approx(D_IRIS)
    assert model.learning_rate_ == 0.01
    assert len(pilots) == 2


def test_the_total_of_the_decay():
    """With steps of length zero, matrices shrink by the factor exp(-D)."""
    params = {"learning_rate": 1e-300, "initializer": "he_uniform", "max_iter": 3}
    params |= {"calibration": None, "hidden_layer_sizes": (4, 3)}
    start = small(**params, total_weight_decay=0.0).fit(*IRIS)
    for decay, batch_size in ((0.7, 16), (0.7, 150), ("auto", 16)):
        model = small(**params, total_weight_decay=decay, batch_size=batch_size)
        model.fit(*IRIS)
        factor = math.exp(-D_IRIS if decay == "auto" else -decay)
        for coef, first in zip(model.coefs_, start.coefs_, strict=True):
            np.testing.assert_allclose(coef, factor * first, rtol=1e-12)
        for one, other in zip(model.intercepts_, start.intercepts_, strict=True):
            np.testing.assert_allclose(one, other, rtol=0.0, atol=1e-200)


def test_the_decay_follows_the_schedule():
    model = small(
        learning_rate=1e-300,
        initializer="he_uniform",
        total_weight_decay=2.0,
        schedule="flat_cosine",
        batch_size=150,
        max_iter=12,
    )
    factors, sizes = flat_cosine(12, 1), []
    for _ in range(14):
        model.partial_fit(*IRIS, classes=[0, 1, 2])
        sizes.append([np.linalg.norm(coef) for coef in model.coefs_])
        if len(sizes) == 12:
            warnings.simplefilter("ignore", ConvergenceWarning)
    shares = np.minimum(np.cumsum([*factors, 0.0, 0.0]) / factors.sum(), 1.0)
    expected = np.exp(-2.0 * (shares - shares[0]))
    for found in np.transpose(sizes):
        np.testing.assert_allclose(found / found[0], expected, rtol=1e-12)


FIRST = {
    "three": np.minimum(IRIS[1] + (np.arange(150) < 20), 2),
    "two": IRIS[1] % 2,
    "labels": labels(IRIS[1]),
}


@pytest.mark.parametrize("y", FIRST.values(), ids=FIRST)
def test_first_predictions_are_the_shares(y):
    """Each class is counted once more."""
    model = small(learning_rate=1e-300, total_weight_decay=0.0, calibration=None)
    model.set_params(max_iter=1).fit(IRIS[0], y)
    assert np.abs(model.coefs_[-1]).max() < 1e-200
    counts = (y.sum(axis=0) if y.ndim == 2 else np.bincount(y)) + 1.0
    shares = counts / (152.0 if y.ndim == 2 else counts.sum())
    found = model.predict_proba(IRIS[0])
    np.testing.assert_allclose(found, np.tile(shares, (150, 1)), rtol=1e-9)


def test_first_weights_of_bins_are_zero():
    model = small(learning_rate=1e-300, total_weight_decay=0.0, max_iter=1)
    model.fit(*IRIS)
    is_bin = np.array([c.kind == "bin" for c in model.model_.encoded_columns])
    assert is_bin.sum() == 4 * 8
    size = np.abs(model.coefs_[0])
    assert size[is_bin].max() < 1e-200
    assert size[~is_bin].min() > 1e-200
    regressor = small(JacobianMLPRegressor, learning_rate=1e-300, max_iter=1)
    regressor.fit(*DIABETES)
    np.testing.assert_allclose(regressor.predict(DIABETES[0]), DIABETES[1].mean())


def test_noise_is_told_from_signal(pilots):
    X, y = CANCER
    noise = np.random.default_rng(3).permutation(y)
    message = "Predictions on held-out rows are no better than a constant"
    with pytest.warns(ConvergenceWarning, match=message):
        small().fit(X, noise)
    with pytest.warns(ConvergenceWarning, match=message):
        small(JacobianMLPRegressor).fit(X, noise.astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for table in (CANCER, IRIS, WINE):
            small().fit(*table)
        small(JacobianMLPRegressor).fit(*DIABETES)
        # Unknown without a pilot.
        small(calibration=None).fit(X, noise)
