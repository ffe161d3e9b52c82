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
