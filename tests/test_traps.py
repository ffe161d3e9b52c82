"""One test for each known mistake of the teaching notebook.

Mixed samples in the chain rule (1) are tested in test_accumulation, the dropped last
batch (9) in training/test_batches.
"""

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skjacobnet.initializers import GlorotNormal
from skjacobnet.layers import Linear, Softmax
from skjacobnet.losses import CrossEntropy
from skjacobnet.network import build_network
from skjacobnet.optimizers import Adam
from skjacobnet.regularizers import WeightDecay
from skjacobnet.testing import finite_difference


def test_2_the_gradient_is_a_sum_of_products_not_a_product_of_means():
    layer = Linear(1)
    weights = {"coef": np.zeros((1, 1)), "intercept": np.zeros(1)}
    X = np.array([[1.0], [-1.0]])
    cotangent = np.array([[1.0], [-1.0]])
    gradient = layer.weight_vjp(weights, X, cotangent)
    # Both means are zero; the products add up to two.
    np.testing.assert_array_equal(gradient["coef"], [[2.0]])
    np.testing.assert_array_equal(gradient["intercept"], [0.0])


def test_3_adam_corrects_its_bias():
    theta, gradient = np.zeros(2), np.array([1e-3, -50.0])
    optimizer = Adam(epsilon=1e-16)
    state = optimizer.init(theta)
    optimizer.step(theta, gradient, state, 0.1)
    # The first step has the length of the learning rate, whatever the gradient.
    np.testing.assert_allclose(theta, [-0.1, 0.1], rtol=1e-12)


def test_4_weight_decay_has_a_gradient_and_reaches_the_training():
    coef = np.array([[1.0, -2.0]])
    np.testing.assert_allclose(WeightDecay(0.5).gradient(coef), [[0.5, -1.0]])
    X, y = load_digits(n_class=3, return_X_y=True)
    norms = []
    for strength in (0.0, 1.0):
        model = plain_classifier(
            (10,),
            regularizers={"weight_decay": strength},
            max_iter=100,
            tol=None,
            random_state=0,
        ).fit(X / 16.0, y)
        norms.append(sum(np.sum(coef**2) for coef in model.coefs_))
    assert norms[1] < 0.5 * norms[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_5_softmax_and_cross_entropy_take_large_inputs(dtype):
    raw = np.array([[1e4, -1e4, 0.0]], dtype)
    np.testing.assert_array_equal(Softmax().forward({}, raw), [[1.0, 0.0, 0.0]])
    target = np.array([[0.0, 1.0, 0.0]], dtype)
    assert CrossEntropy().value(target, raw) == 2e4
    np.testing.assert_array_equal(
        CrossEntropy().gradient(target, raw), [[1.0, -1.0, 0.0]]
    )


def test_5_nothing_is_added_inside_the_logarithm():
    target, raw = np.array([[1.0, 0.0]]), np.array([[0.0, 20.0]])
    exact = 20.0 + np.log1p(np.exp(-20.0))
    assert CrossEntropy().value(target, raw) == pytest.approx(exact, rel=1e-14)


def test_6_first_weights_have_the_right_scale_and_intercepts_are_zero():
    network = build_network(
        [Linear(300, initializer=GlorotNormal()), Softmax()], 500, 10
    )
    theta = network.init_weights(np.random.default_rng(0), np.float64)
    first, last = network.weights(theta, "coef")
    assert first.std() == pytest.approx(np.sqrt(2.0 / 800.0), rel=0.01)
    assert last.std() == pytest.approx(np.sqrt(2.0 / 310.0), rel=0.05)
    for intercept in network.weights(theta, "intercept"):
        np.testing.assert_array_equal(intercept, 0.0)


def test_7_and_8_every_layer_trains_and_unseen_rows_are_predicted():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X / 16.0, y, test_size=0.2, stratify=y, random_state=0
    )
    one = plain_classifier(
        layers=[Linear(30), "sigmoid", Linear(20), "tanh"],
        learning_rate=5e-3,
        batch_size=16,
        max_iter=1,
        tol=None,
        random_state=0,
    )
    many = plain_classifier(**{**one.get_params(deep=False), "max_iter": 30})
    start, end = one.fit(X_train, y_train), many.fit(X_train, y_train)
    for before, after in zip(start.coefs_, end.coefs_, strict=True):
        assert np.abs(after - before).max() > 0.1
    assert end.score(X_test, y_test) > 0.95


def test_9_finite_differences_are_central_and_their_step_fits():
    # One-sided with a step of 1e-8 the error is about 1e-8; central, about 1e-11.
    slope = finite_difference(np.sin, np.array([1.0]), np.array([1.0]))
    assert abs(slope[0] - np.cos(1.0)) < 1e-10
    # The step grows with the input, where 1e-8 would be lost to rounding.
    slope = finite_difference(np.square, np.array([1e8]), np.array([1.0]))
    assert slope[0] == pytest.approx(2e8, rel=1e-8)
    # float32 in, float64 inside.
    slope = finite_difference(np.sin, np.array([1.0], "f4"), np.array([1.0], "f4"))
    assert abs(slope[0] - np.cos(1.0)) < 1e-10
