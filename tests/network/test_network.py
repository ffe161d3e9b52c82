"""Layers in sequence: layout of the weights, gradients and Jacobians."""

import pickle

import numpy as np
import pytest

from skjacobnet.core.blocks import BLOCK_BYTES
from skjacobnet.initializers import GlorotUniform, HeUniform, Orthogonal
from skjacobnet.layers import (
    ELU,
    GELU,
    Dropout,
    Linear,
    Mish,
    Parallel,
    ReLU,
    Repeat,
    Rescale,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from skjacobnet.network import Network, build_network
from skjacobnet.network.workspace import NetworkWorkspace
from skjacobnet.testing import empirical_jacobian, finite_difference

STACKS = {
    "linear": [Linear(3)],
    "no bias": [Linear(5, use_bias=False), Tanh(), Linear(3)],
    "deep": [Linear(6), Sigmoid(), Linear(5), Softplus(), Linear(4), GELU(), Linear(3)],
    "softmax inside": [Linear(6), Softmax(), Linear(3)],
    "activation first": [Tanh(), Linear(4), SiLU(), Mish(), Linear(3)],
    "dropout": [Linear(6), ELU(), Dropout(0.5), Linear(3)],
    "linear twice": [Linear(4), Linear(6), Tanh(), Linear(3)],
    "layers in layers": [
        Residual(Sequential([Linear(5), Tanh(), Dropout(0.5), Linear(4)])),
        Parallel([Linear(2), Softmax(), Repeat(Sequential([Linear(4), ELU()]), 2)]),
        Parallel([Linear(3), Sequential([Tanh(), Linear(3)])], "add"),
    ],
    "statistics in layers": [
        Parallel([Sequential([Linear(3), Tanh(), Linear(2), Rescale()]), Linear(2)]),
        Linear(3),
        Residual(Rescale()),
    ],
}
N_IN, N_SAMPLES = 4, 6


@pytest.fixture(params=STACKS)
def network(request):
    return Network(STACKS[request.param], N_IN)


@pytest.fixture
def X():
    return np.random.default_rng(1).standard_normal((N_SAMPLES, N_IN))


@pytest.fixture
def theta(network):
    weights = network.init_weights(np.random.default_rng(2), np.float64)
    return weights + 0.1 * np.random.default_rng(3).standard_normal(weights.shape)


def test_weights_lie_layer_by_layer_coef_before_intercept():
    network = Network([Linear(3), ReLU(), Linear(2)], 4)
    theta = np.arange(network.n_weights, dtype=float)
    first, relu, last = network.split(theta)
    assert network.n_weights == 4 * 3 + 3 + 3 * 2 + 2
    np.testing.assert_array_equal(first["coef"], np.arange(12.0).reshape(4, 3))
    np.testing.assert_array_equal(first["intercept"], [12, 13, 14])
    np.testing.assert_array_equal(last["coef"], np.arange(15.0, 21.0).reshape(3, 2))
    np.testing.assert_array_equal(last["intercept"], [21, 22])
    assert relu == {}
    assert np.shares_memory(first["coef"], theta)
    np.testing.assert_array_equal(
        network.decay_mask(np.float64), [1] * 12 + [0] * 3 + [1] * 6 + [0] * 2
    )


def test_forward_is_the_composition(X):
    network = Network([Linear(3), Tanh(), Linear(2)], N_IN)
    theta = network.init_weights(np.random.default_rng(0), np.float64)
    (a, b), (c, d) = (
        (views["coef"], views["intercept"]) for views in network.split(theta) if views
    )
    expected = np.tanh(X @ a + b) @ c + d
    np.testing.assert_allclose(network.forward(theta, X), expected, rtol=1e-13)


def test_linearize_and_forward_agree(network, theta, X):
    at = network.linearize(theta, X)
    np.testing.assert_array_equal(at.value, network.forward(theta, X))
    assert [output.shape[1] for output in at.outputs] == list(network.sizes)


def test_gradient_agrees_with_finite_differences(network, theta, X):
    rng = np.random.default_rng(4)
    cotangent = rng.standard_normal((N_SAMPLES, 3))
    at = network.linearize(theta, X)
    gradient = network.gradient(theta, at, cotangent)
    for _ in range(3):
        direction = rng.standard_normal(theta.shape)
        slope = finite_difference(
            lambda t: np.sum(cotangent * network.forward(t, X)), theta, direction
        )
        np.testing.assert_allclose(gradient @ direction, slope, rtol=1e-6)


def test_gradient_takes_cotangents_of_hidden_layers():
    network = Network([Linear(6), Sigmoid(), Linear(5), Tanh(), Linear(3)], N_IN)
    rng = np.random.default_rng(5)
    theta = network.init_weights(rng, np.float64)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    cotangent = rng.standard_normal((N_SAMPLES, 3))
    hidden = rng.standard_normal((N_SAMPLES, 6))
    last = rng.standard_normal((N_SAMPLES, 3))
    given = cotangent.copy(), hidden.copy(), last.copy()

    def function(t):
        at = network.linearize(t, X)
        total = np.sum((cotangent + last) * at.value)
        return total + np.sum(hidden * at.outputs[2])

    gradient = network.gradient(
        theta, network.linearize(theta, X), cotangent, added={1: hidden, 4: last}
    )
    for array, before in zip((cotangent, hidden, last), given, strict=True):
        np.testing.assert_array_equal(array, before)
    direction = rng.standard_normal(theta.shape)
    slope = finite_difference(function, theta, direction)
    np.testing.assert_allclose(gradient @ direction, slope, rtol=1e-6)


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_input_jacobian_agrees_with_finite_differences(network, theta, X, mode):
    jacobian = network.input_jacobian(theta, X, mode)
    empirical = empirical_jacobian(lambda x: network.forward(theta, x), X)
    assert jacobian.shape == (N_SAMPLES, 3, N_IN)
    np.testing.assert_allclose(jacobian, empirical, rtol=1e-6, atol=1e-9)


def test_modes_agree(network, theta, X):
    forward, reverse, auto = (
        network.input_jacobian(theta, X, mode)
        for mode in ("forward", "reverse", "auto")
    )
    np.testing.assert_allclose(forward, reverse, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(auto, reverse, rtol=1e-12, atol=1e-13)


def test_input_jacobian_of_many_blocks_equals_row_by_row():
    network = Network([Linear(64), Tanh(), Linear(3)], N_IN)
    rng = np.random.default_rng(6)
    theta = network.init_weights(rng, np.float64)
    n_samples = 3 * BLOCK_BYTES // (64 * 3 * 8) + 1
    X = rng.standard_normal((n_samples, N_IN))
    whole = network.input_jacobian(theta, X)
    for row in (0, n_samples // 2, n_samples - 1):
        alone = network.input_jacobian(theta, X[row : row + 1])[0]
        np.testing.assert_allclose(whole[row], alone, rtol=1e-12)


def test_the_operator_of_the_chain(network, theta, X):
    at = network.linearize(theta, X)
    dense = network.input_jacobian(theta, X)
    tangent = np.random.default_rng(7).standard_normal(X.shape)
    cotangent = np.random.default_rng(8).standard_normal((N_SAMPLES, 3))
    expected_jvp = np.einsum("soi,si->so", dense, tangent)
    expected_vjp = np.einsum("soi,so->si", dense, cotangent)
    for operator in (at, at.operator):
        np.testing.assert_allclose(operator.jvp(tangent), expected_jvp, rtol=1e-11)
        np.testing.assert_allclose(operator.vjp(cotangent), expected_vjp, rtol=1e-11)


def test_a_workspace_changes_nothing_but_speed(network, theta, X):
    rng = np.random.default_rng(9)
    cotangent = rng.standard_normal((N_SAMPLES, 3))
    workspace = NetworkWorkspace(network)
    out = np.empty_like(theta)
    for step in range(3):
        rows = X[: N_SAMPLES - step]
        kept = cotangent[: N_SAMPLES - step]
        before = kept.copy(), rows.copy(), theta.copy()
        plain = network.gradient(theta, network.linearize(theta, rows), kept)
        at = network.linearize(theta, rows, workspace=workspace)
        assert network.gradient(theta, at, kept, out=out) is out
        np.testing.assert_array_equal(out, plain)
        for array, was in zip((kept, rows, theta), before, strict=True):
            np.testing.assert_array_equal(array, was)
        theta = theta * 1.1


def test_a_stack_of_networks_equals_one_by_one(network, X):
    rngs = [np.random.default_rng(seed) for seed in range(3)]
    stack = np.stack([network.init_weights(rng, np.float64) for rng in rngs])
    inputs = np.stack([X, X + 1.0, 2.0 * X])
    cotangent = np.random.default_rng(4).standard_normal((3, N_SAMPLES, 3))
    at = network.linearize(stack, inputs)
    gradient = network.gradient(stack, at, cotangent)
    jacobian = network.input_jacobian(stack, inputs)
    for member in range(3):
        theta = stack[member]
        alone = network.linearize(theta, inputs[member])
        np.testing.assert_allclose(at.value[member], alone.value, rtol=1e-12)
        np.testing.assert_allclose(
            gradient[member],
            network.gradient(theta, alone, cotangent[member]),
            rtol=1e-11,
            atol=1e-14,
        )
        np.testing.assert_allclose(
            jacobian[member], network.input_jacobian(theta, inputs[member]), rtol=1e-11
        )
    # One batch for all members.
    shared = network.linearize(stack, X)
    np.testing.assert_allclose(
        shared.value[0], network.forward(stack[0], X), rtol=1e-12
    )
    shared_gradient = network.gradient(stack, shared, cotangent)
    alone = network.gradient(stack[2], network.linearize(stack[2], X), cotangent[2])
    np.testing.assert_allclose(shared_gradient[2], alone, rtol=1e-11, atol=1e-14)


def test_inputs_of_other_types_are_cast():
    network = Network([Linear(4), Tanh(), Linear(2)], 3)
    theta = network.init_weights(np.random.default_rng(0), np.float64)
    whole = np.array([[1, 0, 2], [0, 3, -1]])
    exact = network.input_jacobian(theta, whole.astype(float))
    for X in (whole, whole.astype("f4"), whole.tolist()):
        np.testing.assert_array_equal(network.input_jacobian(theta, X), exact)
        at = network.linearize(theta, X)
        np.testing.assert_array_equal(at.value, network.forward(theta, X))


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_stacked_inputs_of_one_network(network, theta, X, mode):
    stack = np.stack([X, X + 1.0])
    jacobian = network.input_jacobian(theta, stack, mode)
    cotangent = np.random.default_rng(0).standard_normal((2, N_SAMPLES, 3))
    gradient = network.gradient(theta, network.linearize(theta, stack), cotangent)
    for member in range(2):
        rows = stack[member]
        np.testing.assert_allclose(
            jacobian[member], network.input_jacobian(theta, rows, mode), rtol=1e-11
        )
        alone = network.linearize(theta, rows)
        np.testing.assert_allclose(
            gradient[member],
            network.gradient(theta, alone, cotangent[member]),
            rtol=1e-10,
            atol=1e-13,
        )


def test_float32_stays_float32_and_is_right(network, theta, X):
    small, rows = theta.astype(np.float32), X.astype(np.float32)
    cotangent = np.ones((N_SAMPLES, 3))
    at = network.linearize(small, rows)
    gradient = network.gradient(small, at, cotangent.astype(np.float32))
    jacobian = network.input_jacobian(small, rows)
    assert at.value.dtype == gradient.dtype == jacobian.dtype == np.float32
    exact = network.gradient(theta, network.linearize(theta, X), cotangent)
    np.testing.assert_allclose(gradient, exact, rtol=1e-4, atol=1e-5)


def test_dropout_draws_only_with_a_generator():
    network = Network([Linear(50), Dropout(0.5), Linear(1)], N_IN)
    theta = network.init_weights(np.random.default_rng(0), np.float64)
    X = np.ones((2, N_IN))
    plain = network.forward(theta, X)
    np.testing.assert_array_equal(network.linearize(theta, X).value, plain)
    noisy = network.linearize(theta, X, rng=np.random.default_rng(1))
    again = network.linearize(theta, X, rng=np.random.default_rng(1))
    assert not np.allclose(noisy.value, plain)
    np.testing.assert_array_equal(noisy.value, again.value)
    assert not np.allclose(noisy.outputs[2][0], noisy.outputs[2][1])


def test_complete_adds_the_output_and_settles_initializers():
    hidden = [
        Linear(5),
        ReLU(),
        Linear(5, initializer="orthogonal"),
        Sigmoid(),
        Linear(4),
    ]
    network = build_network(hidden, 3, 2)
    kinds = [layer.initializer for layer in network.layers if isinstance(layer, Linear)]
    assert [type(kind) for kind in kinds] == [
        HeUniform,
        Orthogonal,
        GlorotUniform,
        GlorotUniform,
    ]
    assert kinds[1].gain == 4.0
    assert hidden[0].initializer == "auto"
    assert network.sizes == (3, 5, 5, 5, 5, 4, 2)
    forced = build_network([Linear(5), Dropout(0.1), Sigmoid()], 3, 2, Orthogonal())
    assert forced.layers[0].initializer.gain == 4.0
    assert forced.layers[-1].initializer.gain == 1.0


def test_a_network_survives_pickling(network, theta, X):
    copied = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(copied.forward(theta, X), network.forward(theta, X))
    assert "Linear(units=3" in repr(network)


class Doubled(Linear):
    """A custom layer, linear except for a factor."""

    def __init__(self, units):
        super().__init__(units)

    def forward(self, weights, X, out=None):
        return np.multiply(super().forward(weights, X, out), 2.0, out)


def test_subclasses_of_linear_stay_what_they_are():
    network = build_network([Doubled(3), ReLU(), Doubled(4)], 2, 1)
    assert [type(layer) for layer in network.layers] == [Doubled, ReLU, Doubled, Linear]
    assert isinstance(network.layers[0].initializer, HeUniform)


def test_statistics_inside_layers():
    rng = np.random.default_rng(0)
    inside = Parallel([Sequential([Linear(2), Rescale()]), Linear(2), Rescale()])
    layers = [Tanh(), inside, Linear(3), Rescale()]
    neutral = Network(layers, N_IN)
    theta = neutral.init_weights(rng, np.float64)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    # Two of each in the sequence, as many as inputs beside it, and three at the end.
    np.testing.assert_array_equal(
        neutral.statistics, [1, 1, 0, 0, *[1] * 4, *[0] * 4, *[1] * 3, *[0] * 3]
    )
    network = Network(layers, N_IN, rng.standard_normal(18))
    known = network.statistics
    first, last = (network.split(theta)[step] for step in (1, 2))
    hidden = np.tanh(X)
    expected = [
        hidden @ first["0.0.coef"] * known[:2] + known[2:4],
        hidden @ first["1.coef"],
        hidden * known[4:8] + known[8:12],
    ]
    expected = np.concatenate(expected, axis=1) @ last["coef"]
    expected = expected * known[12:15] + known[15:]
    np.testing.assert_allclose(network.forward(theta, X), expected, rtol=1e-12)
    parts = network.part(0, 2).joined(network.part(2, 4))
    copied = pickle.loads(pickle.dumps(network))
    for same in (parts, copied):
        np.testing.assert_array_equal(same.statistics, known)
        np.testing.assert_array_equal(same.forward(theta, X), network.forward(theta, X))
    np.testing.assert_array_equal(
        network.decay_mask(np.float64), neutral.decay_mask(np.float64)
    )
    # Backpropagation ends at the first weights.
    at = network.linearize(theta, X)
    assert at.chain.first == 1
    narrow = network.forward(theta.astype(np.float32), X.astype(np.float32))
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, expected, rtol=1e-4, atol=1e-5)
