import numpy as np
import pytest
from scipy.sparse import csr_array, issparse

from skjacobnet.core.rows import (
    average_rows,
    cast,
    inner_products,
    row_scale,
    sum_over_first,
    weighted_mean,
)

DTYPES = [np.float32, np.float64]
each_size = pytest.mark.parametrize("n_samples", [1, 2, 7, 8, 33, 200, 20_000])


def test_rows_in_the_type_of_the_weights():
    X = np.arange(6).reshape(2, 3)
    assert cast(X, np.float32, sparse=False).dtype == np.float32
    kept = X.astype(np.float64)
    assert cast(kept, np.float64, sparse=False) is kept
    assert issparse(cast(csr_array(kept), np.float32, sparse=True))
    np.testing.assert_array_equal(cast(csr_array(kept), np.float32, sparse=False), X)


@pytest.mark.parametrize("make", [np.asarray, csr_array])
def test_numbers_beyond_the_range_are_named(make):
    X = make(np.array([[1.0, -3.5e38], [0.0, 2.0]]))
    with pytest.raises(
        ValueError, match=r"up to 3.5e\+38, beyond the range of float32"
    ):
        cast(X, np.float32, sparse=True)
    small = make(np.array([[1e-300, 3e38]]))
    assert np.isfinite(cast(small, np.float32, sparse=False)).all()


def weights_of_all_kinds(n_members, n_samples, dtype):
    rng = np.random.default_rng(1)
    for kind in (dtype, np.float64):
        yield rng.random(n_samples).astype(kind)
        yield rng.random((n_members, n_samples)).astype(kind)
    yield rng.integers(1, 4, (n_members, n_samples))


@pytest.mark.parametrize("dtype", DTYPES)
@each_size
def test_each_network_has_the_weighted_mean_that_it_has_alone(n_samples, dtype):
    values = np.random.default_rng(0).normal(size=(3, n_samples)).astype(dtype)
    for weight in (None, *weights_of_all_kinds(3, n_samples, dtype)):
        means = weighted_mean(values, weight)
        assert means.dtype == dtype
        for k, member in enumerate(values):
            own = weight if weight is None or weight.ndim == 1 else weight[k]
            assert means[k] == weighted_mean(member, own)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(3, 7, 4), (2, 3, 1, 5), (5, 3, 40, 1)])
def test_each_network_has_the_rows_that_it_has_alone(shape, dtype):
    rows = np.random.default_rng(0).normal(size=shape).astype(dtype)
    for weight in weights_of_all_kinds(3, shape[-2], dtype):
        scale = row_scale(rows, weight)
        averaged = average_rows(rows.copy(), weight)
        assert scale.dtype == averaged.dtype == dtype
        for k in range(3):
            own = weight if weight.ndim == 1 else weight[k]
            alone = np.ascontiguousarray(rows[..., k, :, :])
            np.testing.assert_array_equal(
                np.broadcast_to(scale, (3, shape[-2], 1))[k], row_scale(alone, own)
            )
            np.testing.assert_array_equal(
                averaged[..., k, :, :], average_rows(alone, own)
            )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [1, 2, 33])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 30, 300])
def test_each_network_has_the_sum_that_it_has_alone(n, n_samples, dtype):
    values = np.random.default_rng(0).normal(size=(n, 5, n_samples)).astype(dtype)
    sums = sum_over_first(values)
    assert sums.shape == (5, n_samples)
    for k in range(5):
        alone = np.ascontiguousarray(values[:, k])
        np.testing.assert_array_equal(sum_over_first(alone), np.sum(alone, axis=0))
        np.testing.assert_array_equal(sums[k], sum_over_first(alone))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (33, 10), (200, 150)])
def test_each_network_has_the_inner_product_that_it_has_alone(shape, dtype):
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, 4, *shape)).astype(dtype)
    for first in (left, left[0]):
        found = inner_products(first, right)
        assert found.dtype == dtype
        for k in range(4):
            own = first if first.ndim == 2 else first[k]
            assert found[k] == inner_products(own, right[k]) == np.vdot(own, right[k])
