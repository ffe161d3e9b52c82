import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.regularizers import Certainty, ConfidencePenalty

DTYPES = [np.float32, np.float64]
LINKS = [SOFTMAX, LOGISTIC]
SIGNS = [(Certainty, 1.0), (ConfidencePenalty, -1.0)]
WEIGHTS = [None, np.array([0.5, 2.0, 0.0, 1.5, 1.0])]


def mean_entropy(raw, link, sample_weight):
    weights = np.ones(len(raw)) if sample_weight is None else sample_weight
    if link is SOFTMAX:
        proba = anp.exp(raw) / anp.sum(anp.exp(raw), axis=1, keepdims=True)
        terms = -proba * anp.log(proba)
    else:
        proba = 1.0 / (1.0 + anp.exp(-raw))
        terms = -proba * anp.log(proba) - (1 - proba) * anp.log(1 - proba)
    return anp.sum(weights * anp.sum(terms, axis=1)) / len(raw)


def draw(shape=(5, 3), seed=0):
    return 2.0 * np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("sample_weight", WEIGHTS)
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(("penalty", "sign"), SIGNS)
def test_value_and_cotangent_are_those_of_the_formula(
    penalty, sign, link, sample_weight
):
    def function(raw):
        return 0.7 * sign * mean_entropy(raw, link, sample_weight)

    raw = draw()
    regularizer = penalty(0.7)
    np.testing.assert_allclose(
        regularizer.value(raw, sample_weight, link), function(raw), rtol=1e-12
    )
    np.testing.assert_allclose(
        regularizer.cotangent(raw, sample_weight, link),
        autograd.grad(function)(raw),
        rtol=1e-9,
        atol=1e-14,
    )


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("penalty", [Certainty, ConfidencePenalty])
def test_cotangent_is_the_slope_of_the_value(penalty, link):
    raw, direction = draw(seed=1), draw(seed=2)
    regularizer = penalty(1.3)
    h = 6e-6
    slope = regularizer.value(raw + h * direction, WEIGHTS[1], link)
    slope -= regularizer.value(raw - h * direction, WEIGHTS[1], link)
    slope /= 2 * h
    exact = np.sum(regularizer.cotangent(raw, WEIGHTS[1], link) * direction)
    assert abs(exact - slope) <= 1e-6 * abs(slope)


def test_values_by_hand():
    raw = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(Certainty(2.0).value(raw), 2 * np.log(4), rtol=1e-15)
    # As labels: four coins of one bit each.
    value = Certainty(2.0).value(raw, link=LOGISTIC)
    np.testing.assert_allclose(value, 2 * 4 * np.log(2), rtol=1e-15)
    assert not Certainty().cotangent(raw).any()
    # One logistic column with odds 3: p = 3/4.
    raw = np.log([[3.0]])
    entropy = np.log(4) - 0.75 * np.log(3)
    np.testing.assert_allclose(
        ConfidencePenalty(2.0).value(raw), -2 * entropy, rtol=1e-15
    )
    np.testing.assert_allclose(
        ConfidencePenalty(2.0).cotangent(raw), [[2 * np.log(3) * 3 / 16]], rtol=1e-15
    )


@pytest.mark.parametrize("penalty", [Certainty, ConfidencePenalty])
def test_a_binary_problem_equals_two_classes(penalty):
    raw = draw((5, 1))
    classes = np.concatenate([np.zeros_like(raw), raw], axis=1)
    np.testing.assert_allclose(
        penalty().value(raw), penalty().value(classes), rtol=1e-14
    )
    np.testing.assert_allclose(
        penalty().cotangent(raw), penalty().cotangent(classes)[:, 1:], rtol=1e-13
    )


@pytest.mark.parametrize("penalty", [Certainty, ConfidencePenalty])
def test_the_signs(penalty):
    """A step against the cotangent changes the largest probability as promised."""
    raw = np.array([[1.0, 0.0, -0.5]])
    stepped = raw - 0.1 * penalty().cotangent(raw)
    change = SOFTMAX.proba(stepped).max() - SOFTMAX.proba(raw).max()
    assert (change > 0) == (penalty is Certainty)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("penalty", [Certainty, ConfidencePenalty])
def test_an_integer_weight_is_a_repeated_row(penalty, link):
    raw = draw()
    counts = np.array([2, 1, 3, 1, 1])
    weights = counts / counts.mean()
    repeated = np.repeat(raw, counts, axis=0)
    np.testing.assert_allclose(
        penalty().value(raw, weights, link),
        penalty().value(repeated, None, link),
        rtol=1e-13,
    )
    summed = np.zeros_like(raw)
    rows = np.repeat(np.arange(5), counts)
    np.add.at(summed, rows, penalty().cotangent(repeated, None, link))
    np.testing.assert_allclose(
        penalty().cotangent(raw, weights, link), summed, rtol=1e-12
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sample_weight", WEIGHTS)
@pytest.mark.parametrize("link", LINKS)
def test_a_stack_equals_one_by_one(link, sample_weight, dtype):
    raws = draw((2, 3, 5, 4)).astype(dtype)
    regularizer = Certainty(0.7)
    values = regularizer.value(raws, sample_weight, link)
    cotangents = regularizer.cotangent(raws, sample_weight, link)
    assert values.shape == (2, 3)
    rtol = 1e-6 if dtype == np.float32 else 1e-14
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(
            values[index],
            regularizer.value(raws[index], sample_weight, link),
            rtol=rtol,
        )
        np.testing.assert_allclose(
            cotangents[index],
            regularizer.cotangent(raws[index], sample_weight, link),
            rtol=rtol,
            atol=rtol * 1e-3,
        )


@pytest.mark.parametrize("sample_weight", WEIGHTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("penalty", [Certainty, ConfidencePenalty])
def test_dtype_is_kept(penalty, link, dtype, sample_weight):
    raw = draw().astype(dtype)
    before = raw.copy()
    regularizer = penalty(np.float64(0.5))
    assert regularizer.value(raw, sample_weight, link).dtype == dtype
    cotangent = regularizer.cotangent(raw, sample_weight, link)
    assert cotangent.dtype == dtype
    np.testing.assert_array_equal(raw, before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("penalty", [Certainty, ConfidencePenalty])
def test_certain_predictions_have_no_entropy(penalty, link, dtype):
    raw = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, -1e4]], dtype)
    value = penalty().value(raw, link=link)
    # The zero is a separate coin for the logistic link.
    bits = 0.0 if link is SOFTMAX else 0.5 * np.log(2)
    np.testing.assert_allclose(abs(value), bits, rtol=1e-6)
    np.testing.assert_array_equal(penalty().cotangent(raw, link=link), 0.0)


def test_small_entropies_keep_their_digits():
    """At z = 50 the entropy is (1 + z) exp(-z) to rounding."""
    value = Certainty().value(np.array([[50.0]]))
    np.testing.assert_allclose(value, 51.0 * np.exp(-50.0), rtol=1e-14)
