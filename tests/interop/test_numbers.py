"""Fitted regressors from scikit-learn's MLPRegressor and back."""

import inspect
import warnings

import numpy as np
import pytest
from plain import plain_regressor
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import scale

from skjacobnet.interop import from_sklearn, to_sklearn
from skjacobnet.layers import Linear
from skjacobnet.losses import Quantile

X, Y = load_diabetes(return_X_y=True)
X = scale(X)
TWO = np.column_stack([Y, 1e-3 * Y[::-1]])
NEW = np.random.default_rng(0).normal(size=(50, 10))
HAS_POISSON = "loss" in inspect.signature(MLPRegressor).parameters
targets = pytest.mark.parametrize("y", [Y, TWO], ids=["one", "two"])


def fit_mlp(y, max_iter=4, **params):
    mlp = MLPRegressor(
        hidden_layer_sizes=(6, 5), max_iter=max_iter, random_state=3, **params
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mlp.fit(X, y)


def fit_ours(y, **params):
    defaults = {"max_iter": 4, "tol": None, "random_state": 3}
    return plain_regressor((6, 5), **{**defaults, **params}).fit(X, y)


def assert_equal_predictions(a, b):
    expected = b.predict(NEW)
    assert a.predict(NEW).shape == expected.shape
    np.testing.assert_allclose(a.predict(NEW), expected, rtol=1e-12, atol=1e-12)


@targets
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_predictions_both_ways(y, activation):
    mlp = fit_mlp(y, activation=activation)
    model = from_sklearn(mlp)
    assert_equal_predictions(model, mlp)
    for ours, theirs in zip(model.coefs_, mlp.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert_equal_predictions(to_sklearn(model), mlp)
    model = fit_ours(y, activation=activation.replace("logistic", "sigmoid"))
    mlp = to_sklearn(model)
    assert type(mlp) is MLPRegressor
    assert_equal_predictions(mlp, model)
    again = from_sklearn(mlp)
    assert_equal_predictions(again, model)
    np.testing.assert_allclose(
        again.input_jacobian(NEW), model.input_jacobian(NEW), rtol=1e-10
    )


@targets
@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile", "gaussian"])
def test_the_prediction_of_every_loss_that_is_linear_in_the_last_layer(y, loss):
    model = fit_ours(y, loss=loss)
    assert_equal_predictions(to_sklearn(model), model)


@pytest.mark.skipif(not HAS_POISSON, reason="MLPRegressor has one loss only")
def test_an_exponential_link_is_kept():
    for loss in ("poisson", "gamma"):
        model = fit_ours(Y, loss=loss)
        mlp = to_sklearn(model)
        assert mlp.loss == "poisson"
        assert_equal_predictions(mlp, model)
    mlp = fit_mlp(Y, loss="poisson", learning_rate_init=0.02)
    model = from_sklearn(mlp)
    assert model.loss == "poisson"
    assert_equal_predictions(model, mlp)


def test_what_has_no_counterpart():
    model = fit_ours(Y, loss=Quantile((0.1, 0.9)))
    with pytest.raises(ValueError, match=r"Quantile.*no raw prediction"):
        to_sklearn(model)
    model = plain_regressor(layers=[Linear(5), "gelu"], max_iter=1, tol=None)
    with pytest.raises(ValueError, match="GELU"):
        to_sklearn(model.fit(X, Y))
    for convert in (from_sklearn, to_sklearn):
        with pytest.raises(TypeError, match="Regressor"):
            convert(Ridge().fit(X, Y))


def test_parameters_and_scores_are_carried_over():
    mlp = fit_mlp(
        Y, solver="sgd", alpha=0.3, early_stopping=True, learning_rate_init=1e-4
    )
    model = from_sklearn(mlp, n_samples=len(X))
    assert (model.monitor, model.early_stopping) == ("r2", True)
    assert model.regularizers == {"weight_decay": 0.3 / 200}
    assert model.history_["validation_score"] == mlp.validation_scores_
    back = to_sklearn(model, n_samples=len(X))
    assert back.alpha == pytest.approx(0.3)
    np.testing.assert_array_equal(back.validation_scores_, mlp.validation_scores_)


def test_training_goes_on_in_the_unit_of_the_targets():
    mlp = fit_mlp(Y, solver="sgd", learning_rate_init=1e-6, batch_size=442, alpha=0.0)
    model = from_sklearn(mlp)
    model.set_params(warm_start=True, max_iter=1, optimizer="sgd", tol=None)
    model.fit(X, Y)
    assert model.task_.scale == 1.0
    gradients = from_sklearn(mlp).per_sample_gradients(X, Y).mean(axis=0)
    np.testing.assert_allclose(
        model.weights_, from_sklearn(mlp).weights_ - 1e-6 * gradients, rtol=1e-12
    )


def test_features_keep_their_names():
    frame, y = load_diabetes(return_X_y=True, as_frame=True)
    model = plain_regressor((3,), max_iter=1, tol=None).fit(frame, y)
    assert to_sklearn(model).feature_names_in_.tolist() == frame.columns.tolist()


# For several targets skl2onnx gives one column, of all predictions after each other.
def test_onnx():
    skl2onnx = pytest.importorskip("skl2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = fit_ours(Y, max_iter=20)
    x = NEW.astype(np.float32)
    converted = skl2onnx.to_onnx(to_sklearn(model), x[:1])
    session = onnxruntime.InferenceSession(
        converted.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (name,) = (entry.name for entry in session.get_inputs())
    (predictions,) = session.run(None, {name: x})
    np.testing.assert_allclose(predictions[:, 0], model.predict(x), rtol=1e-3)
