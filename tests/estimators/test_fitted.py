"""A fitted estimator does not depend on later parameters or failures."""

import copy

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from skjacobnet.inspection import influence

X, Y = load_iris(return_X_y=True)
X = scale(X)
DERIVATIVES = {
    "input_jacobian": lambda model: model.input_jacobian(X),
    "weight_jacobian": lambda model: model.weight_jacobian(X),
    "per_sample_gradients": lambda model: model.per_sample_gradients(X, Y),
    "per_sample_gradient_norms": lambda model: model.per_sample_gradient_norms(X, Y),
    "influence": lambda model: influence(model, X, Y, X[:2], Y[:2], damping=0.1),
}


def fitted(**params):
    settings = {"max_iter": 5, "tol": None, "random_state": 0, **params}
    return plain_classifier((6,), **settings).fit(X, Y)


@pytest.mark.parametrize("name", DERIVATIVES)
@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "brier"},
        {"max_iter": 0},
        {"activation": "no such activation"},
        {"regularizers": {"weight_decay": 10.0}},
    ],
    ids=str,
)
def test_parameters_set_after_a_fit_change_no_derivative(name, changes):
    model = fitted()
    before = DERIVATIVES[name](model)
    model.set_params(**changes)
    np.testing.assert_array_equal(DERIVATIVES[name](model), before)


def test_assigned_weights_replace_the_model():
    model = fitted()
    shallow, before = copy.copy(model), model.predict_proba(X)
    coefs = [np.zeros_like(coef) for coef in model.coefs_]
    model.coefs_ = coefs
    model.intercepts_ = [np.zeros(6), np.array([0.0, 1.0, 2.0])]
    assert (model.predict(X) == 2).all()
    np.testing.assert_array_equal(shallow.predict_proba(X), before)
    kept = model.model_
    for wrong in (coefs[:1], [coefs[0], coefs[0]]):
        with pytest.raises(ValueError, match="coefs_ must have the shapes"):
            model.coefs_ = wrong
    with pytest.raises(ValueError, match="weights_ must have the shape"):
        model.weights_ = np.zeros(3)
    assert model.model_ is kept
    given = np.arange(model.weights_.size)
    model.weights_ = given
    assert model.weights_.dtype == np.float64
    given[:] = 0
    np.testing.assert_array_equal(model.weights_, np.arange(given.size))


@pytest.mark.parametrize(
    ("params", "data"),
    [
        ({"max_iter": 0}, (X, Y)),
        ({"optimizer": "sgd", "learning_rate": 1e300}, (X, Y)),
        ({}, (X[:, :2], np.zeros(150))),
        ({"warm_start": True}, (X[:, :2], Y)),
        ({"warm_start": True}, (X, Y + 1)),
        ({"warm_start": True, "dtype": "float32"}, (X, Y)),
        ({"early_stopping": True, "monitor": "roc_auc"}, (X, Y)),
    ],
    ids=str,
)
def test_an_error_leaves_everything_as_it_was(params, data):
    model = fitted(warm_start=True).set_params(**params)
    before, proba = dict(vars(model)), model.predict_proba(X)
    with pytest.raises(ValueError, match=r"\w"):
        model.fit(*data)
    assert vars(model) == before
    np.testing.assert_array_equal(model.predict_proba(X), proba)


def test_a_refit_leaves_nothing_of_the_fit_before():
    pandas = pytest.importorskip("pandas")
    model = fitted(warm_start=True)
    model.set_params(warm_start=False).fit(pandas.DataFrame(X, columns=list("abcd")), Y)
    assert model.feature_names_in_.tolist() == list("abcd")
    assert not hasattr(model, "training_state_")
    model.fit(X[:, :3], Y)
    assert not hasattr(model, "feature_names_in_")
    assert model.n_features_in_ == 3


def test_float32_refuses_what_is_beyond_its_range():
    model = fitted(dtype="float32")
    with pytest.raises(
        ValueError, match=r"up to \S+e\+40, beyond the range of float32"
    ):
        model.predict_proba(1e40 * X)
    with pytest.raises(ValueError, match="beyond the range of float32"):
        model.input_jacobian(1e40 * X)
    with pytest.raises(ValueError, match="beyond the range of float32"):
        fitted(dtype="float32").fit(np.vstack([X, 1e40 * X]), np.tile(Y, 2))
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(fitted().predict_log_proba(1e40 * X)).any()


def test_targets_in_a_column_are_taken_as_in_fit():
    model = fitted()
    expected = model.per_sample_gradients(X, Y)
    with pytest.warns(UserWarning, match="column-vector"):
        found = model.per_sample_gradients(X, Y[:, np.newaxis])
    np.testing.assert_array_equal(found, expected)
