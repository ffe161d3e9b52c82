import pickle

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import brier_score_loss, log_loss

from skjacobnet.core.blocks import PASS_NUMBERS
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import LOSSES, Brier, CrossEntropy, Focal, Loss

INSTANCES = [
    CrossEntropy(),
    CrossEntropy(label_smoothing=0.2),
    Brier(),
    Focal(),
    Focal(gamma=0.0),
    Focal(gamma=0.5),
    Focal(gamma=1.0),
    Focal(gamma=3.7),
]
CASES = [(SOFTMAX, 2), (SOFTMAX, 4), (LOGISTIC, 1), (LOGISTIC, 3)]
DTYPES = [np.float32, np.float64]
H = 6e-6

each_loss = pytest.mark.parametrize("loss", INSTANCES, ids=str)
each_case = pytest.mark.parametrize(("link", "n_raw"), CASES)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def problem(link, n_raw, n_samples=7, dtype=np.float64, seed=0, soft=False):
    """Draw targets, raw predictions and weights."""
    rng = np.random.default_rng(seed)
    raw = 1.5 * rng.standard_normal((n_samples, n_raw))
    if link is LOGISTIC:
        y = rng.random((n_samples, n_raw))
        y = y if soft else np.round(y)
    elif soft:
        y = rng.dirichlet(np.ones(n_raw), size=n_samples)
    else:
        y = np.eye(n_raw)[rng.integers(n_raw, size=n_samples)]
    weight = rng.uniform(0.5, 2.0, n_samples)
    return y.astype(dtype), raw.astype(dtype), weight.astype(dtype)


def relative_error(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def autograd_loss(loss, link, y, weight):
    """Return the loss by plain formulas in `autograd.numpy`."""

    def log_proba(raw):
        if link is LOGISTIC:
            return -anp.logaddexp(0.0, -raw), -anp.logaddexp(0.0, raw)
        total = anp.sum(anp.exp(raw), axis=-1, keepdims=True)
        return raw - anp.log(total), None

    def value(raw):
        yes, no = log_proba(raw)
        if isinstance(loss, Brier):
            return anp.mean(weight * anp.sum((anp.exp(yes) - y) ** 2, -1))
        eps = getattr(loss, "label_smoothing", 0.0)
        gamma = getattr(loss, "gamma", 0.0)
        n_answers = 2 if link is LOGISTIC else raw.shape[-1]
        t = (1.0 - eps) * y + eps / n_answers
        terms = -t * (1.0 - anp.exp(yes)) ** gamma * yes
        if link is LOGISTIC:
            terms = terms - (1.0 - t) * (1.0 - anp.exp(no)) ** gamma * no
        return anp.mean(weight * anp.sum(terms, -1))

    return value


def test_family():
    assert LOSSES.names == ["brier", "cross_entropy", "focal"]
    assert LOSSES.resolve("cross_entropy").label_smoothing == 0.0
    assert LOSSES.resolve("focal").gamma == 2.0
    assert type(LOSSES.resolve("brier")) is Brier


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (CrossEntropy(1.0), r"CrossEntropy: label_smoothing must be .*\[0.0, 1.0\)"),
        (CrossEntropy(-0.1), "label_smoothing"),
        (Focal(-1.0), "Focal: gamma must be"),
        (Focal(np.inf), "gamma"),
        (Focal(np.nan), "gamma"),
    ],
)
def test_arguments_out_of_range(loss, message):
    with pytest.raises(ValueError, match=message):
        LOSSES.resolve(loss)


