import numpy as np
import pytest
from scipy.sparse import csr_matrix, issparse

from skjacobnet.core import blocks
from skjacobnet.data.batches import Batches
from skjacobnet.tasks import Classes

N = 23
X = np.arange(N * 3, dtype=np.int64).reshape(N, 3)
Y = np.arange(N) % 3
TASK = Classes(np.arange(3))


def make(inputs=X, weight=None, rows=None, batch_size=5, sparse=False):
    return Batches(inputs, Y, TASK, weight, rows, batch_size, np.float32, sparse)


@pytest.mark.parametrize("n_bytes", [1, 800, 10**6])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("sparse_input", [False, True])
def test_every_row_comes_once(monkeypatch, n_bytes, shuffle, sparse_input):
    """Trap 9 of the notebook: it drops the last, smaller batch."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", n_bytes)
    weight = np.linspace(1.0, 2.0, N)
    batches = make(csr_matrix(X) if sparse_input else X, weight)
    rng = np.random.default_rng(0) if shuffle else None
    taken = [tuple(part.copy() for part in batch) for batch in batches.epoch(rng)]
    assert len(taken) == len(batches) == 5
    assert [len(y) for _, y, _ in taken] == [5, 5, 5, 5, 3]
    inputs, encoded, weights = (
        np.concatenate(part) for part in zip(*taken, strict=True)
    )
    assert inputs.dtype == encoded.dtype == weights.dtype == np.float32
    order = inputs[:, 0].astype(int) // 3
    assert sorted(order) == list(range(N))
    assert (order.tolist() == list(range(N))) is not shuffle
    np.testing.assert_array_equal(inputs, X[order])
    np.testing.assert_array_equal(encoded, np.eye(3)[Y[order]])
    np.testing.assert_allclose(weights, weight[order], rtol=1e-6)


def test_epochs_differ_and_seeds_repeat():
    batches = make()
    rng = np.random.default_rng(3)
    first, second = (
        np.concatenate([x for x, _, _ in batches.epoch(rng)]) for _ in "ab"
    )
    again = np.concatenate([x for x, _, _ in batches.epoch(np.random.default_rng(3))])
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, again)


def test_only_chosen_rows():
    rows = np.array([1, 4, 7, 20])
    for batch_size in (2, 10):
        batches = make(rows=rows, batch_size=batch_size)
        taken = np.concatenate(
            [x for x, _, _ in batches.epoch(np.random.default_rng(0))]
        )
        assert sorted(taken[:, 0] // 3) == rows.tolist()


def test_a_single_batch_of_the_right_type_is_not_copied():
    inputs = X.astype(np.float32)
    batches = make(inputs, batch_size=100)
    ((first, _, _),) = batches.epoch(np.random.default_rng(0))
    assert np.shares_memory(first, inputs)


def test_sparse_stays_sparse_where_the_network_takes_it():
    kept = [x for x, _, _ in make(csr_matrix(X), sparse=True).epoch()]
    assert all(issparse(x) and x.dtype == np.float32 for x in kept)
