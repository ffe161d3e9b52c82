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

from skjacobnet import JacobianMLPRegressor
from skjacobnet.interop import from_sklearn, to_sklearn
from skjacobnet.layers import Linear, Standardize
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
    with pytest.raises(ValueError, match=r"Quantile.*sorted raw predictions"):
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


def test_training_continues_in_the_unit_of_the_targets():
    mlp = fit_mlp(Y, solver="sgd", learning_rate_init=1e-6, batch_size=442, alpha=0.0)
    model = from_sklearn(mlp)
    model.set_params(warm_start=True, max_iter=1, optimizer="sgd", tol=None)
    model.fit(X, Y)
    assert model.task_.scale == 1.0
    gradients = from_sklearn(mlp).per_sample_gradients(X, Y).mean(axis=0)
    np.testing.assert_allclose(
        model.weights_, from_sklearn(mlp).weights_ - 1e-6 * gradients, rtol=1e-12
    )


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_an_unfitted_twin(loss):
    if loss == "poisson" and not HAS_POISSON:
        pytest.skip("MLPRegressor has one loss only")
    mlp = MLPRegressor(
        hidden_layer_sizes=(7, 3),
        activation="tanh",
        alpha=0.4,
        learning_rate_init=0.02,
        early_stopping=True,
        max_iter=9,
        random_state=5,
    )
    mlp = mlp.set_params(loss=loss) if HAS_POISSON else mlp
    twin = from_sklearn(mlp, n_samples=100)
    assert type(twin) is JacobianMLPRegressor
    assert not hasattr(twin, "weights_")
    expected = {
        "hidden_layer_sizes": (7, 3),
        "activation": "tanh",
        "encoding": None,
        "initializer": "glorot_uniform",
        "loss": loss,
        "learning_rate": 0.02,
        "schedule": "constant",
        "total_weight_decay": 0.0,
        "regularizers": {"weight_decay": pytest.approx(0.4 / 100)},
        "batch_size": 200,
        "max_iter": 9,
        "early_stopping": True,
        "monitor": "r2",
        "calibration": None,
        "random_state": 5,
    }
    params = twin.get_params()
    assert {name: params[name] for name in expected} == expected
    with pytest.warns(ConvergenceWarning, match="max_iter=9"):
        twin.fit(X, Y)


def test_an_unfitted_twin_takes_the_same_steps():
    """For targets of mean zero and deviation one, which are not scaled further."""
    y = scale(TWO)
    mlp = MLPRegressor(
        hidden_layer_sizes=(6, 5),
        activation="tanh",
        solver="sgd",
        momentum=0.0,
        alpha=3.0,
        learning_rate_init=0.05,
        batch_size=len(X),
        random_state=0,
    )
    twin = from_sklearn(mlp, n_samples=len(X))
    for model in (mlp, twin):
        model.partial_fit(X, y)
    twin.coefs_, twin.intercepts_ = mlp.coefs_, mlp.intercepts_
    for _ in range(20):
        mlp.partial_fit(X, y)
        twin.partial_fit(X, y)
    for name in ("coefs_", "intercepts_"):
        for ours, theirs in zip(getattr(twin, name), getattr(mlp, name), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_an_unfitted_twin_learns_as_much(solver):
    """With batches of one size: in a smaller last one alpha counts for more there."""
    y = scale(Y)
    mlp = MLPRegressor(hidden_layer_sizes=(20,), activation="tanh", solver=solver)
    mlp.set_params(batch_size=17, alpha=20.0 if solver == "lbfgs" else 1.5)
    mlp.set_params(learning_rate_init=0.002, max_iter=60, random_state=0)
    twin = from_sklearn(mlp, n_samples=len(X) // 2)
    for model in (mlp, twin):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X[::2], y[::2])
    theirs, ours = (model.score(X[1::2], y[1::2]) for model in (mlp, twin))
    assert theirs > 0.4
    assert abs(ours - theirs) < 0.03


@targets
@pytest.mark.parametrize("sizes", [(), (6, 5)])
@pytest.mark.parametrize(
    "encoding",
    [["standardize"], [Standardize(center=False)], ["standardize", "standardize"]],
    ids=["standardize", "scale", "two"],
)
@pytest.mark.parametrize("loss", ["squared_error", "gaussian", "huber"])
def test_standardization_is_folded(loss, encoding, sizes, y):
    table = X * np.geomspace(1e-3, 1e3, 10) + np.arange(10.0)
    constant = np.full(len(X), 3.7)
    table = np.column_stack([table[:, :1], constant, table[:, 1:], 0.0 * constant])
    model = JacobianMLPRegressor(
        sizes, encoding=encoding, loss=loss, max_iter=6, random_state=0
    ).fit(table, y)
    mlp = to_sklearn(model)
    others = table + 0.1 * table.std(axis=0) * NEW.std()
    # Constant in the rows of the fit, not in all others.
    others[:, [1, -1]] += np.arange(len(X))[:, np.newaxis]
    for rows in (table, others):
        expected = model.predict(rows)
        error = np.abs(mlp.predict(rows) - expected) / model.task_.scale
        assert error.max() < 1e-12


@pytest.mark.parametrize("encoding", ["auto", ["standardize", "smooth_clip"]], ids=str)
def test_other_encodings_are_refused_with_a_way_out(encoding):
    model = JacobianMLPRegressor((6,), encoding=encoding, max_iter=2).fit(X, Y)
    with pytest.raises(ValueError, match=r"encoding=\['standardize'\]"):
        to_sklearn(model)


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
