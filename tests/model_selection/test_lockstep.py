"""A lockstep search equals scikit-learn's search, fit by fit."""

import pickle
import threading
import warnings
from time import monotonic, sleep

import numpy as np
import pytest
import sklearn
from joblib import parallel_config
from plain import plain_classifier, plain_regressor
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RandomizedSearchCV,
    ShuffleSplit,
    cross_val_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.model_selection import (
    LockstepGridSearchCV,
    LockstepRandomizedSearchCV,
)
from skjacobnet.optimizers import SGD, Adam

X, Y = load_digits(return_X_y=True)
X, Y = X[:240] / 16.0, Y[:240]
GRID = {"learning_rate": [1e-3, 1e-2, 0.1], "optimizer": ["adam", "momentum"]}


def network(**params):
    defaults = {"batch_size": 32, "max_iter": 3, "random_state": 0, "tol": None}
    return plain_classifier((8,), **{**defaults, **params})


def of_step(grid, name="net"):
    return {f"{name}__{key}": values for key, values in grid.items()}


def piped(**params):
    return Pipeline([("scale", StandardScaler()), ("net", network(**params))])


def both(estimator, grid, X=X, y=Y, fit_params=None, **settings):
    """Return both searches, fitted, after a comparison of all that must be equal."""
    settings = {"cv": 3, **settings}
    own = LockstepGridSearchCV(estimator, grid, **settings)
    other = GridSearchCV(estimator, grid, **settings)
    own.fit(X, y, **(fit_params or {}))
    other.fit(X, y, **(fit_params or {}))
    assert_equal(own, other)
    return own, other


def assert_equal(own, other):
    results, others = own.cv_results_, other.cv_results_
    assert results.keys() == {*others.keys(), "n_together"}
    for name, column in others.items():
        if "time" not in name:
            np.testing.assert_array_equal(results[name], column, err_msg=name)
    for name in ("best_index_", "best_params_", "best_score_", "n_splits_"):
        assert hasattr(own, name) == hasattr(other, name)
        assert repr(getattr(own, name, None)) == repr(getattr(other, name, None))
    if hasattr(other, "best_estimator_"):
        found, expected = own.best_estimator_, other.best_estimator_
        assert type(found) is type(expected)
        np.testing.assert_array_equal(found.predict(X), expected.predict(X))


def test_a_grid():
    search, _ = both(network(), GRID)
    assert search.cv_results_["n_together"].tolist() == [3] * 6


def test_scores_on_training_rows_and_several_metrics():
    both(network(), GRID, return_train_score=True)
    scoring = {"accuracy": "accuracy", "log": "neg_log_loss"}
    both(network(), GRID, scoring=scoring, refit="log")
    both(network(), GRID, scoring=scoring, refit=False)
    both(network(), GRID, refit=lambda results: 2)
    both(network(), GRID, scoring=["accuracy", "f1_macro"], refit="f1_macro")
    both(network(), GRID, scoring=make_scorer(accuracy_score))


@pytest.mark.parametrize("name", ["pipeline", "defaults", "regressor", "layers"])
def test_estimators_of_many_kinds(name):
    rates = {"learning_rate": [1e-3, 1e-2, 0.03]}
    if name == "pipeline":
        both(piped(), of_step(GRID))
        both(make_pipeline(network()), of_step(GRID, "jacobianmlpclassifier"))
    elif name == "defaults":
        model = JacobianMLPClassifier((8,), max_iter=3, random_state=0)
        both(model, rates)
        both(make_pipeline(model), of_step(rates, "jacobianmlpclassifier"))
    elif name == "regressor":
        table = load_diabetes(return_X_y=True)
        model = JacobianMLPRegressor((8,), max_iter=3, random_state=0)
        own = LockstepGridSearchCV(model, rates, cv=3).fit(*table)
        other = GridSearchCV(model, rates, cv=3).fit(*table)
        np.testing.assert_array_equal(
            own.cv_results_["mean_test_score"], other.cv_results_["mean_test_score"]
        )
        both(plain_regressor((8,), max_iter=3, random_state=0, tol=None), rates)
    else:
        search, _ = both(
            network(),
            {"dropout": [0.1, 0.2, 0.3], "regularizers__weight_decay": [0.0, 0.1]},
        )
        assert search.cv_results_["n_together"].tolist() == [6] * 6


def test_preceding_steps_are_fitted_once_for_each_setting():
    class Counted(TransformerMixin, BaseEstimator):
        fits = 0

        def __init__(self, factor=1.0):
            self.factor = factor

        def fit(self, X, y=None):
            Counted.fits += 1
            return self

        def transform(self, X):
            return X * self.factor

        def __sklearn_is_fitted__(self):
            return True

    pipeline = Pipeline([("scale", Counted()), ("net", network())])
    grid = {"scale__factor": [1.0, 2.0], **of_step(GRID)}
    search = LockstepGridSearchCV(pipeline, grid, cv=3, refit=False).fit(X, Y)
    assert Counted.fits == 2 * 3
    both(pipeline, grid)
    assert search.cv_results_["n_together"].tolist() == [3] * 12


