"""Successive halving whose candidates continue instead of starting anew."""

import numpy as np
import pytest
from plain import plain_classifier, plain_regressor
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingGridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.model_selection import LockstepHalvingGridSearchCV
from skjacobnet.training.population import Population

X, Y = load_digits(return_X_y=True)
X, Y = X[:240] / 16.0, Y[:240]
GRID = {"learning_rate": np.geomspace(1e-3, 0.1, 9).tolist()}
CV = StratifiedKFold(3)


def network(**params):
    defaults = {"batch_size": 32, "max_iter": 9, "random_state": 0, "tol": None}
    return plain_classifier((8,), **{**defaults, **params})


def halved(estimator, grid=GRID, X=X, y=Y, **settings):
    return LockstepHalvingGridSearchCV(estimator, grid, cv=CV, **settings).fit(X, y)


def scores_of_rungs(search):
    results = search.cv_results_
    rungs = np.array(results["iter"])
    return [results["mean_test_score"][rungs == rung] for rung in np.unique(rungs)]


def test_rungs_are_those_of_scikit_learn():
    search = halved(network())
    other = HalvingGridSearchCV(
        network(), GRID, cv=CV, resource="max_iter", max_resources=9
    ).fit(X, Y)
    for name in ("n_resources_", "n_candidates_", "n_remaining_candidates_"):
        assert getattr(search, name) == getattr(other, name), name
    for name in ("min_resources_", "max_resources_", "n_iterations_"):
        assert getattr(search, name) == getattr(other, name), name
    assert search.cv_results_.keys() == {*other.cv_results_, "n_together"}
    assert search.n_resources_ == [1, 3, 9]
    assert search.cv_results_["n_together"][:9].tolist() == [9] * 9
    # With a constant rate a continued run equals one that starts anew.
    for name in ("mean_test_score", "split2_test_score", "mean_train_score"):
        np.testing.assert_array_equal(
            search.cv_results_[name], other.cv_results_[name], err_msg=name
        )
    assert search.best_params_ == other.best_params_
    np.testing.assert_array_equal(search.predict(X), other.predict(X))


@pytest.mark.parametrize(
    "params",
    [
        {"schedule": "cosine"},
        {"schedule": "flat_cosine", "total_weight_decay": 2.0, "optimizer": "nadam"},
        {"dropout": 0.2, "regularizers": {"jacobian_norm": 0.01}},
        {"random_state": 3, "dtype": "float32", "class_weight": "balanced"},
    ],
    ids=["cosine", "decay", "draws", "weights"],
)
def test_the_last_rung_is_a_whole_fit(params):
    search = halved(network(**params))
    results, best = search.cv_results_, search.best_index_
    for split, (train, test) in enumerate(CV.split(X, Y)):
        whole = network(**params).set_params(**results["params"][best])
        whole.fit(X[train], Y[train])
        assert results[f"split{split}_test_score"][best] == whole.score(
            X[test], Y[test]
        )
        assert results[f"split{split}_train_score"][best] == whole.score(
            X[train], Y[train]
        )


def test_candidates_go_on(monkeypatch):
    n_epochs, original = [], Population.epoch

    def epoch(self):
        n_epochs.append(len(self.members))
        original(self)

    monkeypatch.setattr(Population, "epoch", epoch)
    search = halved(network(), refit=False)
    assert search.n_candidates_ == [9, 3, 1]
    # On each split nine for one epoch, three for two more and one for six more, side by
    # side with those of other splits.
    assert sum(n_epochs) == 3 * (9 * 1 + 3 * 2 + 1 * 6)
    assert set(n_epochs[-6:]) == {3}


def test_settings():
    search = halved(network(), factor=2, max_resources=8, min_resources=2)
    assert search.n_resources_ == [2, 4, 8]
    assert search.n_candidates_ == [9, 5, 3]
    search = halved(network(), min_resources="smallest", max_resources=2)
    assert search.n_resources_ == [1]
    aggressive = {"aggressive_elimination": True, "min_resources": 2}
    search = halved(network(), max_resources=6, **aggressive)
    assert search.n_resources_ == [2, 2, 6]
    assert search.best_params_["max_iter"] == 6
    assert halved(network(), scoring="neg_log_loss", refit=False).best_score_ < 0.0


