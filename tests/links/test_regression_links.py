import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skjacobnet.accumulation import accumulate
from skjacobnet.links import (
    EXPONENTIAL,
    IDENTITY,
    MEAN_AND_DEVIATION,
    SortedQuantiles,
    per_target,
)
from skjacobnet.testing import check_operator, empirical_jacobian

# Raw predictions for each of two targets.
LINKS = {
    IDENTITY: 1,
    EXPONENTIAL: 1,
    MEAN_AND_DEVIATION: 2,
    SortedQuantiles((0.5,)): 1,
    SortedQuantiles((0.1, 0.5, 0.9)): 3,
}
CASES = [
    (link, output, 2 * n_per_target)
    for link, n_per_target in LINKS.items()
    for output in link.outputs
]
each_case = pytest.mark.parametrize(("link", "output", "n_raw"), CASES)


def draw(shape, dtype=np.float64):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


def test_values_by_hand():
    raw = np.array([[3.0, -1.0, 0.0, 2.0]])
    assert_array_equal(IDENTITY.value(raw, "prediction"), raw)
    assert_allclose(EXPONENTIAL.value(raw, "prediction"), np.exp(raw), rtol=1e-15)
    assert_array_equal(MEAN_AND_DEVIATION.value(raw, "prediction"), [[3.0, 0.0]])
    assert_allclose(
        MEAN_AND_DEVIATION.value(raw, "std"), [[np.exp(-1.0), np.exp(2.0)]], rtol=1e-15
    )
    link = SortedQuantiles((0.2, 0.7))
    assert_array_equal(link.value(raw, "quantiles"), [[-1.0, 3.0, 0.0, 2.0]])
    assert_array_equal(link.value(raw, "prediction"), [[3.0, 2.0]])


def test_jacobians_by_hand():
    raw = np.array([[3.0, -1.0, 0.0, 2.0], [1.0, 2.0, 4.0, 3.0]])

    def jacobian(link, output):
        return accumulate(link.operators(raw, output)).todense(2)

    slopes = jacobian(EXPONENTIAL, "prediction")
    assert_allclose(slopes, np.exp(raw)[:, np.newaxis] * np.eye(4), rtol=1e-15)
    assert_array_equal(
        jacobian(MEAN_AND_DEVIATION, "prediction"), [[[1, 0, 0, 0], [0, 0, 1, 0]]] * 2
    )
    assert_allclose(
        jacobian(MEAN_AND_DEVIATION, "std")[1],
        [[0, np.exp(2.0), 0, 0], [0, 0, 0, np.exp(3.0)]],
        rtol=1e-15,
    )
    link = SortedQuantiles((0.2, 0.7))
    assert_array_equal(
        jacobian(link, "quantiles"),
        [np.eye(4)[[1, 0, 2, 3]], np.eye(4)[[0, 1, 3, 2]]],
    )
    assert_array_equal(
        jacobian(link, "prediction"), [np.eye(4)[[0, 3]], np.eye(4)[[1, 2]]]
    )


@each_case
def test_contract(link, output, n_raw):
    for dtype in (np.float32, np.float64):
        raw = draw((2, 3, 5, n_raw), dtype)
        before = raw.copy()
        value, operators = link.value(raw, output), link.operators(raw, output)
        assert value.dtype == dtype
        assert value.shape == (2, 3, 5, link.n_outputs(output, n_raw))
        one_by_one = [[link.value(z, output) for z in member] for member in raw]
        # Exponentials of more numbers at once may round otherwise.
        assert_allclose(value, one_by_one, rtol=4 * np.finfo(dtype).eps)
        for operator in operators:
            assert operator.dtype == dtype
            check_operator(operator, 5)
        if operators:
            assert operators[0].n_in == n_raw
            assert operators[-1].n_out == value.shape[-1]
        else:
            assert value is raw
        assert_array_equal(raw, before)
    assert link.value(raw, "raw") is raw
    assert link.operators(raw, "raw") == []


@each_case
def test_jacobian_against_finite_differences(link, output, n_raw):
    raw = draw((6, n_raw))
    operators = link.operators(raw, output)
    jacobian = (
        accumulate(operators).todense(6) if operators else [np.eye(n_raw)] * len(raw)
    )
    measured = empirical_jacobian(lambda z: link.value(z, output), raw)
    assert_allclose(jacobian, measured, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("levels", "nearest"),
    [
        ((0.5,), 0.5),
        ((0.1, 0.6, 0.9), 0.6),
        ((0.05, 0.95), 0.05),
        ((0.3, 0.7), 0.3),
        ((0.05, 0.1, 0.9, 0.95), 0.1),
        ((0.9, 0.99), 0.9),
    ],
)
def test_the_prediction_is_nearest_to_the_median(levels, nearest):
    raw = np.array([levels])
    assert_array_equal(SortedQuantiles(levels).value(raw, "prediction"), [[nearest]])


def test_quantiles_never_cross_and_ties_keep_their_places():
    link = SortedQuantiles((0.1, 0.5, 0.9))
    raw = draw((50, 6))
    assert (np.diff(per_target(link.value(raw, "quantiles"), 3), axis=-1) >= 0).all()
    (operator,) = link.operators(np.zeros((1, 6)), "quantiles")
    assert_array_equal(operator.indices, [np.arange(6)])


def test_quantile_links_are_values():
    link = SortedQuantiles((0.1, 0.9))
    assert link == SortedQuantiles((0.1, 0.9)) != SortedQuantiles((0.1, 0.8))
    assert repr(link) == "SortedQuantiles(levels=(0.1, 0.9))"
    for link in LINKS:
        copied = pickle.loads(pickle.dumps(link))
        assert type(copied) is type(link)
        assert repr(copied).split(" at ")[0] == repr(link).split(" at ")[0]


def test_noncontiguous_raw_predictions():
    wide = draw((5, 12))
    link = SortedQuantiles((0.1, 0.5, 0.9))
    for output in link.outputs:
        assert_array_equal(
            link.value(wide[:, ::2], output), link.value(wide[:, ::2].copy(), output)
        )