def test_a_grid_of_other_estimators_and_of_what_cannot_be_stacked():
    grid = [
        {"net": [LogisticRegression(max_iter=50)], "net__C": [0.1, 1.0]},
        {"net": [network()], **of_step({"learning_rate": [1e-3, 1e-2, 0.1]})},
        {"net__optimizer": ["lbfgs"], "net__regularizers__l1": [1e-3, 1e-2, 0.1]},
        {"scale": ["passthrough"], "net__max_iter": [1, 2]},
    ]
    search, _ = both(piped(), grid)
    n_together = [1, 1, 3, 3, 3, 1, 1, 1, 1, 1]
    assert search.cv_results_["n_together"].tolist() == n_together


def test_a_search_without_networks_is_that_of_scikit_learn():
    grid = {"C": [0.1, 1.0]}
    search = LockstepGridSearchCV(LogisticRegression(max_iter=50), grid, cv=3)
    assert "n_together" not in search.fit(X, Y).cv_results_
    assert search.score(X, Y) > 0.9
    replaced = Pipeline([("net", LogisticRegression())])
    grid = {"net": [network(), network(optimizer="sgd")]}
    both(replaced, grid)


def test_fit_params_and_groups():
    weight = np.arange(len(X)) % 3 + 0.5
    both(network(), GRID, fit_params={"sample_weight": weight})
    both(piped(), of_step(GRID), fit_params={"net__sample_weight": weight})
    groups = np.arange(len(X)) % 5
    both(network(), GRID, fit_params={"groups": groups}, cv=GroupKFold(3))
    both(network(), GRID, cv=ShuffleSplit(3, random_state=0))


def test_routing_of_metadata():
    weight = np.arange(len(X)) % 3 + 0.5
    with sklearn.config_context(enable_metadata_routing=True):
        net = network().set_fit_request(sample_weight=True)
        net.set_score_request(sample_weight=True)
        both(net, GRID, fit_params={"sample_weight": weight})
        pipeline = Pipeline([("scale", StandardScaler()), ("net", net)])
        pipeline.named_steps["scale"].set_fit_request(sample_weight=True)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        weights = {"sample_weight": weight}
        both(pipeline, of_step(GRID), fit_params=weights, scoring=scorer)


def test_a_randomized_search():
    space = {"learning_rate": loguniform(1e-4, 1e-1), "optimizer": ["adam", "sgd"]}
    settings = {"n_iter": 8, "random_state": 0, "cv": 3}
    own = LockstepRandomizedSearchCV(network(), space, **settings).fit(X, Y)
    other = RandomizedSearchCV(network(), space, **settings).fit(X, Y)
    assert_equal(own, other)


def test_candidates_that_fail():
    grid = {"learning_rate": [1e-3, -1.0, 1e-2, 0.1]}
    for kind in (LockstepGridSearchCV, GridSearchCV):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = kind(network(), grid, cv=3, refit=False).fit(X, Y).cv_results_
        assert FitFailedWarning in [warning.category for warning in caught]
        assert np.isnan(found["mean_test_score"]).tolist() == [
            False,
            True,
            False,
            False,
        ]
        with pytest.raises(ValueError, match="learning_rate"):
            kind(network(), grid, cv=3, error_score="raise").fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both(
            network(optimizer="sgd", dtype="float32"),
            {"learning_rate": [1e-2, 1e38, 0.1, 1.0]},
        )


@pytest.mark.parametrize(
    ("grid", "error"),
    [
        ({"learning_rates": [0.1]}, ValueError),
        ({"optimizer__no_such": [0.1]}, ValueError),
        ({"learning_rate": 0.1}, TypeError),
        ({"learning_rate": []}, ValueError),
        ([1], TypeError),
    ],
)
def test_wrong_grids_get_the_errors_of_scikit_learn(grid, error):
    texts = []
    for kind in (LockstepGridSearchCV, GridSearchCV):
        with pytest.raises(error) as caught:
            kind(network(), grid, cv=3).fit(X, Y)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]


def test_params_and_pickling():
    search = LockstepGridSearchCV(network(), GRID, cv=3)
    other = GridSearchCV(network(), GRID, cv=3)
    assert search.get_params().keys() == other.get_params().keys()
    search.set_params(estimator__learning_rate=0.5, n_jobs=2)
    assert clone(search).estimator.learning_rate == 0.5
    search.set_params(estimator=network(), n_jobs=None)
    again = pickle.loads(pickle.dumps(search.fit(X, Y)))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    assert type(search.estimator) is JacobianMLPClassifier
    assert type(search.best_estimator_) is JacobianMLPClassifier
    assert cross_val_score(search, X, Y, cv=2).shape == (2,)


