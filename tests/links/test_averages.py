"""Averages of several networks' raw predictions by links."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skjacobnet.links import (
    EXPONENTIAL,
    IDENTITY,
    LOGISTIC,
    MEAN_AND_DEVIATION,
    SOFTMAX,
    Link,
    SortedQuantiles,
)
from skjacobnet.testing import check_operator

QUANTILES = SortedQuantiles((0.1, 0.5, 0.9))
# Each with the output that is averaged, and some numbers of raw predictions.
LINKS = {
    SOFTMAX: ("proba", (2, 5)),
    LOGISTIC: ("proba", (1, 3)),
    IDENTITY: ("prediction", (1, 2)),
    EXPONENTIAL: ("prediction", (1, 2)),
    MEAN_AND_DEVIATION: ("prediction", (2, 6)),
    QUANTILES: ("quantiles", (3, 6)),
}
CASES = [(link, n_raw) for link, (_, widths) in LINKS.items() for n_raw in widths]
each_case = pytest.mark.parametrize(("link", "n_raw"), CASES)
DTYPES = [np.float32, np.float64]


def draw(shape, dtype=np.float64):
    return 2.0 * np.random.default_rng(0).normal(size=shape).astype(dtype)


@each_case
@pytest.mark.parametrize("n_members", [1, 2, 7])
@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions_are_averaged(link, n_raw, n_members, dtype):
    raw, (output, _) = draw((20, n_members, n_raw), dtype), LINKS[link]
    found = link.value(link.average(raw), output)
    assert found.dtype == dtype
    expected = link.value(raw.astype(np.float64), output).mean(axis=1)
    eps = np.finfo(dtype).eps
    assert_allclose(found, expected, rtol=20 * eps, atol=4 * eps)


@each_case
def test_the_average_of_equal_networks_is_each_of_them(link, n_raw):
    raw, (output, _) = draw((20, n_raw)), LINKS[link]
    repeated = np.repeat(raw[:, np.newaxis], 5, axis=1)
    for name in (output, "std") if link is MEAN_AND_DEVIATION else (output,):
        found = link.value(link.average(repeated), name)
        assert_allclose(found, link.value(raw, name), rtol=1e-14, atol=1e-15)


@each_case
@pytest.mark.parametrize("dtype", DTYPES)
def test_contract(link, n_raw, dtype):
    raw = draw((2, 3, 5, 4, n_raw), dtype)
    before = raw.copy()
    average, operator = link.average(raw), link.average_jacobian(raw)
    assert average.dtype == operator.dtype == dtype
    assert average.shape == (2, 3, 5, n_raw)
    assert (operator.n_out, operator.n_in) == (n_raw, 4 * n_raw)
    one_by_one = [[link.average(z) for z in member] for member in raw]
    eps = np.finfo(dtype).eps
    assert_allclose(average, one_by_one, rtol=8 * eps, atol=8 * eps)
    check_operator(operator, 5)
    assert_array_equal(raw, before)


def test_normal_distributions_by_hand():
    """Means of 0 and 2 with deviations of 1 and 2."""
    raw = np.array([[[0.0, np.log(1.0)], [2.0, np.log(2.0)]]])
    average = MEAN_AND_DEVIATION.average(raw)
    assert_allclose(average, [[1.0, 0.5 * np.log(0.5 * (1 + 4) + 1)]], rtol=1e-15)


def test_quantiles_are_sorted_before_they_are_averaged():
    raw = np.array([[[3.0, 1.0, 2.0], [1.0, 2.0, 5.0]]])
    assert_array_equal(QUANTILES.average(raw), [[1.0, 2.0, 4.0]])


def test_jacobians_by_hand():
    thirds = np.log([[[1.0, 2.0], [3.0, 3.0]]])
    # The mean of e^z, and of softmax, which is (1/3, 2/3) and (1/2, 1/2).
    dense = EXPONENTIAL.average_jacobian(thirds).todense(1)
    expected = [[[1 / 4, 0, 3 / 4, 0], [0, 2 / 5, 0, 3 / 5]]]
    assert_allclose(dense, expected, rtol=1e-14)
    dense = SOFTMAX.average_jacobian(thirds).todense(1)
    shares, other = np.array([2 / 5, 3 / 5]), np.array([4 / 7, 3 / 7])
    expected = [
        [2 / 3 * shares[0], -2 / 3 * shares[0], shares[1] / 2, -shares[1] / 2],
        [-1 / 3 * other[0], 1 / 3 * other[0], -other[1] / 2, other[1] / 2],
    ]
    assert_allclose(dense, [expected], rtol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_that_underflow_or_round_to_one(dtype):
    eps = np.finfo(dtype).eps
    raw = np.array(
        [
            [[1e4, -1e4], [1e4, -1e4]],
            [[1e4, -1e4], [-1e4, 1e4]],
            [[1e4, -1e4], [2e4, -1e4]],
            [[1e4, -1e4], [0.0, 0.0]],
        ],
        dtype,
    )
    half = np.log(0.5)
    expected = [
        [0.0, -2e4],
        [half, half],
        [0.0, half - 2e4],
        [np.log(0.75), np.log(0.25)],
    ]
    assert_allclose(SOFTMAX.average(raw), expected, rtol=2 * eps, atol=0)
    expected = [[1e4, -1e4], [0.0, 0.0], [1e4 - half, -1e4]]
    found = LOGISTIC.average(raw[:3])
    assert_allclose(found, expected, rtol=2 * eps, atol=2 * eps)
    for link in (SOFTMAX, LOGISTIC):
        for matrix in (raw, -raw):
            assert np.isfinite(link.average(matrix)).all()
            dense = link.average_jacobian(matrix).todense(4)
            assert np.isfinite(dense).all()
            # A change too small for a probability still changes its logarithm.
            assert_allclose(np.abs(dense)[0].max(), 0.5, rtol=4 * eps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_missing_to_one_keeps_its_digits(dtype):
    rtol = 100 * np.finfo(dtype).eps
    tail = 0.5 * (np.exp(-40.0) + np.exp(-42.0))
    raw = np.array([[[40.0], [42.0]]], dtype)
    for sign in (1.0, -1.0):
        average = LOGISTIC.average(sign * raw)
        log_proba = LOGISTIC.predict_log_proba(average)[0, int(sign > 0)]
        assert_allclose(log_proba, -tail, rtol=rtol)
    raw = np.array([[[40.0, 0.0, 0.0], [42.0, 0.0, 0.0]]], dtype)
    average = SOFTMAX.average(raw)
    assert_allclose(average[0, 0], -2 * tail, rtol=rtol)
    assert_allclose(SOFTMAX.log_proba(average), average, rtol=rtol)
    assert_allclose(SOFTMAX.proba(average)[0, 1:], tail, rtol=rtol)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_and_small_predictions(dtype):
    eps = np.finfo(dtype).eps
    raw = np.array([[[1000.0], [998.0]], [[-1000.0], [-2000.0]]], dtype)
    expected = [[1000.0 + np.log1p(np.exp(-2.0))], [-1000.0]]
    expected = np.array(expected) - np.log(2.0)
    assert_allclose(EXPONENTIAL.average(raw), expected, rtol=2 * eps)
    # Deviations of e^±400 would overflow or be zero.
    raw = np.array(
        [
            [[0.0, 400.0], [0.0, 400.0]],
            [[0.0, -400.0], [0.0, -400.0]],
            [[1.0, -400.0], [3.0, -400.0]],
        ],
        dtype,
    )
    average = MEAN_AND_DEVIATION.average(raw)
    assert_allclose(
        average, [[0.0, 400.0], [0.0, -400.0], [2.0, 0.0]], rtol=2 * eps, atol=2 * eps
    )
    dense = MEAN_AND_DEVIATION.average_jacobian(raw).todense(3)
    expected = [
        [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]],
        [[0.5, 0, 0.5, 0], [0, 0.5, 0, 0.5]],
        [[0.5, 0, 0.5, 0], [-0.5, 0, 0.5, 0]],
    ]
    assert_allclose(dense, expected, rtol=4 * eps, atol=0)


def test_not_a_number_stays_in_its_row():
    raw = draw((2, 3, 2))
    raw[0, 1, 0] = np.nan
    for link in (SOFTMAX, LOGISTIC, IDENTITY, EXPONENTIAL, MEAN_AND_DEVIATION):
        average = link.average(raw)
        assert np.isnan(average[0, 0])
        assert np.isfinite(average[1]).all()


def test_a_custom_link_must_define_its_average():
    class Mine(Link):
        def n_outputs(self, output, n_raw):
            return n_raw

        def value(self, raw, output):
            return raw

        def operators(self, raw, output):
            return []

    raw = draw((4, 2, 3))
    with pytest.raises(NotImplementedError, match=r"Mine\(\) cannot average several"):
        Mine().average(raw)
    with pytest.raises(NotImplementedError, match=r"Mine\(\) has no average_jacobian"):
        Mine().average_jacobian(raw)
    with pytest.raises(NotImplementedError, match="has no average_second_vjp"):
        Mine().average_second_vjp(raw, raw, raw)
