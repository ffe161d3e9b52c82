from math import log

import numpy as np
import pytest

from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import (
    LOSSES,
    REGRESSION_LOSSES,
    CrossEntropy,
    Gamma,
    Huber,
    Loss,
    Poisson,
    Quantile,
    RegressionLoss,
    SquaredError,
)
from skjacobnet.operators import Diagonal, DiagonalMinusRankOne
from skjacobnet.testing import check_loss
from skjacobnet.testing.losses import draw_targets
from skjacobnet.testing.regression_losses import draw_targets_for


class NegativeLogLikelihood(Loss):
    """Softmax or logistic cross-entropy, written plainly."""

    def sample_values(self, y, raw, link):
        terms = y * link.log_proba(raw)
        if link is LOGISTIC:
            terms = terms + (1.0 - y) * link.log_proba(-raw)
        return -np.sum(terms, axis=-1)

    def sample_gradients(self, y, raw, link):
        return link.proba(raw) - y

    def sample_hessians(self, y, raw, link, scale):
        proba = link.proba(raw)
        if link is LOGISTIC:
            return Diagonal(scale * proba * (1.0 - proba))
        return DiagonalMinusRankOne(scale * proba, scale * proba, proba)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_good_loss_passes(seed):
    check_loss(NegativeLogLikelihood(), random_state=seed)


@pytest.mark.parametrize("name", LOSSES.names)
@pytest.mark.parametrize("seed", [0, 1])
def test_all_losses_pass(name, seed):
    check_loss(LOSSES.make(name), random_state=seed)


def test_other_sizes_pass():
    check_loss(NegativeLogLikelihood(), n_samples=1, n_raw=2)


class OffGradient(NegativeLogLikelihood):
    def sample_gradients(self, y, raw, link):
        return 1.001 * super().sample_gradients(y, raw, link)


class OffHessian(NegativeLogLikelihood):
    def sample_hessians(self, y, raw, link, scale):
        return super().sample_hessians(y, raw, link, 1.001 * scale)


class OnlyWrongForLabels(NegativeLogLikelihood):
    def sample_gradients(self, y, raw, link):
        gradients = super().sample_gradients(y, raw, link)
        return 1.001 * gradients if link is LOGISTIC else gradients


class DividesByTheWeights(NegativeLogLikelihood):
    def value(self, y, raw, sample_weight=None, link=None):
        values = self.sample_values(y, raw, link)
        return np.average(values, axis=-1, weights=sample_weight) * 1.5

    def gradient(self, y, raw, sample_weight=None, link=None):
        return 1.5 * super().gradient(y, raw, sample_weight, link)


class ForgetsTheWeightsOfTheGradient(NegativeLogLikelihood):
    def gradient(self, y, raw, sample_weight=None, link=None):
        return super().gradient(y, raw, None, link)


class PowerOfWeights(NegativeLogLikelihood):
    """Consistent derivatives, but a weight of 2 is not two rows."""

    def value(self, y, raw, sample_weight=None, link=None):
        weights = None if sample_weight is None else sample_weight**2
        return super().value(y, raw, weights, link)

    def gradient(self, y, raw, sample_weight=None, link=None):
        weights = None if sample_weight is None else sample_weight**2
        return super().gradient(y, raw, weights, link)

    def hessian(self, y, raw, sample_weight=None, link=None):
        weights = None if sample_weight is None else sample_weight**2
        return super().hessian(y, raw, weights, link)


class Overflows(NegativeLogLikelihood):
    def sample_values(self, y, raw, link):
        with np.errstate(invalid="ignore"):
            total = np.log(np.sum(np.exp(raw), axis=-1))
            if link is LOGISTIC:
                return super().sample_values(y, raw, link)
            return total - np.sum(y * raw, axis=-1)


class ClipsTheLogarithm(NegativeLogLikelihood):
    def sample_values(self, y, raw, link):
        if link is LOGISTIC:
            return super().sample_values(y, raw, link)
        return -np.sum(y * np.log(link.proba(raw) + 1e-6), axis=-1)


class Widens(NegativeLogLikelihood):
    def sample_gradients(self, y, raw, link):
        return np.float64(1.0) * super().sample_gradients(y, raw, link)


class Unnormalized(NegativeLogLikelihood):
    def predict_proba(self, raw, link=None):
        return 0.999 * super().predict_proba(raw, link)


class ChangesRaw(NegativeLogLikelihood):
    def sample_values(self, y, raw, link):
        raw -= 1e-13
        return super().sample_values(y, raw, link)