@pytest.mark.parametrize("backend", [None, "threading", "loky"])
def test_workers(backend):
    n_threads = threading.active_count()
    before = [pool["num_threads"] for pool in threadpool_info()]
    alone = LockstepGridSearchCV(piped(), of_step(GRID), cv=3).fit(X, Y)
    search = LockstepGridSearchCV(piped(), of_step(GRID), cv=3, n_jobs=2)
    if backend is None:
        search.fit(X, Y)
    else:
        with parallel_config(backend=backend):
            search.fit(X, Y)
    for name in ("mean_test_score", "n_together"):
        np.testing.assert_array_equal(search.cv_results_[name], alone.cv_results_[name])
    assert [pool["num_threads"] for pool in threadpool_info()] == before
    assert threading.active_count() <= n_threads + (backend == "loky") * 8


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_an_interrupt_raises_and_leaves_everything_as_it_was(n_jobs, monkeypatch):
    from skjacobnet.training.population import Population

    calls, original = [], Population.epoch

    def epoch(self):
        calls.append(None)
        if len(calls) == 3:
            raise KeyboardInterrupt
        original(self)

    monkeypatch.setattr(Population, "epoch", epoch)
    estimator, n_threads = network(), threading.active_count()
    search = LockstepGridSearchCV(estimator, GRID, cv=3, n_jobs=n_jobs, verbose=1)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert search.estimator is estimator
    assert search.verbose == 1
    assert not hasattr(search, "cv_results_")
    # The threads of a pool take a moment to end.
    deadline = monotonic() + 10.0
    while threading.active_count() > n_threads and monotonic() < deadline:
        sleep(0.05)
    assert threading.active_count() == n_threads
    monkeypatch.undo()
    both(estimator, GRID)


def test_the_line_tells_of_candidates_epochs_and_the_best_score(capsys):
    search = LockstepGridSearchCV(network(), GRID, cv=3, verbose=1).fit(X, Y)
    text = capsys.readouterr().out
    assert "6 candidates x 3 splits: 18 of 18 fits done, 0 running" in text
    assert f"best score {search.best_score_:.4g}" in text
    assert f"{6 * 3 * 3} epochs" in text
    assert "Fitting 3 folds" not in text


def test_times_are_shares():
    search = LockstepGridSearchCV(network(), GRID, cv=3).fit(X, Y)
    times = search.cv_results_["mean_fit_time"]
    assert times.shape == (6,)
    assert (times > 0.0).all()


def test_callbacks_are_fitted_one_by_one():
    class Told:
        n_fits = 0

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            Told.n_fits += 1
            return False

    model = network()
    model.set_callbacks(Told())
    search = LockstepGridSearchCV(model, {"learning_rate": [1e-3, 1e-2, 0.1]}, cv=3)
    search.fit(X, Y)
    plain = GridSearchCV(network(), {"learning_rate": [1e-3, 1e-2, 0.1]}, cv=3)
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"],
        plain.fit(X, Y).cv_results_["mean_test_score"],
    )


def test_optimizers_as_objects():
    grid = {"optimizer": [Adam(), Adam(0.5), Adam(0.7), SGD(0.5), SGD(0.9), SGD(0.7)]}
    search, _ = both(network(), grid)
    assert search.cv_results_["n_together"].tolist() == [3] * 6


def test_a_subclass_that_overrides_fit_is_fitted_by_it():
    class Scaled(JacobianMLPClassifier):
        def fit(self, X, y):
            self.factor_ = 16.0
            return super().fit(X / self.factor_, y)

        def predict(self, X):
            return super().predict(X / self.factor_)

    model = Scaled((8,), max_iter=3, random_state=0)
    search, _ = both(model, {"learning_rate": [1e-3, 1e-2, 0.1]})
    assert search.cv_results_["n_together"].tolist() == [1, 1, 1]


def test_small_groups_are_not_divided_between_workers():
    grid = {"learning_rate": np.geomspace(1e-3, 0.1, 8).tolist()}
    search, _ = both(network(), grid, n_jobs=4)
    assert search.cv_results_["n_together"].tolist() == [8] * 8
    grid["random_state"] = [0, 1]
    search, _ = both(network(), grid, n_jobs=2)
    assert search.cv_results_["n_together"].tolist() == [8] * 16


def test_unknown_fit_parameters_get_the_error_of_fit():
    for kind in (LockstepGridSearchCV, GridSearchCV):
        search = kind(network(), GRID, cv=3, error_score="raise")
        with pytest.raises(TypeError, match=r"fit\(\) got an unexpected keyword"):
            search.fit(X, Y, foo=1)


def test_a_network_that_is_left_out():
    def score(model, X, y):
        return float(np.abs(X).sum())

    grid = {"net": [network(), network(optimizer="sgd"), "passthrough"]}
    search, _ = both(piped(), grid, scoring=score, refit=False)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_another_number_of_splits_in_a_second_fit():
    search = LockstepGridSearchCV(network(), GRID, cv=3).fit(X, Y)
    search.set_params(cv=2).fit(X, Y)
    other = GridSearchCV(network(), GRID, cv=2).fit(X, Y)
    assert_equal(search, other)
    assert search.cv == 2


def test_the_line_counts_epochs_of_networks_that_are_trained_alone(capsys):
    grid = {"learning_rate": [1e-3, 1e-2]}
    LockstepGridSearchCV(network(), grid, cv=3, verbose=1).fit(X, Y)
    assert f"{2 * 3 * 3} epochs" in capsys.readouterr().out
