"""JacobianMLPClassifier inside scikit-learn's pipelines, searches and ensembles.

All scores are on held-out rows, and better than those of the most common class.
"""

import numpy as np
import pytest
import sklearn
from plain import plain_classifier
from scipy.stats import loguniform
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    permutation_importance,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    make_scorer,
    roc_auc_score,
)
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_score,
    cross_validate,
    learning_curve,
    train_test_split,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier


def halves(X, y, **kwargs):
    return train_test_split(X, y, test_size=0.4, stratify=y, random_state=0, **kwargs)


CANCER = halves(*load_breast_cancer(return_X_y=True))
DIGITS = halves(*load_digits(return_X_y=True))
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


def network(**params):
    defaults = {
        "hidden_layer_sizes": (16,),
        "learning_rate": 0.01,
        "batch_size": 32,
        "max_iter": 12,
        "tol": None,
        "random_state": 0,
    }
    return plain_classifier(**{**defaults, **params})


def scaled(**params):
    """Return a pipeline; parameters of its network start with ``net__``."""
    return Pipeline([("scale", StandardScaler()), ("net", network(**params))])


def test_pipeline():
    X, X_test, y, y_test = CANCER
    model = scaled().fit(X, y)
    assert model.score(X_test, y_test) > 0.93
    assert model[:-1].transform(X_test).std() == pytest.approx(1.0, abs=0.2)
    assert roc_auc_score(y_test, model.decision_function(X_test)) > 0.98


def test_column_transformer_with_a_frame():
    pd = pytest.importorskip("pandas")
    data = load_wine(as_frame=True)
    frame = data.data[["alcohol", "malic_acid"]].copy()
    frame["color"] = pd.cut(
        data.data["color_intensity"], 3, labels=["pale", "medium", "deep"]
    ).astype(str)
    frame["phenols"] = np.where(data.data["flavanoids"] > 1.6, "many", "few")
    names = data.target.map(dict(enumerate(data.target_names)))
    X, X_test, y, y_test = halves(frame, names)
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["alcohol", "malic_acid"]),
            (
                "names",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                ["color", "phenols"],
            ),
        ]
    ).set_output(transform="pandas")
    model = make_pipeline(columns, network(max_iter=40, batch_size=16)).fit(X, y)
    score = model.score(X_test, y_test)
    assert score > 0.9
    assert sorted(model.classes_) == sorted(data.target_names)
    assert "names__phenols_few" in model[-1].feature_names_in_
    # The categories are informative.
    model.fit(X.assign(color="pale", phenols="few"), y)
    assert model.score(X_test, y_test) < score - 0.1


def test_grid_search():
    X, X_test, y, y_test = CANCER
    grid = {
        "net__learning_rate": [1e-6, 1e-2],
        "net__hidden_layer_sizes": [(8,), (8, 8)],
    }
    search = GridSearchCV(scaled(), grid, cv=FOLDS).fit(X, y)
    assert search.best_params_["net__learning_rate"] == 1e-2
    assert search.score(X_test, y_test) > 0.93


def test_randomized_search():
    X, X_test, y, y_test = CANCER
    distributions = {
        "net__learning_rate": loguniform(1e-7, 1e-1),
        "net__regularizers__weight_decay": loguniform(1e-6, 1e-2),
        "net__optimizer": ["adam", "nesterov"],
    }
    search = RandomizedSearchCV(
        scaled(), distributions, n_iter=8, cv=FOLDS, random_state=0
    ).fit(X, y)
    assert search.best_params_["net__learning_rate"] > 1e-4
    best = search.best_estimator_["net"]
    decay = search.best_params_["net__regularizers__weight_decay"]
    assert best.regularizers == {"weight_decay": decay}
    assert search.score(X_test, y_test) > 0.93


