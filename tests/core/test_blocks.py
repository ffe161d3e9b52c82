import numpy as np
import pytest

from skjacobnet.core import blocks, passes, row_blocks, rows_of, slices
from skjacobnet.layers import Linear, ReLU, Residual, Sequential
from skjacobnet.network import Network

PLAIN = Network([Linear(100), ReLU(), Linear(10)], 64)
INSIDE = Network([Residual(Sequential([Linear(4096), "relu", Linear(64)]))], 64)


def test_a_block_holds_values_slopes_and_vectors():
    numbers = 2 * (64 + 100 + 100 + 10) + 2 * 5 * 100
    assert row_blocks(PLAIN, 5, 8) == blocks.BLOCK_BYTES // (8 * numbers)
    assert row_blocks(PLAIN, 5, 4) == blocks.BLOCK_BYTES // (4 * numbers)
    assert row_blocks(PLAIN, 5, 8, members=3) == blocks.BLOCK_BYTES // (24 * numbers)
    assert row_blocks(PLAIN, 0, 8) == blocks.BLOCK_BYTES // (8 * 274)


def test_layers_inside_layers_count():
    assert row_blocks(INSIDE, 1, 8) < row_blocks(PLAIN, 1, 8) / 10
    assert row_blocks(INSIDE, 0, 8) * 8 * 4096 < blocks.BLOCK_BYTES


def test_there_are_always_enough_rows_for_a_product(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    assert row_blocks(PLAIN, 0, 8) == row_blocks(PLAIN, 1, 8) == 8
    assert row_blocks(PLAIN, 4, 8) == 2
    assert row_blocks(PLAIN, 100, 8) == 1
    assert row_blocks(PLAIN, 1, 8, fewest=1024) == 1024
    assert rows_of(100) == 1


@pytest.mark.parametrize(("n_rows", "block"), [(0, 3), (7, 3), (9, 3), (2, 5)])
def test_slices_cover_every_row_once(n_rows, block):
    rows = np.arange(n_rows)
    parts = [rows[part] for part in slices(n_rows, block)]
    assert all(0 < len(part) <= block for part in parts)
    np.testing.assert_array_equal(np.concatenate([rows[:0], *parts]), rows)


def test_passes_cut_all_arrays_alike(monkeypatch):
    monkeypatch.setattr(blocks, "PASS_NUMBERS", 10)
    one, other = np.arange(42).reshape(2, 7, 3), np.zeros((7, 1))
    for part, other_part in passes(one, other):
        other_part += part.shape[-2]
        assert part.size <= 12
    assert (other > 0.0).all()


def test_passes_of_a_stack_lie_together_in_memory(monkeypatch):
    monkeypatch.setattr(blocks, "PASS_NUMBERS", 50)
    stack = np.zeros((7, 4, 5))
    parts = list(passes(stack))
    assert [part.shape for (part,) in parts] == [(2, 4, 5)] * 3 + [(1, 4, 5)]
    assert all(part.flags.c_contiguous for (part,) in parts)
    for (part,) in parts:
        part += 1.0
    assert (stack == 1.0).all()


@pytest.mark.parametrize("leading", [(3,), (2, 3), (1, 3)])
def test_passes_of_a_large_member_are_those_of_it_alone(monkeypatch, leading):
    monkeypatch.setattr(blocks, "PASS_NUMBERS", 10)
    stack = np.arange(np.prod(leading) * 21.0).reshape(*leading, 7, 3)
    found = [part.copy() for (part,) in passes(stack)]
    alone = [part for m in stack.reshape(-1, 7, 3) for (part,) in passes(m)]
    assert len(found) == len(alone) == 9 * stack.size // 63
    for part, expected in zip(found, alone, strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("limit", [1, 4, 10, 25, 10_000])
@pytest.mark.parametrize("leading", [(), (4,), (2, 4)])
@pytest.mark.parametrize("shape", [(7, 3), (1, 3), (4, 7, 3), (4, 1, 3), (1, 7, 3)])
def test_passes_cut_what_networks_share_as_it_belongs(
    monkeypatch, limit, leading, shape
):
    if len(shape) > len(leading) + 2:
        return
    monkeypatch.setattr(blocks, "PASS_NUMBERS", limit)
    rng = np.random.default_rng(0)
    first, other = rng.normal(size=(*leading, 7, 3)), rng.normal(size=shape)
    total = np.full((*leading, 7, 3), np.nan)
    for a, b, out in passes(first, other, total):
        np.add(a, b, out)
    np.testing.assert_array_equal(total, first + other)
