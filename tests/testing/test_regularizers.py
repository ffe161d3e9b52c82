import numpy as np
import pytest

from skjacobnet.regularizers import (
    L1,
    REGULARIZERS,
    Certainty,
    InputGradient,
    JacobianNorm,
    Regularizer,
    Sparsity,
    WeightDecay,
)
from skjacobnet.regularizers.entropy import entropy
from skjacobnet.testing import check_regularizer

GOOD = [part(0.7) for part in REGULARIZERS.classes]


@pytest.mark.parametrize(
    "regularizer", [*GOOD, Sparsity(0.7, "kl"), JacobianNorm(0.7, 2)], ids=repr
)
@pytest.mark.parametrize("seed", [0, 1])
def test_good_regularizers_pass(regularizer, seed):
    check_regularizer(regularizer, random_state=seed)


class OffGradient(WeightDecay):
    def gradient(self, coef, out=None):
        return np.multiply(coef, 1.001 * self.strength, out)


class ForgetsTheStrength(L1):
    def gradient(self, coef, out=None):
        return np.sign(coef, out)


class IgnoresOut(WeightDecay):
    def gradient(self, coef, out=None):
        return coef * self.strength


class ReturnsItsArgument(WeightDecay):
    def gradient(self, coef, out=None):
        return coef


class SumsTheStack(WeightDecay):
    def value(self, coef):
        return 0.5 * np.sum(coef**2)


class Widens(WeightDecay):
    def gradient(self, coef, out=None):
        return np.multiply(coef, np.float64(1.0), out)


class Remembers(WeightDecay):
    def value(self, coef):
        self.norm = super().value(coef)
        return self.norm


class OffCotangent(Sparsity):
    def cotangent(self, activation, sample_weight=None):
        return 1.001 * super().cotangent(activation, sample_weight)


class ForgetsTheWeights(Sparsity):
    def cotangent(self, activation, sample_weight=None):
        return super().cotangent(activation)


class SquaresTheWeights(Certainty):
    def value(self, raw, sample_weight=None, link=None):
        sample_weight = None if sample_weight is None else sample_weight**2
        return super().value(raw, sample_weight, link)

    def cotangent(self, raw, sample_weight=None, link=None):
        sample_weight = None if sample_weight is None else sample_weight**2
        return super().cotangent(raw, sample_weight, link)


class IgnoresTheLink(Certainty):
    def cotangent(self, raw, sample_weight=None, link=None):
        return super().cotangent(raw, sample_weight)


class LogarithmOfZero(Certainty):
    def value(self, raw, sample_weight=None, link=None):
        link.proba(raw)
        np.log(link.proba(raw))
        return super().value(raw, sample_weight, link)


class OffTangent(JacobianNorm):
    def tangent(self, pullback, sample_weight=None):
        return 1.001 * super().tangent(pullback, sample_weight)


class ForgetsTheSampleWeights(JacobianNorm):
    def tangent(self, pullback, sample_weight=None):
        return super().tangent(pullback)


class StaleGradient(L1):
    def value_and_gradient(self, coef, out=None):
        return self.value(coef), np.zeros_like(coef)


class StaleCotangent(Sparsity):
    def value_and_cotangent(self, activation, sample_weight=None, out=None):
        return self.value(activation), self.cotangent(activation)


class ForgetsTheBatch(Sparsity):
    """The divergence of the mean of a batch is not the mean over its rows."""

    mean_over_rows = True


class ForgetsTheHessian(InputGradient):
    probes_depend_on_raw = False


SLOPE = "gradient of the value: exact .* and empirical"
MUTANTS = [
    (OffGradient(), rf"OffGradient\(\) of a 6 x 4 matrix: {SLOPE}"),
    (ForgetsTheStrength(0.999), SLOPE),
    (IgnoresOut(), "`out` was given"),
    (ReturnsItsArgument(), "must be a new array"),
    (SumsTheStack(), "value of a stack against one by one"),
    (Widens(), "gradient in float32: of type float64"),
    (Remembers(), "attribute 'norm'"),
    (OffCotangent(), SLOPE),
    (OffCotangent(form="kl"), SLOPE),
    (ForgetsTheWeights(), f"and sample weights: {SLOPE}"),
    (ForgetsTheWeights(form="kl"), f"and sample weights: {SLOPE}"),
    (SquaresTheWeights(), "value, integer weights against repeated rows"),
    (IgnoresTheLink(), f"with the logistic link: {SLOPE}"),
    (OffTangent(), rf"OffTangent\(\): {SLOPE}"),
    (ForgetsTheSampleWeights(), f"and sample weights: {SLOPE}"),
    (ForgetsTheHessian(), "with 3 raw predictions: gradient for the weights"),
    (LogarithmOfZero(), "divide by zero"),
    (StaleGradient(), "value_and_gradient, gradient"),
    (StaleCotangent(), "value_and_cotangent, value"),
    (ForgetsTheBatch(form="kl"), "set mean_over_rows = False"),
]