def test_halving_grid_search_over_epochs():
    X, X_test, y, y_test = CANCER
    grid = {"net__learning_rate": [1e-7, 1e-6, 1e-5, 1e-2]}
    search = HalvingGridSearchCV(
        scaled(),
        grid,
        resource="net__max_iter",
        min_resources=3,
        max_resources=12,
        factor=2,
        cv=FOLDS,
        random_state=0,
    ).fit(X, y)
    assert search.n_resources_ == [3, 6, 12]
    assert search.best_params_["net__learning_rate"] == 1e-2
    assert search.best_estimator_["net"].n_iter_ == 12
    assert search.score(X_test, y_test) > 0.93


def test_cross_val_score():
    X, _, y, _ = CANCER
    assert cross_val_score(scaled(), X, y, cv=FOLDS).min() > 0.9


def test_cross_validate_returns_fitted_estimators():
    X, X_test, y, y_test = CANCER
    results = cross_validate(
        scaled(), X, y, cv=FOLDS, scoring=["roc_auc", "f1"], return_estimator=True
    )
    assert results["test_roc_auc"].min() > 0.97
    weights = [model["net"].weights_ for model in results["estimator"]]
    assert all(model.score(X_test, y_test) > 0.9 for model in results["estimator"])
    assert not np.array_equal(weights[0], weights[1])


def test_learning_curve_rises():
    X, _, y, _ = DIGITS
    sizes, train, test = learning_curve(
        scaled(), X, y, train_sizes=[40, 150, 600], cv=FOLDS
    )
    assert sizes.tolist() == [40, 150, 600]
    means = test.mean(axis=1)
    assert means[0] + 0.1 < means[1] < means[2]
    assert means[2] > 0.9
    assert train.mean(axis=1)[0] > means[0]


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibrated_classifier(method):
    X, X_test, y, y_test = CANCER
    X, X_test = X[:, :2], X_test[:, :2]
    # Weighted so that its probabilities are far from the frequencies.
    base = scaled(class_weight={0: 20.0, 1: 1.0}, max_iter=20)
    model = CalibratedClassifierCV(base, method=method, cv=FOLDS).fit(X, y)
    proba = model.predict_proba(X_test)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    assert model.score(X_test, y_test) > 0.85
    weighted = base.fit(X, y).predict_proba(X_test)
    before = brier_score_loss(y_test, weighted[:, 1])
    assert brier_score_loss(y_test, proba[:, 1]) < 0.7 * before


def test_bagging():
    X, X_test, y, y_test = CANCER
    model = BaggingClassifier(
        scaled(), n_estimators=4, max_samples=0.6, max_features=0.5, random_state=0
    ).fit(X, y)
    assert model.score(X_test, y_test) > 0.92
    first, second = (member["net"].weights_ for member in model.estimators_[:2])
    assert not np.array_equal(first, second)


def test_ada_boost_passes_weights_on():
    X, X_test, y, y_test = DIGITS
    X, X_test = X / 16.0, X_test / 16.0
    weak = network(hidden_layer_sizes=(4,), max_iter=5, learning_rate=0.02)
    model = AdaBoostClassifier(weak, n_estimators=12, random_state=0).fit(X, y)
    assert len(model.estimators_) > 1
    assert model.score(X_test, y_test) > weak.fit(X, y).score(X_test, y_test) + 0.03
    assert model.score(X_test, y_test) > 0.8


def test_soft_voting():
    X, X_test, y, y_test = CANCER
    members = [("net", scaled()), ("tree", DecisionTreeClassifier(random_state=0))]
    model = VotingClassifier(members, voting="soft", weights=[3, 1]).fit(X, y)
    assert model.score(X_test, y_test) > 0.93
    by_hand = np.average(
        [member.predict_proba(X_test) for member in model.estimators_],
        axis=0,
        weights=[3, 1],
    )
    np.testing.assert_allclose(model.predict_proba(X_test), by_hand)


def test_stacking_as_member_and_as_final_estimator():
    X, X_test, y, y_test = CANCER
    members = [("net", scaled()), ("bayes", GaussianNB())]
    for final in (LogisticRegression(), network()):
        model = StackingClassifier(members, final, cv=FOLDS).fit(X, y)
        assert model.score(X_test, y_test) > 0.93