@each_loss
def test_is_a_value(loss):
    before = dict(vars(loss))
    y, raw, weight = problem(SOFTMAX, 3)
    loss.validate()
    loss.value_and_gradient(y, raw, weight)
    loss.hessian(y, raw, weight)
    assert vars(loss) == before
    assert vars(clone(loss)) == before
    assert vars(pickle.loads(pickle.dumps(loss))) == before


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (CrossEntropy(), -np.log(0.25) - 2 * np.log(0.625)),
        (CrossEntropy(0.3), None),
        (Brier(), (1 + 36 + 25) / 64 + 2 * (1 + 4 + 9) / 64),
        (Focal(), -(0.75**2) * np.log(0.25) - 2 * 0.375**2 * np.log(0.625)),
        (Focal(0.5), -(0.75**0.5) * np.log(0.25) - 2 * 0.375**0.5 * np.log(0.625)),
    ],
    ids=str,
)
def test_softmax_value_by_hand(loss, expected):
    # Probabilities 1/8, 2/8, 5/8 in both rows; right are the second and the third.
    raw = np.log([[1.0, 2.0, 5.0]] * 2)
    y = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    if expected is None:
        # Of each target 0.7 stay and each class gets 0.1.
        spread = -0.1 * np.sum(np.log([0.125, 0.25, 0.625]))
        expected = -0.7 * np.log(0.25) + spread - 2 * 0.7 * np.log(0.625) + 2 * spread
    weight = np.array([1.0, 2.0])
    assert_allclose(loss.value(y, raw, weight), expected / 2, rtol=1e-14)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (CrossEntropy(), -np.log(0.75) - np.log(0.8)),
        (
            CrossEntropy(0.2),
            -0.9 * np.log(0.75 * 0.8) - 0.1 * np.log(0.25 * 0.2),
        ),
        (Brier(), 0.25**2 + 0.2**2),
        (Focal(), -(0.25**2) * np.log(0.75) - 0.2**2 * np.log(0.8)),
    ],
    ids=str,
)
def test_logistic_value_by_hand(loss, expected):
    # Probabilities 3/4 and 1/5; right is yes for the first and no for the second.
    raw = np.log([[3.0, 0.25]])
    y = np.array([[1.0, 0.0]])
    assert_allclose(loss.value(y, raw, link=LOGISTIC), expected, rtol=1e-14)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("soft", [False, True])
@each_case
@each_loss
def test_derivatives_by_finite_differences(loss, link, n_raw, soft, weighted):
    y, raw, weight = problem(link, n_raw, soft=soft)
    weight = weight if weighted else None
    steps = H * np.eye(raw.size).reshape(-1, *raw.shape)
    values = [loss.value(y, raw + step, weight, link) for step in [*steps, *-steps]]
    difference = np.subtract(*np.split(np.array(values), 2)) / (2 * H)
    gradient = loss.gradient(y, raw, weight, link)
    assert relative_error(gradient.ravel(), difference) <= 1e-6

    hessian = loss.hessian(y, raw, weight, link)
    steps = H * np.eye(n_raw)[:, np.newaxis]
    change = loss.gradient(y, raw + steps, weight, link)
    change -= loss.gradient(y, raw - steps, weight, link)
    # Rows do not interact, so one step may move all of them.
    columns = np.moveaxis(change / (2 * H), 0, -1)
    assert relative_error(hessian.todense(len(raw)), columns) <= 1e-6


@pytest.mark.parametrize("soft", [False, True])
@each_case
@each_loss
def test_agrees_with_automatic_differentiation(loss, link, n_raw, soft):
    y, raw, weight = problem(link, n_raw, soft=soft)
    function = autograd_loss(loss, link, y, weight)
    assert_allclose(loss.value(y, raw, weight, link), function(raw), rtol=1e-9)
    gradient = loss.gradient(y, raw, weight, link)
    assert relative_error(gradient, autograd.grad(function)(raw)) <= 1e-9
    full = autograd.hessian(function)(raw)
    rows = np.einsum("siso->sio", full)
    hessian = loss.hessian(y, raw, weight, link)
    assert relative_error(hessian.todense(len(raw)), rows) <= 1e-9


@each_case
@each_loss
def test_hessian_is_symmetric(loss, link, n_raw):
    y, raw, weight = problem(link, n_raw)
    hessian = loss.hessian(y, raw, weight, link)
    vector = np.random.default_rng(1).standard_normal(raw.shape)
    assert_allclose(hessian.jvp(vector), hessian.vjp(vector), rtol=1e-12, atol=1e-15)
    assert (hessian.n_in, hessian.n_out) == (n_raw, n_raw)


@each_case
@each_loss
def test_weights(loss, link, n_raw):
    y, raw, weight = problem(link, n_raw)
    value, gradient = loss.value_and_gradient(y, raw, weight, link)
    double_value, double_gradient = loss.value_and_gradient(y, raw, 2 * weight, link)
    assert_allclose(double_value, 2 * value, rtol=1e-14)
    assert_allclose(double_gradient, 2 * gradient, rtol=1e-14)

    # A row of weight zero contributes nothing but still counts as a row.
    weight[2] = 0.0
    kept = np.arange(len(y)) != 2
    value, gradient = loss.value_and_gradient(y, raw, weight, link)
    less, less_gradient = loss.value_and_gradient(
        y[kept], raw[kept], weight[kept], link
    )
    assert_allclose(value, less * 6 / 7, rtol=1e-14)
    assert_allclose(gradient[kept], less_gradient * 6 / 7, rtol=1e-13)
    assert_array_equal(gradient[2], 0.0)
    assert_array_equal(loss.hessian(y, raw, weight, link).todense(7)[2], 0.0)


