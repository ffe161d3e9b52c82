"""Derivatives on the estimator, against autograd, differences, and one another."""

import tracemalloc
from functools import partial

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import jacobian
from autograd.scipy.special import erf
from plain import plain_classifier
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from skjacobnet import JacobianMLPClassifier
from skjacobnet.core import blocks
from skjacobnet.layers import LAYERS, Dropout, Linear
from skjacobnet.layers.base import Layer
from skjacobnet.losses import LOSSES
from skjacobnet.network import Network
from skjacobnet.operators import Diagonal
from skjacobnet.testing import empirical_jacobian, finite_difference
from skjacobnet.training.objective import Objective

X, Y = load_iris(return_X_y=True)
OUTPUTS = ["proba", "raw", "log_proba"]
MODES = ["auto", "forward", "reverse"]
TARGETS = {
    "classes": Y,
    "binary": (Y > 0).astype(int),
    "labels": np.stack([Y > 0, Y < 2, X[:, 0] > 6], axis=1).astype(int),
}


def fitted(y=Y, layers=None, X=X, **params):
    defaults = {"max_iter": 3, "tol": None, "random_state": 0, "learning_rate": 0.01}
    layers = [Linear(6), "tanh", Linear(5), "silu"] if layers is None else layers
    return plain_classifier(layers=layers, **{**defaults, **params}).fit(X, y)


def predict(model, output):
    return {
        "proba": model.predict_proba,
        "raw": lambda X: model.model_.raw(X),
        "log_proba": model.predict_log_proba,
    }[output]


def softmax(z):
    e = anp.exp(z - anp.max(z, axis=-1, keepdims=True))
    return e / anp.sum(e, axis=-1, keepdims=True)


def sigmoid(x):
    return 0.5 * (anp.tanh(0.5 * x) + 1.0)


def softplus(x):
    return anp.log(1.0 + anp.exp(x))


def elu(x):
    return anp.where(x > 0, x, anp.exp(anp.minimum(x, 0.0)) - 1.0)


FUNCTIONS = {
    "identity": lambda x: x,
    "dropout": lambda x: x,
    "sigmoid": sigmoid,
    "tanh": anp.tanh,
    "relu": lambda x: anp.where(x > 0, x, 0.0),
    "leaky_relu": lambda x: anp.where(x > 0, x, 0.01 * x),
    "elu": elu,
    "selu": lambda x: (
        1.0507009873554805
        * anp.where(x > 0, x, 1.6732632423543772 * (anp.exp(anp.minimum(x, 0.0)) - 1))
    ),
    "gelu": lambda x: 0.5 * x * (1.0 + erf(x / anp.sqrt(2.0))),
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * anp.tanh(softplus(x)),
    "softplus": softplus,
    "hard_tanh": lambda x: anp.where(anp.abs(x) < 1, x, anp.sign(x)),
    "softmax": softmax,
}


def random_stack(rng):
    hidden = []
    for name in rng.choice(sorted(FUNCTIONS), rng.integers(1, 5)):
        hidden += [Linear(int(rng.integers(2, 9))), LAYERS.make(str(name))]
    return hidden


def reference(model, output, x):
    coefs, intercepts = iter(model.coefs_), iter(model.intercepts_)
    for layer in model.network_.layers:
        if isinstance(layer, Linear):
            x = x @ next(coefs) + next(intercepts)
        else:
            x = FUNCTIONS[layer.name](x)
    if output == "raw":
        return x
    return softmax(x) if output == "proba" else anp.log(softmax(x))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("targets", TARGETS)
def test_an_affine_network_with_dropout(targets, output, mode):
    """Every sample has the same Jacobian of the raw prediction."""
    layers = [Linear(6), Dropout(0.3)]
    for columns in (slice(None), slice(1)):
        rows = X[:, columns]
        model = fitted(TARGETS[targets], layers, rows)
        found = model.input_jacobian(rows, output=output, mode=mode)
        expected = empirical_jacobian(predict(model, output), rows)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("seed", range(25))
def test_input_jacobian_of_random_stacks_against_autograd(seed):
    rng = np.random.default_rng(seed)
    model = fitted(layers=random_stack(rng), random_state=seed)
    model.weights_ += 0.3 * rng.standard_normal(model.weights_.shape)
    rows = X[rng.choice(len(X), 6)]
    for output in OUTPUTS:
        derivative = jacobian(partial(reference, model, output))
        expected = [derivative(x) for x in rows]
        for mode in MODES:
            result = model.input_jacobian(rows, output=output, mode=mode)
            np.testing.assert_allclose(result, expected, rtol=1e-8, atol=1e-8)