def test_defaults_of_the_network():
    model = JacobianMLPClassifier((8,), random_state=0)
    search = halved(model, {"learning_rate": [1e-3, 1e-2, 0.1]})
    # 240 rows have batches of 16 to 32 and at least 400 steps.
    assert search.max_resources_ == search.best_estimator_.max_iter_ + (
        search.max_resources_ - search.n_resources_[-1]
    )
    assert search.best_estimator_.temperature_ != 1.0
    assert search.best_estimator_.calibration == "auto"
    assert model.max_iter == "auto"


def test_pipelines_and_regressors():
    pipeline = Pipeline([("scale", StandardScaler()), ("net", network())])
    grid = {"net__learning_rate": GRID["learning_rate"]}
    search = halved(pipeline, grid)
    assert search.best_params_.keys() == {"net__learning_rate", "net__max_iter"}
    assert type(search.best_estimator_) is Pipeline
    grid["scale__with_mean"] = [True, False]
    assert halved(pipeline, grid).n_candidates_ == [18, 6, 2]
    X, y = load_diabetes(return_X_y=True)
    model = plain_regressor((8,), max_iter=9, random_state=0, tol=None)
    search = LockstepHalvingGridSearchCV(model, GRID, cv=3).fit(X, y)
    assert search.n_resources_ == [1, 3, 9]


def test_candidates_that_end_early_stay_as_they_are():
    model = network(tol=0.5, n_iter_no_change=1, max_iter=27)
    search = halved(model, return_train_score=False)
    first, *_, last = scores_of_rungs(search)
    assert len(first) == 9
    assert last.max() >= first.min()


def test_other_kinds_and_failures():
    grid = [
        {"optimizer": ["lbfgs"], "regularizers__weight_decay": [0.0, 1e-3, 1e-2]},
        {"learning_rate": [1e-3, 1e-2, 0.1, -1.0]},
    ]
    with pytest.warns(match="fits failed"), pytest.warns(match="non-finite"):
        search = halved(network(), grid)
    assert np.isnan(scores_of_rungs(search)[0]).sum() == 1
    with pytest.raises(TypeError, match="must be a JacobianMLPClassifier"):
        halved(LogisticRegression(), {"C": [1.0, 2.0]})
    with pytest.raises(ValueError, match="max_iter as the resource"):
        halved(network(), {"max_iter": [1, 2, 3]})


def test_params_and_threads():
    search = LockstepHalvingGridSearchCV(network(), GRID, cv=CV, n_jobs=2)
    assert "resource" not in search.get_params()
    again = clone(search).set_params(factor=2, n_jobs=None)
    assert again.factor == 2
    search.fit(X, Y)
    alone = halved(network())
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
    )
    assert search.max_resources == "auto"
    assert not hasattr(search, "resource")


def test_candidates_that_are_equal():
    search = halved(network(), {"learning_rate": [1e-3, 1e-2, 1e-2]})
    first, *_ = scores_of_rungs(search)
    assert first[1] == first[2]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_aggressive_rungs_are_stations_of_one_schedule():
    model = network(max_iter=27, schedule="cosine")
    grid = {"learning_rate": [1e-3, 1e-2, 0.1]}
    settings = {"aggressive_elimination": True, "min_resources": "smallest"}
    search = halved(model, grid, **settings)
    assert search.n_resources_ == [9, 27]
    best = search.best_index_
    for split, (train, test) in enumerate(CV.split(X, Y)):
        whole = clone(model).set_params(**search.cv_results_["params"][best])
        score = whole.fit(X[train], Y[train]).score(X[test], Y[test])
        assert search.cv_results_[f"split{split}_test_score"][best] == score


def test_an_ensemble_is_fitted_in_the_end():
    epochs = []

    def scorer(model, X, y):
        epochs.append(model.n_iter_)
        return model.score(X, y)

    grid = {"learning_rate": [1e-3, 1e-2, 0.1]}
    search = halved(network(n_estimators=2), grid, scoring=scorer)
    assert set(epochs) == {3, 9}
    assert len(search.best_estimator_.estimators_) == 2
