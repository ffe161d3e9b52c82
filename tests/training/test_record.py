"""record_gradients: the records are right, and have no side effects."""

import pickle

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.base import clone
from sklearn.datasets import load_iris

from skjacobnet.interop import from_sklearn, to_sklearn
from skjacobnet.layers import Frozen, Linear, Residual

X, y = load_iris(return_X_y=True)
COLUMNS = ["layer_gradient_norms", "layer_update_ratios"]


def make(**parameters):
    settings = {
        "hidden_layer_sizes": (6, 5),
        "max_iter": 4,
        "tol": None,
        "batch_size": 40,
        "random_state": 0,
        "warm_start": True,
        **parameters,
    }
    return plain_classifier(**settings)


def without_seconds(history):
    return {name: values for name, values in history.items() if name != "seconds"}


@pytest.mark.filterwarnings("ignore:Training continues")
@pytest.mark.parametrize(
    "parameters",
    [
        {"optimizer": "adamw", "dropout": 0.2, "regularizers": {"weight_decay": 0.1}},
        {"optimizer": "nesterov", "early_stopping": True},
        {"optimizer": "lbfgs", "dtype": "float32"},
    ],
)
def test_the_result_is_bit_identical(parameters):
    plain = make(**parameters).fit(X, y)
    recorded = make(**parameters, record_gradients=True).fit(X, y)
    for _ in range(2):
        np.testing.assert_array_equal(plain.weights_, recorded.weights_)
        kept = without_seconds(recorded.history_)
        norms, ratios = (kept.pop(name) for name in COLUMNS)
        np.testing.assert_equal(kept, without_seconds(plain.history_))
        assert np.shape(norms) == np.shape(ratios) == (recorded.n_iter_, 3)
        total = np.linalg.norm(norms, axis=1)
        np.testing.assert_allclose(total, kept["gradient_norm"], rtol=1e-6)
        plain.fit(X, y)
        recorded.fit(X, y)


@pytest.mark.parametrize("batch_size", [40, 150])
def test_the_last_step_is_measured(batch_size):
    """The step of plain SGD is the learning rate times the gradient."""
    model = make(
        optimizer="sgd",
        learning_rate=0.01,
        batch_size=batch_size,
        shuffle=False,
        record_gradients=True,
        max_iter=1,
        layers=[Linear(4), "tanh", Residual(Linear(4)), Frozen(Linear(3))],
    ).fit(X, y)
    network = model.network_
    norms, ratios = (model.history_[name][0] for name in COLUMNS)
    assert norms.shape == (4,)
    assert norms[2] == ratios[2] == 0.0
    # Undo the step, with the gradient of the rows of the last batch.
    last = slice(120, 150) if batch_size == 40 else slice(0, 150)
    theta, after = model.weights_.copy(), model.weights_
    for _ in range(60):
        model.weights_ = theta
        gradient = model.per_sample_gradients(X[last], y[last]).mean(axis=0)
        theta = after + 0.01 * gradient
    for name, views, steps in zip(
        range(4),
        [views for views in network.split(theta) if views],
        [views for views in network.split(gradient) if views],
        strict=True,
    ):
        size = np.linalg.norm(np.concatenate([v.ravel() for v in views.values()]))
        step = np.linalg.norm(np.concatenate([v.ravel() for v in steps.values()]))
        step *= name != 2
        np.testing.assert_allclose(norms[name], step, rtol=1e-6)
        np.testing.assert_allclose(ratios[name], 0.01 * step / size, rtol=1e-6)


def test_lbfgs_measures_each_iteration():
    first, second = (
        make(optimizer="lbfgs", record_gradients=True, max_iter=n).fit(X, y)
        for n in (1, 2)
    )
    expected = []
    for before, after in zip(
        *map(first.network_.split, (first.weights_, second.weights_)), strict=True
    ):
        if before:
            before, after = (
                np.concatenate([view.ravel() for view in views.values()])
                for views in (before, after)
            )
            expected.append(np.linalg.norm(after - before) / np.linalg.norm(before))
    np.testing.assert_allclose(second.history_[COLUMNS[1]][1], expected, rtol=1e-9)


def test_going_on():
    model = make(record_gradients=True).fit(X, y)
    half = make(record_gradients=True, max_iter=2).fit(X, y)
    half = pickle.loads(pickle.dumps(half)).fit(X, y)
    for name in COLUMNS:
        np.testing.assert_array_equal(half.history_[name], model.history_[name])
    # Off and on again: NaN in between.
    half.set_params(record_gradients=False).fit(X, y)
    half.set_params(record_gradients=True).partial_fit(X, y)
    assert len(half.history_[COLUMNS[0]]) == 7
    assert np.isnan(half.history_[COLUMNS[0]][4:6]).all()
    assert half.history_[COLUMNS[0]][6].shape == (3,)
    assert not set(COLUMNS) & set(
        clone(half).set_params(record_gradients=False).fit(X, y).history_
    )


def test_conversion():
    model = make(record_gradients=True).fit(X, y)
    mlp = to_sklearn(model)
    np.testing.assert_allclose(mlp.predict_proba(X), model.predict_proba(X), rtol=1e-12)
    assert not from_sklearn(mlp).record_gradients


def test_it_is_true_or_false():
    with pytest.raises(
        TypeError, match="record_gradients must be True or False, got 1"
    ):
        make(record_gradients=1).fit(X, y)
