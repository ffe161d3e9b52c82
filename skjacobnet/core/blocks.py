"""The one rule for the size of a block of rows, and of a pass over numbers.

What works on a table takes it in blocks of rows: its memory is then the result plus one
block, whatever the table. Within a block, functions of single numbers are evaluated in
passes, so that what they read and write stays in the cache of the processor's core.
"""

# All arrays of a block together. Threads wait for each other at the end of every
# product, so that smaller blocks are slow where another process keeps a core busy;
# larger ones leave the cache. Measured by ``python tests/benchmarks/blocks.py``.
BLOCK_BYTES = 3 * 2**20
# Matrix products of fewer vectors take most of their time to read the weights.
FEWEST_VECTORS = 8
# The numbers of one array in a pass: three arrays in float64 fill a core's cache.
PASS_NUMBERS = 2**15


def row_blocks(network, vectors_per_row, itemsize, members=1, fewest=1):
    """Return how many rows a block has.

    Parameters
    ----------
    network : Network
        Anything with `widths`: the width of every array that an evaluation makes, those
        inside containers included.
    vectors_per_row : int
        Tangents or cotangents that are carried through for each row; 0 for values
        alone, which need no derivatives.
    itemsize : int
        Bytes of a number.
    members : int, default=1
        Networks that are evaluated side by side.
    fewest : int, default=1
        The fewest rows, whatever they take.

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
        # Slopes beside the values, and the vectors before and behind a layer.
        numbers = 2 * (numbers + vectors_per_row * max(network.widths))
    fewest = max(fewest, FEWEST_VECTORS // max(1, vectors_per_row))
    return rows_of(numbers * itemsize * members, fewest)


def rows_of(bytes_per_row, fewest=1):
    """Return how many rows a block has that take so many bytes each.

    Examples
    --------
    >>> rows_of(2**12)
    768
    """
    return max(fewest, BLOCK_BYTES // max(1, bytes_per_row))


def slices(n_rows, block):
    """Yield slices that cover so many rows, a block at a time.

    Examples
    --------
    >>> list(slices(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, n_rows, block):
        yield slice(start, min(start + block, n_rows))


def passes(*arrays):
    """Return blocks of the rows of arrays, one of each at a time.

    What a function allocates for a block is small and stays in the cache. Stacks are
    cut along their first axis, so that a block lies together in memory, and where a
    block has less than one network of a stack, it has those rows that it would have if
    that network were alone.

    Parameters
    ----------
    *arrays : array of shape (..., n_samples, n)
        With the same rows. The size of a block depends on the first one, which has all
        axes; the others may lack leading axes, and axes of one entry are not cut.
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
