import tracemalloc

import numpy as np
import pytest
from scipy.sparse import csr_array

from skjacobnet.layers import Column, EncodedRows, MissingIndicator, PiecewiseLinear
from skjacobnet.layers.encodings import rows as module
from skjacobnet.layers.encodings.columns import runs, taken

NUMBERS = [Column(0, "number"), Column(1, "number"), Column(2, "number")]


def table(n_samples=50):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 3))
    X[rng.random(n_samples) < 0.3, 1] = np.nan
    return X, rng.integers(0, 3, size=n_samples).astype(float)


@pytest.mark.parametrize("kind", [np.ascontiguousarray, np.asfortranarray, csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows_per_block", [None, 7])
def test_blocks_are_the_rows_of_positive_weight(rows_per_block, dtype, kind):
    X, weight = table()
    X = X.astype(dtype)
    rows = EncodedRows(kind(X), weight, rows_per_block=rows_per_block)
    blocks, weights = zip(*rows.blocks(), strict=True)
    dense = [b.toarray() if kind is csr_array else b for b in blocks]
    assert {block.dtype for block in blocks} == {np.dtype(np.float64)}
    # The last row, which would be the eighth block, has no weight.
    assert len(blocks) == (1 if rows_per_block is None else 7)
    np.testing.assert_array_equal(np.concatenate(dense), X[weight > 0])
    np.testing.assert_array_equal(np.concatenate(weights), weight[weight > 0])
    np.testing.assert_array_equal(rows.weight, weight[weight > 0])
    assert rows.n_rows == np.count_nonzero(weight)


def test_without_weights_there_are_none():
    X, _ = table()
    rows = EncodedRows(X)
    ((block, weight),) = rows.blocks()
    assert weight is rows.weight is None
    assert np.shares_memory(block, X)


@pytest.mark.parametrize("bytes_at_once", [1, 600, 2**20])
def test_columns_after_encodings(bytes_at_once, monkeypatch):
    monkeypatch.setattr(module, "COPIED_BYTES", bytes_at_once)
    X, weight = table()
    rows = EncodedRows(X, weight, rows_per_block=7)
    for _ in range(2):
        layer, statistics, _ = MissingIndicator().fitted(NUMBERS, rows)
        rows = rows.followed_by(layer, statistics)
    whole = np.concatenate([block for block, _ in rows.blocks()])
    assert whole.shape[1] == rows.n_columns == 4
    found = dict(rows.columns([3, 0, 1]))
    assert list(found) == [3, 0, 1]
    for number, column in found.items():
        np.testing.assert_array_equal(column, whole[:, number])


@pytest.mark.parametrize("weighted", [False, True])
def test_columns_of_the_table_itself(weighted):
    X, weight = table()
    rows = EncodedRows(X.astype(np.float32), weight if weighted else None)
    for number, column in rows.columns((2, 1)):
        expected = X.astype(np.float32)[weight > 0 if weighted else slice(None), number]
        assert column.dtype == np.float64
        np.testing.assert_array_equal(column, expected)


def test_the_encoded_table_is_never_there_as_a_whole():
    n_samples = 60_000
    X = np.random.default_rng(0).normal(size=(n_samples, 10)).astype(np.float32)
    columns = [Column(i, "number") for i in range(10)]
    rows = EncodedRows(X)
    layer, statistics, columns = PiecewiseLinear().fitted(columns, rows)
    rows = rows.followed_by(layer, statistics)
    tracemalloc.start()
    try:
        for _ in rows.blocks():
            pass
        MissingIndicator().fitted(columns, rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    whole = 8 * n_samples * rows.n_columns
    assert peak < 0.3 * whole


def test_runs_of_columns():
    assert runs(()) == ()
    assert runs((0, 1, 2)) == ((slice(0, 3), slice(0, 3)),)
    assert runs((5, 2)) == ((slice(0, 1), slice(5, 6)), (slice(1, 2), slice(2, 3)))
    X = np.arange(24.0).reshape(2, 2, 6)
    np.testing.assert_array_equal(taken(X, (5, 2, 3)), X[..., [5, 2, 3]].mT)
