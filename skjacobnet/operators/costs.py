"""What products of operators cost, and in which way they cost least.

The unit is one multiplication inside a large matrix product, about 0.02 nanoseconds in
float32 and 0.04 in float64 where a core makes 100 and 50 GFLOP/s. The figures are
rounded from a fit to five hundred products of random shapes in both types, in blocks
of samples that stay in cache.

Operators are of six kinds:

* ``"identity"``;
* ``"constant"``: one matrix for all samples;
* ``"diagonal"``;
* ``"dense"`` and ``"transposed"``: a matrix for each sample, whose rows or whose
  columns lie together in memory;
* ``"other"``: what can only be applied to vectors.
"""

# One number in an elementwise pass, which waits for memory, and the start of each inner
# loop of such a pass.
ELEMENTWISE = 10.0
LOOP = 150.0
# One number that a matrix product for all samples reads or writes.
STREAMED = 6.0
# One number that is written from rows to columns or back, and the start of that.
REORDERED = 15.0
REORDERING = 4e5
# A matrix product of its own for each sample: its start, each number in its three
# matrices, and each multiplication where the columns of the right one lie together.
EACH_SAMPLE = 1100.0
CACHED = 2.0
ACROSS = 1.4
# One number of an outer product, in new memory, and its way into the product after it.
OUTER = 20.0
# How many times as high as wide a matrix is that is better built column by column.
HIGH = 8

MATRICES = "constant", "dense", "transposed"


def cost_of_constant(n_out, n_in):
    """Return what one product of a matrix that all samples share with a vector costs.

    Parameters
    ----------
    n_out, n_in : int

    Returns
    -------
    float
        For each sample.
    """
    return n_out * n_in + STREAMED * (n_out + n_in)


def cost_of_dense(n_out, n_in):
    """Return what one product of each sample's matrix with a vector costs.

    Parameters
    ----------
    n_out, n_in : int

    Returns
    -------
    float
        For each sample.
    """
    return EACH_SAMPLE + STREAMED * n_out * n_in


def scaling(matrix):
    """Find out what it costs to scale the rows or the columns of a matrix.

    Parameters
    ----------
    matrix : JacobianOperator or Structure
        Of one of the kinds that have matrices.

    Returns
    -------
    cost : float
        For each sample.
    kind : {"dense", "transposed"}
        Of the product with a diagonal, on either side.
    """
    n_out, n_in, kind, loop = matrix.n_out, matrix.n_in, matrix.kind, LOOP
    if kind == "constant":
        kind = "transposed" if n_out > HIGH * n_in else "dense"
        # The passes can't run on from one sample into the next.
        loop = 2 * LOOP
    n_loops = n_in if kind == "transposed" else n_out
    return loop * n_loops + ELEMENTWISE * n_out * n_in, kind


def cost_around_diagonal(n_out, n, n_in, n_samples):
    """Return what `multiply_around_diagonal` costs for all samples together.

    Parameters
    ----------
    n_out, n, n_in, n_samples : int
        With a diagonal of n entries for each sample.

    Returns
    -------
    float
    """
    size = n_out * n_in
    outer_products = n * (2 * LOOP * n_out + OUTER * size)
    return n_samples * cost_of_constant(size, n) + outer_products


def cheapest_way(left, right, n_samples):
    """Find out how the matrices of ``left @ right`` are built at the least cost.

    Parameters
    ----------
    left, right : JacobianOperator or Structure
    n_samples : int

    Returns
    -------
    cost : float
        For each sample.
    way : {"rows", "columns", "samples"}
        Apply `right` to all rows of `left`, or `left` to all columns of `right`, or
        multiply the two matrices of each sample, after what has none is written out.
    """
    n_out, n, n_in = left.n_out, left.n_in, right.n_in
    rows = n_out * right.cost
    columns = n_in * left.cost + REORDERED * n_out * n_in + REORDERING / n_samples
    samples = EACH_SAMPLE + CACHED * (n_out * n + n * n_in + n_out * n_in)
    samples += n_out * n * n_in * (ACROSS if right.kind == "transposed" else 1)
    if left.kind == "transposed":
        rows += REORDERED * n_out * n
    elif left.kind == "other":
        rows += n_out * left.cost
        samples += n_out * left.cost
    if right.kind == "dense":
        columns += REORDERED * n * n_in
    elif right.kind == "other":
        columns += n_in * right.cost
        samples += n * right.cost
    return min((rows, "rows"), (columns, "columns"), (samples, "samples"))