@each_case
@each_loss
def test_integer_weights_repeat_rows(loss, link, n_raw):
    y, raw, _ = problem(link, n_raw, n_samples=3)
    weight = np.array([1, 3, 2])
    repeated = loss.value(
        np.repeat(y, weight, 0), np.repeat(raw, weight, 0), None, link
    )
    assert_allclose(loss.value(y, raw, weight, link), repeated * 6 / 3, rtol=1e-14)
    hessian = loss.hessian(y, raw, weight, link).todense(3)
    single = loss.hessian(y, raw, None, link).todense(3)
    assert_allclose(hessian, single * weight[:, None, None], rtol=1e-13, atol=1e-16)


@each_dtype
@each_case
@each_loss
def test_dtype_is_kept_and_inputs_are_not_changed(loss, link, n_raw, dtype):
    y, raw, _ = problem(link, n_raw, dtype=dtype)
    copies = y.copy(), raw.copy()
    for weight in (None, np.arange(7.0)):
        assert loss.value(y, raw, weight, link).dtype == dtype
        assert loss.gradient(y, raw, weight, link).dtype == dtype
        assert loss.hessian(y, raw, weight, link).jvp(raw).dtype == dtype
        value, gradient = loss.value_and_gradient(y, raw, weight, link)
        assert value.dtype == gradient.dtype == dtype
    assert_array_equal(y, copies[0])
    assert_array_equal(raw, copies[1])


@each_case
@each_loss
def test_leading_axes_equal_one_by_one(loss, link, n_raw):
    y, _, weight = problem(link, n_raw)
    raw = np.random.default_rng(3).standard_normal((2, 3, *y.shape))
    for w in (None, weight):
        value, gradient = loss.value_and_gradient(y, raw, w, link)
        hessian = loss.hessian(y, raw, w, link)
        assert value.shape == (2, 3)
        for index in np.ndindex(2, 3):
            arguments = y, raw[index], w, link
            assert_allclose(value[index], loss.value(*arguments), rtol=1e-13)
            assert_allclose(
                loss.value(y, raw, w, link)[index], value[index], rtol=1e-13
            )
            expected = loss.gradient(*arguments)
            assert_allclose(gradient[index], expected, rtol=1e-12, atol=1e-15)
            stacked = loss.gradient(y, raw, w, link)[index]
            assert_allclose(stacked, expected, rtol=1e-13, atol=1e-16)
            dense = loss.hessian(*arguments).todense(7)
            assert_allclose(hessian.todense(7)[index], dense, rtol=1e-12, atol=1e-15)


@each_dtype
@pytest.mark.parametrize(
    ("loss", "wrong"),
    [
        (CrossEntropy(), 2e4),
        (CrossEntropy(0.5), 1.5e4),
        (Brier(), 2.0),
        (Focal(), 2e4),
        (Focal(0.0), 2e4),
        (Focal(0.5), 2e4),
        (Focal(0.01), 2e4),
    ],
    ids=str,
)
def test_softmax_extremes(loss, wrong, dtype):
    raw = np.array([[1e4, -1e4], [1e4, -1e4]], dtype)
    right, other = np.eye(2, dtype=dtype)[:, np.newaxis]
    smoothing = getattr(loss, "label_smoothing", 0.0)
    assert loss.value(other, raw[:1]) == wrong
    assert loss.value(right, raw[:1]) == smoothing / 2 * 2e4
    y = np.concatenate([right, other])
    value, gradient = loss.value_and_gradient(y, raw)
    assert value == (wrong + smoothing / 2 * 2e4) / 2
    pull = 0.0 if isinstance(loss, Brier) else 1.0
    expected = np.array([[smoothing / 2, -smoothing / 2], [pull, -pull]])
    expected[1] *= 1 - smoothing / 2
    assert_allclose(gradient, expected / 2, rtol=1e-6)
    assert_allclose(loss.gradient(y, raw), expected / 2, rtol=1e-6)
    assert_array_equal(loss.hessian(y, raw).todense(2), np.zeros((2, 2, 2)))


