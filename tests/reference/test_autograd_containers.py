"""Networks of layers inside layers against an independent implementation."""

from math import prod

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, jacobian

from skjacobnet.layers import Frozen, Linear, Parallel, Repeat, Residual, Sequential
from skjacobnet.links import SOFTMAX
from skjacobnet.losses import CrossEntropy
from skjacobnet.network import Network
from skjacobnet.regularizers import Orthogonality, Sparsity
from skjacobnet.testing import finite_difference
from skjacobnet.training.objective import Objective

N_IN, N_CLASSES, N_SAMPLES = 6, 3, 8


def softmax(z):
    e = anp.exp(z - anp.max(z, axis=1, keepdims=True))
    return e / anp.sum(e, axis=1, keepdims=True)


FUNCTIONS = {
    "sigmoid": lambda x: 0.5 * (anp.tanh(0.5 * x) + 1.0),
    "tanh": anp.tanh,
    "relu": lambda x: anp.where(x > 0, x, 0.0),
    "identity": lambda x: x,
    "softmax": softmax,
}


def bottleneck(units, back, activation="tanh"):
    return Sequential([Linear(units), activation, Linear(back)])


NETWORKS = {
    "sequential": [Sequential([Linear(5), "tanh", Linear(4), "relu"])],
    "residual first": [Residual(bottleneck(3, N_IN)), "relu"],
    "wide residual": [Linear(4), "tanh", Residual(bottleneck(12, 4, "sigmoid"))],
    "concatenated": [Linear(4), Parallel(["tanh", "relu", Linear(2)]), Linear(5)],
    "concatenated first": [Parallel([Linear(3), "identity", bottleneck(4, 2)]), "tanh"],
    "added": [Parallel([Linear(5), bottleneck(2, 5)], "add"), "sigmoid"],
    "repeated": [Linear(4), Repeat(Sequential([Linear(4), "tanh"]), 3)],
    "repeated first": [Repeat(Linear(N_IN, use_bias=False), 2), "softmax"],
    "frozen": [Frozen(Sequential([Linear(5), "tanh"])), Linear(4), "relu"],
    "frozen within": [Residual(Sequential([Linear(5), Frozen(Linear(N_IN))]))],
    "nested": [
        Linear(4),
        Parallel(
            [
                Residual(Repeat(Sequential([Linear(4), "softmax"]), 2)),
                Sequential([Frozen(Linear(3)), "relu", Residual(bottleneck(2, 3))]),
                Repeat(Residual(bottleneck(3, 4)), 3),
            ]
        ),
        "tanh",
    ],
}


def own(prefix, weights):
    size = len(prefix)
    return {k[size:]: w for k, w in weights.items() if k.startswith(prefix)}


def apply(layer, weights, X):
    """Return a layer's output by independent code for differentiable arrays."""
    if isinstance(layer, str):
        return FUNCTIONS[layer](X)
    if isinstance(layer, Linear):
        Z = anp.dot(X, weights["coef"])
        return Z + weights["intercept"] if layer.use_bias else Z
    if isinstance(layer, Sequential):
        for position, part in enumerate(layer.layers):
            X = apply(part, own(f"{position}.", weights), X)
        return X
    if isinstance(layer, Residual):
        return X + apply(layer.layer, own("0.", weights), X)
    if isinstance(layer, Parallel):
        outputs = [
            apply(part, own(f"{position}.", weights), X)
            for position, part in enumerate(layer.layers)
        ]
        return sum(outputs) if layer.join == "add" else anp.hstack(outputs)
    for _ in range(layer.times if isinstance(layer, Repeat) else 1):
        X = apply(layer.layer, own("0.", weights), X)
    return X


def unpack(network, theta):
    """The weights of each layer, cut out of the flat vector by hand."""
    start, layers = 0, []
    for shapes in network.weight_shapes:
        layers.append({})
        for name, shape in shapes.items():
            end = start + prod(shape)
            layers[-1][name] = anp.reshape(theta[start:end], shape)
            start = end
    assert start == network.n_weights
    return layers


