"""check_gradients passes on every combination of parts and fails on a wrong one."""

import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csr_matrix
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_wine,
    make_multilabel_classification,
)

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.layers import LAYERS, Dropout, Linear, Tanh
from skjacobnet.losses import LOSSES, CrossEntropy
from skjacobnet.regularizers import REGULARIZERS, Sparsity
from skjacobnet.testing import check_gradients

X, Y = load_digits(return_X_y=True)
X, Y = X[:60] / 16.0, Y[:60]


@pytest.mark.parametrize("y", [Y, Y % 2, (Y[:, None] >> np.arange(3)) & 1])
@pytest.mark.parametrize("loss", LOSSES.names)
def test_losses_and_kinds_of_targets(loss, y):
    check_gradients(plain_classifier((6,), "tanh", loss=loss), X, y)


@pytest.mark.parametrize("activation", LAYERS.names_alone)
def test_activations(activation):
    model = plain_classifier(layers=[Linear(5), activation, Linear(4), "tanh"])
    check_gradients(model, X[:, ::4], Y)


@pytest.mark.parametrize("name", REGULARIZERS.names)
def test_regularizers(name):
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(Y))
    model = plain_classifier((6, 5), "sigmoid", regularizers={name: 0.3})
    check_gradients(model, X, Y, weight)


def test_everything_at_once():
    model = plain_classifier(
        layers=[
            Linear(9),
            "sigmoid",
            Dropout(0.3),
            Linear(5, use_bias=False),
            "softmax",
        ],
        loss=CrossEntropy(label_smoothing=0.1),
        regularizers={
            "weight_decay": 0.1,
            "l1": 0.01,
            "orthogonality": 0.1,
            "kl": Sparsity(0.1, form="kl"),
            "l1 of activations": Sparsity(0.1),
            "certainty": 0.1,
        },
        class_weight="balanced",
    )
    check_gradients(model, X, Y)
    check_gradients(model, csr_matrix(X), Y)


@pytest.mark.parametrize("build", [JacobianMLPClassifier, JacobianMLPRegressor])
def test_default_networks(build):
    """With encodings, and a zero output layer at the start."""
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(Y))
    model = build((6, 5), "tanh", max_iter=3, random_state=0)
    check_gradients(model, X[:, ::4], Y, weight)
    check_gradients(model.fit(X[:, ::4], Y), X[:, ::4], Y, weight)
    broken = build(layers=[Linear(5), OffByATenthOfAPercent()], max_iter=3)
    with pytest.raises(AssertionError, match="gradient of the objective"):
        check_gradients(broken, X, Y)
    with pytest.raises(AssertionError, match="gradient of the objective"):
        check_gradients(broken.fit(X, Y), X, Y)


def test_a_fitted_model_is_left_as_it_is():
    labels = make_multilabel_classification(80, 8, random_state=0)
    model = plain_classifier((7,), max_iter=3, tol=None, dtype="float32")
    model.fit(*labels)
    before = model.weights_.copy()
    check_gradients(model, *labels)
    np.testing.assert_array_equal(model.weights_, before)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize("seed", range(3))
def test_tables_that_are_not_scaled(load, activation, seed):
    model = plain_classifier((8,), activation)
    check_gradients(model, *load(return_X_y=True), random_state=seed)


def test_a_fitted_model_is_checked_with_its_own_classes():
    model = plain_classifier((7,), max_iter=3, tol=None).fit(X, Y)
    two = Y < 2
    check_gradients(model, X[two], Y[two])
    with pytest.raises(ValueError, match="not seen before"):
        check_gradients(model, X, Y + 1)
    with pytest.raises(ValueError, match="3 features"):
        check_gradients(model, X[:, :3], Y)


class OffByATenthOfAPercent(Tanh):
    """A negative control."""

    def derivative(self, x, y, out=None):
        return np.multiply(1.001, super().derivative(x, y), out=out)


def test_a_derivative_that_is_off_by_a_tenth_of_a_percent_fails():
    model = plain_classifier(layers=[Linear(5), OffByATenthOfAPercent()])
    with pytest.raises(
        AssertionError, match="gradient of the objective for the weights"
    ):
        check_gradients(model, X, Y)


class ForgetsTheStrength(Sparsity):
    def cotangent(self, activation, sample_weight=None):
        return super().cotangent(activation, sample_weight) / self.strength


def test_a_wrong_regularizer_fails():
    model = plain_classifier((5,), "tanh", regularizers={"x": ForgetsTheStrength(0.5)})
    with pytest.raises(AssertionError, match="gradient of the objective"):
        check_gradients(model, X, Y)
