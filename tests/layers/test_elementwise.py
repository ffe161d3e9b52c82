"""Every elementwise layer against finite differences, autograd and closed forms."""

import copy
import math
import pickle

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad
from autograd.scipy.special import erf as autograd_erf
from autograd.scipy.special import expit as autograd_expit
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from sklearn.base import clone

from skjacobnet.core import Workspace, blocks
from skjacobnet.initializers import INITIALIZERS
from skjacobnet.layers import (
    ELU,
    GELU,
    LAYERS,
    SELU,
    Elementwise,
    HardTanh,
    Identity,
    LeakyReLU,
    Linear,
    Mish,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from skjacobnet.network import Network, NetworkWorkspace

LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772


def elu(x, alpha):
    below = anp.exp(anp.where(x > 0, 0.0, x)) - 1.0
    return anp.where(x > 0, x, alpha * below)


# Each layer with its formula, without regard for stability.
REFERENCES = [
    (Identity(), lambda x: 1.0 * x),
    (Sigmoid(), lambda x: 1.0 / (1.0 + anp.exp(-x))),
    (Tanh(), lambda x: 1.0 - 2.0 / (anp.exp(2.0 * x) + 1.0)),
    (HardTanh(), lambda x: anp.where(anp.abs(x) < 1.0, x, anp.sign(x))),
    (ReLU(), lambda x: anp.where(x > 0, x, 0.0 * x)),
    (LeakyReLU(), lambda x: anp.where(x > 0, x, 0.01 * x)),
    (LeakyReLU(0.3), lambda x: anp.where(x > 0, x, 0.3 * x)),
    (LeakyReLU(0.0), lambda x: anp.where(x > 0, x, 0.0 * x)),
    (ELU(), lambda x: elu(x, 1.0)),
    (ELU(2.5), lambda x: elu(x, 2.5)),
    (SELU(), lambda x: LAMBDA * elu(x, ALPHA)),
    (Softplus(), lambda x: anp.log(1.0 + anp.exp(x))),
    (GELU(), lambda x: 0.5 * x * (1.0 + autograd_erf(x / math.sqrt(2.0)))),
    (SiLU(), lambda x: x * autograd_expit(x)),
    (Mish(), lambda x: x * anp.tanh(anp.log(1.0 + anp.exp(x)))),
]
ACTIVATIONS = [layer for layer, _ in REFERENCES]
DTYPES = [np.float32, np.float64]

every_activation = pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def inputs(layer, seed=0, shape=(40, 5)):
    """Draw inputs of both signs away from the kinks."""
    x = np.random.default_rng(seed).normal(scale=2.0, size=shape)
    for kink in layer.kinks:
        near = np.abs(x - kink) < 0.1
        x[near] += np.where(x[near] < kink, -0.1, 0.1)
    assert (x < 0).any()
    assert (x > 0).any()
    return x


def test_every_elementwise_class_is_tested():
    family = {part for part in LAYERS.classes if issubclass(part, Elementwise)}
    assert family == {type(layer) for layer in ACTIVATIONS}


@pytest.mark.parametrize(
    ("layer", "reference"), REFERENCES, ids=[repr(layer) for layer in ACTIVATIONS]
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_value_and_derivatives_agree_with_autograd(layer, reference, seed):
    x = inputs(layer, seed)
    y = layer.function(x)
    slope = elementwise_grad(reference)
    np.testing.assert_allclose(y, reference(x), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(layer.derivative(x, y), slope(x), rtol=1e-9, atol=1e-9)
    if np.any(layer.second_derivative(x, y)):
        curvature = elementwise_grad(slope)(x)
    else:
        # Autograd does not differentiate what does not depend on its argument.
        assert type(layer) in {Identity, ReLU, LeakyReLU, HardTanh}
        curvature = np.zeros_like(x)
    np.testing.assert_allclose(
        layer.second_derivative(x, y), curvature, rtol=1e-9, atol=1e-9
    )


@every_activation
def test_derivatives_agree_with_central_differences(layer):
    x, h = inputs(layer), 6e-6

    def slope(x):
        return layer.derivative(x, layer.function(x))

    def curvature(x):
        return layer.second_derivative(x, layer.function(x))

    for function, derivative in ((layer.function, slope), (slope, curvature)):
        difference = (function(x + h) - function(x - h)) / (2.0 * h)
        exact = derivative(x)
        scale = max(np.abs(exact).max(), 1.0)
        assert np.abs(difference - exact).max() <= 1e-6 * scale


@every_activation
def test_jacobian_is_the_diagonal_of_slopes(layer):
    x = inputs(layer, shape=(4, 3))
    y, operator = layer.linearize({}, x)
    np.testing.assert_array_equal(y, layer.forward({}, x))
    dense = np.zeros((4, 3, 3))
    dense[:, range(3), range(3)] = layer.derivative(x, y)
    np.testing.assert_array_equal(operator.todense(4), dense)


# Value, slope and curvature at -1e4 and at 1e4.
LIMITS = {
    Identity: ((-1e4, 1.0), (1e4, 1.0)),
    Sigmoid: ((0.0, 0.0), (1.0, 0.0)),
    Tanh: ((-1.0, 0.0), (1.0, 0.0)),
    HardTanh: ((-1.0, 0.0), (1.0, 0.0)),
    ReLU: ((0.0, 0.0), (1e4, 1.0)),
    LeakyReLU: (None, (1e4, 1.0)),
    ELU: (None, (1e4, 1.0)),
    SELU: ((-LAMBDA * ALPHA, 0.0), (1e4 * LAMBDA, LAMBDA)),
    Softplus: ((0.0, 0.0), (1e4, 1.0)),
    GELU: ((0.0, 0.0), (1e4, 1.0)),
    SiLU: ((0.0, 0.0), (1e4, 1.0)),
    Mish: ((0.0, 0.0), (1e4, 1.0)),
}


@every_activation
@every_dtype
def test_far_inputs_reach_the_limits(layer, dtype):
    low, high = LIMITS[type(layer)]
    if isinstance(layer, LeakyReLU):
        low = (-1e4 * layer.negative_slope, layer.negative_slope)
    if isinstance(layer, ELU):
        low = (-layer.alpha, 0.0)
    x = np.array([[-1e4, 1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = layer.function(x)
        slope = layer.derivative(x, y)
        curvature = layer.second_derivative(x, y)
    rounding = 2.0 * np.finfo(dtype).eps
    np.testing.assert_allclose(y, [[low[0], high[0]]], rtol=rounding)
    np.testing.assert_allclose(slope, [[low[1], high[1]]], rtol=rounding)
    np.testing.assert_array_equal(curvature, [[0.0, 0.0]])


@every_activation
def test_float32_agrees_with_float64_to_rounding(layer):
    wide = np.linspace(-30.0, 30.0, 2001)
    wide = wide[np.all([np.abs(wide - kink) > 1e-3 for kink in (*layer.kinks, 99)], 0)]
    x = wide.astype(np.float32)
    wide = x.astype(np.float64)
    y, exact = layer.function(x), layer.function(wide)
    np.testing.assert_allclose(y, exact, rtol=4e-6, atol=1e-7)
    np.testing.assert_allclose(
        layer.derivative(x, y), layer.derivative(wide, exact), rtol=1e-6, atol=2e-6
    )


@every_activation
@every_dtype
def test_data_type_is_kept(layer, dtype):
    x = inputs(layer).astype(dtype)
    y = layer.function(x)
    assert y.dtype == dtype
    assert layer.derivative(x, y).dtype == dtype
    assert layer.second_derivative(x, y).dtype == dtype
    output, operator = layer.linearize({}, x)
    assert output.dtype == operator.dtype == dtype


@pytest.mark.parametrize(
    "layer", [LeakyReLU(np.float64(0.3)), ELU(np.float64(2.5))], ids=repr
)
def test_parameters_from_numpy_do_not_widen_the_data_type(layer):
    x = inputs(layer).astype(np.float32)
    y = layer.function(x)
    assert y.dtype == np.float32
    assert layer.derivative(x, y).dtype == np.float32
    assert layer.second_derivative(x, y).dtype == np.float32


@every_activation
@every_dtype
def test_out_is_written_and_returned(layer, dtype):
    x = inputs(layer).astype(dtype)
    before = x.copy()
    y = layer.function(x)
    for function, arguments in (
        (layer.function, (x,)),
        (layer.derivative, (x, y)),
        (layer.forward, ({}, x)),
    ):
        expected = function(*arguments)
        out = np.full_like(x, np.nan)
        assert function(*arguments, out) is out
        np.testing.assert_array_equal(out, expected)
        out = np.full_like(x, np.nan)
        assert function(*arguments, out=out) is out
        np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y, layer.function(before))


@every_activation
def test_leading_axes_equal_one_by_one(layer):
    x = inputs(layer, shape=(2, 3, 7, 5))
    y, operator = layer.linearize({}, x)
    tangent = np.random.default_rng(1).normal(size=x.shape)
    pushed, curvature = operator.jvp(tangent), layer.second_derivative(x, y)
    for index in np.ndindex(2, 3):
        one, one_operator = layer.linearize({}, x[index])
        np.testing.assert_allclose(y[index], one, rtol=1e-14)
        np.testing.assert_allclose(
            pushed[index], one_operator.jvp(tangent[index]), rtol=1e-13, atol=1e-15
        )
        np.testing.assert_allclose(
            curvature[index],
            layer.second_derivative(x[index], one),
            rtol=1e-13,
            atol=1e-15,
        )


@every_activation
def test_use_leaves_the_layer_as_it_was(layer):
    before = copy.deepcopy(vars(layer))
    x = inputs(layer)
    y, operator = layer.linearize({}, x)
    operator.jvp(x)
    layer.second_derivative(x, y)
    layer.validate()
    assert vars(layer) == before
    assert repr(clone(layer)) == repr(pickle.loads(pickle.dumps(layer))) == repr(layer)


@every_activation
def test_value_range_is_the_infimum_and_the_supremum(layer):
    low, high = layer.value_range
    y = layer.function(np.linspace(-50.0, 50.0, 100_001))
    assert low - 1e-15 <= y.min()
    assert y.max() <= high
    for bound, reached in ((low, y.min()), (high, y.max())):
        if math.isfinite(bound):
            assert abs(reached - bound) < 1e-7
        else:
            # 0.01 * 50, of the leaky rectifier, is the least of what has no bound.
            assert abs(reached) >= 0.5


@pytest.mark.parametrize("layer", [GELU(), SiLU(), Mish()], ids=repr)
def test_lower_bound_of_the_smooth_rectifiers_is_their_minimum(layer):
    found = minimize_scalar(
        lambda x: layer.function(np.array([x]))[0], bracket=(-2.0, -1.0, -0.1)
    )
    assert found.fun == pytest.approx(layer.value_range[0], abs=1e-14)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (HardTanh(), {-1.0: 0.0, 1.0: 0.0}),
        (ReLU(), {0.0: 0.0}),
        (LeakyReLU(0.3), {0.0: 0.3}),
        (ELU(2.5), {0.0: 2.5}),
        (SELU(), {0.0: LAMBDA * ALPHA}),
    ],
    ids=repr,
)
def test_derivative_at_a_kink_is_the_documented_one(layer, expected):
    assert layer.kinks == tuple(expected)
    x = np.array(list(expected))
    slope = layer.derivative(x, layer.function(x))
    np.testing.assert_allclose(slope, list(expected.values()), rtol=1e-15)


def test_only_the_piecewise_layers_have_kinks():
    smooth = (Identity, Sigmoid, Tanh, Softplus, GELU, SiLU, Mish)
    for layer in ACTIVATIONS:
        assert (layer.kinks == ()) == isinstance(layer, smooth)


@pytest.mark.parametrize(
    "layer", [Identity(), Sigmoid(), Tanh(), HardTanh(), Softplus()], ids=repr
)
def test_gain_is_the_inverse_slope_at_zero(layer):
    x = np.zeros(1)
    assert layer.gain * layer.derivative(x, layer.function(x))[0] == 1.0


@pytest.mark.parametrize(
    "layer",
    [
        ReLU(),
        LeakyReLU(0.3),
        ELU(),
        ELU(2.5),
        SELU(),
        GELU(),
        SiLU(),
        Mish(),
    ],
    ids=repr,
)
def test_gain_is_the_inverse_root_mean_square_slope(layer):
    def integrand(z):
        x = np.array([z])
        slope = layer.derivative(x, layer.function(x))[0]
        return slope**2 * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    mean_square = sum(
        quad(integrand, low, high, epsabs=1e-13, epsrel=1e-12)[0]
        for low, high in ((-12.0, -1e-300), (1e-300, 12.0))
    )
    assert layer.gain == pytest.approx(1.0 / math.sqrt(mean_square), rel=1e-11)


def test_gain_by_hand():
    assert ReLU().gain == pytest.approx(1.4142135623730951, rel=1e-15)
    assert LeakyReLU(0.5).gain == pytest.approx(math.sqrt(1.6), rel=1e-15)


def test_selu_keeps_mean_zero_and_variance_one():
    nodes, weights = np.polynomial.legendre.leggauss(200)
    moments = np.zeros(2)
    for low, high in ((-12.0, 0.0), (0.0, 12.0)):
        z = 0.5 * (high - low) * nodes + 0.5 * (high + low)
        density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        y = SELU().function(z)
        moments += 0.5 * (high - low) * np.array([y, y * y]) @ (weights * density)
    np.testing.assert_allclose(moments, [0.0, 1.0], atol=1e-13)


@every_activation
def test_initializer_is_a_known_name(layer):
    if isinstance(layer, SELU):
        expected = "lecun_normal"
    elif isinstance(layer, (ReLU, LeakyReLU, ELU, GELU, SiLU, Mish)):
        expected = "he_uniform"
    else:
        expected = "glorot_uniform"
    assert layer.linear_initializer == expected
    assert expected in INITIALIZERS.names


def test_values_by_hand():
    three = np.log(np.array([3.0]))
    assert Sigmoid().function(three)[0] == pytest.approx(0.75, rel=1e-15)
    assert Tanh().function(three)[0] == pytest.approx(0.8, rel=1e-15)
    assert Softplus().function(three)[0] == pytest.approx(math.log(4.0), rel=1e-15)
    # tanh(log 4) = (16 - 1) / (16 + 1)
    assert Mish().function(three)[0] == pytest.approx(15 / 17 * three[0], rel=1e-14)
    assert ELU(3.0).function(-three)[0] == pytest.approx(-2.0, rel=1e-15)
    assert GELU().second_derivative(np.zeros(1), np.zeros(1))[0] == pytest.approx(
        2.0 / math.sqrt(2.0 * math.pi), rel=1e-15
    )


@pytest.mark.parametrize("layer", [Sigmoid(), Softplus()], ids=repr)
def test_small_outputs_keep_their_relative_accuracy(layer):
    x = np.array([-600.0])
    assert layer.function(x)[0] == pytest.approx(math.exp(-600.0), rel=1e-12)


def test_gelu_keeps_its_relative_accuracy_far_below_zero():
    # Phi(-20), from the asymptotic series of Mills' ratio.
    series = 1 - 1 / 400 + 3 / 400**2 - 15 / 400**3 + 105 / 400**4
    phi = math.exp(-200.0) / math.sqrt(2.0 * math.pi) / 20.0 * series
    assert GELU().function(np.array([-20.0]))[0] == pytest.approx(-20 * phi, rel=1e-9)


@pytest.mark.parametrize(
    "layer",
    [LeakyReLU(-0.1), LeakyReLU(1.0), ELU(0.0), ELU(-1.0), ELU(np.inf)],
    ids=repr,
)
def test_arguments_out_of_range_are_refused(layer):
    with pytest.raises(ValueError, match="must be a number in"):
        layer.validate()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("identity", Identity),
        ("sigmoid", Sigmoid),
        ("logistic", Sigmoid),
        ("tanh", Tanh),
        ("relu", ReLU),
        ("leaky_relu", LeakyReLU),
        ("elu", ELU),
        ("selu", SELU),
        ("gelu", GELU),
        ("silu", SiLU),
        ("swish", SiLU),
        ("mish", Mish),
        ("softplus", Softplus),
        ("hard_tanh", HardTanh),
    ],
)
def test_names(name, expected):
    assert type(LAYERS.resolve(name)) is expected


@pytest.mark.parametrize("n", [10, 10_000])
def test_relu_makes_floats_of_integers_whatever_their_number(n):
    x = np.arange(n) - n // 2
    y = ReLU().function(x)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, np.maximum(x, 0))


