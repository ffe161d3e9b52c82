import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skjacobnet.core.workspace import Workspace
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import CrossEntropy

DTYPES = [np.float32, np.float64]
SHAPES = [(4, 10), (33, 10), (200, 3), (5, 100), (1, 2), (2, 3, 6, 4)]
INSTANCES = [CrossEntropy(), CrossEntropy(label_smoothing=0.1)]

each_instance = pytest.mark.parametrize("loss", INSTANCES, ids=str)


def problem(shape, link, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    raw = 3.0 * rng.standard_normal(shape)
    if link is SOFTMAX:
        y = np.eye(shape[-1])[rng.integers(shape[-1], size=shape[-2])]
    else:
        y = np.round(rng.random(shape[-2:]))
    weight = rng.uniform(0.0, 2.0, shape[-2])
    return y.astype(dtype), raw.astype(dtype), weight.astype(dtype)


@each_instance
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "link"),
    [*((s, SOFTMAX) for s in SHAPES), *((s, LOGISTIC) for s in [*SHAPES, (9, 1)])],
)
def test_fused_equals_value_and_gradient(loss, shape, link, dtype, weighted):
    y, raw, weight = problem(shape, link, dtype)
    weight = weight if weighted else None
    copies = y.copy(), raw.copy()
    eps = np.finfo(dtype).eps
    for workspace in (None, Workspace()):
        value, gradient = loss.value_and_gradient(
            y, raw, weight, link, workspace=workspace
        )
        assert value.dtype == gradient.dtype == dtype
        assert np.shape(value) == shape[:-2]
        assert_allclose(value, loss.value(y, raw, weight, link), rtol=20 * eps)
        assert_allclose(
            gradient, loss.gradient(y, raw, weight, link), rtol=0, atol=4 * eps
        )
    assert_array_equal(y, copies[0])
    assert_array_equal(raw, copies[1])


@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
def test_workspace_is_used_again_and_forgets_the_batch_before(link):
    workspace = Workspace()
    loss = CrossEntropy()
    y, raw, weight = problem((6, 3), link)
    first = loss.value_and_gradient(y, raw, weight, link, workspace=workspace)[1]
    y, raw, weight = problem((6, 3), link, seed=1)
    value, second = loss.value_and_gradient(y, raw, weight, link, workspace=workspace)
    assert second is first
    assert_allclose(value, loss.value(y, raw, weight, link), rtol=1e-14)
    assert_allclose(second, loss.gradient(y, raw, weight, link), rtol=0, atol=1e-15)


@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
def test_fused_accepts_a_target_for_each_member_of_a_stack(link):
    _, raw, weight = problem((3, 6, 4), link)
    y = np.stack([problem((6, 4), link, seed=seed)[0] for seed in range(3)])
    value, gradient = CrossEntropy().value_and_gradient(y, raw, weight, link)
    for k in range(3):
        one, one_gradient = CrossEntropy().value_and_gradient(
            y[k], raw[k], weight, link
        )
        assert_allclose(value[k], one, rtol=1e-14)
        assert_allclose(gradient[k], one_gradient, rtol=0, atol=1e-15)


@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
def test_fused_accepts_integer_targets_and_noncontiguous_predictions(link):
    y, raw, _ = problem((6, 4), link)
    expected = CrossEntropy().value_and_gradient(y, raw, None, link)
    wide = np.zeros((6, 8))
    wide[:, ::2] = raw
    for other in (wide[:, ::2], np.asfortranarray(raw)):
        actual = CrossEntropy().value_and_gradient(y.astype(int), other, None, link)
        assert_allclose(actual[0], expected[0], rtol=1e-15)
        assert_allclose(actual[1], expected[1], rtol=0, atol=1e-16)


@pytest.mark.parametrize("dtype", DTYPES)
def test_value_is_never_negative(dtype):
    raw = np.array([[50.0, 0.0], [0.0, 30.0], [7.0, -7.0]], dtype)
    y = np.array([[1, 0], [0, 1], [1, 0]], dtype)
    for link in (SOFTMAX, LOGISTIC):
        value, _ = CrossEntropy().value_and_gradient(y, raw, None, link)
        assert value >= 0.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_far_below_the_resolution_keep_their_digits(dtype):
    tail = np.exp(-40.0)
    rtol = 100 * np.finfo(dtype).eps
    loss = CrossEntropy()
    y, raw = np.array([[1.0]], dtype), np.array([[40.0]], dtype)
    assert_allclose(loss.value(y, raw), tail, rtol=rtol)
    assert_allclose(loss.gradient(y, raw), [[-tail]], rtol=rtol)
    value, gradient = loss.value_and_gradient(y, raw)
    assert_allclose(value, tail, rtol=rtol)
    assert_allclose(gradient, [[-tail]], rtol=rtol)
    y, raw = np.array([[1.0, 0.0]], dtype), np.array([[40.0, 0.0]], dtype)
    assert_allclose(loss.value(y, raw), tail, rtol=rtol)
    assert_allclose(loss.gradient(y, raw), [[-tail, tail]], rtol=rtol)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
