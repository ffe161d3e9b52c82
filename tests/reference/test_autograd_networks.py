"""Gradients and Jacobians of whole networks against an independent implementation."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, jacobian
from autograd.scipy.special import erf

from skjacobnet.layers import LAYERS, Linear
from skjacobnet.links import SOFTMAX
from skjacobnet.losses import CrossEntropy
from skjacobnet.network import build_network
from skjacobnet.regularizers import (
    L1,
    Certainty,
    ConfidencePenalty,
    Orthogonality,
    Sparsity,
    WeightDecay,
)
from skjacobnet.training.objective import Objective


def softmax(z):
    e = anp.exp(z - anp.max(z, axis=1, keepdims=True))
    return e / anp.sum(e, axis=1, keepdims=True)


FUNCTIONS = {
    "sigmoid": lambda x: 0.5 * (anp.tanh(0.5 * x) + 1.0),
    "tanh": anp.tanh,
    "relu": lambda x: anp.where(x > 0, x, 0.0),
    "gelu": lambda x: 0.5 * x * (1.0 + erf(x / anp.sqrt(2.0))),
    "silu": lambda x: x * 0.5 * (anp.tanh(0.5 * x) + 1.0),
    "softplus": lambda x: anp.log(1.0 + anp.exp(x)),
    "softmax": softmax,
}
STACKS = [
    ["sigmoid"],
    ["relu", "tanh"],
    ["gelu", "softmax", "silu"],
    ["softplus", "relu", "sigmoid", "tanh"],
]
N_IN, N_CLASSES, N_SAMPLES = 6, 3, 8


def build(names, rng):
    hidden = []
    for position, name in enumerate(names):
        hidden += [Linear(7 - position), LAYERS.make(name)]
    network = build_network(hidden, N_IN, N_CLASSES)
    theta = network.init_weights(rng, np.float64)
    return network, theta + 0.1 * rng.standard_normal(theta.shape)


def unpack(network, theta):
    """The weights of each linear layer, cut out of the flat vector by hand."""
    pairs, start = [], 0
    for layer, n_in, n_out in zip(
        network.layers, network.sizes, network.sizes[1:], strict=False
    ):
        if isinstance(layer, Linear):
            end = start + n_in * n_out
            coef = anp.reshape(theta[start:end], (n_in, n_out))
            pairs.append((coef, theta[end : end + n_out]))
            start = end + n_out
    return pairs


def reference_forward(network, names, theta, X):
    """The raw prediction and the hidden activations."""
    *hidden, (coef, intercept) = unpack(network, theta)
    activations = []
    for (hidden_coef, hidden_intercept), name in zip(hidden, names, strict=True):
        X = FUNCTIONS[name](X @ hidden_coef + hidden_intercept)
        activations.append(X)
    return X @ coef + intercept, activations


def problem(names, seed=0):
    rng = np.random.default_rng(seed)
    network, theta = build(names, rng)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    y = np.eye(N_CLASSES)[rng.integers(0, N_CLASSES, N_SAMPLES)]
    weight = rng.uniform(0.5, 2.0, N_SAMPLES)
    return network, theta, X, y, weight


@pytest.mark.parametrize("names", STACKS, ids="-".join)
def test_gradient_of_the_loss(names):
    network, theta, X, y, weight = problem(names)

    def reference(theta):
        raw, _ = reference_forward(network, names, theta, X)
        log_proba = raw - anp.log(anp.sum(anp.exp(raw), axis=1, keepdims=True))
        return -anp.sum(weight[:, None] * y * log_proba) / N_SAMPLES

    objective = Objective(network, CrossEntropy(), SOFTMAX)
    loss, _, gradient = objective(theta, X, y, weight)
    np.testing.assert_allclose(loss, reference(theta), rtol=1e-12)
    np.testing.assert_allclose(gradient, grad(reference)(theta), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("names", STACKS, ids="-".join)
@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_input_jacobian(names, mode):
    network, theta, X, _, _ = problem(names)
    reference = jacobian(lambda x: reference_forward(network, names, theta, x)[0])(X)
    own_rows = reference[np.arange(N_SAMPLES), :, np.arange(N_SAMPLES)]
    np.testing.assert_allclose(
        network.input_jacobian(theta, X, mode), own_rows, rtol=1e-9, atol=1e-12
    )


def entropy(raw):
    proba = softmax(raw)
    return -anp.sum(proba * anp.log(proba), axis=1)


def on_weights(function):
    return lambda coefs, activations, raw, weight: sum(map(function, coefs))


PENALTIES = [
    (WeightDecay(0.3), on_weights(lambda c: 0.15 * anp.sum(c**2))),
    (L1(0.3), on_weights(lambda c: 0.3 * anp.sum(anp.abs(c)))),
    (
        Orthogonality(0.3),
        on_weights(
            lambda c: 0.3 * anp.sum((anp.dot(c.T, c) - anp.eye(c.shape[1])) ** 2)
        ),
    ),
    (
        Sparsity(0.3),
        lambda coefs, activations, raw, weight: (
            0.3
            * sum(anp.sum(weight[:, None] * anp.abs(h)) for h in activations)
            / N_SAMPLES
        ),
    ),
    (
        Certainty(0.3),
        lambda coefs, activations, raw, weight: (
            0.3 * anp.sum(weight * entropy(raw)) / N_SAMPLES
        ),
    ),
    (
        ConfidencePenalty(0.3),
        lambda coefs, activations, raw, weight: (
            -0.3 * anp.sum(weight * entropy(raw)) / N_SAMPLES
        ),
    ),
]


@pytest.mark.parametrize("names", STACKS, ids="-".join)
@pytest.mark.parametrize(
    ("regularizer", "formula"), PENALTIES, ids=[repr(r) for r, _ in PENALTIES]
)
def test_every_penalty_reaches_the_gradient(names, regularizer, formula):
    network, theta, X, y, weight = problem(names)

    def reference(theta):
        raw, activations = reference_forward(network, names, theta, X)
        coefs = [coef for coef, _ in unpack(network, theta)]
        return formula(coefs, activations, raw, weight)

    plain = Objective(network, CrossEntropy(), SOFTMAX)(theta, X, y, weight)[2]
    objective = Objective(network, CrossEntropy(), SOFTMAX, [regularizer])
    _, penalty, gradient = objective(theta, X, y, weight)
    np.testing.assert_allclose(penalty, reference(theta), rtol=1e-11)
    np.testing.assert_allclose(
        gradient - plain, grad(reference)(theta), rtol=1e-9, atol=1e-11
    )
