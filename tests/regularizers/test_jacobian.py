import tracemalloc
from itertools import pairwise

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad, grad
from autograd.scipy.special import erf
from plain import plain_classifier
from scipy.sparse import csr_array
from sklearn.datasets import load_iris

from skjacobnet.accumulation import cotangents, tangents
from skjacobnet.layers import (
    LAYERS,
    Dropout,
    Identity,
    Linear,
    ReLU,
    Softmax,
    Tanh,
)
from skjacobnet.layers.base import Layer
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import Brier, CrossEntropy, Focal
from skjacobnet.network import Network
from skjacobnet.operators import Diagonal
from skjacobnet.regularizers import InputGradient, JacobianNorm, JacobianRegularizer
from skjacobnet.testing import check_gradients
from skjacobnet.testing.finite_differences import empirical_gradient
from skjacobnet.training.objective import Objective


def log_softmax(z):
    return z - anp.log(anp.sum(anp.exp(z), axis=-1, keepdims=True))


def sigmoid(x):
    return 1.0 / (1.0 + anp.exp(-x))


def elu(x, scale=1.0, alpha=1.0):
    return scale * anp.where(x > 0, x, alpha * (anp.exp(x) - 1.0))


FUNCTIONS = {
    "identity": lambda x: x,
    "sigmoid": sigmoid,
    "tanh": anp.tanh,
    "relu": lambda x: anp.where(x > 0, x, 0.0),
    "leaky_relu": lambda x: anp.where(x > 0, x, 0.01 * x),
    "elu": elu,
    "selu": lambda x: elu(x, 1.0507009873554805, 1.6732632423543772),
    "gelu": lambda x: 0.5 * x * (1.0 + erf(x / anp.sqrt(2.0))),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * anp.tanh(anp.log(1.0 + anp.exp(x))),
    "softplus": lambda x: anp.log(1.0 + anp.exp(x)),
    "hard_tanh": lambda x: anp.where(x > 1, 1.0, anp.where(x < -1, -1.0, x)),
    "softmax": lambda x: anp.exp(log_softmax(x)),
}
N_IN, WIDTH, N_RAW, N_SAMPLES = 4, 5, 3, 6


def problem(name, seed=0):
    rng = np.random.default_rng(seed)
    layers = [Linear(WIDTH), name, Linear(WIDTH), name, Linear(N_RAW)]
    network = Network(map(resolve, layers), N_IN)
    theta = network.init_weights(rng, np.float64)
    theta += 0.3 * rng.normal(size=theta.shape)
    X = rng.normal(size=(N_SAMPLES, N_IN))
    y = np.eye(N_RAW)[rng.integers(N_RAW, size=N_SAMPLES)]
    weight = rng.uniform(0.5, 2.0, N_SAMPLES)
    return network, theta, X, y, weight


def resolve(layer):
    return LAYERS.make(layer) if isinstance(layer, str) else layer


def reference_raw(name, theta, X):
    """The raw prediction, with the weights cut out of the flat vector by hand."""
    widths = [N_IN, WIDTH, WIDTH, N_RAW]
    start = 0
    for n_in, n_out in pairwise(widths):
        end = start + n_in * n_out
        coef = anp.reshape(theta[start:end], (n_in, n_out))
        X = X @ coef + theta[end : end + n_out]
        start = end + n_out
        if start < len(theta):
            X = FUNCTIONS[name](X)
    return X