class Remembers(NegativeLogLikelihood):
    def sample_gradients(self, y, raw, link):
        self.proba = link.proba(raw)
        return self.proba - y


class StaleTogether(NegativeLogLikelihood):
    def value_and_gradient(
        self, y, raw, sample_weight=None, link=None, *, workspace=None
    ):
        value, gradient = super().value_and_gradient(y, raw, sample_weight, link)
        return value, 1.001 * gradient


GRADIENT = "gradient of the value for the raw prediction"
MUTANTS = [
    (OffGradient(), f"OffGradient.. with the softmax link: {GRADIENT}: exact"),
    (OnlyWrongForLabels(), f"with the logistic link: {GRADIENT}"),
    (OffHessian(), "OffHessian.*: Hessian, against differences of the gradient"),
    (ForgetsTheWeightsOfTheGradient(), f"and sample weights: {GRADIENT}"),
    (DividesByTheWeights(), "Hessian"),
    (PowerOfWeights(), "value, integer weights against repeated rows"),
    (Overflows(), "overflow encountered"),
    (ClipsTheLogarithm(), GRADIENT),
    (Widens(), "gradient in float32: of type float64"),
    (Unnormalized(), "predict_proba, sum over the classes"),
    (ChangesRaw(), "argument 'raw'"),
    (Remembers(), "attribute 'proba'"),
    (StaleTogether(), "value_and_gradient, gradient"),
]


@pytest.mark.parametrize(
    ("loss", "match"), MUTANTS, ids=[type(loss).__name__ for loss, _ in MUTANTS]
)
def test_mutants_fail(loss, match):
    with pytest.raises(AssertionError, match=match):
        check_loss(loss)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("loss", [OffGradient(), OffHessian()], ids=repr)
def test_one_in_a_thousand_fails_for_every_seed(loss, seed):
    with pytest.raises(AssertionError, match=r"exact .* and empirical .* tolerance"):
        check_loss(loss, random_state=seed)


def test_targets():
    rng = np.random.default_rng(0)
    y = draw_targets(20, 3, SOFTMAX, rng)
    np.testing.assert_array_equal(y.sum(axis=1), 1.0)
    assert (y.sum(axis=0) > 0).all()
    y = draw_targets(20, 3, LOGISTIC, rng)
    assert set(np.unique(y)) == {0.0, 1.0}
    assert len(np.unique(y.sum(axis=1))) > 1


class LogCosh(RegressionLoss):
    """log cosh(z - y), written plainly."""

    def sample_values(self, y, raw, link):
        error = np.abs(raw - y)
        values = error + np.log1p(np.exp(-2.0 * error)) - log(2.0)
        return np.sum(values, axis=-1)

    def sample_gradients(self, y, raw, link):
        return np.tanh(raw - y)

    def sample_hessians(self, y, raw, link, scale):
        return Diagonal(scale * (1.0 - np.tanh(raw - y) ** 2))

    def best_constant(self, y, sample_weight=None):
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        best = np.mean(y, axis=0)
        for _ in range(60):
            slope = weight @ np.tanh(best - y)
            best = best - slope / (weight @ (1.0 - np.tanh(best - y) ** 2))
        return best


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "loss",
    [
        LogCosh(),
        *map(REGRESSION_LOSSES.make, REGRESSION_LOSSES.names),
        Huber(0.1),
        Quantile(0.9),
        Quantile([0.1, 0.5, 0.9]),
    ],
    ids=repr,
)
def test_good_regression_losses_pass(loss, seed):
    check_loss(loss, random_state=seed)


def test_other_sizes_of_a_regression_pass():
    check_loss(LogCosh(), n_samples=1, n_raw=2)


class OffGradientOfNumbers(LogCosh):
    def sample_gradients(self, y, raw, link):
        return 1.001 * super().sample_gradients(y, raw, link)


class OnlyWrongForTheSecondTarget(LogCosh):
    def sample_gradients(self, y, raw, link):
        gradient = super().sample_gradients(y, raw, link)
        gradient[..., 1:2] *= 1.001
        return gradient


class OffHessianOfNumbers(LogCosh):
    def sample_hessians(self, y, raw, link, scale):
        return super().sample_hessians(y, raw, link, 1.001 * scale)


class ForgetsTheScale(LogCosh):
    def sample_hessians(self, y, raw, link, scale):
        return super().sample_hessians(y, raw, link, np.float64(1.0))