def test_one_vs_rest():
    X, X_test, y, y_test = DIGITS
    X, X_test = X / 16.0, X_test / 16.0
    model = OneVsRestClassifier(network(hidden_layer_sizes=(8,), max_iter=8)).fit(X, y)
    assert len(model.estimators_) == 10
    assert model.score(X_test, y_test) > 0.9


def test_classifier_chain():
    X, X_test, y, y_test = DIGITS
    X, X_test = X / 16.0, X_test / 16.0

    def labels(digit):
        return np.c_[digit % 2, digit > 4, np.isin(digit, [2, 3, 5, 7])].astype(int)

    model = ClassifierChain(network(), order=[2, 0, 1], random_state=0)
    model.fit(X, labels(y))
    exact = np.all(model.predict(X_test) == labels(y_test), axis=1).mean()
    _, counts = np.unique(labels(y_test), axis=0, return_counts=True)
    assert counts.max() / len(y_test) < 0.35
    assert exact > 0.88


def test_self_training():
    X, X_test, y, y_test = DIGITS
    X, X_test = X / 16.0, X_test / 16.0
    known = np.zeros(len(y), bool)
    known[:60] = True
    base = network(max_iter=40, batch_size=16)
    partly = np.where(known, y, -1)
    model = SelfTrainingClassifier(base, threshold=0.95, max_iter=3).fit(X, partly)
    assert np.sum(model.transduction_ != -1) > 200
    alone = base.fit(X[known], y[known]).score(X_test, y_test)
    assert model.score(X_test, y_test) > alone > 0.6


def test_tuned_threshold():
    X, X_test, y, y_test = DIGITS
    rare, rare_test = y == 8, y_test == 8
    base = scaled(max_iter=2)
    model = TunedThresholdClassifierCV(base, scoring="balanced_accuracy", cv=FOLDS)
    model.fit(X, rare)
    # The most common answer, "no eight", has a balanced accuracy of one half.
    tuned = balanced_accuracy_score(rare_test, model.predict(X_test))
    plain = balanced_accuracy_score(rare_test, base.fit(X, rare).predict(X_test))
    assert model.best_threshold_ < 0.4
    assert tuned > max(0.8, plain + 0.05)


def test_permutation_importance():
    pytest.importorskip("pandas")
    data = load_iris(as_frame=True)
    frame = data.data.copy()
    frame["noise"] = np.random.default_rng(0).normal(size=len(frame))
    X, X_test, y, y_test = halves(frame, data.target)
    model = scaled(max_iter=40).fit(X, y)
    result = permutation_importance(model, X_test, y_test, n_repeats=5, random_state=0)
    mean = dict(zip(X.columns, result.importances_mean, strict=True))
    assert mean["petal width (cm)"] + mean["petal length (cm)"] > 0.25
    assert mean["noise"] < 0.05


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_partial_dependence_display(pyplot):
    X, X_test, y, _ = CANCER
    names = load_breast_cancer().feature_names.tolist()
    columns = [names.index(f"worst {name}") for name in ("concave points", "texture")]
    X, X_test = X[:, columns], X_test[:, columns]
    model = scaled(max_iter=30).fit(X, y)
    display = PartialDependenceDisplay.from_estimator(
        model, X_test, [0], grid_resolution=10, kind="both"
    )
    curve = display.pd_results[0]["average"][0]
    # More concave points, less often benign; a constant model gives a flat line.
    assert curve[0] - curve[-1] > 0.5
    assert (np.diff(curve) < 0).all()
    assert display.pd_results[0]["individual"].shape == (1, len(X_test), 10)


