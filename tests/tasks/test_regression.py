"""Regression targets: checks and units."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skjacobnet.losses import (
    REGRESSION_LOSSES,
    Gamma,
    Gaussian,
    Poisson,
    Quantile,
    SquaredError,
)
from skjacobnet.tasks import Regression, regression_task
from skjacobnet.tasks.regression import location_and_scale

Y = np.array([[1.0, 10.0], [3.0, 40.0], [8.0, 40.0]])


def fitted(loss, y=Y, sample_weight=None, **choices):
    task = regression_task(y, loss, **choices)
    return task.fitted(task.codes(y), sample_weight)


@pytest.mark.parametrize("unit", [1e-300, 1e-6, 1.0, 1e6, 1e300])
def test_location_and_scale_in_any_unit(unit):
    weight = np.array([1.0, 2.0, 1.0])
    location, scale = location_and_scale(unit * Y, weight)
    repeated = Y[[0, 1, 1, 2]]
    np.testing.assert_allclose(location / unit, repeated.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(scale / unit, repeated.std(axis=0), rtol=1e-14)


def test_a_large_location_costs_no_digits():
    y = np.random.default_rng(0).normal(size=(1000, 1))
    location, scale = location_and_scale(y + 1e9, None)
    assert location == pytest.approx(1e9 + y.mean(), rel=1e-15)
    assert scale == pytest.approx(y.std(), rel=1e-6)


def test_encoding_is_undone_by_the_last_layer():
    task = fitted(SquaredError(), sample_weight=np.array([1.0, 2.0, 1.0]))
    encoded = task.encode(task.codes(Y), np.float64)
    np.testing.assert_allclose(
        np.average(encoded, axis=0, weights=[1, 2, 1]), 0.0, atol=1e-15
    )
    numbers = task.rescaling()
    np.testing.assert_allclose(
        encoded * numbers["factor"] + numbers["shift"], Y, rtol=1e-15
    )


def test_float32_is_scaled_in_float64():
    task = fitted(SquaredError(), Y + 1e8)
    narrow = task.encode(task.codes(Y + 1e8), np.float32)
    exact = fitted(SquaredError()).encode(Y, np.float64)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, exact, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES.names)
def test_a_constant_target_is_predicted_whatever_the_network_says(loss):
    loss = REGRESSION_LOSSES.resolve(loss)
    task = fitted(loss, np.column_stack([Y[:, 0], np.full(3, 7.0)]))
    assert task.constant.tolist() == [False, True]
    numbers = task.rescaling()
    raw = np.random.default_rng(0).normal(size=(5, task.n_raw))
    raw = raw * numbers["factor"] + numbers["shift"]
    prediction = task.decide(raw)
    np.testing.assert_allclose(prediction[:, 1], 7.0, rtol=1e-14)
    assert np.ptp(prediction[:, 0]) > 0.1
    if "std" in loss.link.outputs:
        assert not loss.link.value(raw, "std")[:, 1].any()


def test_a_constant_of_zero_counts_is_zero():
    task = fitted(Poisson(), np.zeros(4))
    for dtype in (np.float32, np.float64):
        raw = np.ones((2, 1), dtype) * task.rescaling()["factor"].astype(dtype)
        raw += task.rescaling()["shift"].astype(dtype)
        assert not task.decide(raw).any()
    assert task.constant_raw(task.codes(np.zeros(4)), None, Poisson()) == np.log(1 / 8)


def test_a_continued_run_refits_only_a_constant():
    earlier = fitted(SquaredError(), np.column_stack([Y[:, 0], np.full(3, 7.0)]))
    later = regression_task(Y, SquaredError()).following(earlier)
    later = later.fitted(10.0 * Y, None)
    assert later.location[0] == earlier.location[0]
    assert later.scale[0] == earlier.scale[0]
    np.testing.assert_allclose(later.location[1], 300.0)
    assert not later.constant.any()


def test_single_rows_one_after_the_other():
    task = regression_task(np.array([3.0]), SquaredError(), goes_on=True)
    task = task.fitted(np.array([[3.0]]), None)
    assert task.constant.all()
    task = regression_task(np.array([3.0]), SquaredError(), True).following(task)
    task = task.fitted(np.array([[3.0]]), None)
    assert task.constant.all()
    task = regression_task(np.array([7.0]), SquaredError(), True).following(task)
    task = task.fitted(np.array([[7.0]]), None)
    assert (task.location, task.scale, task.constant.any()) == (5.0, 2.0, False)
    # A fit has all its rows.
    task = regression_task(np.array([7.0]), SquaredError()).following(
        fitted(SquaredError(), np.full(2, 3.0))
    )
    assert task.fitted(np.array([[7.0]]), None).location == 7.0


def test_exponential_links_take_targets_as_they_are():
    for loss in (Poisson(), Gamma()):
        task = fitted(loss)
        np.testing.assert_array_equal(task.encode(task.codes(Y), np.float64), Y)
        numbers = task.rescaling()
        assert (numbers["factor"].tolist(), numbers["shift"].tolist()) == (
            [1.0, 1.0],
            [0.0, 0.0],
        )
        constant = task.constant_raw(task.codes(Y), None, loss)
        np.testing.assert_allclose(constant, np.log(Y.mean(axis=0)))


def test_raw_predictions_of_a_target_stand_together():
    gaussian, quantile = fitted(Gaussian()), fitted(Quantile((0.1, 0.5, 0.9)))
    assert (gaussian.n_raw, quantile.n_raw, gaussian.n_columns) == (4, 6, 2)
    scale, location = gaussian.scale, gaussian.location
    numbers = gaussian.rescaling()
    np.testing.assert_array_equal(numbers["factor"], [scale[0], 1.0, scale[1], 1.0])
    np.testing.assert_array_equal(
        numbers["shift"], [location[0], np.log(scale[0]), location[1], np.log(scale[1])]
    )
    numbers = quantile.rescaling()
    np.testing.assert_array_equal(numbers["factor"], np.repeat(scale, 3))
    np.testing.assert_array_equal(numbers["shift"], np.repeat(location, 3))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b"], "y must hold numbers, but it has 'a'.*JacobianMLPClassifier"),
        (np.array([1.0, "x"], object), "but it has 'x'"),
        (np.array([1.0, "1.5"], object), "but it has '1.5'"),
        (csr_matrix([[1.0], [2.0]]), "y must be dense.*toarray"),
        (np.array([1, 10**400], object), "y must hold numbers"),
        ([1.0, np.inf], "finite numbers, got .* in row 1"),
        ([[1.0], [np.nan]], "finite numbers, got .* in row 1"),
        (np.zeros((2, 2, 2)), r"shape \(n_samples,\) or"),
        (np.zeros((2, 0)), r"shape \(n_samples,\) or"),
        (np.array(["2020-01-01"], "datetime64[D]"), "y must hold numbers"),
        (np.array([1 + 2j]), "y must hold numbers"),
    ],
)
def test_targets_that_are_no_numbers(y, message):
    with pytest.raises(ValueError, match=message):
        regression_task(y, SquaredError())


def test_targets_out_of_the_domain_of_a_loss():
    with pytest.raises(ValueError, match=r"Poisson.*y_val.*-1"):
        Regression(1, Poisson()).codes(np.array([0.0, -1.0]), "y_val")
    with pytest.raises(ValueError, match=r"Gamma.*y"):
        Regression(1, Gamma()).codes(np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="y must have 1 column, one for each target"):
        Regression(1, Gamma()).codes(np.ones((3, 2)))


@pytest.mark.parametrize("y", [[1, 2], [True, False], np.array([1, 2.5], object)])
def test_what_numbers_may_look_like(y):
    codes = regression_task(y, SquaredError()).codes(y)
    assert codes.dtype == np.float64
    assert codes.shape == (2, 1)


def test_a_continued_task_keeps_its_unit():
    earlier = fitted(SquaredError())
    later = regression_task(10.0 * Y, SquaredError()).following(earlier)
    assert later.fitted(10.0 * Y, None).location is earlier.location
    assert later.same_as(earlier)
    others = [
        regression_task(Y[:, 0], SquaredError()),
        regression_task(Y, Gaussian()),
        regression_task(Y, Poisson()),
    ]
    for other in others:
        assert not other.same_as(earlier)
        assert other.following(earlier).location is None