class MeanOfTheTargets(SquaredError):
    """The value is the mean over targets, the gradient that of the sum."""

    def sample_values(self, y, raw, link):
        return 0.5 * np.mean(np.square(raw - y), axis=-1)


class NaiveLogCosh(LogCosh):
    def sample_values(self, y, raw, link):
        return np.sum(np.log(np.cosh(raw - y)), axis=-1)


class WidensNumbers(LogCosh):
    def sample_values(self, y, raw, link):
        return np.float64(1.0) * super().sample_values(y, raw, link)


class ChangesTargets(LogCosh):
    def best_constant(self, y, sample_weight=None):
        best = super().best_constant(y, sample_weight)
        y -= 1e-13
        return best


class RemembersTheConstant(LogCosh):
    def best_constant(self, y, sample_weight=None):
        self.best = super().best_constant(y, sample_weight)
        return self.best


class StaleTogetherNumbers(LogCosh):
    def value_and_gradient(
        self, y, raw, sample_weight=None, link=None, *, workspace=None
    ):
        value, gradient = super().value_and_gradient(y, raw, sample_weight, link)
        return 1.001 * value, gradient


class MeanIsBest(LogCosh):
    def best_constant(self, y, sample_weight=None):
        return np.average(y, axis=0, weights=sample_weight)


class ConstantWithoutWeights(LogCosh):
    def best_constant(self, y, sample_weight=None):
        return super().best_constant(y)


class OneConstantForAllTargets(LogCosh):
    def best_constant(self, y, sample_weight=None):
        return super().best_constant(y, sample_weight)[:1]


class NarrowConstant(LogCosh):
    def best_constant(self, y, sample_weight=None):
        return super().best_constant(y, sample_weight).astype(np.float32)


class NoConstant(LogCosh):
    def best_constant(self, y, sample_weight=None):
        return np.full(y.shape[-1], np.nan)


class OverflowsForLargeCounts(Poisson):
    def sample_values(self, y, raw, link):
        with np.errstate(over="ignore"):
            huge = np.exp(5.0 * raw)
        return super().sample_values(y, raw, link) + np.sum(0.0 * huge, axis=-1)


class RefusesEverything(LogCosh):
    def check_targets(self, y, name="y"):
        raise ValueError("no such targets")


REGRESSION_MUTANTS = [
    (OffGradientOfNumbers(), f"for 1 target: {GRADIENT}: exact"),
    (OnlyWrongForTheSecondTarget(), f"for 4 targets: {GRADIENT}: exact"),
    (OffHessianOfNumbers(), "Hessian, against differences of the gradient"),
    (ForgetsTheScale(), "Hessian, against differences of the gradient"),
    (MeanOfTheTargets(), f"for 4 targets: {GRADIENT}"),
    (NaiveLogCosh(), "overflow encountered in cosh for raw predictions of 10000"),
    (WidensNumbers(), "value in float32: of type float64"),
    (ChangesTargets(), "argument 'y'"),
    (RemembersTheConstant(), "attribute 'best'"),
    (StaleTogetherNumbers(), "value_and_gradient, value"),
    (MeanIsBest(), r"best_constant: .* at index \(0,\) gives the loss"),
    (ConstantWithoutWeights(), "and sample weights: best_constant: .* but"),
    (OneConstantForAllTargets(), "best_constant: expected 4 finite numbers"),
    (NarrowConstant(), "best_constant: of type float32"),
    (NoConstant(), "best_constant: expected 1 finite numbers"),
    (OverflowsForLargeCounts(), "encountered .* for raw predictions of 20 in size"),
    (RefusesEverything(), "check_targets refuses .*: no such targets"),
]


@pytest.mark.parametrize(
    ("loss", "match"),
    REGRESSION_MUTANTS,
    ids=[type(loss).__name__ for loss, _ in REGRESSION_MUTANTS],
)
def test_mutants_of_regression_losses_fail(loss, match):
    with pytest.raises(AssertionError, match=match):
        check_loss(loss)


class WeightsOfRepeatedRows(LogCosh):
    """Right for weights, but not for counts of rows."""

    def best_constant(self, y, sample_weight=None):
        if sample_weight is not None and sample_weight.dtype.kind == "i":
            sample_weight = np.sqrt(sample_weight)
        return super().best_constant(y, sample_weight)


def test_a_constant_that_takes_integer_weights_otherwise_fails():
    with pytest.raises(AssertionError, match="least loss, integer weights against"):
        check_loss(WeightsOfRepeatedRows())


