import re

import numpy as np
import pytest

from skjacobnet.layers import (
    LAYERS,
    Elementwise,
    Frozen,
    Layer,
    Linear,
    ReLU,
    Repeat,
    Softmax,
)
from skjacobnet.operators import Diagonal, DiagonalMinusRankOne
from skjacobnet.testing import check_layer, sanity_check
from skjacobnet.testing.inputs import draw_inputs


class Cube(Elementwise):
    """x ** 3 / 10: smooth, with derivatives of all orders."""

    def function(self, x, out=None):
        return np.multiply(0.1 * x * x, x, out)

    def derivative(self, x, y, out=None):
        return np.multiply(0.3 * x, x, out)

    def second_derivative(self, x, y):
        return 0.6 * x


class Mask(Layer):
    """Drops features at random."""

    def __init__(self, rate=0.5):
        self.rate = rate

    def forward(self, weights, X, out=None):
        return np.positive(X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        if rng is None:
            mask = np.ones_like(X)
        else:
            mask = (rng.random(X.shape) >= self.rate).astype(X.dtype)
        return X * mask, Diagonal(mask)


class Center(Layer):
    """Subtracts the mean of the features, and scales by a weight."""

    penalized = ("scale",)

    def weight_shapes(self, n_in):
        return {"scale": (n_in,)}

    def init_weights(self, n_in, rng, dtype, X=None):
        return {"scale": np.ones(n_in, dtype)}

    def forward(self, weights, X, out=None):
        centered = X - np.mean(X, axis=-1, keepdims=True)
        return np.multiply(centered, weights["scale"][..., np.newaxis, :], out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        scale = np.broadcast_to(weights["scale"][..., np.newaxis, :], X.shape)
        mean = np.full_like(X, 1.0 / X.shape[-1])
        return self.forward(weights, X), DiagonalMinusRankOne(scale, scale, mean)

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        centered = X - np.mean(X, axis=-1, keepdims=True)
        out = {"scale": None} if out is None else out
        return {"scale": np.sum(centered * cotangent, axis=-2, out=out["scale"])}

    def weight_jvp(self, weights, X, tangents):
        return self.forward({"scale": tangents["scale"]}, X)


GOOD = [
    Linear(3),
    Linear(3, use_bias=False),
    Linear(1),
    ReLU(),
    Cube(),
    Mask(),
    Center(),
]


@pytest.mark.parametrize("layer", GOOD, ids=repr)
@pytest.mark.parametrize("seed", [0, 1])
def test_good_layers_pass(layer, seed):
    check_layer(layer, random_state=seed)


@pytest.mark.parametrize("name", LAYERS.names_alone)
@pytest.mark.parametrize("seed", [0, 1])
def test_all_layers_pass(name, seed):
    check_layer(LAYERS.make(name), random_state=seed)


def test_other_sizes_pass():
    check_layer(Linear(2), n_in=1, n_samples=1)
    check_layer(Cube(), n_in=1, n_samples=2)


class OffDerivative(Cube):
    def derivative(self, x, y, out=None):
        return np.multiply(0.3003 * x, x, out)


class OffSecondDerivative(Cube):
    def second_derivative(self, x, y):
        return 0.6006 * x


class OneDerivative(ReLU):
    def derivative(self, x, y, out=None):
        out = np.empty_like(x) if out is None else out
        out[...] = 1.0
        return out


class IgnoresOut(Cube):
    def function(self, x, out=None):
        return 0.1 * x**3


class NarrowRange(Cube):
    value_range = (-0.5, 0.5)


class ChangesTheInput(Cube):
    def forward(self, weights, X, out=None):
        X += 1e-13
        return self.function(X, out)


class Remembers(Cube):
    def derivative(self, x, y, out=None):
        self.last = x
        return super().derivative(x, y, out)


class Float64(Cube):
    def derivative(self, x, y, out=None):
        result = super().derivative(x, y, out)
        return result if out is not None else result * np.float64(1.0)

    def second_derivative(self, x, y):
        return 0.6 * x

    def function(self, x, out=None):
        return (
            np.multiply(np.float64(0.1) * x * x, x)
            if out is None
            else super().function(x, out)
        )


class LinearizeChangesTheInput(Cube):
    def linearize(self, weights, X, *, rng=None, workspace=None):
        X += 1e-13
        return super().linearize(weights, X)


class Stale(Cube):
    """Reuses a buffer without filling it."""

    def linearize(self, weights, X, *, rng=None, workspace=None):
        output, operator = super().linearize(weights, X)
        if workspace is not None:
            diagonal = workspace.setdefault("slope", operator.diagonal.copy())
            operator = Diagonal(diagonal)
        return output, operator


class WrongSize(Linear):
    def output_size(self, n_in):
        return n_in


class WrongOrder(Linear):
    def weight_shapes(self, n_in):
        return dict(reversed(super().weight_shapes(n_in).items()))


class MeanGradient(Linear):
    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        gradients = super().weight_vjp(weights, X, cotangent, out, workspace=workspace)
        gradients["intercept"] /= len(X)
        return gradients


class ProductOfMeans(Linear):
    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        gradients = super().weight_vjp(weights, X, cotangent, out, workspace=workspace)
        gradients["coef"] = np.outer(X.mean(0), cotangent.mean(0))
        return gradients


class OffWeightGradient(Linear):
    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        gradients = super().weight_vjp(weights, X, cotangent, out, workspace=workspace)
        gradients["coef"] *= 1.001
        return gradients


class OffWeightTangent(Linear):
    def weight_jvp(self, weights, X, tangents):
        return 1.001 * super().weight_jvp(weights, X, tangents)


class LosesAGradient(Linear):
    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        gradients = super().weight_vjp(weights, X, cotangent, out, workspace=workspace)
        return {"coef": gradients["coef"]}


class FirstOfTheStack(Center):
    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        gradients = super().weight_vjp(weights, X, cotangent, out, workspace=workspace)
        if X.ndim == 3:
            gradients["scale"][...] = gradients["scale"][:1]
        return gradients


class DrawsAnew(Mask):
    """Ignores its generator."""

    source = np.random.default_rng(0)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        return super().linearize(weights, X, rng=rng and self.source)


class MaskOfAnotherDraw(Mask):
    """The Jacobian has a different mask."""

    def linearize(self, weights, X, *, rng=None, workspace=None):
        output, _ = super().linearize(weights, X, rng=rng)
        return output, super().linearize(weights, X, rng=rng)[1]


class DrawsWhilePredicting(Mask):
    def linearize(self, weights, X, *, rng=None, workspace=None):
        rng = np.random.default_rng(0) if rng is None else rng
        return super().linearize(weights, X, rng=rng)


class SwappedFactors(Center):
    def linearize(self, weights, X, *, rng=None, workspace=None):
        output, operator = super().linearize(weights, X)
        d, u, v = operator.diagonal, operator.left, operator.right
        return output, DiagonalMinusRankOne(d, v, u)


class OffSecondVJP(Softmax):
    def second_vjp(self, *args):
        for_input, for_weights = super().second_vjp(*args)
        return 1.001 * for_input, for_weights


class LosesTheSecondVJP(Linear):
    def second_vjp(self, *args):
        return None, {}


class FirstPairOnly(Linear):
    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        pairs = tangent[:1], cotangent[:1]
        return super().second_vjp(weights, X, output, operator, *pairs)


class SecondVJPSumsTheStack(Linear):
    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        products = tangent.swapaxes(-1, -2) @ cotangent
        while products.ndim > 2:
            products = products.sum(0)
        return None, {"coef": np.broadcast_to(products, weights["coef"].shape)}


class OffSampleGradients(Linear):
    def sample_gradients(self, weights, X, cotangent, out=None):
        out = super().sample_gradients(weights, X, cotangent, out)
        out["intercept"] *= 1.001
        return out


class NormsWithoutIntercept(Linear):
    def sample_squared_norms(self, weights, X, cotangent):
        return np.vecdot(X, X) * np.vecdot(cotangent, cotangent)


JACOBIAN = "Jacobian of the output for the input"
MUTANTS = [
    (OffDerivative(), rf"OffDerivative\(\): {JACOBIAN}: exact .* empirical .* index"),
    (OneDerivative(), JACOBIAN),
    (SwappedFactors(), JACOBIAN),
    (MaskOfAnotherDraw(), f"with rng: {JACOBIAN}"),
    (DrawsAnew(), "with rng: equal arguments give different results"),
    (DrawsWhilePredicting(), "output of linearize against forward"),
    (OffSecondDerivative(), r"OffSecondDerivative\(\): second derivative"),
    (IgnoresOut(), "`out` was given"),
    (NarrowRange(), "leave the value_range"),
    (ChangesTheInput(), "argument 'X'"),
    (LinearizeChangesTheInput(), "argument 'X'"),
    (Remembers(), "attribute 'last'"),
    (Float64(), "float32: of type float64"),
    (Stale(), "workspace that was used before, Jacobian"),
    (WrongSize(3), "output_size says"),
    (WrongOrder(3), "weight_shapes says"),
    (MeanGradient(3), "weight_vjp, the gradient for 'intercept' summed over samples"),
    (ProductOfMeans(3), "weight_vjp, the gradient for 'coef' summed over samples"),
    (OffWeightGradient(3), r"OffWeightGradient.*weight_vjp, the gradient for 'coef'"),
    (OffWeightTangent(3), "weight_jvp, the derivative of the output for 'coef'"),
    (LosesAGradient(3), "weight_vjp gives .'coef'., the weights are"),
    (OffSecondVJP(), r"OffSecondVJP\(\): second_vjp for the input: exact"),
    (LosesTheSecondVJP(3), "second_vjp for 'coef': exact"),
    (FirstPairOnly(3), "second_vjp for 'coef': exact"),
    (SecondVJPSumsTheStack(3), "second_vjp for 'coef' of a stack against one by one"),
    (OffSampleGradients(3), "sample_gradients, for 'intercept', against weight_vjp"),
    (NormsWithoutIntercept(3), "sample_squared_norms, against weight_vjp of single"),
    (FirstOfTheStack(), "weight_vjp for 'scale' of a stack against one by one"),
]


@pytest.mark.parametrize(
    ("layer", "match"), MUTANTS, ids=[type(layer).__name__ for layer, _ in MUTANTS]
)
def test_mutants_fail(layer, match):
    with pytest.raises(AssertionError, match=match):
        check_layer(layer)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "layer", [OffDerivative(), OffSecondDerivative(), OffWeightGradient(3)], ids=repr
)
def test_one_in_a_thousand_fails_for_every_seed(layer, seed):
    with pytest.raises(AssertionError, match=r"exact .* and empirical .* tolerance"):
        check_layer(layer, random_state=seed)


def test_the_message_shows_the_numbers():
    with pytest.raises(AssertionError) as caught:
        check_layer(OffDerivative())
    exact, empirical = map(
        float, re.search(r"exact (\S+) and empirical (\S+)", str(caught.value)).groups()
    )
    assert abs(exact / empirical - 1.001) < 1e-6


def test_arguments_of_the_layer_are_validated():
    with pytest.raises(ValueError, match="units must be an integer"):
        check_layer(Linear(0))


def test_inputs_keep_clear_of_kinks_and_have_both_signs():
    class Kinked(Cube):
        kinks = (-1.0, 0.0, 0.3)

    X = draw_inputs(Kinked(), (200, 3), np.random.default_rng(0))
    assert min(np.abs(X - kink).min() for kink in Kinked.kinks) >= 0.1
    assert (X < -1.0).any(axis=0).all()
    assert (X > 1.0).any(axis=0).all()


def test_too_many_kinks_are_an_error_and_no_endless_loop():
    class Sawtooth(Cube):
        kinks = tuple(np.arange(-20.0, 20.0, 0.1))

    with pytest.raises(ValueError, match="no room"):
        draw_inputs(Sawtooth(), (2, 2), np.random.default_rng(0))


def test_sanity_check_prints_both_jacobians(capsys):
    X = np.random.default_rng(0).normal(size=(5, 4))
    sanity_check(Linear(3), X)
    first = capsys.readouterr().out
    for text in ("Linear", "(5, 3)", "(5, 3, 4)", "empirical", "exact", "difference"):
        assert text in first
    sanity_check(Linear(3), X)
    assert capsys.readouterr().out == first


def test_sanity_check_shows_a_wrong_derivative(capsys):
    differences = []
    for layer in (Cube(), OffDerivative()):
        sanity_check(layer, np.ones((5, 4)))
        text = capsys.readouterr().out
        differences.append(float(re.search(r"difference (\S+)", text).group(1)))
    assert differences[0] < 1e-9
    # 0.001 * 0.3 on the diagonal, a quarter of the entries.
    np.testing.assert_allclose(differences[1], 0.0003 / 4, rtol=1e-3)


class Unfrozen(Frozen):
    """Declares its weights as fixed, and has a gradient for them."""

    name = None

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        found = Linear(3).weight_vjp(*self.split(weights), X, cotangent)
        return {f"0.{name}": gradient for name, gradient in found.items()}


def test_a_gradient_for_fixed_weights_is_found():
    with pytest.raises(AssertionError, match=r"must be zero for '0.coef', which is"):
        check_layer(Unfrozen(Linear(3)))


class Forgetful(Repeat):
    """Takes the last application's gradient for that of all."""

    name = None

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        _, operator = self.linearize(weights, X)
        _, _, X, cotangent = next(self.received(operator, X, cotangent))
        (own,) = [None] if out is None else self.split(out)
        found = self.layer.weight_vjp(*self.split(weights), X, cotangent, own)
        return {f"0.{name}": gradient for name, gradient in found.items()}


def test_a_gradient_that_forgets_shared_weights_is_found():
    check_layer(Forgetful(Linear(5), 1))
    with pytest.raises(AssertionError, match=r"the gradient for '0.coef' summed"):
        check_layer(Forgetful(Linear(5), 2))
