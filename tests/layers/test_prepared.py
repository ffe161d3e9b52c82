"""Prepared layers give the results of the layers for all inputs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain import plain_classifier
from scipy.sparse import csr_array

from skjacobnet.core.workspace import Workspace
from skjacobnet.layers import Linear, ReLU, Tanh
from skjacobnet.layers.linear import PreparedLinear
from skjacobnet.layers.prepared import PreparedElementwise, PreparedLayer
from skjacobnet.network import Network
from skjacobnet.network.workspace import NetworkWorkspace

N_SAMPLES, N_IN, UNITS = 6, 4, 3


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def draw(layer, rng, dtype=np.float64):
    weights = layer.init_weights(N_IN, rng, dtype)
    return {name: weight + 0.1 for name, weight in weights.items()}


def empty_like(weights):
    return {name: np.full_like(weight, np.nan) for name, weight in weights.items()}


def assert_same_gradients(layer, weights, X, cotangent, rtol=1e-14):
    prepared = layer.prepare(weights, N_SAMPLES, Workspace())
    output, operator = prepared.linearize(X)
    assert_allclose(output, layer.forward(weights, X), rtol=rtol)
    found, expected = empty_like(weights), empty_like(weights)
    if cotangent.ndim > 2:
        shapes = {n: (*cotangent.shape[:-2], *w.shape) for n, w in weights.items()}
        found = {name: np.empty(shape) for name, shape in shapes.items()}
        expected = {name: np.empty(shape) for name, shape in shapes.items()}
    at_input = np.empty((*cotangent.shape[:-1], N_IN), weights["coef"].dtype)
    assert prepared.vjp(operator, X, cotangent, found, at_input) is at_input
    assert_allclose(at_input, operator.vjp(cotangent), rtol=rtol)
    assert prepared.vjp(operator, X, cotangent, found) is None
    layer.weight_vjp(weights, X, cotangent, expected)
    for name, gradient in expected.items():
        assert_allclose(found[name], gradient, rtol=rtol, err_msg=name)


@pytest.mark.parametrize("use_bias", [True, False])
def test_what_the_fast_way_takes(use_bias, rng):
    layer = Linear(UNITS, use_bias=use_bias)
    weights = draw(layer, rng)
    assert type(layer.prepare(weights, N_SAMPLES, Workspace())) is PreparedLinear
    X = rng.standard_normal((N_SAMPLES, N_IN))
    assert_same_gradients(layer, weights, X, rng.standard_normal((N_SAMPLES, UNITS)))


@pytest.mark.parametrize("use_bias", [True, False])
def test_a_sparse_matrix(use_bias, rng):
    layer = Linear(UNITS, use_bias=use_bias)
    X = csr_array(rng.standard_normal((N_SAMPLES, N_IN)) * (rng.random(N_IN) < 0.5))
    cotangent = rng.standard_normal((N_SAMPLES, UNITS))
    assert_same_gradients(layer, draw(layer, rng), X, cotangent)


def test_another_type_before_it(rng):
    layer = Linear(UNITS)
    weights = draw(layer, rng, np.float32)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    cotangent = rng.standard_normal((N_SAMPLES, UNITS))
    assert_same_gradients(layer, weights, X.astype(np.float32), cotangent, 1e-5)
    assert_same_gradients(layer, weights, X, cotangent.astype(np.float32), 1e-5)


def test_another_number_of_rows_than_announced(rng):
    layer = Linear(UNITS)
    X = rng.standard_normal((N_SAMPLES - 2, N_IN))
    cotangent = rng.standard_normal((N_SAMPLES - 2, UNITS))
    assert_same_gradients(layer, draw(layer, rng), X, cotangent)


@pytest.mark.parametrize("n_stack", [2, N_IN])
def test_a_stack_of_cotangents(n_stack, rng):
    """Also one whose shape would pass for that of a product of plain matrices."""
    layer = Linear(UNITS)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    cotangent = rng.standard_normal((n_stack, N_SAMPLES, UNITS))
    assert_same_gradients(layer, draw(layer, rng), X, cotangent)


def test_shapes_that_do_not_fit_are_an_error(rng):
    layer = Linear(UNITS)
    prepared = layer.prepare(draw(layer, rng), N_SAMPLES, Workspace())
    with pytest.raises(ValueError, match="not aligned"):
        prepared.linearize(np.ones((N_SAMPLES, N_IN + 1)))


def test_weights_are_followed(rng):
    layer = Linear(UNITS)
    weights = draw(layer, rng)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    prepared = layer.prepare(weights, N_SAMPLES, Workspace())
    prepared.linearize(X)
    for weight in weights.values():
        weight *= -2.0
    output, operator = prepared.linearize(X)
    assert_array_equal(output, layer.forward(weights, X))
    assert_array_equal(operator.todense(N_SAMPLES)[0], weights["coef"].T)


def test_buffers_outlive_a_vector_of_weights(rng):
    """L-BFGS may give a new vector at every step."""
    network = Network([Linear(3), ReLU(), Linear(2)], n_in=N_IN)
    workspace = NetworkWorkspace(network)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    first, second = (
        network.linearize(rng.standard_normal(network.n_weights), X, None, workspace)
        for _ in range(2)
    )
    for before, after in zip(first.outputs, second.outputs, strict=True):
        assert before is after


def test_a_gradient_is_taken_where_the_network_was_linearized(rng):
    """Also if the workspace was used for another shape since."""
    network = Network([Linear(3), Tanh(), Linear(2)], n_in=N_IN)
    theta = rng.standard_normal(network.n_weights)
    workspace = NetworkWorkspace(network)
    stack = rng.standard_normal((2, N_SAMPLES, N_IN))
    cotangent = np.ones((2, N_SAMPLES, 2))
    at = network.linearize(theta, stack, None, workspace)
    network.linearize(theta, 2.0 * stack[0], None, workspace)
    expected = network.gradient(theta, network.linearize(theta, stack), cotangent)
    assert_array_equal(network.gradient(theta, at, cotangent), expected)


def test_a_preceding_layer_that_widens_the_type(rng):
    class Wide(ReLU):
        def forward(self, weights, X, out=None):
            return super().forward(weights, X.astype(np.float64))

        def linearize(self, weights, X, *, rng=None, workspace=None):
            return super().linearize(weights, X.astype(np.float64), rng=rng)

    network = Network([Wide(), Linear(3)], n_in=N_IN)
    theta = network.init_weights(rng, np.float32)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    linearized = network.linearize(theta, X).value
    assert linearized.dtype == network.forward(theta, X).dtype == np.float64


class Doubled(Linear):
    def forward(self, weights, X, out=None):
        return 2.0 * super().forward(weights, X)


class Shifted(Tanh):
    def linearize(self, weights, X, *, rng=None, workspace=None):
        output, operator = super().linearize(weights, X, rng=rng, workspace=workspace)
        return output + 1.0, operator


class Halved(Tanh):
    def function(self, x, out=None):
        return 0.5 * super().function(x, out)


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (Doubled(UNITS), PreparedLayer),
        (Shifted(), PreparedLayer),
        (Halved(), PreparedElementwise),
    ],
)
def test_what_a_subclass_changes_counts(layer, kind, rng):
    weights = draw(layer, rng)
    X = rng.standard_normal((N_SAMPLES, N_IN))
    prepared = layer.prepare(weights, N_SAMPLES, Workspace())
    assert type(prepared) is kind
    assert_array_equal(prepared.linearize(X)[0], layer.linearize(weights, X)[0])


def test_training_uses_what_a_subclass_changes(rng):
    X, y = rng.standard_normal((40, N_IN)), np.arange(40) % 2
    curves = [
        plain_classifier(
            layers=[Linear(5), activation], max_iter=3, tol=None, random_state=0
        )
        .fit(X, y)
        .loss_curve_
        for activation in (Tanh(), Shifted(), Halved())
    ]
    assert len({tuple(curve) for curve in curves}) == 3