def test_targets_of_a_regression_are_in_the_domain():
    rng = np.random.default_rng(0)
    assert draw_targets_for(SquaredError(), (50, 2), rng).min() < 0.0
    counts = draw_targets_for(Poisson(), (50, 2), rng)
    np.testing.assert_array_equal(counts, np.round(counts))
    assert counts.min() == 0.0
    assert draw_targets_for(Gamma(), (50, 2), rng).min() > 0.0


class DecidesForAll(NegativeLogLikelihood):
    """One large raw prediction makes all networks take another way."""

    def sample_gradients(self, y, raw, link):
        if link is SOFTMAX and np.max(np.abs(raw)) < 60.0:
            powers = np.exp(raw)
            return powers / np.sum(powers, axis=-1, keepdims=True) - y
        return super().sample_gradients(y, raw, link)


class AddsInOneGo(NegativeLogLikelihood):
    """All networks in one product with the weights, which adds in another order."""

    def value(self, y, raw, sample_weight=None, link=None):
        values = self.sample_values(y, raw, link)
        if sample_weight is None:
            return np.mean(values, axis=-1)
        weight = sample_weight.astype(values.dtype)
        return values @ weight / values.shape[-1]


class TakesTheFirstTargets(NegativeLogLikelihood):
    def sample_gradients(self, y, raw, link):
        return super().sample_gradients(y[0] if y.ndim > 2 else y, raw, link)


class RowsOfOneNetwork(NegativeLogLikelihood):
    """Right for one network, and only for one."""

    def sample_values(self, y, raw, link):
        terms = zip(y, raw, strict=True)
        rows = [super(RowsOfOneNetwork, self).sample_values(*t, link) for t in terms]
        return np.array(rows)


class OneSmoothing(CrossEntropy):
    member_numbers = ("label_smoothing",)

    def _targets(self, y, n_answers, workspace=None):
        smoothing = self.label_smoothing
        return (1.0 - smoothing) * y + smoothing / n_answers


class WideSmoothing(CrossEntropy):
    member_numbers = ("label_smoothing",)

    def _targets(self, y, n_answers, workspace=None):
        smoothing = np.reshape(self.label_smoothing, (-1, 1, 1))
        smoothed = (1.0 - smoothing) * y + smoothing / n_answers
        if np.ndim(self.label_smoothing):
            return smoothed
        return smoothed.reshape(y.shape).astype(y.dtype)


class LastDigitOfNumbers(LogCosh):
    """A pass over all networks at once, whose rounding depends on the others."""

    def sample_gradients(self, y, raw, link):
        size = np.nanmax(np.abs(raw)) + 1.0
        return np.tanh(size * ((raw - y) / size)).astype(raw.dtype)


SIDE_BY_SIDE = r"networks side by side, each with its own .*raw predictions"
STACK_MUTANTS = [
    (
        DecidesForAll(),
        rf"{SIDE_BY_SIDE}.* gradient of network .* bit-identical.* any\(\)",
    ),
    (AddsInOneGo(), rf"{SIDE_BY_SIDE}.*: value.* of network .* must be bit-identical"),
    (TakesTheFirstTargets(), "own targets, raw pred.* Nothing may depend on the other"),
    (OneSmoothing(0.1), "label_smoothing: .*broadcast.* There label_smoothing is an a"),
    (WideSmoothing(0.1), "of type float64, but float32 .* skjacobnet.core.fitting"),
    (LastDigitOfNumbers(), rf"for 1 target, {SIDE_BY_SIDE}.* gradient of network"),
]


@pytest.mark.parametrize(
    ("loss", "match"),
    STACK_MUTANTS,
    ids=[type(loss).__name__ for loss, _ in STACK_MUTANTS],
)
def test_losses_that_mix_networks_fail(loss, match):
    with pytest.raises(AssertionError, match=match) as failure:
        check_loss(loss)
    assert "Set stackable = False" in str(failure.value)


@pytest.mark.parametrize(
    "loss",
    [*(loss for loss, _ in STACK_MUTANTS), RowsOfOneNetwork()],
    ids=lambda loss: type(loss).__name__,
)
def test_losses_that_say_so_are_not_asked_for_stacks(loss, monkeypatch):
    monkeypatch.setattr(type(loss), "stackable", False, raising=False)
    check_loss(loss)


def test_a_loss_without_leading_axes_fails():
    with pytest.raises((AssertionError, ValueError)):
        check_loss(RowsOfOneNetwork())
