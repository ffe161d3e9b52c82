"""Costs of products of operators, and the cheapest way to compute them.

The unit is one multiplication inside a large matrix product, about 0.02 nanoseconds in
float32 and 0.04 in float64 where a core makes 100 and 50 GFLOP/s. The figures are
rounded from a fit to products of random shapes in both types, in blocks of samples that
stay in cache: ``python tests/benchmarks/costs.py``. `REORDERING`, `HIGH`, `GATHERED`,
and the cost of a vector times a separate matrix for each sample were chosen by hand.

Operators are of six kinds:

* ``"identity"``;
* ``"constant"``: one matrix for all samples, or one `Selection`;
* ``"diagonal"``;
* ``"dense"`` and ``"transposed"``: a matrix for each sample, whose rows or columns are
contiguous in memory (for a single row or column, ``"dense"``);
* ``"other"``: operators that can only be applied to vectors.
"""

from typing import NamedTuple

# One number in a memory-bound elementwise pass, and the overhead of each inner loop of
# such a pass.
ELEMENTWISE = 10.0
LOOP = 150.0
# That overhead if passes cannot continue from one row to the next.
SCATTERED_LOOP = 300.0
# One number gathered from, or scattered to, separate positions for each sample.
GATHERED = 150.0
# One number read or written by a matrix product for all samples.
STREAMED = 6.0
# One number of a transposition, and its overhead.
REORDERED = 15.0
REORDERING = 4e5
# A separate matrix product for each sample: its overhead, each number in its three
# matrices, and each multiplication if the columns of the right one are contiguous.
EACH_SAMPLE = 1100.0
CACHED = 2.0
ACROSS = 1.4
# One number of an outer product, in new memory, and of the product after it.
OUTER = 20.0
# Ratio of height to width above which a matrix is built column by column.
HIGH = 8

MATRICES = "constant", "dense", "transposed"


def cost_of_vector(kind, n_out, n_in):
    """Return the cost of one product of a matrix with a vector.

    Parameters
    ----------
    kind : {"constant", "dense", "transposed"}
        Of the matrix.
    n_out, n_in : int

    Returns
    -------
    float
        Cost per sample.
    """
    if kind == "constant":
        return n_out * n_in + STREAMED * (n_out + n_in)
    return EACH_SAMPLE + STREAMED * n_out * n_in


def laid_out(n_out, n_in, by_columns):
    """Return the kind of an operator with a matrix for each sample.

    Parameters
    ----------
    n_out, n_in : int
    by_columns : bool
        Whether the columns are contiguous in memory, or else the rows.

    Returns
    -------
    {"dense", "transposed"}
    """
    return "transposed" if by_columns and n_out > 1 and n_in > 1 else "dense"


class Plan(NamedTuple):
    """Plan to build a product of two operators.

    Attributes
    ----------
    way : str
        ``"left"`` or ``"right"``: that operator, the other one is the identity.
        ``"diagonals"``, ``"constants"``: the product of two of a kind. ``"scale
        rows"``, ``"scale columns"``: of the matrix times a diagonal. ``"rows"``: apply
        the right operator to all rows of the left one. ``"columns"``: apply the left
        operator to all columns of the right one. ``"samples"``: multiply the two
        matrices of each sample, after operators without one are written out.
        ``"around"``: by `multiply_around_diagonal`, with a diagonal in between.
    cost : float
        Predicted time for all samples together.
    kind : str
        Of the product.
    multiplications : int
        For all samples together.
    """

    way: str
    cost: float
    kind: str
    multiplications: int


def plan(left, right, n_samples):
    """Return the cheapest plan to build ``left @ right``.

    Parameters
    ----------
    left, right : JacobianOperator or Structure
        Anything with a `kind`, `n_out`, `n_in`, `cost` and `multiplications`.
    n_samples : int

    Returns
    -------
    Plan
    """
    kinds = left.kind, right.kind
    if kinds[0] == "identity":
        return Plan("right", 0.0, kinds[1], 0)
    if kinds[1] == "identity":
        return Plan("left", 0.0, kinds[0], 0)
    if kinds == ("diagonal", "diagonal"):
        return Plan(
            "diagonals", n_samples * right.cost, "diagonal", n_samples * right.n_out
        )
    if kinds == ("constant", "constant"):
        n_multiplications = left.n_out * left.n_in * right.n_in
        return Plan("constants", left.n_out * right.cost, "constant", n_multiplications)
    if kinds[0] == "diagonal" and kinds[1] in MATRICES:
        return _scaling("scale rows", kinds[1], right, n_samples)
    if kinds[1] == "diagonal" and kinds[0] in MATRICES:
        return _scaling("scale columns", kinds[0], left, n_samples)
    return _product(*kinds, left, right, n_samples)


def plan_around_diagonal(n_out, n, n_in, n_samples):
    """Return the plan of `multiply_around_diagonal`.

    Parameters
    ----------
    n_out, n, n_in, n_samples : int
        Sizes, with a diagonal of n entries for each sample.

    Returns
    -------
    Plan
    """
    size = n_out * n_in
    cost = n * (SCATTERED_LOOP * n_out + OUTER * size)
    cost += n_samples * cost_of_vector("constant", size, n)
    return Plan("around", cost, "dense", (n_samples + 1) * n * size)


def _scaling(way, kind, matrix, n_samples):
    n_out, n_in, loop = matrix.n_out, matrix.n_in, LOOP
    if kind == "constant":
        kind = laid_out(n_out, n_in, n_out > HIGH * n_in)
        loop = SCATTERED_LOOP
    n_loops = n_in if kind == "transposed" else n_out
    if n_out == 1 or n_in == 1:
        n_loops = 1
    cost = n_samples * (loop * n_loops + ELEMENTWISE * n_out * n_in)
    return Plan(way, cost, kind, n_samples * n_out * n_in)


def _product(left_kind, right_kind, left, right, n_samples):
    n_out, n, n_in = left.n_out, left.n_in, right.n_in
    rows = n_out * right.cost
    columns = n_in * left.cost + REORDERED * n_out * n_in
    columns += REORDERING / max(1, n_samples)
    samples = EACH_SAMPLE + CACHED * (n_out * n + n * n_in + n_out * n_in)
    samples += n_out * n * n_in * (ACROSS if right_kind == "transposed" else 1)
    if left_kind == "transposed":
        rows += REORDERED * n_out * n
    elif left_kind == "other":
        rows += n_out * left.cost
        samples += n_out * left.cost
    if right_kind == "dense" and n > 1 and n_in > 1:
        columns += REORDERED * n * n_in
    elif right_kind == "other":
        columns += n_in * right.cost
        samples += n * right.cost
    cost, way = min((rows, "rows"), (columns, "columns"), (samples, "samples"))
    kind = laid_out(n_out, n_in, way == "columns")
    n_multiplications = n_samples * _multiplications(way, left, right)
    return Plan(way, n_samples * cost, kind, n_multiplications)


def _multiplications(way, left, right):
    """Return the number of multiplications of the product for each sample."""
    n_out, n, n_in = left.n_out, left.n_in, right.n_in
    # An operator without a matrix is applied to unit vectors.
    left_rows = n_out * left.multiplications if left.kind == "other" else 0
    right_vector = right.multiplications if right.kind == "other" else 0
    if way == "rows":
        return left_rows + n_out * right.multiplications
    if way == "columns":
        return n_in * right_vector + n_in * left.multiplications
    return left_rows + n * right_vector + n_out * n * n_in
