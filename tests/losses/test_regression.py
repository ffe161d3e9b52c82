import pickle
import tracemalloc
from functools import partial
from math import e, factorial, log, pi, sqrt

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from sklearn import metrics
from sklearn.base import clone

from skjacobnet.core.blocks import PASS_NUMBERS
from skjacobnet.core.workspace import Workspace
from skjacobnet.links import (
    EXPONENTIAL,
    IDENTITY,
    MEAN_AND_DEVIATION,
    SOFTMAX,
    SortedQuantiles,
)
from skjacobnet.losses import (
    REGRESSION_LOSSES,
    AbsoluteError,
    Brier,
    Gamma,
    Gaussian,
    Huber,
    Loss,
    Poisson,
    Quantile,
    RegressionLoss,
    SquaredError,
)
from skjacobnet.operators import Diagonal

LEVELS = 0.1, 0.5, 0.8
INSTANCES = [
    SquaredError(),
    AbsoluteError(),
    Huber(),
    Huber(0.5),
    Quantile(),
    Quantile(0.9),
    Quantile(LEVELS),
    Poisson(),
    Gamma(),
    Gaussian(),
]
DTYPES = [np.float32, np.float64]

each_loss = pytest.mark.parametrize("loss", INSTANCES, ids=repr)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def problem(loss, n_targets, n_samples=7, dtype=np.float64, seed=0):
    """Draw targets, raw predictions and weights whose mean is 1."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(n_samples, n_targets))
    if isinstance(loss, Poisson):
        y = rng.poisson(1.5, size=y.shape)
    elif isinstance(loss, Gamma):
        y = rng.gamma(2.0, size=y.shape)
    raw = rng.normal(size=(n_samples, n_targets * loss.n_per_target))
    weight = rng.uniform(0.5, 2.0, n_samples)
    weight /= weight.mean()
    return y.astype(dtype), raw.astype(dtype), weight.astype(dtype)


def column(*values, dtype=np.float64):
    return np.array(values, dtype)[:, np.newaxis]


GOLDEN = [
    (SquaredError(), [1.0, 2.0], [4.0, 0.0], 6.5, [3.0, -2.0], np.eye(2)),
    (
        AbsoluteError(),
        [1.0, 2.0, 0.0],
        [4.0, 2.0, -0.5],
        3.5,
        [1.0, 0.0, -1.0],
        np.zeros((3, 3)),
    ),
    (
        # Errors of 1, 3, -2 and -5, the third of them at the kink.
        Huber(2.0),
        [0.0, 0.0, 0.0, 0.0],
        [1.0, 3.0, -2.0, -5.0],
        0.5 + 4.0 + 2.0 + 8.0,
        [1.0, 2.0, -2.0, -2.0],
        np.diag([1.0, 0.0, 1.0, 0.0]),
    ),
    (Quantile(0.75), [2.0], [5.0], 0.75, [0.25], [[0.0]]),
    (
        # The second target is hit at both levels.
        Quantile((0.25, 0.75)),
        [2.0, 4.0],
        [1.0, 5.0, 4.0, 4.0],
        0.25 * 1.0 + 0.25 * 3.0,
        [-0.25, 0.25, 0.25, -0.25],
        np.zeros((4, 4)),
    ),
    (
        Poisson(),
        [3.0, 0.0],
        [log(2.0), log(5.0)],
        3.0 * log(1.5) - 1.0 + 5.0,
        [-1.0, 5.0],
        np.diag([2.0, 5.0]),
    ),
    (
        Gamma(),
        [6.0, 1.0],
        [log(2.0), log(2.0)],
        2.0 - log(3.0) - 0.5 + log(2.0),
        [-2.0, 0.5],
        np.diag([3.0, 0.5]),
    ),
    (
        # Two and minus one standard deviations away.
        Gaussian(),
        [5.0, 0.0],
        [1.0, log(2.0), 1.0, 0.0],
        log(2.0 * pi) + log(2.0) + 2.0 + 0.5,
        [-1.0, -3.0, 1.0, 0.0],
        [
            [0.25, 2.0, 0.0, 0.0],
            [2.0, 8.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, -2.0],
            [0.0, 0.0, -2.0, 2.0],
        ],
    ),
]


@pytest.mark.parametrize(
    ("loss", "y", "raw", "value", "gradient", "hessian"),
    GOLDEN,
    ids=[repr(loss) for loss, *_ in GOLDEN],
)
def test_by_hand(loss, y, raw, value, gradient, hessian):
    y, raw = np.array([y]), np.array([raw])
    close = partial(assert_allclose, rtol=1e-14, atol=1e-15)
    close(loss.value(y, raw), value)
    close(loss.gradient(y, raw), [gradient])
    close(loss.hessian(y, raw).todense(1), [hessian])
    # A weight of 3 in one of two rows.
    y, raw, weight = np.repeat(y, 2, 0), np.repeat(raw, 2, 0), np.array([3.0, 0.0])
    together, slopes = loss.value_and_gradient(y, raw, weight)
    close(together, 1.5 * value)
    close(slopes, 1.5 * np.array([gradient, np.zeros_like(gradient)]))
    close(loss.hessian(y, raw, weight).todense(2)[0], 1.5 * np.array(hessian))


@pytest.mark.parametrize(
    ("loss", "y", "weight", "expected"),
    [
        (SquaredError(), [0.0, 4.0, 10.0], [1, 2, 1], [4.5]),
        (AbsoluteError(), [30.0, 10.0, 20.0], None, [20.0]),
        (AbsoluteError(), [30.0, 10.0, 20.0], [1, 3, 1], [10.0]),
        (AbsoluteError(), [4.0, 3.0, 2.0, 1.0], None, [2.0]),
        # 2 z = 1 where the third error is clipped.
        (Huber(1.0), [0.0, 0.0, 9.0], None, [0.5]),
        (Huber(1.0), [0.0, 9.0], [2, 1], [0.5]),
        (Huber(100.0), [0.0, 9.0], [2, 1], [3.0]),
        (Huber(), [7.0, 7.0], None, [7.0]),
        (Quantile((0.25, 0.75)), [8.0, 7, 6, 5, 4, 3, 2, 1], None, [2.0, 6.0]),
        (Quantile((0.25, 0.75)), [8.0, 1.0], [1, 3], [1.0, 1.0]),
        (Quantile((0.25, 0.76)), [8.0, 1.0], [1, 3], [1.0, 8.0]),
        (Poisson(), [0.0, 1.0, 5.0], None, [log(2.0)]),
        (Poisson(), [0.0, 4.0], [3, 1], [0.0]),
        (Poisson(), [0.0, 0.0], None, [log(0.25)]),
        (Gamma(), [1.0, 5.0], [3, 1], [log(2.0)]),
        (Gaussian(), [0.0, 4.0], [3, 1], [1.0, log(sqrt(3.0))]),
        (Gaussian(), [8.0, 8.0], None, [8.0, log(8.0 * 2.0**-23)]),
        (Gaussian(), [0.0, 0.0], None, [0.0, log(2.0**-23)]),
    ],
)
def test_best_constant_by_hand(loss, y, weight, expected):
    weight = None if weight is None else np.array(weight)
    best = loss.best_constant(column(*y), weight)
    assert best.dtype == np.float64
    assert_allclose(best, expected, rtol=1e-14, atol=1e-15)
    # Each target has its own, in float32 too.
    narrow = column(*y, dtype=np.float32)
    both = loss.best_constant(np.concatenate([narrow, 2.0 * narrow], axis=1), weight)
    assert both.dtype == np.float64
    assert_allclose(both[: len(best)], best, rtol=1e-6, atol=1e-7)
    second = loss.best_constant(2.0 * column(*y), weight)
    assert_allclose(both[len(best) :], second, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_best_constant_of_huber_in_any_unit(scale):
    y = scale * column(0.0, 0.0, 9.0)
    assert_allclose(Huber(scale).best_constant(y), [0.5 * scale], rtol=1e-14)


@pytest.mark.parametrize("n_targets", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("loss", "metric", "factor"),
    [
        (SquaredError(), metrics.mean_squared_error, 0.5),
        (AbsoluteError(), metrics.mean_absolute_error, 1.0),
        (Quantile(0.3), partial(metrics.mean_pinball_loss, alpha=0.3), 1.0),
        (Poisson(), metrics.mean_poisson_deviance, 0.5),
        (Gamma(), metrics.mean_gamma_deviance, 0.5),
    ],
    ids=["squared", "absolute", "pinball", "poisson", "gamma"],
)
def test_agrees_with_the_metric_of_scikit_learn(
    loss, metric, factor, weighted, n_targets
):
    y, raw, weight = problem(loss, n_targets, n_samples=40)
    weight = weight if weighted else None
    prediction = loss.link.value(raw, "prediction")
    expected = sum(
        metric(y[:, t], prediction[:, t], sample_weight=weight)
        for t in range(n_targets)
    )
    assert_allclose(loss.value(y, raw, weight), factor * expected, rtol=1e-12)
    if isinstance(loss, SquaredError | AbsoluteError):
        average = metric(y, prediction, sample_weight=weight)
        assert_allclose(
            loss.value(y, raw, weight), factor * n_targets * average, rtol=1e-12
        )


def test_several_levels_are_the_sum_of_pinball_losses():
    y, raw, weight = problem(Quantile(LEVELS), 2)
    expected = sum(
        2 * metrics.mean_pinball_loss(y, raw[:, i::3], sample_weight=weight, alpha=a)
        for i, a in enumerate(LEVELS)
    )
    assert_allclose(Quantile(LEVELS).value(y, raw, weight), expected, rtol=1e-12)


def test_gaussian_is_the_density_of_scipy():
    y, raw, weight = problem(Gaussian(), 2)
    density = norm.logpdf(y, raw[:, ::2], np.exp(raw[:, 1::2]))
    expected = -np.mean(weight * density.sum(axis=1))
    assert_allclose(Gaussian().value(y, raw, weight), expected, rtol=1e-12)


def test_median_is_half_the_absolute_error():
    y, raw, weight = problem(AbsoluteError(), 3)
    for method in ("value", "gradient"):
        assert_allclose(
            2 * getattr(Quantile(), method)(y, raw, weight),
            getattr(AbsoluteError(), method)(y, raw, weight),
            rtol=1e-14,
        )


def autograd_loss(loss, y, weight):
    """Return the loss by plain formulas in `autograd.numpy`."""

    def of_target(raw, t):
        k = loss.n_per_target
        z, target = raw[:, k * t : k * (t + 1)], y[:, t]
        error = z[:, 0] - target
        if isinstance(loss, SquaredError):
            return error**2 / 2
        if isinstance(loss, AbsoluteError):
            return anp.abs(error)
        if isinstance(loss, Huber):
            size = anp.abs(error)
            linear = loss.delta * (size - loss.delta / 2)
            return anp.where(size <= loss.delta, error**2 / 2, linear)
        if isinstance(loss, Poisson):
            log_y = np.log(np.where(target > 0, target, 1.0))
            return anp.exp(z[:, 0]) - target * z[:, 0] + target * log_y - target
        if isinstance(loss, Gamma):
            return anp.log(anp.exp(z[:, 0]) / target) + target / anp.exp(z[:, 0]) - 1
        if isinstance(loss, Gaussian):
            variance = anp.exp(2 * z[:, 1])
            return (anp.log(2 * pi * variance) + error**2 / variance) / 2
        levels = np.atleast_1d(loss.levels)
        below = target[:, np.newaxis] - z
        return anp.sum(
            anp.where(below > 0, levels * below, (levels - 1) * below), axis=1
        )

    def value(raw):
        total = sum(of_target(raw, t) for t in range(y.shape[1]))
        return anp.mean(weight * total)

    return value


@pytest.mark.parametrize("n_targets", [1, 2])
@each_loss
def test_agrees_with_automatic_differentiation(loss, n_targets):
    y, raw, weight = problem(loss, n_targets)
    function = autograd_loss(loss, y, weight)
    assert_allclose(loss.value(y, raw, weight), function(raw), rtol=1e-12)
    gradient = autograd.grad(function)(raw)
    assert_allclose(loss.gradient(y, raw, weight), gradient, rtol=1e-9, atol=1e-15)
    value, together = loss.value_and_gradient(y, raw, weight)
    assert_allclose(value, function(raw), rtol=1e-12)
    assert_allclose(together, gradient, rtol=1e-9, atol=1e-15)
    hessian = loss.hessian(y, raw, weight).todense(len(raw))
    if isinstance(loss, Quantile | AbsoluteError):
        assert_array_equal(hessian, 0.0)
        return
    rows = np.einsum("siso->sio", autograd.hessian(function)(raw))
    assert_allclose(hessian, rows, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("n_targets", [1, 3])
@each_loss
def test_derivatives_by_finite_differences(loss, n_targets):
    y, raw, weight = problem(loss, n_targets, seed=1)
    h = 6e-6
    steps = h * np.eye(raw.shape[1])[:, np.newaxis]
    ends = [loss.sample_values(y, raw + sign * steps, None) for sign in (1, -1)]
    difference = np.subtract(*ends).T / (2 * h) * weight[:, np.newaxis] / len(y)
    gradient = loss.gradient(y, raw, weight)
    assert np.max(np.abs(gradient - difference)) <= 1e-6 * np.max(np.abs(gradient))
    ends = [loss.gradient(y, raw + sign * steps, weight) for sign in (1, -1)]
    difference = np.moveaxis(np.subtract(*ends), 0, -1) / (2 * h)
    hessian = loss.hessian(y, raw, weight).todense(len(y))
    largest = max(1.0, np.max(np.abs(hessian)))
    assert np.max(np.abs(hessian - difference)) <= 1e-6 * largest


@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=repr)
@each_dtype
def test_values_near_the_target_do_not_cancel(loss, dtype):
    # The power series of exp(d) - 1 - d, of which 6 terms are exact to rounding.
    d = 2.0**-10
    raw, y = column(d, -d, dtype=dtype), column(1.0, 1.0, dtype=dtype)
    up, down = (sum(x**k / factorial(k) for k in range(2, 8)) for x in (d, -d))
    expected = [up, down] if isinstance(loss, Poisson) else [down, up]
    rtol = 4 * np.finfo(dtype).eps / d
    assert_allclose(loss.sample_values(y, raw, None), expected, rtol=rtol)


@pytest.mark.parametrize("loss", [Poisson(), Gamma()], ids=repr)
@each_dtype
def test_deviances_are_never_negative_and_zero_at_the_target(loss, dtype):
    y = np.random.default_rng(0).gamma(2.0, 100.0, size=(1000, 1)).astype(dtype)
    raw = np.log(y)
    assert_array_equal(loss.sample_values(y, raw, None), 0.0)
    for direction in (-np.inf, np.inf):
        near = np.nextafter(raw, dtype(direction))
        assert (loss.sample_values(y, near, None) >= 0.0).all()


@each_dtype
def test_counts_of_extreme_size(dtype):
    y = column(0.0, 0.0, 1e-30, 1e-30, 1e30, 1e30, dtype=dtype)
    raw = column(0.0, -80.0, 0.0, -80.0, 0.0, 80.0, dtype=dtype)
    large = 30 * log(10.0)
    expected = [
        1.0,
        np.exp(-80.0),
        1.0,
        np.exp(-80.0) - 1e-30 * (1.0 - 80.0 + large),
        1e30 * (large - 1.0),
        np.exp(80.0) - 1e30 * (1.0 + 80.0 - large),
    ]
    rtol = 100 * np.finfo(dtype).eps
    assert_allclose(Poisson().sample_values(y, raw, None), expected, rtol=rtol)
    slopes = np.exp(raw.astype(np.float64)) - y
    assert_allclose(Poisson().sample_gradients(y, raw, None), slopes, rtol=rtol)
    values = Poisson().sample_values(y[2:], np.log(y[2:]), None)
    assert (values <= np.finfo(dtype).eps * y[2:, 0]).all()
    assert_allclose(Poisson().best_constant(y[4:]), [large], rtol=1e-6)


@each_dtype
def test_amounts_of_extreme_size(dtype):
    y = column(1e-30, 1e30, dtype=dtype)
    large = 30 * log(10.0)
    raw = np.zeros_like(y)
    rtol = 1e3 * np.finfo(dtype).eps
    values = Gamma().sample_values(y, raw, None)
    assert_allclose(values, [large - 1.0, 1e30], rtol=rtol)
    slopes = Gamma().sample_gradients(y, raw, None)
    assert_allclose(slopes, column(1.0, -1e30), rtol=rtol)
    # One above the logarithm of each target, or below.
    for distance in (-1.0, 1.0):
        raw = column(-large + distance, large + distance, dtype=dtype)
        values = Gamma().sample_values(y, raw, None)
        assert_allclose(values, np.expm1(-distance) + distance, rtol=1e3 * rtol)


@each_dtype
def test_numbers_of_extreme_size(dtype):
    y, raw = column(0.0, 1e15, dtype=dtype), column(-1e15, -1e15, dtype=dtype)
    for loss, values, slopes in [
        (SquaredError(), [0.5e30, 2e30], [-1e15, -2e15]),
        (AbsoluteError(), [1e15, 2e15], [-1.0, -1.0]),
        (Huber(2.0), [2e15, 4e15], [-2.0, -2.0]),
        (Quantile(0.9), [0.9e15, 1.8e15], [-0.9, -0.9]),
    ]:
        assert_allclose(loss.sample_values(y, raw, None), values, rtol=1e-6)
        assert_allclose(loss.sample_gradients(y, raw, None), column(*slopes), rtol=1e-6)
        value, gradient = loss.value_and_gradient(y, raw)
        assert_allclose(value, np.mean(values), rtol=1e-6)
        assert_allclose(gradient, column(*slopes) / 2, rtol=1e-6)


@each_dtype
def test_a_mean_that_is_many_deviations_off(dtype):
    y, raw = column(10.0, dtype=dtype), np.array([[-10.0, -15.0]], dtype)
    r = 20.0 * np.exp(15.0)
    rtol = 100 * np.finfo(dtype).eps
    assert_allclose(Gaussian().value(y, raw), r**2 / 2, rtol=1e-6)
    assert_allclose(
        Gaussian().gradient(y, raw), [[-r * np.exp(15.0), -(r**2)]], rtol=rtol
    )


@each_loss
def test_not_a_number_stays_visible(loss):
    y, raw, _ = problem(loss, 2)
    raw[3, -1] = np.nan
    value, gradient = loss.value_and_gradient(y, raw)
    assert np.isnan(value)
    assert np.isnan(gradient[3, -1])
    assert np.isfinite(np.delete(gradient, 3, axis=0)).all()


@each_dtype
@each_loss
def test_dtype_is_kept_and_nothing_is_changed(loss, dtype):
    y, raw, weight = problem(loss, 2, dtype=dtype)
    before, copies = dict(vars(loss)), (y.copy(), raw.copy(), weight.copy())
    loss.validate()
    loss.check_targets(y)
    for w in (None, weight, np.arange(7)):
        assert loss.value(y, raw, w).dtype == dtype
        assert loss.gradient(y, raw, w).dtype == dtype
        hessian = loss.hessian(y, raw, w)
        assert hessian.dtype == hessian.jvp(raw).dtype == dtype
        value, gradient = loss.value_and_gradient(y, raw, w)
        assert value.dtype == gradient.dtype == dtype
    loss.best_constant(y, weight)
    for array, copy in zip((y, raw, weight), copies, strict=True):
        assert_array_equal(array, copy)
    assert vars(loss) == before
    assert vars(clone(loss)) == before
    assert vars(pickle.loads(pickle.dumps(loss))) == before


@pytest.mark.parametrize("stack", [(), (2,)])
@pytest.mark.parametrize("weighted", [False, True])
@each_dtype
@each_loss
def test_many_rows_are_evaluated_in_blocks(loss, dtype, weighted, stack):
    n_rows = 70_001 // (2 * loss.n_per_target)
    y, raw, weight = problem(loss, 2, n_rows, dtype)
    raw = np.stack([raw, raw / 2]) if stack else raw
    assert raw.size > 2 * PASS_NUMBERS
    weight = weight if weighted else None
    value, gradient = loss.value_and_gradient(y, raw, weight)
    rtol = 1e-12 if dtype is np.float64 else 1e-4
    assert_allclose(value, loss.value(y, raw, weight), rtol=rtol)
    assert_allclose(gradient, loss.gradient(y, raw, weight), rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_squared_error_uses_its_workspace_again(weighted):
    loss, workspace = SquaredError(), Workspace()
    results = []
    for seed in (0, 1):
        y, raw, weight = problem(loss, 10, 20_000, np.float32, seed)
        weight = weight if weighted else None
        results.append(loss.value_and_gradient(y, raw, weight, workspace=workspace)[1])
        tracemalloc.start()
        value, gradient = loss.value_and_gradient(y, raw, weight, workspace=workspace)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # The gradient takes 800 000 bytes, and a buffer of NumPy's own 32 768.
        assert peak < 50_000
        assert_allclose(value, loss.value(y, raw, weight), rtol=1e-5)
        assert_allclose(gradient, loss.gradient(y, raw, weight), rtol=1e-6)
    assert results[0] is results[1] is gradient


def test_a_changed_squared_error_is_not_passed_by():
    class Doubled(SquaredError):
        def sample_values(self, y, raw, link):
            return 2.0 * super().sample_values(y, raw, link)

        def sample_gradients(self, y, raw, link):
            return 2.0 * super().sample_gradients(y, raw, link)

    y, raw, weight = problem(SquaredError(), 2)
    value, gradient = Doubled().value_and_gradient(y, raw, weight)
    expected = SquaredError().value_and_gradient(y, raw, weight)
    assert_allclose(value, 2 * expected[0], rtol=1e-14)
    assert_allclose(gradient, 2 * expected[1], rtol=1e-14)


@each_loss
def test_integer_and_noncontiguous_arrays(loss):
    y, raw, _ = problem(loss, 2)
    y = np.round(np.abs(y)) + 1.0
    expected = loss.value_and_gradient(y, raw)
    for other in (np.asfortranarray(raw), np.repeat(raw, 2, axis=1)[:, ::2]):
        value, gradient = loss.value_and_gradient(y.astype(int), other)
        assert_allclose(value, expected[0], rtol=1e-14)
        assert_allclose(gradient, expected[1], rtol=1e-14)


def test_what_each_loss_is_for():
    assert REGRESSION_LOSSES.names == [
        "absolute_error",
        "gamma",
        "gaussian",
        "huber",
        "poisson",
        "quantile",
        "squared_error",
    ]
    for loss in (SquaredError(), AbsoluteError(), Huber()):
        assert (loss.link, loss.n_per_target, loss.scales_target) == (IDENTITY, 1, True)
    for loss in (Poisson(), Gamma()):
        assert (loss.link, loss.n_per_target) == (EXPONENTIAL, 1)
        assert not loss.scales_target
    assert (Gaussian().link, Gaussian().n_per_target) == (MEAN_AND_DEVIATION, 2)
    assert Quantile(0.9).link == SortedQuantiles((0.9,))
    assert Quantile(np.array(LEVELS)).link == SortedQuantiles(LEVELS)
    assert [Quantile(x).n_per_target for x in (0.5, [0.5], LEVELS)] == [1, 1, 3]
    for loss in INSTANCES:
        assert loss.default_link(np.zeros((1, 2))) == loss.link


def test_only_losses_of_classes_give_probabilities():
    class Mine(Loss):
        def sample_values(self, y, raw, link):
            return Brier().sample_values(y, raw, link)

    raw = np.array([[1.0, 2.0, 3.0]])
    assert_array_equal(Mine().predict_proba(raw), SOFTMAX.predict_proba(raw))
    assert Mine().predict_proba(raw[:, :1]).shape == (1, 2)
    for loss in INSTANCES:
        assert not hasattr(loss, "predict_proba")


def test_quantiles_compare_by_their_levels():
    assert Quantile(0.5).same_as(Quantile((0.5,)))
    assert Quantile(np.array([0.1, 0.9])).same_as(Quantile([0.1, 0.9]))
    assert not Quantile([0.1, 0.9]).same_as(Quantile([0.1, 0.8]))
    assert not Quantile().same_as(AbsoluteError())


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        (Huber(0.0), ValueError, r"Huber: delta must be .*\(0.0, inf\), got 0.0"),
        (Huber(np.inf), ValueError, "Huber: delta"),
        (Huber("a"), TypeError, "Huber: delta"),
        (Quantile(0.0), ValueError, r"Quantile: levels must be one .* got 0.0"),
        (Quantile(1.0), ValueError, r"each higher than the one before, such as \[0"),
        (Quantile(()), ValueError, r"got \(\)"),
        (Quantile([0.5, 0.5]), ValueError, r"got \[0.5, 0.5\]"),
        (Quantile([0.9, 0.1]), ValueError, r"got \[0.9, 0.1\]"),
        (Quantile(np.nan), ValueError, "got nan"),
        (Quantile("0.5"), TypeError, "Quantile: levels must be a number .* '0.5'"),
        (Quantile(None), TypeError, "got None"),
        (Quantile([0.1, True]), TypeError, "got .*True"),
        (Quantile([[0.1], [0.2, 0.3]]), TypeError, "levels must be a number"),
    ],
)
def test_arguments_out_of_range(loss, error, message):
    with pytest.raises(error, match=message):
        REGRESSION_LOSSES.resolve(loss)


@pytest.mark.parametrize("levels", [0.5, [0.1, 0.9], (0.1, 0.9), np.array([0.1, 0.9])])
def test_levels_may_be_a_number_or_a_sequence(levels):
    assert isinstance(REGRESSION_LOSSES.resolve(Quantile(levels)), Quantile)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        (
            Poisson(),
            [0.0, 2.0, -1.0, -5.0],
            r"Poisson is for non-negative targets, but y_train has -1.0 in row 2\. "
            r".*'squared_error'",
        ),
        (Gamma(), [1.0, 0.0], "Gamma is for positive targets, .* 0.0 in row 1"),
        (Gamma(), [[1.0, 2.0], [1.0, -3.0]], r"-3.0 in row 1, column 1\."),
        (Gamma(), [1.0, np.nan], "nan in row 1"),
        (Poisson(), [np.nan], "nan in row 0"),
    ],
)
def test_targets_outside_the_domain(loss, y, message):
    with pytest.raises(ValueError, match=message):
        loss.check_targets(np.array(y), "y_train")


def test_targets_inside_the_domain():
    Poisson().check_targets(np.array([0, 3]))
    Poisson().check_targets(np.array([[0.0, 1e-30]]))
    Gamma().check_targets(np.array([1e-30, 1e30]))
    for loss in (SquaredError(), AbsoluteError(), Huber(), Quantile(), Gaussian()):
        loss.check_targets(np.array([-1.0, 0.0]))


def test_a_custom_loss_has_one_raw_prediction_that_is_predicted():
    class Cosh(RegressionLoss):
        def sample_values(self, y, raw, link):
            assert link is IDENTITY
            return np.sum(np.cosh(raw - y) - 1.0, axis=-1)

        def sample_gradients(self, y, raw, link):
            return np.sinh(raw - y)

        def sample_hessians(self, y, raw, link, scale):
            return Diagonal(scale * np.cosh(raw - y))

    value, gradient = Cosh().value_and_gradient(column(0.0), column(1.0))
    assert_allclose(value, (e + 1 / e) / 2 - 1.0, rtol=1e-14)
    assert_allclose(gradient, column((e - 1 / e) / 2), rtol=1e-14)
    assert (Cosh().n_per_target, Cosh().scales_target) == (1, True)