def test_the_random_stacks_have_every_layer():
    seen = set()
    for seed in range(25):
        seen |= {
            layer.name
            for layer in random_stack(np.random.default_rng(seed))
            if not isinstance(layer, str)
        }
    assert seen >= set(FUNCTIONS) - {"identity"}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", TARGETS)
def test_input_jacobian_against_differences(kind, output):
    model = fitted(TARGETS[kind])
    expected = empirical_jacobian(predict(model, output), X)
    for mode in MODES:
        result = model.input_jacobian(X, output=output, mode=mode)
        np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-8)


def test_rows_of_a_binary_problem():
    model = fitted(TARGETS["binary"])
    assert model.input_jacobian(X, output="raw").shape == (150, 1, 4)
    proba = model.input_jacobian(X)
    assert proba.shape == (150, 2, 4)
    np.testing.assert_allclose(proba.sum(axis=1), 0.0, atol=1e-12)


def test_probabilities_sum_to_a_constant():
    for scale in (1.0, 30.0):
        model = fitted()
        model.weights_ *= scale
        jacobian = model.input_jacobian(X)
        np.testing.assert_allclose(jacobian.sum(axis=1) / scale**3, 0.0, atol=1e-12)


@pytest.mark.parametrize("kind", ["classes", "binary"])
def test_log_probabilities_where_probabilities_underflow(kind):
    model = fitted(TARGETS[kind], layers=[])
    model.weights_ *= 1e4
    rows = X[np.min(model.predict_proba(X), axis=1) == 0.0]
    assert len(rows) > 50
    raw = model.input_jacobian(rows, output="raw")
    proba = model.predict_proba(rows)
    if kind == "classes":
        expected = raw - np.einsum("sk,ski->si", proba, raw)[:, None]
    else:
        expected = raw * (np.array([-1.0, 1.0]) * proba[:, ::-1])[..., None]
    result = model.input_jacobian(rows, output="log_proba")
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-9)
    assert np.abs(result).max(axis=(1, 2)).min() > 1.0


def test_log_probabilities_where_probabilities_round_to_one():
    model = fitted(TARGETS["binary"], layers=[])
    model.coefs_ = [np.full((4, 1), 10.0)]
    rows, tail = X[:5], np.exp(-model.decision_function(X[:5]))
    assert tail.max() < 1e-30
    result = model.input_jacobian(rows, output="log_proba")[:, 1]
    np.testing.assert_allclose(result, 10.0 * tail[:, None] * np.ones(4), rtol=1e-12)


@pytest.mark.parametrize(
    "layers", [[Linear(5), "tanh"], [], [Dropout(0.3), Linear(5), "relu"]], ids=str
)
@pytest.mark.parametrize(
    "kind", [sparse.csr_matrix, sparse.csr_array, sparse.coo_array]
)
def test_sparse_rows(layers, kind):
    rows = np.where(X > 1.5, X, 0.0)
    model = fitted(layers=layers)
    for method in (model.input_jacobian, model.weight_jacobian):
        np.testing.assert_allclose(
            method(kind(rows)), method(rows), rtol=1e-12, atol=1e-15
        )
    for method in (model.per_sample_gradients, model.per_sample_gradient_norms):
        np.testing.assert_allclose(
            method(kind(rows), Y), method(rows, Y), rtol=1e-12, atol=1e-15
        )
    for one, other in zip(
        model.activations(kind(rows)), model.activations(rows), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("numbers", [1, 100])
def test_blocks_equal_the_whole(monkeypatch, numbers):
    model = fitted()

    def everything():
        return [
            model.input_jacobian(X),
            model.weight_jacobian(X),
            model.per_sample_gradients(X, Y),
            model.per_sample_gradient_norms(X, Y),
            *model.activations(X),
        ]

    whole = everything()
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    for one, other in zip(everything(), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-14)


def test_float32_stays_float32():
    rows = X.astype(np.float32)
    single, double = fitted(X=rows), fitted(X=rows, dtype="float64")
    double.weights_[:] = single.weights_
    for name, *args in [
        ("input_jacobian", rows),
        ("weight_jacobian", rows),
        ("per_sample_gradients", rows, Y),
        ("per_sample_gradient_norms", rows, Y),
    ]:
        result = getattr(single, name)(*args)
        assert result.dtype == np.float32
        expected = getattr(double, name)(*args)
        np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-5)
    assert {a.dtype for a in single.activations(rows)} == {np.dtype(np.float32)}