IN_PLACE = [kind for kind in LAYERS.classes if vars(kind).get("in_place")]


@pytest.mark.parametrize("kind", IN_PLACE)
@pytest.mark.parametrize("n_rows", [3, 40_000])
def test_layers_that_work_in_place(kind, n_rows):
    X = np.random.default_rng(0).normal(size=(n_rows, 4))
    expected = kind().forward({}, X.copy())
    assert kind().forward({}, X, X) is X
    np.testing.assert_array_equal(X, expected)


def test_predictions_let_activations_work_in_place():
    class Doubled(ReLU):
        """Reads its input after it has written its output."""

        def function(self, x, out=None):
            out = np.multiply(2.0, np.maximum(x, 0.0), out)
            return np.add(out, 0.0 * x, out)

    for layer, shared in ((ReLU(), True), (Doubled(), False)):
        network = Network([Linear(5), layer, Linear(2)], 3)
        hidden = NetworkWorkspace(network).hidden((7,), np.float64)
        assert (hidden[0] is hidden[1]) is shared
        X = np.random.default_rng(0).normal(size=(7, 3))
        theta = network.init_weights(np.random.default_rng(1), np.float64)
        workspace = NetworkWorkspace(network)
        np.testing.assert_array_equal(
            network.forward(theta, X, None, workspace), network.forward(theta, X)
        )


@pytest.mark.parametrize("limit", [7, 150, 10_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layer", [layer for layer, _ in REFERENCES], ids=repr)
def test_networks_side_by_side_in_passes(layer, dtype, limit, monkeypatch):
    monkeypatch.setattr(blocks, "PASS_NUMBERS", limit)
    X = np.random.default_rng(0).normal(scale=3.0, size=(3, 7, 9)).astype(dtype)
    prepared = layer.prepare({}, 7, Workspace())
    output, operator = prepared.linearize(X)
    forward = layer.forward({}, X, np.empty_like(X))
    for k in range(3):
        alone = layer.prepare({}, 7, Workspace())
        expected, its = alone.linearize(X[k])
        np.testing.assert_array_equal(output[k], expected)
        np.testing.assert_array_equal(operator.vjp(X)[k], its.vjp(X[k]))
        of_one = layer.forward({}, X[k], np.empty_like(X[k]))
        np.testing.assert_array_equal(forward[k], of_one)
