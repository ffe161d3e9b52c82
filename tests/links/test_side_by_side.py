"""Results of a link for networks side by side are bit-identical to those alone."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skjacobnet.core.workspace import Workspace
from skjacobnet.links import (
    EXPONENTIAL,
    IDENTITY,
    LOGISTIC,
    MEAN_AND_DEVIATION,
    SOFTMAX,
    SortedQuantiles,
    exponentials,
)

DTYPES = [np.float32, np.float64]
ROWS = [1, 2, 5, 33, 200]
COLUMNS = [1, 2, 3, 10, 64, 130]
PROBABILITIES = [SOFTMAX, LOGISTIC]
OTHERS = [EXPONENTIAL, IDENTITY, MEAN_AND_DEVIATION, SortedQuantiles((0.2, 0.7))]

each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_shape = pytest.mark.parametrize(
    ("n_samples", "n_columns"), [(n, c) for n in ROWS for c in COLUMNS]
)


def stack(n_samples, n_columns, dtype, extreme=1.0, members=4):
    rng = np.random.default_rng(0)
    raw = 3.0 * rng.normal(size=(members, n_samples, n_columns)).astype(dtype)
    with np.errstate(invalid="ignore"):
        raw[2, -1, 0] *= extreme
    return raw


@each_dtype
@each_shape
@pytest.mark.parametrize("extreme", [1.0, 1e4, np.inf, np.nan])
@pytest.mark.parametrize("link", PROBABILITIES)
def test_probabilities(link, n_samples, n_columns, dtype, extreme):
    raw = stack(n_samples, n_columns, dtype, extreme)
    y = (stack(n_samples, n_columns, dtype) > 0.0).astype(dtype)
    with np.errstate(invalid="ignore"):
        for method in (
            link.proba,
            link.log_proba,
            link.predict_proba,
            link.predict_log_proba,
        ):
            assert_array_equal(method(raw), np.stack([method(own) for own in raw]))
        pairs = zip(y, raw, strict=True)
        residuals = np.stack([link.residual(*pair) for pair in pairs])
        assert_array_equal(link.residual(y, raw), residuals)
        residuals = np.stack([link.residual(y[0], own) for own in raw])
        assert_array_equal(link.residual(y[0], raw), residuals)


@each_dtype
@pytest.mark.parametrize("link", [*PROBABILITIES, *OTHERS])
@pytest.mark.parametrize("n_samples", [1, 33])
def test_outputs_and_their_jacobians(link, n_samples, dtype):
    raw = stack(n_samples, 4, dtype)
    for output in link.outputs:
        together = link.value(raw, output)
        alone = np.stack([link.value(own, output) for own in raw])
        assert_array_equal(together, alone)
        tangent, expected = np.cos(raw), [np.cos(own) for own in raw]
        for operator in link.operators(raw, output):
            tangent = operator.jvp(tangent)
        for k, own in enumerate(raw):
            for operator in link.operators(own, output):
                expected[k] = operator.jvp(expected[k])
        assert_array_equal(tangent, np.stack(expected))


@each_dtype
@pytest.mark.parametrize("extreme", [1e4, -1e4, 61.0, np.inf, -np.inf, np.nan])
def test_only_the_networks_that_need_it_are_shifted(extreme, dtype):
    raw = stack(6, 3, dtype)
    raw[2, -1, 0] = extreme
    workspace = Workspace()
    for _ in range(2):
        out = np.empty_like(raw)
        with np.errstate(invalid="ignore"):
            logarithm = exponentials(raw, out, workspace)
            diverged, own_out = raw[2], np.empty_like(raw[2])
            expected = exponentials(diverged, own_out)
        healthy = [0, 1, 3]
        assert_array_equal(logarithm[healthy], raw[healthy])
        assert_array_equal(out[healthy], np.exp(raw[healthy]))
        assert_array_equal(logarithm[2], expected)
        assert_array_equal(out[2], own_out)
        assert (expected.max(axis=-1)[:-1] == 0.0).all()


def test_nothing_is_shifted_where_nobody_needs_it():
    raw = stack(6, 3, np.float64)
    assert exponentials(raw, np.empty_like(raw)) is raw


@each_dtype
def test_further_leading_axes(dtype):
    raw = stack(5, 3, dtype, 1e4, members=6).reshape(2, 3, 5, 3)
    expected = np.stack([SOFTMAX.proba(own) for own in raw.reshape(6, 5, 3)])
    assert_array_equal(SOFTMAX.proba(raw), expected.reshape(raw.shape))
