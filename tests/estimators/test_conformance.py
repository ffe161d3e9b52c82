"""scikit-learn's own checks of an estimator, over a matrix of configurations."""

import numpy as np
import pytest
from plain import plain_classifier, plain_regressor
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import parametrize_with_checks

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.layers import (
    Dropout,
    Frozen,
    Linear,
    Parallel,
    Repeat,
    Residual,
    Sequential,
)

WEIGHTS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)
REFUSED = (
    "partial_fit cannot balance classes that it has not seen, as in SGDClassifier; see "
    "test_partial_fit_with_balanced_weights_is_refused"
)
# The defaults; all others are plain except for the named settings.
ESTIMATORS = {
    "default": JacobianMLPClassifier(),
    "default regressor": JacobianMLPRegressor(),
}
SMALL = {"hidden_layer_sizes": (20,), "learning_rate": 0.01, "max_iter": 100}
PENALTIES = {"weight_decay": 1e-3, "orthogonality": 1e-3, "sparsity": 1e-3}
CONFIGURATIONS = {
    "plain": {},
    "ensemble": {"n_estimators": 2},
    "lbfgs": {"optimizer": "lbfgs"},
    "layers": {"layers": [Linear(12), "tanh"], "learning_rate": 0.02},
    "float32": {"dtype": "float32"},
    "dropout": {
        "hidden_layer_sizes": (40, 20),
        "optimizer": "nadam",
        "dropout": 0.1,
        "max_iter": 200,
    },
    "early stopping": {"early_stopping": True, "validation_fraction": 0.25},
    "momentum": {"optimizer": "momentum", "schedule": "cosine"},
    "single rows": {"batch_size": 1, "max_iter": 10},
    "auto": {"encoding": "auto"},
    "numbers only": {"encoding": "auto", "categorical_features": None},
    "encoded for lbfgs": {"encoding": "auto", "optimizer": "lbfgs", "max_iter": 50},
    "list of encodings": {
        "encoding": ["missing_indicator", "standardize", "piecewise_linear", "one_hot"]
    },
    "standardized": {"encoding": ["standardize"], "schedule": "cosine"},
}
OF_CLASSIFIERS = {
    "balanced": {"class_weight": "balanced"},
    "regularizers": {"regularizers": {**PENALTIES, "certainty": 1e-3}},
    "focal": {"loss": "focal", "learning_rate": 0.02},
    "residual": {
        "layers": [
            Linear(14),
            Residual(Repeat(Sequential([Linear(14), "tanh"]), 2)),
            Parallel([Linear(8), Sequential([Frozen(Linear(6)), "tanh"])]),
            "relu",
        ]
    },
}
OF_REGRESSORS = {
    "huber": {"loss": "huber"},
    "quantile": {"loss": "quantile"},
    "gaussian": {"loss": "gaussian"},
    "regularizers": {"regularizers": {**PENALTIES, "jacobian_norm": 1e-3}},
}
for name, params in {**CONFIGURATIONS, **OF_CLASSIFIERS}.items():
    ESTIMATORS[name] = plain_classifier(**{**SMALL, **params})
for name, params in {**CONFIGURATIONS, **OF_REGRESSORS}.items():
    ESTIMATORS[f"regressor, {name}"] = plain_regressor(**{**SMALL, **params})
# Each has a test below at the tolerance that holds.
EXPECTED_FAILURES = {
    **dict.fromkeys(
        ("default", "default regressor"),
        dict.fromkeys(
            WEIGHTS,
            "of repeated rows there are more, and others are in a batch, in a pilot "
            "and among those that the start looks at",
        ),
    ),
    "float32": dict.fromkeys(
        WEIGHTS, "compares two fits at 1e-7, beyond the resolution of float32"
    ),
    **dict.fromkeys(
        ("dropout", "regressor, dropout"),
        dict.fromkeys(
            WEIGHTS, "rows of weight zero and repeated rows see other draws of dropout"
        ),
    ),
    **dict.fromkeys(
        ("early stopping", "regressor, early stopping"),
        dict.fromkeys(
            WEIGHTS, "the validation set of the repeated rows is another one"
        ),
    ),
    **dict.fromkeys(
        ("single rows", "regressor, single rows"),
        dict.fromkeys(
            WEIGHTS, "a row of weight two is one step, repeated it is two steps"
        ),
    ),
    "balanced": dict.fromkeys(
        (
            "check_fit_score_takes_y",
            "check_n_features_in_after_fitting",
            "check_estimators_partial_fit_n_features",
        ),
        REFUSED,
    ),
}


def expected_failures(estimator):
    for name, known in ESTIMATORS.items():
        if estimator is known:
            return EXPECTED_FAILURES.get(name, {})
    return {}