def test_raw_predictions_of_zero(link, zero, dtype):
    y, raw = np.array([[1.0, 0.0]], dtype), np.full((1, 2), zero, dtype)
    value, gradient = CrossEntropy().value_and_gradient(y, raw, None, link)
    columns = 1 if link is SOFTMAX else 2
    assert_allclose(value, columns * np.log(2.0), rtol=2 * np.finfo(dtype).eps)
    assert_array_equal(gradient, [[-0.5, 0.5]])
    assert_allclose(CrossEntropy().gradient(y, raw, None, link), gradient, rtol=1e-6)


def test_not_a_number_stays_visible():
    raw = np.array([[0.0, np.nan], [1.0, 2.0]])
    for link in (SOFTMAX, LOGISTIC):
        value, _ = CrossEntropy().value_and_gradient(np.eye(2), raw, None, link)
        assert np.isnan(value)


def test_label_smoothing_mixes_the_targets():
    y, raw, weight = problem((6, 4), SOFTMAX)
    smoothed = 0.7 * y + 0.3 / 4
    assert_allclose(
        CrossEntropy(0.3).value(y, raw, weight),
        CrossEntropy().value(smoothed, raw, weight),
        rtol=1e-14,
    )
    smoothed = 0.7 * y + 0.3 / 2
    assert_allclose(
        CrossEntropy(0.3).value(y, raw, weight, LOGISTIC),
        CrossEntropy().value(smoothed, raw, weight, LOGISTIC),
        rtol=1e-14,
    )


def test_binary_smoothing_is_that_of_two_classes():
    y, raw, weight = problem((6, 1), LOGISTIC)
    two = np.concatenate([1.0 - y, y], -1), np.concatenate([0.0 * raw, raw], -1)
    assert_allclose(
        CrossEntropy(0.3).value(y, raw, weight),
        CrossEntropy(0.3).value(*two, weight),
        rtol=1e-14,
    )


def test_proba_forms_by_hand():
    y, proba = np.array([[0.0, 1.0]]), np.array([[0.75, 0.25]])
    loss = CrossEntropy()
    assert_allclose(loss.value_from_proba(y, proba), np.log(4.0), rtol=1e-15)
    assert_array_equal(loss.gradient_from_proba(y, proba), [[0.0, -4.0]])
    weight = np.array([3.0])
    assert_allclose(
        loss.value_from_proba(y, proba, weight), 3 * np.log(4.0), rtol=1e-15
    )
    assert_array_equal(loss.gradient_from_proba(y, proba, weight), [[0.0, -12.0]])


@each_instance
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_chain_rule_through_explicit_softmax_is_the_fused_gradient(
    loss, shape, weighted
):
    y, raw, weight = problem(shape, SOFTMAX)
    weight = weight if weighted else None
    proba = SOFTMAX.proba(raw)
    value, gradient = loss.value_and_gradient(y, raw, weight)
    assert_allclose(loss.value_from_proba(y, proba, weight), value, rtol=1e-12)
    cotangent = loss.gradient_from_proba(y, proba, weight)
    assert_allclose(
        SOFTMAX.jacobian(proba).vjp(cotangent), gradient, rtol=0, atol=1e-12
    )


@each_instance
def test_gradient_from_proba_by_finite_differences(loss):
    y, raw, weight = problem((6, 4), SOFTMAX)
    proba = SOFTMAX.proba(raw / 3.0)
    direction = np.random.default_rng(1).standard_normal(proba.shape)
    h = 6e-6
    difference = loss.value_from_proba(y, proba + h * direction, weight)
    difference -= loss.value_from_proba(y, proba - h * direction, weight)
    slope = np.sum(loss.gradient_from_proba(y, proba, weight) * direction)
    assert_allclose(difference / (2 * h), slope, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_proba_forms_at_the_singularity(dtype):
    y = np.array([[1.0, 0.0]], dtype)
    right, wrong = np.array([[[1.0, 0.0]], [[0.0, 1.0]]], dtype)
    loss = CrossEntropy()
    assert loss.value_from_proba(y, right) == 0.0
    assert_array_equal(loss.gradient_from_proba(y, right), [[-1.0, 0.0]])
    assert loss.value_from_proba(y, wrong) == np.inf
    assert_array_equal(loss.gradient_from_proba(y, wrong), [[-np.inf, 0.0]])
    both = np.stack([right, wrong])
    assert loss.value_from_proba(y, both).dtype == dtype
    assert_array_equal(loss.value_from_proba(y, both), [0.0, np.inf])
    assert loss.gradient_from_proba(y, both).dtype == dtype


def test_gradient_from_proba_of_subnormal_probabilities():
    proba = np.array([[5e-324, 1.0]])
    gradient = CrossEntropy().gradient_from_proba(np.array([[1.0, 0.0]]), proba)
    assert_array_equal(gradient, [[-np.inf, 0.0]])
