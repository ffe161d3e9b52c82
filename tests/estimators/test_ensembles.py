"""Several networks in one estimator, which predicts their average."""

import pickle

import numpy as np
import pytest
from plain import plain_classifier, plain_regressor
from scipy.special import logit
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.inspection import LossCurveDisplay
from skjacobnet.training import calibration
from skjacobnet.training.population import Population

X, Y = load_digits(return_X_y=True)
X, Y = X[:300] / 16.0, Y[:300]
LABELS = np.stack([Y % 2, Y > 4], axis=1).astype(int)
NUMBERS = load_diabetes(return_X_y=True)


def ensemble(n=3, **params):
    defaults = {"batch_size": 32, "max_iter": 4, "random_state": 0, "tol": None}
    return plain_classifier((8,), n_estimators=n, **{**defaults, **params})


def of_numbers(n=3, **params):
    defaults = {"batch_size": 32, "max_iter": 4, "random_state": 0, "tol": None}
    return plain_regressor((8,), n_estimators=n, **{**defaults, **params})


def mean_of(model, method, X, **arguments):
    found = [getattr(one, method)(X, **arguments) for one in model.estimators_]
    return np.mean(found, axis=0)


@pytest.mark.parametrize("kind", ["plain", "default"])
@pytest.mark.parametrize("y", [Y, Y % 2, LABELS], ids=["classes", "binary", "labels"])
def test_probabilities_and_their_jacobian_are_averages(y, kind):
    if kind == "plain":
        model = ensemble().fit(X, y)
    else:
        model = JacobianMLPClassifier((8,), max_iter=4, n_estimators=3, random_state=0)
        model.fit(X, y)
    proba = mean_of(model, "predict_proba", X)
    np.testing.assert_allclose(model.predict_proba(X), proba, rtol=1e-10)
    raw = model.decision_function(X)
    if raw.ndim == 1:
        np.testing.assert_allclose(raw, logit(proba[:, 1]), rtol=1e-9, atol=1e-12)
    elif y is LABELS:
        np.testing.assert_allclose(raw, logit(proba), rtol=1e-9, atol=1e-12)
    else:
        np.testing.assert_allclose(raw, np.log(proba), rtol=1e-9, atol=1e-12)
        np.testing.assert_array_equal(
            model.predict(X), model.classes_[proba.argmax(axis=1)]
        )
    jacobian = mean_of(model, "input_jacobian", X[:20])
    np.testing.assert_allclose(model.input_jacobian(X[:20]), jacobian, atol=1e-12)
    np.testing.assert_allclose(
        model.predict_log_proba(X), np.log(proba), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize(
    "loss", ["squared_error", "huber", "gaussian", "quantile", "poisson", "gamma"]
)
def test_numbers_are_averages(loss):
    X, y = NUMBERS
    model = of_numbers(loss=loss).fit(X, y)
    np.testing.assert_allclose(model.predict(X), mean_of(model, "predict", X))
    jacobian = mean_of(model, "input_jacobian", X[:20])
    np.testing.assert_allclose(model.input_jacobian(X[:20]), jacobian, rtol=1e-8)
    if loss == "gaussian":
        pairs = [one.predict(X, return_std=True) for one in model.estimators_]
        means, stds = np.moveaxis(np.array(pairs), 1, 0)
        mean, std = model.predict(X, return_std=True)
        variance = np.mean(stds**2 + means**2, axis=0) - means.mean(axis=0) ** 2
        np.testing.assert_allclose(std, np.sqrt(variance), rtol=1e-8)
        np.testing.assert_allclose(mean, means.mean(axis=0))


def test_members_equal_single_fits():
    model = ensemble().fit(X, Y)
    for member in model.estimators_:
        alone = clone(member).fit(X, Y)
        np.testing.assert_array_equal(member.weights_, alone.weights_)
        assert member.history_["loss"] == alone.history_["loss"]
        assert member.n_estimators == 1


def test_members_draw_from_separate_streams():
    """Shared draws would give identical networks."""
    model = ensemble(max_iter=1).fit(X, Y)
    seeds = [member.random_state for member in model.estimators_]
    assert len(set(seeds)) == 3
    weights = [member.weights_ for member in model.estimators_]
    losses = [member.history_["loss"][0] for member in model.estimators_]
    for one in range(3):
        for other in range(one):
            assert np.corrcoef(weights[one], weights[other])[0, 1] < 0.5
            assert losses[one] != losses[other]
    again = ensemble(max_iter=1).fit(X, Y)
    np.testing.assert_array_equal(again.weights_, model.weights_)
    assert not np.array_equal(
        ensemble(max_iter=1, random_state=1).fit(X, Y).weights_, model.weights_
    )
    ensemble(max_iter=1, random_state=None).fit(X, Y)


def test_members_are_trained_side_by_side(monkeypatch):
    sizes, original = [], Population.epoch

    def epoch(self):
        sizes.append(len(self.members))
        original(self)

    monkeypatch.setattr(Population, "epoch", epoch)
    ensemble(4, max_iter=3).fit(X, Y)
    assert sizes == [4, 4, 4]
    sizes.clear()
    model = JacobianMLPClassifier((8,), max_iter=3, n_estimators=4, random_state=0)
    model.fit(X, Y)
    # The pilots, and then the networks themselves.
    assert sizes == [4] * 6


@pytest.fixture
def held_out(monkeypatch):
    """Return a list of the held-out rows of each pilot."""
    found, original = [], calibration.pilot

    def pilot(parts, network, table, *args, **kwargs):
        *args, rows_of = args
        rows, others = (
            table.split(0.2, np.random.default_rng())
            if rows_of is None
            else rows_of(table)
        )
        found.append((None if rows_of is None else rows, others))
        return (yield from original(parts, network, table, *args, rows_of))

    monkeypatch.setattr(calibration, "pilot", pilot)
    return found


def test_pilots_hold_out_different_folds(held_out):
    params = {"max_iter": 2, "random_state": 0}
    JacobianMLPClassifier((4,), n_estimators=5, **params).fit(X, Y)
    everything = np.concatenate([others for _, others in held_out])
    assert len(everything) == len(set(everything)) == 300
    for rows, others in held_out:
        np.testing.assert_array_equal(np.sort([*rows, *others]), np.arange(300))
        counts = np.bincount(Y[others], minlength=10)
        assert np.abs(counts - np.bincount(Y) / 5).max() < 1.0
    held_out.clear()
    JacobianMLPClassifier((4,), n_estimators=6, **params).fit(X, Y)
    assert [rows is None for rows, _ in held_out] == [True] * 6


def test_an_average_is_better_than_its_members():
    X, y = load_digits(return_X_y=True)
    halves = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
    X_train, X_test, y_train, y_test = halves
    model = ensemble(8, max_iter=10, learning_rate=0.01).fit(X_train / 16.0, y_train)
    losses = [
        log_loss(y_test, one.predict_proba(X_test / 16.0)) for one in model.estimators_
    ]
    assert log_loss(y_test, model.predict_proba(X_test / 16.0)) < np.mean(losses)


def test_attributes_are_those_of_all_members():
    model = ensemble(
        early_stopping=True,
        max_iter=400,
        tol=1e-3,
        n_iter_no_change=1,
        learning_rate=0.02,
    ).fit(X, Y)
    members = model.estimators_
    assert model.n_iter_ == max(one.n_iter_ for one in members)
    assert model.best_score_ == max(one.best_score_ for one in members)
    first = [one.history_["loss"][0] for one in members]
    assert model.history_["loss"][0] == np.mean(first)
    assert len(model.history_["loss"]) == model.n_iter_
    assert model.loss_ == model.loss_curve_[-1]
    assert model.weights_.shape == (3 * members[0].weights_.size,)
    assert len(model.coefs_) == 3 * 2
    LossCurveDisplay.from_estimator(model)


def test_a_single_network_is_its_own_member():
    model = ensemble(1).fit(X, Y)
    (member,) = model.estimators_
    np.testing.assert_array_equal(member.weights_, model.weights_)
    np.testing.assert_array_equal(member.predict(X), model.predict(X))


def test_weights_that_are_set_are_those_of_the_members():
    model = ensemble().fit(X, Y)
    model.weights_ = 2.0 * model.weights_
    found = np.concatenate([one.weights_ for one in model.estimators_])
    np.testing.assert_array_equal(found, model.weights_)
    np.testing.assert_allclose(
        model.predict_proba(X), mean_of(model, "predict_proba", X), rtol=1e-10
    )


def test_pickling():
    model = ensemble().fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    for one, other in zip(again.estimators_, model.estimators_, strict=True):
        np.testing.assert_array_equal(one.weights_, other.weights_)
        assert one.history_ == other.history_


def test_warm_start_continues_each_member():
    model = ensemble(warm_start=True).fit(X, Y)
    members = model.estimators_
    model.fit(X, Y)
    assert model.n_iter_ == 8
    for member, found in zip(members, model.estimators_, strict=True):
        np.testing.assert_array_equal(member.fit(X, Y).weights_, found.weights_)
    with pytest.raises(ValueError, match="of which there are 3, but n_estimators=4"):
        model.set_params(n_estimators=4).fit(X, Y)
    assert len(model.estimators_) == 3
    model.set_params(warm_start=False).fit(X, Y)
    assert len(model.estimators_) == 4


def test_partial_fit():
    model, classes = ensemble(), np.arange(10)
    for start in range(0, 300, 100):
        rows = slice(start, start + 100)
        model.partial_fit(X[rows], Y[rows], classes=classes)
    assert model.n_iter_ == 3
    for member in model.estimators_:
        alone = clone(member)
        for start in range(0, 300, 100):
            rows = slice(start, start + 100)
            alone.partial_fit(X[rows], Y[rows], classes=classes)
        np.testing.assert_array_equal(member.weights_, alone.weights_)
    X_numbers, y = NUMBERS
    regressor = of_numbers().partial_fit(X_numbers, y).partial_fit(X_numbers, y)
    assert regressor.n_iter_ == 2


def test_an_error_leaves_the_ensemble_as_it_was():
    model = ensemble().fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="learning_rate"):
        model.set_params(learning_rate=-1.0).fit(X, Y)
    with pytest.raises(ValueError, match="not finite"):
        model.set_params(learning_rate=1e300, optimizer="sgd").fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    with pytest.raises(
        ValueError, match=r"n_estimators must be an integer in \[1, inf\), got 0"
    ):
        ensemble(0).fit(X, Y)