@pytest.mark.parametrize(("regularizer", "match"), MUTANTS, ids=repr)
def test_mutants_fail(regularizer, match):
    with pytest.raises(AssertionError, match=match):
        check_regularizer(regularizer)


def test_other_kinds_are_refused():
    with pytest.raises(TypeError, match="must be a WeightRegularizer"):
        check_regularizer(Regularizer())


def test_arguments_are_validated():
    with pytest.raises(ValueError, match="strength must be a number in"):
        check_regularizer(L1(-1.0))


class DecidesForAll(Sparsity):
    """One network that has diverged makes all take another way."""

    def cotangent(self, activation, sample_weight=None):
        cotangent = super().cotangent(activation, sample_weight)
        return cotangent if np.isfinite(activation).all() else 0.5 * cotangent


class PlainStrength(WeightDecay):
    member_numbers = ("strength",)

    def gradient(self, coef, out=None):
        return np.multiply(coef, self.strength, out)


class WideStrength(L1):
    member_numbers = ("strength",)

    def value(self, coef):
        return self.strength * np.sum(np.abs(coef), axis=(-2, -1))

    def value_and_gradient(self, coef, out=None):
        return self.value(coef), self.gradient(coef, out)


class FirstStrength(WeightDecay):
    member_numbers = ("strength",)

    def value(self, coef):
        flat = coef.reshape(*coef.shape[:-2], -1)
        strength = np.ravel(self.strength)[0]
        return np.vecdot(flat, flat) * coef.dtype.type(0.5 * strength)


class OtherOrder(Certainty):
    """All networks in one product with the weights, which adds in another order."""

    def value(self, raw, sample_weight=None, link=None):
        if sample_weight is None or sample_weight.ndim > 1 or raw.ndim == 2:
            return super().value(raw, sample_weight, link)
        terms = self.rows(raw, link)
        return self.strength_for(0, raw.dtype) * (
            terms @ sample_weight.astype(raw.dtype) / raw.shape[-2]
        )

    def rows(self, raw, link):
        return entropy(raw, link)


class OneDrawForAll(JacobianNorm):
    def probes(self, raw, y, loss, link, rng):
        if raw.ndim == 2:
            return super().probes(raw, y, loss, link, rng)
        own = super().probes(raw[0], y, loss, link, rng.generators[0])
        return np.repeat(own[:, np.newaxis], len(raw), axis=1)


class OtherDraws(JacobianNorm):
    def probes(self, raw, y, loss, link, rng):
        return rng.normal(size=(self.n_projections, *raw.shape)).astype(raw.dtype)


class MixesTargets(InputGradient):
    def probes(self, raw, y, loss, link, rng):
        return super().probes(raw, y[0] if y.ndim > 2 else y, loss, link, rng)


SIDE_BY_SIDE = "networks side by side, each with its own"
STACK_MUTANTS = [
    (
        DecidesForAll(0.7),
        rf"{SIDE_BY_SIDE} rows: .*cotangent of network .* Nothing may",
    ),
    (
        PlainStrength(0.7),
        f"{SIDE_BY_SIDE} weights, strength: .* There strength is an ar",
    ),
    (WideStrength(0.7), "value is of type float64, but float32 for a network alone"),
    (FirstStrength(0.7), "own weights, strength: value of network 1 .* Nothing may"),
    (
        OtherOrder(0.7),
        f"{SIDE_BY_SIDE} rows: value of network .* be bit-identical",
    ),
    (OneDrawForAll(0.7, 2), f"{SIDE_BY_SIDE} raw pred.*, random draws: probes of netw"),
    (OtherDraws(0.7, 2), r"have no 'normal'. .* standard_normal\(.* axis=...\)"),
    (MixesTargets(0.7), f"{SIDE_BY_SIDE} raw predictions, targets, .*: probes of netw"),
]


@pytest.mark.parametrize(("regularizer", "match"), STACK_MUTANTS, ids=repr)
def test_penalties_that_mix_networks_fail(regularizer, match):
    with pytest.raises(AssertionError, match=match) as failure:
        check_regularizer(regularizer)
    assert "Set stackable = False" in str(failure.value)


class OneMatrix(WeightDecay):
    """Right for one network, and only for one."""

    def value(self, coef):
        (n_in, _) = coef.shape
        return super().value(coef) * coef.dtype.type(n_in / len(coef))


@pytest.mark.parametrize(
    "regularizer", [*(part for part, _ in STACK_MUTANTS), OneMatrix(0.7)], ids=repr
)
def test_penalties_that_say_so_are_not_asked_for_stacks(regularizer, monkeypatch):
    monkeypatch.setattr(type(regularizer), "stackable", False, raising=False)
    check_regularizer(regularizer)


@pytest.mark.parametrize("regularizer", GOOD, ids=repr)
def test_one_row_is_enough(regularizer):
    check_regularizer(regularizer, n_samples=1, n=2)
