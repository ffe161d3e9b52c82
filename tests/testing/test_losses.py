import numpy as np
import pytest

from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import LOSSES, Loss
from skjacobnet.operators import Diagonal, DiagonalMinusRankOne
from skjacobnet.testing import check_loss
from skjacobnet.testing.losses import draw_targets


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