@pytest.mark.parametrize(
    "response",
    [
        {"response_method": "predict"},
        {"response_method": "predict_proba", "class_of_interest": 2},
    ],
)
def test_decision_boundary_display(pyplot, response):
    X, y = load_iris(return_X_y=True)
    X, X_test, y, y_test = halves(X[:, 2:], y)
    model = scaled(max_iter=40).fit(X, y)
    display = DecisionBoundaryDisplay.from_estimator(
        model, X_test, grid_resolution=60, **response
    )
    column = np.searchsorted(display.xx0[0], X_test[:, 0])
    row = np.searchsorted(display.xx1[:, 0], X_test[:, 1])
    drawn = display.response[row, column]
    if "class_of_interest" in response:
        assert np.mean((drawn > 0.5) == (y_test == 2)) > 0.9
    else:
        assert np.mean(drawn == y_test) > 0.9


def wrong_labels():
    """Return digits, labels that are wrong in half of the rows, and weights."""
    X, X_test, y, y_test = DIGITS
    wrong = np.random.default_rng(0).random(len(y)) < 0.5
    return X, np.where(wrong, (y + 1) % 10, y), 1.0 - wrong, X_test, y_test


def test_sample_weight_through_a_pipeline():
    X, y, weight, X_test, y_test = wrong_labels()
    with sklearn.config_context(enable_metadata_routing=True):
        model = Pipeline(
            [
                ("scale", StandardScaler().set_fit_request(sample_weight=False)),
                ("net", network().set_fit_request(sample_weight=True)),
            ]
        ).fit(X, y, sample_weight=weight)
    assert model.score(X_test, y_test) > 0.9
    direct = network().fit(model[:-1].transform(X), y, sample_weight=weight)
    np.testing.assert_array_equal(model["net"].weights_, direct.weights_)
    assert scaled().fit(X, y).score(X_test, y_test) < 0.85


def test_sample_weight_through_a_grid_search():
    X, y, weight, X_test, y_test = wrong_labels()
    X, X_test = X / 16.0, X_test / 16.0
    grid = {"hidden_layer_sizes": [(1,), (16,)]}

    def searched(scores_weighted):
        member = network().set_fit_request(sample_weight=True)
        member.set_score_request(sample_weight=scores_weighted)
        search = GridSearchCV(member, grid, cv=FOLDS)
        return search.fit(X, y, sample_weight=weight)

    with sklearn.config_context(enable_metadata_routing=True):
        weighted, plain = searched(True), searched(False)
        assert weighted.score(X_test, y_test) > 0.9
        # Wrong labels count only if the score ignores the weights.
        assert weighted.best_score_ > 0.9
        assert plain.best_score_ < 0.6
        np.testing.assert_array_equal(
            weighted.best_estimator_.weights_, plain.best_estimator_.weights_
        )


def test_sample_weight_through_a_scorer_of_a_grid_search():
    X, y, weight, *_ = wrong_labels()
    with sklearn.config_context(enable_metadata_routing=True):
        member = network().set_fit_request(sample_weight=True)
        scorer = make_scorer(f1_score, average="macro").set_score_request(
            sample_weight=True
        )
        search = GridSearchCV(member, {"max_iter": [12]}, cv=FOLDS, scoring=scorer).fit(
            X / 16.0, y, sample_weight=weight
        )
    assert search.best_score_ > 0.85


def test_validation_rows_through_a_pipeline():
    X, X_test, y, y_test = CANCER
    X, X_val, y, y_val = halves(X, y)
    with sklearn.config_context(enable_metadata_routing=True):
        member = network(max_iter=25).set_fit_request(X_val=True, y_val=True)
        model = Pipeline(
            [("scale", StandardScaler()), ("net", member)], transform_input=["X_val"]
        ).fit(X, y, X_val=X_val, y_val=y_val)
    losses = model["net"].history_["validation_loss"]
    assert len(losses) == 25
    # So the rows were scaled, and the best weights are kept.
    assert model["net"].best_score_ == -min(losses)
    assert log_loss(y_val, model.predict_proba(X_val)) == pytest.approx(min(losses))
    unscaled = network(max_iter=25)
    with pytest.warns(ConvergenceWarning, match="X_val like X"):
        unscaled.fit(model[:-1].transform(X), y, X_val=X_val, y_val=y_val)
    assert min(unscaled.history_["validation_loss"]) > 2 * min(losses)
    assert model.score(X_test, y_test) > 0.93