def test_memory_is_the_result_and_a_block():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((3000, 100)).astype(np.float32)
    model = fitted(
        rng.integers(0, 10, 3000), layers=[Linear(200), "relu"], X=rows, max_iter=1
    )
    for call in (
        lambda: model.input_jacobian(rows),
        lambda: model.weight_jacobian(rows[:40]),
        lambda: model.per_sample_gradients(rows[:400], model.predict(rows[:400])),
        lambda: model.per_sample_gradient_norms(rows, model.predict(rows)),
    ):
        tracemalloc.start()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < result.nbytes + 2 * blocks.BLOCK_BYTES


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("kind", TARGETS)
def test_weight_jacobian_against_differences(kind, output):
    model = fitted(TARGETS[kind])
    rows, theta = X[::10], model.weights_
    result = model.weight_jacobian(rows, output=output)

    def at(weights):
        model.weights_ = weights
        return predict(model, output)(rows)

    for w in range(0, theta.size, 5):
        direction = np.eye(theta.size)[w]
        slope = finite_difference(at, theta, direction)
        np.testing.assert_allclose(result[..., w], slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("loss", ["cross_entropy", "brier", "focal"])
@pytest.mark.parametrize("kind", TARGETS)
def test_per_sample_gradients(kind, loss):
    y = TARGETS[kind]
    model = fitted(y, loss=loss)
    gradients, targets = model.per_sample_gradients(X, y), model.task_
    encoded = targets.encode(targets.codes(y), np.float64)
    loss = LOSSES.make(loss)
    objective = Objective(model.network_, loss, targets.link())
    whole = objective(model.weights_, X, encoded)[2]
    np.testing.assert_allclose(gradients.mean(axis=0), whole, rtol=1e-10, atol=1e-13)

    def each(theta):
        raw = model.network_.forward(theta, X)
        return loss.sample_values(encoded, raw, targets.link())

    direction = np.random.default_rng(0).standard_normal(model.weights_.shape)
    slope = finite_difference(each, model.weights_, direction)
    np.testing.assert_allclose(gradients @ direction, slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(
        model.per_sample_gradient_norms(X, y),
        np.linalg.norm(gradients, axis=1),
        rtol=1e-12,
    )


@pytest.mark.parametrize("kind", TARGETS)
def test_a_calibrated_network(kind):
    """Outputs are those at a temperature, the loss is that of training."""
    y = TARGETS[kind]
    plain, model = fitted(y), fitted(y, calibration="temperature")
    factor = 1.0 / model.temperature_
    assert factor != 1.0
    np.testing.assert_array_equal(model.weights_, plain.weights_)
    slopes = plain.input_jacobian(X, output="raw"), plain.weight_jacobian(X)
    found = model.input_jacobian(X, output="raw"), model.weight_jacobian(X)
    np.testing.assert_allclose(found[0], factor * slopes[0], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found[1], factor * slopes[1], rtol=1e-10, atol=1e-14)
    for output in OUTPUTS:
        expected = empirical_jacobian(predict(model, output), X)
        for mode in MODES:
            result = model.input_jacobian(X, output=output, mode=mode)
            np.testing.assert_allclose(result, expected, rtol=1e-7, atol=1e-8)
    np.testing.assert_array_equal(
        model.per_sample_gradients(X, y), plain.per_sample_gradients(X, y)
    )
    np.testing.assert_array_equal(
        model.per_sample_gradient_norms(X, y), plain.per_sample_gradient_norms(X, y)
    )
    *inner, raw, calibrated = model.activations(X)
    for array, expected in zip([*inner, raw], plain.activations(X), strict=True):
        np.testing.assert_array_equal(array, expected)
    np.testing.assert_allclose(calibrated, model.model_.raw(X), rtol=1e-14)


def test_outputs_of_every_layer():
    model = fitted()
    outputs = model.activations(X)
    first = X @ model.coefs_[0] + model.intercepts_[0]
    np.testing.assert_allclose(outputs[0], first, rtol=1e-12)
    np.testing.assert_allclose(outputs[1], np.tanh(first), rtol=1e-12)
    np.testing.assert_allclose(outputs[-1], model.decision_function(X), rtol=1e-12)
    assert len(outputs) == len(model.network_.layers) == 5


class Scale(Layer):
    """A layer with weights and only the default methods."""

    def weight_shapes(self, n_in):
        return {"scale": (n_in,)}

    def forward(self, weights, X, out=None):
        scale = weights["scale"]
        if scale.ndim > 1:
            scale = scale[..., np.newaxis, :]
        return np.multiply(X, scale, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        output = self.forward(weights, X)
        scale = np.broadcast_to(weights["scale"][..., np.newaxis, :], output.shape)
        return output, Diagonal(scale)

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        out = {"scale": None} if out is None else out
        out["scale"] = np.sum(X * cotangent, axis=-2, out=out["scale"])
        return out

    def weight_jvp(self, weights, X, tangents):
        return X * tangents["scale"][..., np.newaxis, :]


@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("sparse_first", [False, True])
def test_networks_with_layers_that_only_have_the_defaults(stack, sparse_first):
    rng = np.random.default_rng(0)
    first = [Linear(4)] if sparse_first else [Scale(), Linear(4)]
    network = Network([*first, Scale(), LAYERS.make("tanh"), Linear(3, False)], 5)
    theta = rng.standard_normal((*stack, network.n_weights))
    rows = rng.standard_normal((7, 5))
    cotangent = rng.standard_normal((*stack, 7, 3))
    at = network.linearize(
        theta, sparse.csr_array(rows) if sparse_first and not stack else rows
    )
    gradients = network.sample_gradients(theta, at, cotangent)
    assert gradients.shape == (*stack, 7, network.n_weights)
    for s in range(7):
        alone = network.linearize(theta, rows[s : s + 1])
        single = network.gradient(theta, alone, cotangent[..., s : s + 1, :])
        np.testing.assert_allclose(gradients[..., s, :], single, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(
        network.sample_squared_norms(theta, at, cotangent),
        np.sum(gradients**2, axis=-1),
        rtol=1e-12,
    )
    tangent = rng.standard_normal(theta.shape)
    forward = network.weight_jvp(theta, at, tangent)
    np.testing.assert_allclose(
        np.sum(forward * cotangent, axis=-1),
        np.sum(gradients * tangent[..., np.newaxis, :], axis=-1),
        rtol=1e-10,
        atol=1e-13,
    )


@pytest.mark.parametrize("use_bias", [False, True])
def test_the_defaults_agree_with_what_linear_does_better(use_bias):
    rng = np.random.default_rng(0)
    layer = Linear(3, use_bias)
    weights = layer.init_weights(4, rng, np.float64)
    rows, cotangent = rng.standard_normal((7, 4)), rng.standard_normal((2, 7, 3))
    gradients = Layer.sample_gradients(layer, weights, rows, cotangent)
    for name, own in layer.sample_gradients(weights, rows, cotangent).items():
        np.testing.assert_allclose(gradients[name], own, rtol=1e-12)
    np.testing.assert_allclose(
        Layer.sample_squared_norms(layer, weights, rows, cotangent),
        layer.sample_squared_norms(weights, rows, cotangent),
        rtol=1e-12,
    )


def test_squared_norms_in_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    weights = {"scale": rng.standard_normal(5)}
    rows, cotangent = rng.standard_normal((7, 5)), rng.standard_normal((2, 7, 5))
    monkeypatch.setattr("skjacobnet.core.blocks.BLOCK_BYTES", 160)
    np.testing.assert_allclose(
        Scale().sample_squared_norms(weights, rows, cotangent),
        np.sum((rows * cotangent) ** 2, axis=-1),
        rtol=1e-12,
    )


def test_errors():
    with pytest.raises(NotFittedError):
        JacobianMLPClassifier().input_jacobian(X)
    model = fitted()
    with pytest.raises(ValueError, match="output must be one of 'proba', 'raw', 'log_"):
        model.input_jacobian(X, output="probs")
    with pytest.raises(ValueError, match="mode must be one of 'auto', 'forward', 'rev"):
        model.input_jacobian(X, mode="backward")
    with pytest.raises(ValueError, match="output must be one of"):
        model.weight_jacobian(X, output="probs")
    with pytest.raises(ValueError, match="features"):
        model.activations(X[:, :2])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.per_sample_gradients(X, Y[:-1])
    with pytest.raises(ValueError, match=r"classes that were not seen before: \[7\]"):
        model.per_sample_gradient_norms(X[:1], [7])


def test_activations_of_a_sparse_table_at_the_defaults():
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((60, 6)) * (rng.random((60, 6)) < 0.3)
    table = sparse.csr_array(numbers)
    model = JacobianMLPClassifier((4,), max_iter=2, random_state=0)
    model.fit(table, np.arange(60) % 2)
    outputs = model.activations(table)
    np.testing.assert_allclose(outputs[0], numbers / numbers.std(axis=0), rtol=1e-12)
    raw = model.decision_function(table)
    np.testing.assert_array_equal(outputs[-1][:, 0], raw)