# The checks intentionally train for a few iterations.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    list(ESTIMATORS.values()), expected_failed_checks=expected_failures
)
def test_scikit_learn_checks(estimator, check):
    is_regressor = isinstance(estimator, JacobianMLPRegressor)
    if is_regressor and estimator.dtype and check.func.__name__ in WEIGHTS:
        pytest.skip("compares two fits at 1e-7, where rounding in float32 decides")
    check(estimator)


# Without causes of differences beyond rounding: random draws, and mini-batches.
EQUAL = {
    "plain": ({}, 1e-9),
    "layers": ({}, 1e-9),
    "lbfgs": ({"regularizers": {"weight_decay": 1e-2}}, 1e-6),
    "float32": ({}, 1e-3),
    "dropout": ({"dropout": 0.0}, 1e-9),
    "early stopping": ({}, 1e-9),
    "single rows": ({}, 1e-9),
    "residual": ({}, 1e-9),
    "regressor, plain": ({}, 1e-9),
    "regressor, lbfgs": ({"regularizers": {"weight_decay": 1e-2}}, 1e-6),
    "regressor, float32": ({}, 1e-3),
    "regressor, dropout": ({"dropout": 0.0}, 1e-9),
    "regressor, early stopping": ({}, 1e-9),
    "regressor, single rows": ({}, 1e-9),
}


@pytest.mark.parametrize("name", EQUAL)
def test_weights_equal_repetition(name):
    X, y = load_iris(return_X_y=True)
    times = np.random.default_rng(0).integers(0, 4, len(y))
    changes, tolerance = EQUAL[name]
    params = {**ESTIMATORS[name].get_params(deep=False), "random_state": 0, **changes}
    # A full batch, since mini-batches of other rows are other steps.
    params |= {"batch_size": 1000, "max_iter": 20, "tol": None}
    validation = {}
    if "early stopping" in name:
        validation = {"X_val": X[::7], "y_val": y[::7], "sample_weight_val": times[::7]}
    kind = type(ESTIMATORS[name])
    weighted, scaled, repeated = (kind(**params) for _ in range(3))
    weighted.fit(X, y, sample_weight=times, **validation)
    scaled.fit(X, y, sample_weight=7.0 * times, **validation)
    if validation:
        rows = np.repeat(np.arange(len(y))[::7], times[::7])
        validation = {"X_val": X[rows], "y_val": y[rows]}
    repeated.fit(np.repeat(X, times, axis=0), np.repeat(y, times), **validation)
    method = "predict" if kind is JacobianMLPRegressor else "predict_proba"
    expected = getattr(repeated, method)(X)
    np.testing.assert_allclose(getattr(weighted, method)(X), expected, atol=tolerance)
    np.testing.assert_allclose(getattr(scaled, method)(X), expected, atol=tolerance)


@pytest.mark.parametrize("name", ["default", "default regressor"])
def test_rows_of_weight_zero_are_left_out(name):
    X, y = load_iris(return_X_y=True)
    kept = np.random.default_rng(0).random(len(y)) < 0.7
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    model = clone(ESTIMATORS[name]).set_params(random_state=0)
    removed = clone(model).fit(X[kept], y[kept], weight[kept])
    method = "predict" if name == "default regressor" else "predict_proba"
    expected = getattr(removed, method)(X)
    for factor in (1.0, 7.0):
        zero = clone(model).fit(X, y, factor * weight * kept)
        np.testing.assert_allclose(getattr(zero, method)(X), expected, atol=1e-9)


def test_partial_fit_with_balanced_weights_is_refused():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"needs all rows at once.*Give a dict"):
        JacobianMLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1])
    weights = {0: 1.0, 1: 2.0, 2: 0.5}
    model = plain_classifier((20,), class_weight=weights)
    assert model.partial_fit(X, y, classes=np.unique(y)).n_iter_ == 1


def test_probabilities_of_labels_are_in_the_unit_interval():
    X, y = load_iris(return_X_y=True)
    labels = np.stack([y == 0, X[:, 0] > 5.5], axis=1).astype(int)
    model = plain_classifier((20,), optimizer="lbfgs", max_iter=1000).fit(X, labels)
    proba = model.predict_proba(X)
    assert proba.min() >= 0.0
    assert proba.max() <= 1.0
    assert np.isfinite(model.predict_log_proba(X)[proba > 0.0]).all()


def test_dropout_is_in_the_list_of_layers():
    model = plain_classifier(layers=[Linear(5), "relu", Dropout(0.2)], max_iter=2)
    X, y = load_iris(return_X_y=True)
    model.set_params(tol=None).fit(scale(X), y)
    assert len(model.network_.layers) == 4
