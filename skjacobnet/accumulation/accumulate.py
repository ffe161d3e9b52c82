"""Products of chains of Jacobians."""

from skjacobnet.accumulation.order import Structure, order_of
from skjacobnet.operators import (
    Dense,
    Product,
    multiplied_out,
    multiply,
    multiply_around_diagonal,
    simplified,
)

MODES = ("auto", "forward", "reverse")


def accumulate(operators, mode="auto", n_samples=None, out=None):
    r"""Multiply out a chain of Jacobians.

    Parameters
    ----------
    operators : sequence of JacobianOperator
        At least one.
    mode : {"auto", "forward", "reverse"}, default="auto"
        Order of the multiplications. All give the same result up to rounding.
    n_samples : int, optional
        Number of samples for the costs in automatic mode; by default that of the
        operators.
    out : array of shape (..., n_samples, n_out, n_in), optional
        Output array of the last multiplication. It is not used if all samples share the
        Jacobian, or if the product has more structure.

    Returns
    -------
    JacobianOperator
        :math:`J_L \cdots J_1`, multiplied out as far as its structure allows.

    Raises
    ------
    ValueError
        If `mode` is unknown or there is no operator.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.operators import ConstantMatrix, Diagonal
    >>> spread = ConstantMatrix(np.array([[1.0, 2.0]]))
    >>> chain = [spread, Diagonal(np.array([[3.0, 4.0]]))]
    >>> accumulate(chain, "reverse").todense(1)
    array([[[3.],
            [8.]]])
    """
    if mode not in MODES:
        raise ValueError(
            f"mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}."
        )
    if not operators:
        raise ValueError("operators must hold at least one operator, got none.")
    operators = opened(operators)
    batch_shapes = [operator.batch_shape for operator in operators]
    if out is not None and out.shape[:-2] not in batch_shapes:
        out = None  # a shared result must be repeated for each sample
    if n_samples is None:
        n_samples = count_samples(operators)
    structures = tuple(map(Structure.of, operators))
    order = order_of(mode, structures, n_samples)
    return multiplied_out(_multiply_in(order, operators, out))


def accumulate_into(out, operators, mode="auto"):
    """Write the Jacobian of a chain to an array.

    Parameters
    ----------
    out : array of shape (..., n_samples, n_out, n_in)
    operators : sequence of JacobianOperator
    mode : {"auto", "forward", "reverse"}, default="auto"
        As in `accumulate`.
    """
    product = accumulate(operators, mode, out=out)
    if not (isinstance(product, Dense) and product.matrix is out):
        product.todense(out.shape[-3], out)


def count_carried(mode, n_out, n_in):
    """Return the maximum number of vectors per sample in a chain of products.

    Parameters
    ----------
    mode : {"auto", "forward", "reverse"}
    n_out, n_in : int
        Sizes of the whole chain.

    Returns
    -------
    int
        Number of rows in reverse mode, of columns in forward mode. The automatic order
        has either of them, or fewer.
    """
    return {"forward": n_in, "reverse": n_out}.get(mode, min(n_out, n_in))


def opened(operators):
    """Return a flattened and simplified chain.

    Parameters
    ----------
    operators : sequence of JacobianOperator

    Returns
    -------
    list of JacobianOperator
        The factors of products, and each operator in its simplest form.
    """
    chain = []
    for operator in operators:
        is_product = isinstance(operator, Product)
        factors = operator.factors[::-1] if is_product else [operator]
        chain += [simplified(factor) for factor in factors]
    return chain


def count_samples(operators):
    """Return the number of samples with separate Jacobians, one if all share them.

    Parameters
    ----------
    operators : sequence of JacobianOperator

    Returns
    -------
    int
    """
    return max(operator.batch_shape[-1] for operator in operators)


def _multiply_in(order, operators, out=None):
    if isinstance(order, int):
        return operators[order]
    factors = [_multiply_in(part, operators) for part in order]
    if len(factors) == 3:
        return multiply_around_diagonal(*factors, out)
    return multiply(*factors, out)