@each_dtype
@pytest.mark.parametrize(
    ("loss", "wrong"),
    [
        (CrossEntropy(), 1e4),
        (CrossEntropy(0.5), 7.5e3),
        (Brier(), 1.0),
        (Focal(), 1e4),
        (Focal(0.0), 1e4),
        (Focal(0.01), 1e4),
    ],
    ids=str,
)
def test_logistic_extremes(loss, wrong, dtype):
    raw = np.array([[1e4], [-1e4], [1e4], [-1e4]], dtype)
    y = np.array([[1], [0], [0], [1]], dtype)
    smoothing = getattr(loss, "label_smoothing", 0.0)
    value, gradient = loss.value_and_gradient(y, raw)
    assert value == loss.value(y, raw) == (wrong + smoothing / 2 * 1e4) / 2
    pull = 0.0 if isinstance(loss, Brier) else 1.0 - smoothing / 2
    expected = np.array([[smoothing / 2], [-smoothing / 2], [pull], [-pull]]) / 4
    assert_allclose(gradient, expected, rtol=1e-6)
    assert_allclose(loss.gradient(y, raw), expected, rtol=1e-6)
    assert_array_equal(loss.hessian(y, raw).todense(4), np.zeros((4, 1, 1)))


@each_dtype
@pytest.mark.parametrize("size", [20.0, 40.0, 80.0, 90.0, 103.0, 740.0, 1e4])
@each_case
@each_loss
def test_large_raw_predictions_stay_finite(loss, link, n_raw, size, dtype):
    y, raw, weight = problem(link, n_raw, dtype=dtype)
    raw = (np.sign(raw) * dtype(size)).astype(dtype)
    value, gradient = loss.value_and_gradient(y, raw, weight, link)
    assert np.isfinite(value)
    assert value >= 0.0
    assert np.isfinite(gradient).all()
    assert np.isfinite(loss.gradient(y, raw, weight, link)).all()
    assert np.isfinite(loss.hessian(y, raw, weight, link).todense(7)).all()


@each_dtype
@each_case
@each_loss
def test_predict_proba(loss, link, n_raw, dtype):
    _, raw, _ = problem(link, n_raw, dtype=dtype)
    proba = loss.predict_proba(raw, link)
    assert proba.dtype == dtype
    if link is SOFTMAX or n_raw == 1:
        assert proba.shape == (7, max(2, n_raw))
        assert_allclose(proba.sum(-1), 1.0, rtol=4 * np.finfo(dtype).eps)
        assert_array_equal(proba, loss.predict_proba(raw))
    else:
        assert proba.shape == raw.shape


@pytest.mark.parametrize("loss", [CrossEntropy(), Brier()], ids=str)
@each_case
def test_proper_losses_are_least_at_the_true_probabilities(loss, link, n_raw):
    truth, _, _ = problem(link, n_raw, soft=True)
    raw = np.log(truth) if link is SOFTMAX else np.log(truth / (1.0 - truth))
    assert_allclose(loss.gradient(truth, raw, None, link), 0.0, atol=1e-15)
    best = loss.sample_values(truth, raw, link)
    direction = np.random.default_rng(1).standard_normal((50, *raw.shape))
    direction -= direction.mean(-1, keepdims=True) if link is SOFTMAX else 0.0
    for length in (1e-2, 1.0, 10.0):
        moved = loss.sample_values(truth, raw + length * direction, link)
        assert (moved > best).all()


def test_focal_is_not_proper():
    truth = np.array([[0.8, 0.2]])
    assert np.abs(Focal().gradient(truth, np.log(truth))).max() > 0.01