def problem(name, seed=0):
    rng = np.random.default_rng(seed)
    given = [*NETWORKS[name], Linear(N_CLASSES)]
    layers = [
        Sequential([layer]) if isinstance(layer, str) else layer for layer in given
    ]
    network = Network(layers, N_IN)
    theta = network.init_weights(rng, np.float64)
    theta += 0.2 * rng.standard_normal(theta.shape)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    y = np.eye(N_CLASSES)[rng.integers(0, N_CLASSES, N_SAMPLES)]
    weight = rng.uniform(0.5, 2.0, N_SAMPLES)

    def outputs(theta, X):
        found = []
        for layer, weights in zip(layers, unpack(network, theta), strict=True):
            X = apply(layer, weights, X)
            found.append(X)
        return found

    return network, theta, X, y, weight, outputs


def trained(network):
    mask = np.ones(network.n_weights)
    for view in network.fixed(mask):
        view[...] = 0.0
    return mask


@pytest.mark.parametrize("name", NETWORKS)
def test_gradient_of_the_loss(name):
    network, theta, X, y, weight, outputs = problem(name)

    def reference(theta):
        raw = outputs(theta, X)[-1]
        log_proba = raw - anp.log(anp.sum(anp.exp(raw), axis=1, keepdims=True))
        return -anp.sum(weight[:, None] * y * log_proba) / N_SAMPLES

    objective = Objective(network, CrossEntropy(), SOFTMAX)
    for _ in range(2):  # the second time in buffers that were used before
        loss, _, gradient = objective(theta, X, y, weight)
        expected = grad(reference)(theta) * trained(network)
        np.testing.assert_allclose(loss, reference(theta), rtol=1e-12)
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-12)

    direction = np.random.default_rng(1).standard_normal(theta.shape)
    direction *= trained(network)
    exact = gradient @ direction  # before the buffer is written to again
    slope = finite_difference(
        lambda t: np.float64(objective(t, X, y, weight)[0]), theta, direction
    )
    np.testing.assert_allclose(exact, slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_input_jacobian(name):
    network, theta, X, _, _, outputs = problem(name)
    reference = jacobian(lambda x: outputs(theta, x)[-1])(X)
    own_rows = reference[np.arange(N_SAMPLES), :, np.arange(N_SAMPLES)]
    found = {
        mode: network.input_jacobian(theta, X, mode)
        for mode in ("forward", "reverse", "auto")
    }
    for mode, result in found.items():
        np.testing.assert_allclose(
            result, own_rows, rtol=1e-9, atol=1e-12, err_msg=mode
        )
        np.testing.assert_allclose(
            result, found["reverse"], rtol=0, atol=1e-12 * np.abs(own_rows).max()
        )
    at = network.linearize(theta, X)
    tangent = np.random.default_rng(2).standard_normal(X.shape)
    cotangent = np.random.default_rng(3).standard_normal(at.value.shape)
    np.testing.assert_allclose(
        at.jvp(tangent), np.einsum("soi,si->so", own_rows, tangent), rtol=1e-9
    )
    np.testing.assert_allclose(
        at.vjp(cotangent),
        np.einsum("soi,so->si", own_rows, cotangent),
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_penalties_reach_the_gradient(name):
    network, theta, X, y, weight, outputs = problem(name)
    weights, activations = Orthogonality(0.3), Sparsity(0.3)
    visible = [layer.is_activation for layer in network.layers[:-1]]

    def reference(theta):
        penalty = 0.0
        for layer, arrays in zip(network.layers, unpack(network, theta), strict=True):
            for key in layer.penalized:
                coef = arrays[key]
                gram = anp.dot(coef.T, coef) - anp.eye(coef.shape[1])
                penalty = penalty + 0.3 * anp.sum(gram**2)
        for counts, output in zip(visible, outputs(theta, X), strict=False):
            if counts:
                norms = anp.sum(anp.abs(output), axis=1)
                penalty = penalty + 0.3 * anp.sum(weight * norms) / N_SAMPLES
        return penalty

    plain = Objective(network, CrossEntropy(), SOFTMAX)(theta, X, y, weight)[2]
    both = Objective(network, CrossEntropy(), SOFTMAX, [weights, activations])
    _, penalty, gradient = both(theta, X, y, weight)
    expected = grad(reference)(theta) * trained(network)
    np.testing.assert_allclose(penalty, reference(theta), rtol=1e-11)
    np.testing.assert_allclose(gradient - plain, expected, rtol=1e-9, atol=1e-11)