def penalty_and_gradient(regularizer, name, loss=None, seed=7):
    network, theta, X, y, weight = problem(name)
    loss = loss or CrossEntropy()
    plain = Objective(network, loss, SOFTMAX)(theta, X, y, weight)[2]
    objective = Objective(network, loss, SOFTMAX, [regularizer])
    rng = np.random.default_rng(seed)
    _, penalty, gradient = objective(theta, X, y, weight, rng)
    return penalty, gradient - plain


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("n_projections", [None, 1, 3])
def test_jacobian_norm_is_that_of_the_formula(name, n_projections):
    _, theta, X, _, weight = problem(name)
    if n_projections is None:
        directions = np.eye(N_RAW)[:, None, :] * np.ones((N_SAMPLES, 1))
        scale = 1.0
    else:
        draws = np.random.default_rng(7)
        directions = draws.standard_normal((n_projections, N_SAMPLES, N_RAW))
        directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
        scale = N_RAW / n_projections

    def reference(theta):
        total = 0.0
        for v in directions:
            # One row of the Jacobian for each sample, since samples do not mix.
            row = elementwise_grad(
                lambda x, v=v: anp.sum(v * reference_raw(name, theta, x), axis=1)
            )(X)
            total = total + anp.sum(weight[:, None] * row**2)
        return 0.7 * scale * total / (2 * N_SAMPLES)

    penalty, gradient = penalty_and_gradient(JacobianNorm(0.7, n_projections), name)
    expected = grad(reference)(theta)
    np.testing.assert_allclose(penalty, reference(theta), rtol=1e-12)
    np.testing.assert_allclose(
        gradient, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max()
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_input_gradient_is_that_of_the_formula(name):
    _, theta, X, y, weight = problem(name)

    def reference(theta):
        def losses(x):
            return -anp.sum(y * log_softmax(reference_raw(name, theta, x)), axis=1)

        slopes = elementwise_grad(losses)(X)
        return 0.7 * anp.sum(weight[:, None] * slopes**2) / (2 * N_SAMPLES)

    penalty, gradient = penalty_and_gradient(InputGradient(0.7), name)
    expected = grad(reference)(theta)
    np.testing.assert_allclose(penalty, reference(theta), rtol=1e-12)
    np.testing.assert_allclose(
        gradient, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max()
    )


REGULARIZERS_HERE = [JacobianNorm(0.7), JacobianNorm(0.7, 2), InputGradient(0.7)]


@pytest.mark.parametrize("loss", [CrossEntropy(0.1), Brier(), Focal(2.0)], ids=repr)
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
@pytest.mark.parametrize("regularizer", REGULARIZERS_HERE, ids=repr)
def test_gradient_for_any_loss_and_with_dropout(regularizer, link, loss):
    """Every regularizer takes its part; the masks are the same in both passes."""
    rng = np.random.default_rng(1)
    layers = [Tanh(), Linear(5), Softmax(), Dropout(0.3), Linear(3), Identity()]
    network = Network(layers, N_IN)
    theta = network.init_weights(rng, np.float64)
    theta += rng.normal(size=theta.shape)
    X = rng.normal(size=(N_SAMPLES, N_IN))
    y = np.eye(3)[rng.integers(3, size=N_SAMPLES)]
    objective = Objective(network, loss, link, [regularizer, InputGradient(0.3)])

    def evaluate(theta):
        return objective(theta, X, y, None, np.random.default_rng(5))

    exact = evaluate(theta)[2].copy()
    empirical = empirical_gradient(lambda t: sum(evaluate(t)[:2]), theta)
    assert np.max(np.abs(exact - empirical)) <= 1e-6 * np.max(np.abs(empirical))


def test_one_unit_by_hand():
    """For z = b tanh(a x): J = a b (1 - t^2), and dJ/da = b (1 - t^2) (1 - 2 a x t)."""
    a, b, x = 0.8, 1.5, 0.6
    network = Network([Linear(1, False), Tanh(), Linear(1, False)], 1)
    objective = Objective(network, CrossEntropy(), LOGISTIC, [JacobianNorm(2.0)])
    plain = Objective(network, CrossEntropy(), LOGISTIC)
    arguments = np.array([a, b]), np.array([[x]]), np.array([[1.0]])
    _, penalty, gradient = objective(*arguments)
    t = np.tanh(a * x)
    J = a * b * (1 - t**2)
    np.testing.assert_allclose(penalty, J**2, rtol=1e-14)
    expected = 2 * J * (1 - t**2) * np.array([b * (1 - 2 * a * x * t), a])
    np.testing.assert_allclose(gradient - plain(*arguments)[2], expected, rtol=1e-13)


def test_projections_have_the_norm_as_their_mean():
    network, theta, X, *_ = problem("tanh")
    at = network.linearize(theta, X)
    exact = JacobianNorm()
    rows = exact.probes(at.value, None, None, None, None)
    estimate = JacobianNorm(n_projections=20_000)
    probes = estimate.probes(at.value, None, None, None, np.random.default_rng(0))
    squares = 20_000 * np.mean(np.vecdot(probes, probes))
    np.testing.assert_allclose(squares, N_RAW, rtol=1e-12)
    np.testing.assert_allclose(
        estimate.value(at.vjp(probes)), exact.value(at.vjp(rows)), rtol=0.01
    )


def test_a_single_projection_is_exact_for_one_raw_prediction():
    rng = np.random.default_rng(0)
    network = Network([Linear(4), Tanh(), Linear(1)], 3)
    theta = network.init_weights(rng, np.float64)
    X, y = rng.normal(size=(5, 3)), np.ones((5, 1))
    results = [
        Objective(network, CrossEntropy(), LOGISTIC, [regularizer])(
            theta, X, y, None, rng
        )
        for regularizer in (JacobianNorm(), JacobianNorm(n_projections=1))
    ]
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-13)
    np.testing.assert_allclose(results[0][2], results[1][2], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_stack_of_networks_equals_one_by_one(dtype):
    network, theta, X, *_ = problem("gelu")
    rng = np.random.default_rng(3)
    thetas = (theta + 0.1 * rng.normal(size=(2, 3, theta.size))).astype(dtype)
    X = X.astype(dtype)
    norm = JacobianNorm(0.7)

    def terms(theta, X):
        at = network.linearize(theta, X)
        probes = norm.probes(at.value, None, None, None, None)
        *received, pullback = cotangents(at.operators, probes)
        carried = tangents(at.operators, norm.tangent(pullback))
        added, gradients = network.second_gradient(at, carried, received[::-1])
        total = network.gradient(theta, at, np.zeros_like(at.value), added)
        for views, layer_terms in zip(network.split(total), gradients, strict=True):
            for name, term in layer_terms.items():
                views[name] += term
        return norm.value(pullback), total

    values, totals = terms(thetas, X)
    assert values.shape == (2, 3)
    assert values.dtype == totals.dtype == dtype
    rtol = 1e-4 if dtype == np.float32 else 1e-11
    for index in np.ndindex(2, 3):
        value, total = terms(thetas[index], X)
        np.testing.assert_allclose(values[index], value, rtol=rtol)
        np.testing.assert_allclose(
            totals[index], total, rtol=rtol, atol=rtol * np.abs(total).max()
        )


def test_an_integer_weight_is_a_repeated_row():
    network, theta, X, y, _ = problem("tanh")
    counts = np.array([2, 1, 3, 1, 1, 2])
    for regularizer in (JacobianNorm(0.7), InputGradient(0.7)):
        objective = Objective(network, CrossEntropy(), SOFTMAX, [regularizer])
        weighted = objective(theta, X, y, counts / counts.mean())
        weighted = weighted[1], weighted[2].copy()
        rows = np.repeat(np.arange(N_SAMPLES), counts)
        repeated = objective(theta, X[rows], y[rows])
        np.testing.assert_allclose(weighted[0], repeated[1], rtol=1e-13)
        np.testing.assert_allclose(weighted[1], repeated[2], rtol=1e-11, atol=1e-13)


def test_projections_need_no_room_for_the_jacobian():
    """At 100 raw predictions one projection stays far below (n, n_out, n_in)."""
    rng = np.random.default_rng(0)
    network = Network([Linear(50), ReLU(), Linear(100)], 200)
    theta = network.init_weights(rng, np.float64)
    X, y = rng.normal(size=(64, 200)), np.eye(100)[rng.integers(100, size=64)]
    jacobian_bytes = 64 * 100 * 200 * 8
    peaks = []
    for n_projections in (1, None):
        regularizer = JacobianNorm(n_projections=n_projections)
        objective = Objective(network, CrossEntropy(), SOFTMAX, [regularizer])
        tracemalloc.start()
        objective(theta, X, y, None, rng)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < jacobian_bytes / 10
    assert peaks[1] > jacobian_bytes


class Reverse(Layer):
    """A layer that does not declare second derivatives."""

    def forward(self, weights, X, out=None):
        return np.negative(X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        return self.forward(weights, X), Diagonal(-np.ones_like(X))


@pytest.mark.parametrize("regularizer", [JacobianNorm(), InputGradient()], ids=repr)
def test_a_layer_without_second_derivative_is_named_before_training(regularizer):
    X, y = load_iris(return_X_y=True)
    model = plain_classifier(
        layers=[Linear(3), Reverse()], regularizers={"mine": regularizer}
    )
    with pytest.raises(ValueError, match=r"Reverse declares none. Write Reverse"):
        model.fit(X, y)
    with pytest.raises(NotImplementedError, match="Reverse has no second_vjp"):
        Reverse().second_vjp({}, X, -X, None, X[None], X[None])
    # A penalty of another kind is accepted.
    model.set_params(regularizers={"weight_decay": 1e-3}, max_iter=1, tol=None)
    model.fit(X, y)


def test_bad_numbers_of_projections():
    for n_projections, error in ((0, ValueError), (1.5, TypeError)):
        with pytest.raises(error, match="n_projections must be an integer in"):
            JacobianNorm(n_projections=n_projections).validate()


def test_projections_need_a_generator():
    with pytest.raises(ValueError, match=r"n_projections=1.*needs a generator"):
        JacobianNorm(n_projections=1).probes(np.ones((2, 3)), None, None, None, None)


def test_projections_are_refused_for_lbfgs():
    X, y = load_iris(return_X_y=True)
    regularizers = {"jacobian_norm": JacobianNorm(1e-3, 1)}
    model = plain_classifier(optimizer="lbfgs", regularizers=regularizers)
    with pytest.raises(ValueError, match=r"JacobianNorm\(.*Set n_projections=None"):
        model.fit(X, y)


def mean_norm(model, X):
    jacobian = model.network_.input_jacobian(model.weights_, X)
    return np.mean(np.sum(np.square(jacobian), axis=(1, 2)))


@pytest.mark.parametrize(
    "entry", [0.1, JacobianNorm(0.1, 1), InputGradient(0.3)], ids=repr
)
def test_training_lowers_the_norm_and_repeats(entry):
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)

    def fit(regularizers):
        model = plain_classifier(
            (20,),
            learning_rate=0.02,
            regularizers=regularizers,
            max_iter=60,
            tol=None,
            random_state=0,
        )
        return model.fit(X, y)

    plain, penalized = fit(None), fit({"jacobian_norm": entry})
    assert mean_norm(penalized, X) < 0.8 * mean_norm(plain, X)
    assert penalized.score(X, y) > 0.9
    again = fit({"jacobian_norm": entry})
    np.testing.assert_array_equal(again.weights_, penalized.weights_)


def test_lbfgs_finds_the_minimum_with_the_exact_norm():
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    model = plain_classifier(
        (5,),
        activation="tanh",
        optimizer="lbfgs",
        regularizers={"jacobian_norm": 0.1},
        max_iter=2000,
        tol=1e-6,
        # A start that reaches the minimum in 70 iterations; others take thousands along
        # a flat valley, and how many depends on the rounding of the machine.
        random_state=2,
    ).fit(X, y)
    objective = Objective(model.network_, CrossEntropy(), SOFTMAX, [JacobianNorm(0.1)])
    gradient = objective(model.weights_, X, np.eye(3)[y])[2]
    assert np.max(np.abs(gradient)) <= 1e-6


def test_probes_of_another_kind_need_their_derivative():
    class Incomplete(JacobianRegularizer):
        probes_depend_on_raw = True

        def probes(self, raw, y, loss, link, rng):
            return raw[np.newaxis]

    with pytest.raises(NotImplementedError, match="Incomplete has no probes_vjp"):
        Incomplete().probes_vjp(None, None, None, None, None)


@pytest.mark.parametrize("regularizer", REGULARIZERS_HERE, ids=repr)
def test_whole_models_pass_the_check(regularizer):
    X, y = load_iris(return_X_y=True)
    for labels in (y, y == 1, np.stack([y == 0, y > 0], axis=1).astype(int)):
        model = plain_classifier(
            (4, 3), "silu", dropout=0.2, regularizers={"mine": regularizer}
        )
        check_gradients(model, X, labels)


@pytest.mark.parametrize("regularizer", REGULARIZERS_HERE, ids=repr)
def test_a_sparse_table_gives_what_a_dense_one_gives(regularizer):
    network, theta, X, y, weight = problem("tanh")
    X = np.where(X > 0.3, X, 0.0)
    objective = Objective(network, CrossEntropy(), SOFTMAX, [regularizer])
    results = [
        (penalty, gradient.copy())
        for _, penalty, gradient in (
            objective(theta, rows, y, weight, np.random.default_rng(0))
            for rows in (X, csr_array(X))
        )
    ]
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-13)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-11, atol=1e-13)