@each_case
def test_focal_without_discount_is_cross_entropy(link, n_raw):
    y, raw, weight = problem(link, n_raw)
    focal, entropy = Focal(0.0), CrossEntropy()
    arguments = y, raw, weight, link
    assert_allclose(focal.value(*arguments), entropy.value(*arguments), rtol=1e-14)
    assert_allclose(
        focal.gradient(*arguments), entropy.gradient(*arguments), rtol=1e-13
    )
    assert_allclose(
        focal.hessian(*arguments).todense(7),
        entropy.hessian(*arguments).todense(7),
        rtol=1e-13,
    )


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal_keeps_the_digits_of_small_losses(gamma):
    # With tail = 1 - p the loss is tail ** (gamma + 1), and d tail / dz = -tail.
    tail = np.exp(-40.0)
    y, raw = np.array([[1.0]]), np.array([[40.0]])
    power = gamma + 1.0
    loss = Focal(gamma)
    assert_allclose(loss.value(y, raw), tail**power, rtol=1e-13)
    assert_allclose(loss.gradient(y, raw), [[-power * tail**power]], rtol=1e-13)
    hessian = loss.hessian(y, raw).todense(1)
    assert_allclose(hessian, [[[power**2 * tail**power]]], rtol=1e-13)

    # The same problem as two classes; the Hessian is that times [[1, -1], [-1, 1]].
    y, raw = np.array([[1.0, 0.0]]), np.array([[40.0, 0.0]])
    sign = np.array([1.0, -1.0])
    assert_allclose(loss.value(y, raw), tail**power, rtol=1e-13)
    assert_allclose(loss.gradient(y, raw), [-power * tail**power * sign], rtol=1e-13)
    expected = power**2 * tail**power * np.outer(sign, sign)
    assert_allclose(loss.hessian(y, raw).todense(1), [expected], rtol=1e-13)


def test_agrees_with_the_metrics_of_scikit_learn():
    y, raw, weight = problem(SOFTMAX, 4, n_samples=50)
    weight /= weight.mean()
    labels = y.argmax(-1)
    proba = SOFTMAX.predict_proba(raw)
    assert_allclose(
        CrossEntropy().value(y, raw, weight),
        log_loss(labels, proba, sample_weight=weight, labels=range(4)),
        rtol=1e-12,
    )
    y, raw, weight = problem(LOGISTIC, 1, n_samples=50)
    proba = LOGISTIC.predict_proba(raw)
    assert_allclose(CrossEntropy().value(y, raw), log_loss(y[:, 0], proba), rtol=1e-12)


def test_brier_agrees_with_that_of_scikit_learn():
    pytest.importorskip("sklearn", minversion="1.7", reason="no multiclass Brier score")
    y, raw, weight = problem(SOFTMAX, 4, n_samples=50)
    weight /= weight.mean()
    proba = SOFTMAX.predict_proba(raw)
    expected = brier_score_loss(
        y.argmax(-1),
        proba,
        sample_weight=weight,
        labels=range(4),
        scale_by_half=False,
    )
    assert_allclose(Brier().value(y, raw, weight), expected, rtol=1e-12)
    y, raw, weight = problem(LOGISTIC, 1, n_samples=50)
    proba = LOGISTIC.predict_proba(raw)
    expected = brier_score_loss(y[:, 0], proba[:, 1], scale_by_half=True)
    assert_allclose(Brier().value(y, raw), expected, rtol=1e-12)


def test_a_loss_without_a_fused_version_falls_back():
    assert Brier.value_and_gradient is Loss.value_and_gradient
    y, raw, weight = problem(SOFTMAX, 3)
    value, gradient = Brier().value_and_gradient(y, raw, weight)
    assert value == Brier().value(y, raw, weight)
    assert_array_equal(gradient, Brier().gradient(y, raw, weight))


@pytest.mark.parametrize("loss", [Brier(), Focal(), CrossEntropy(), CrossEntropy(0.1)])
@pytest.mark.parametrize("n_raw", [1, 5])
@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("weighted", [False, True])
def test_many_rows_are_evaluated_in_blocks(loss, n_raw, stack, weighted):
    rng = np.random.default_rng(0)
    n_rows = 70_001 // n_raw
    assert n_rows * n_raw > 2 * PASS_NUMBERS
    y = np.eye(n_raw)[rng.integers(0, n_raw, n_rows)]
    if n_raw == 1:
        y = rng.integers(0, 2, (n_rows, 1)).astype(float)
    raw = rng.standard_normal((*stack, n_rows, n_raw))
    weight = rng.uniform(0.5, 1.5, n_rows) if weighted else None
    value, gradient = loss.value_and_gradient(y, raw, weight)
    assert_allclose(value, loss.value(y, raw, weight), rtol=1e-12)
    assert_allclose(gradient, loss.gradient(y, raw, weight), rtol=1e-9, atol=1e-17)
