"""Sizes of blocks of rows, and of passes over numbers.

Tables are processed in blocks of rows: memory is the result plus one block, whatever
the size of the table. Within a block, elementwise functions are evaluated in passes, so
that their arrays stay in the cache of the processor's core.
"""

# Bytes of all arrays of a block. Threads wait for each other at the end of each
# product, so smaller blocks are slow if another process keeps a core busy; larger ones
# exceed the cache. Measured by ``python tests/benchmarks/blocks.py``.
BLOCK_BYTES = 3 * 2**20
# Matrix products of fewer vectors spend most of their time reading the weights.
FEWEST_VECTORS = 8
# Size of one array in a pass: three arrays in float64 fill a core's cache.
PASS_NUMBERS = 2**15


def row_blocks(network, vectors_per_row, itemsize, members=1, fewest=1):
    """Return the number of rows of a block.

    Parameters
    ----------
    network : Network
        Any object with `widths`: the width of each array that an evaluation allocates,
        those inside containers included.
    vectors_per_row : int
        Number of tangents or cotangents propagated for each row; 0 for values without
        derivatives.
    itemsize : int
        Bytes of a number.
    members : int, default=1
        Number of networks evaluated side by side.
    fewest : int, default=1
        Minimum number of rows.

    Returns
    -------
    int

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> row_blocks(SimpleNamespace(widths=(64, 100, 100, 10)), 0, itemsize=8)
    1435
    """
    numbers = sum(network.widths)
    if vectors_per_row:
        # Values and slopes, and the vectors before and after a layer.
        numbers = 2 * (numbers + vectors_per_row * max(network.widths))
    fewest = max(fewest, FEWEST_VECTORS // max(1, vectors_per_row))
    return rows_of(numbers * itemsize * members, fewest)


def rows_of(bytes_per_row, fewest=1):
    """Return the number of rows of a block, given the bytes per row.

    Examples
    --------
    >>> rows_of(2**12)
    768
    """
    return max(fewest, BLOCK_BYTES // max(1, bytes_per_row))


def slices(n_rows, block):
    """Yield slices of blocks that cover a number of rows.

    Examples
    --------
    >>> list(slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, n_rows, block):
        yield slice(start, min(start + block, n_rows))


def passes(*arrays):
    """Return corresponding blocks of rows of several arrays.

    Temporary arrays of a block are small and stay in the cache. Stacks are split along
    their first axis, so that a block is contiguous, and a block smaller than one
    network of a stack has the same rows as for that network alone.

    Parameters
    ----------
    *arrays : array of shape (..., n_samples, n)
        Arrays with the same rows. The size of a block depends on the first one, which
        has all axes; the others may lack leading axes, and axes of length one are not
        split.
    """
    first = arrays[0]
    if first.size <= PASS_NUMBERS or first.ndim < 2:
        return (arrays,)
    if first.ndim > 2:
        return _passes_of_stack(arrays)
    n_samples = first.shape[-2]
    n_rows = max(1, PASS_NUMBERS * n_samples // first.size)
    return (
        [a if a.shape[-2] == 1 else a[..., rows, :] for a in arrays]
        for rows in slices(n_samples, n_rows)
    )


def _passes_of_stack(arrays):
    """Yield blocks of whole entries of the first axis, or passes of one at a time."""
    first = arrays[0]
    n_entries = PASS_NUMBERS * len(first) // first.size
    if n_entries:
        for entries in slices(len(first), n_entries):
            yield [_entries(array, entries, first) for array in arrays]
        return
    for entry in range(len(first)):
        yield from passes(*(_entries(array, entry, first) for array in arrays))


def _entries(array, entries, first):
    """Return some entries of the leading axis that an array shares with the first."""
    if array.ndim < first.ndim:
        return array
    if len(array) == 1 and not isinstance(entries, slice):
        return array[0]
    return array if len(array) == 1 else array[entries]