def test_an_interrupt_keeps_complete_epochs(monkeypatch):
    calls, original = [], Population.epoch

    def epoch(self):
        calls.append(None)
        if len(calls) == 3:
            raise KeyboardInterrupt
        original(self)

    monkeypatch.setattr(Population, "epoch", epoch)
    model = ensemble()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    monkeypatch.undo()
    expected = ensemble(max_iter=2).fit(X, Y)
    np.testing.assert_array_equal(model.weights_, expected.weights_)


def test_verbose_shows_a_line(capsys):
    ensemble(verbose=1).fit(X, Y)
    assert "3 networks, 0 running, 12 epochs" in capsys.readouterr().out


def test_a_search_over_the_number_of_networks():
    search = GridSearchCV(ensemble(), {"n_estimators": [1, 3]}, cv=2).fit(X, Y)
    assert (
        len(search.best_estimator_.estimators_) == search.best_params_["n_estimators"]
    )


def test_a_regressor_with_encodings_and_noise():
    X, y = NUMBERS
    model = JacobianMLPRegressor((8,), max_iter=6, n_estimators=3, random_state=0)
    model.fit(X, y)
    np.testing.assert_allclose(model.predict(X), mean_of(model, "predict", X))
    shrinkage = [one.shrinkage_ for one in model.estimators_]
    assert model.shrinkage_ == pytest.approx(np.mean(shrinkage))


def test_one_warning_for_all_members():
    with pytest.warns(ConvergenceWarning, match="max_iter=3") as caught:
        ensemble(max_iter=3, tol=1e-9).fit(X, Y)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_fewer_networks_than_before():
    model = ensemble(warm_start=True).fit(X, Y).set_params(n_estimators=1)
    for train in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="of which there are 3, but n_est"):
            train(X, Y)


def test_callbacks_are_told_of_the_ensemble():
    class Told:
        found = []

        def setup(self, estimator, context):
            self.found.append("setup")

        def teardown(self, estimator, context):
            self.found.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.found.append("begin")

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            self.found.append(fitted_estimator.predict_proba(X))
            return False

    model, told = ensemble(), Told()
    model.set_callbacks(told).fit(X, Y)
    setup, begin, proba, teardown = told.found
    assert (setup, begin, teardown) == ("setup", "begin", "teardown")
    np.testing.assert_array_equal(proba, model.predict_proba(X))
