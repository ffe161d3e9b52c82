"""Base classes of Jacobian operators, and products that are not multiplied out."""

from abc import ABC, abstractmethod
from functools import reduce
from itertools import pairwise

import numpy as np

from skjacobnet.operators.costs import ELEMENTWISE, LOOP


class JacobianOperator(ABC):
    """Base class of Jacobians at a batch of inputs.

    Attributes
    ----------
    n_in, n_out : int
        Widths of the input and the output.
    multiplications : int
        Number of multiplications of one `jvp` or `vjp` per sample.
    cost : float
        Predicted time of one `jvp` or `vjp`, in multiplications inside a matrix
        product; see ``skjacobnet/operators/costs.py``.
    shared : bool
        Whether all samples have the same matrix.
    kind : str
        Kind of structure for products with others; listed in the same file.
    operands : sequence of JacobianOperator
        Operators it consists of; empty for most.
    """

    __slots__ = ()
    shared = False
    operands = ()
    # Arrays must not treat operators as scalars: ``operator @ array`` is a TypeError.
    __array_ufunc__ = None

    @abstractmethod
    def jvp(self, tangent, out=None):
        """Apply the Jacobian: ``J @ tangent`` for every sample.

        Parameters
        ----------
        tangent : array of shape (..., n_samples, n_in)
        out : array of shape (..., n_samples, n_out), optional
            Output array.

        Returns
        -------
        array of shape (..., n_samples, n_out)
        """

    @abstractmethod
    def vjp(self, cotangent, out=None):
        """Apply the transposed Jacobian: ``J.T @ cotangent`` for every sample.

        Parameters
        ----------
        cotangent : array of shape (..., n_samples, n_out)
        out : array of shape (..., n_samples, n_in), optional
            Output array.

        Returns
        -------
        array of shape (..., n_samples, n_in)
        """

    @property
    @abstractmethod
    def dtype(self):
        """The floating-point type of the operator."""

    @property
    def kind(self):
        return "constant" if self.shared else "other"

    @property
    def matrix(self):
        """Dense Jacobian, (..., n_samples or 1, n_out, n_in).

        Read-only: for some operators it is an array of the operator, for others a new
        array at each access.
        """
        return np.moveaxis(self.rows(), 0, -2)

    @property
    def cost(self):
        return LOOP + ELEMENTWISE * self.multiplications

    def rows(self):
        """Return the rows as a stack, (n_out, ..., n_samples or 1, n_in)."""
        return self.vjp(basis(self.n_out, self.dtype, self.stack_axes))

    def columns(self):
        """Return the columns as a stack, (n_in, ..., n_samples or 1, n_out)."""
        return self.jvp(basis(self.n_in, self.dtype, self.stack_axes))

    @property
    @abstractmethod
    def batch_shape(self):
        """Leading axes and that of the samples, ``(..., n_samples or 1)``."""

    @property
    def stack_axes(self):
        """Number of leading axes before that of the samples."""
        return len(self.batch_shape) - 1

    def squared_norm_after(self, coef):
        r"""Return the squared Frobenius norm of each Jacobian after a linear map.

        .. math:: \lVert J_s C^T \rVert_F^2

        Parameters
        ----------
        coef : array of shape (n, n_in)
            Matrix C of a map from n features to those of this operator.

        Returns
        -------
        array of shape (..., n_samples or 1)
        """
        columns = self.jvp(with_stack_axes(coef[:, np.newaxis], self.stack_axes))
        return np.sum(np.vecdot(columns, columns), axis=0)

    def todense(self, n_samples, out=None):
        """Write the Jacobian out.

        Parameters
        ----------
        n_samples : int
            Number of samples; needed if all samples share one matrix.
        out : array of shape (..., n_samples, n_out, n_in), optional
            Where to write it.

        Returns
        -------
        array of shape (..., n_samples, n_out, n_in)
            A new array without `out`.
        """
        matrix = self.matrix
        if out is None:
            shape = (*matrix.shape[:-3], n_samples, *matrix.shape[-2:])
            out = np.empty(shape, matrix.dtype)
        np.copyto(out, matrix)
        return out

    def __matmul__(self, other):
        """Return the product ``self @ other``, not multiplied out."""
        if not isinstance(other, JacobianOperator):
            return NotImplemented
        return Product([self, other])


class Composite(JacobianOperator):
    """Base class of operators that consist of others.

    Parameters
    ----------
    operands : sequence of JacobianOperator
        At least one.

    Notes
    -----
    One application costs the sum of those of its operands.
    """

    __slots__ = ("operands",)

    def __init__(self, operands):
        if not operands:
            raise ValueError(f"{type(self).__name__} needs at least one operator.")
        self.operands = list(operands)

    @property
    def dtype(self):
        return np.result_type(*(operand.dtype for operand in self.operands))

    @property
    def batch_shape(self):
        return np.broadcast_shapes(*(operand.batch_shape for operand in self.operands))

    @property
    def multiplications(self):
        return sum(operand.multiplications for operand in self.operands)

    @property
    def cost(self):
        return sum(operand.cost for operand in self.operands)

    @property
    def shared(self):
        return all(operand.shared for operand in self.operands)

    def _of_one_width(self, side):
        """Return the common ``"n_in"`` or ``"n_out"`` of all operands."""
        widths = [getattr(operand, side) for operand in self.operands]
        if len(set(widths)) > 1:
            raise ValueError(
                f"{type(self).__name__} needs operators of equal {side}, got {widths}."
            )
        return widths[0]


class Product(Composite):
    r"""Product of operators, applied factor by factor.

    .. math:: J = J_L \cdots J_2 J_1

    Parameters
    ----------
    factors : sequence of JacobianOperator
        Factors from the left, the output side, to the right, the input side. Nested
        products are flattened.

    Raises
    ------
    ValueError
        If the widths of adjacent factors differ or there is no factor.

    Notes
    -----
    One application costs the sum of those of its factors. `todense` multiplies from the
    output side; `skjacobnet.accumulation.accumulate` offers the other orders.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.operators import ConstantMatrix, Diagonal
    >>> scale = Diagonal(np.array([[2.0, 3.0]]))
    >>> total = ConstantMatrix(np.array([[1.0], [1.0]]))
    >>> (total @ scale).todense(1)
    array([[[2., 3.]]])
    """

    __slots__ = ()

    def __init__(self, factors):
        opened = []
        for factor in factors:
            opened += factor.factors if isinstance(factor, Product) else [factor]
        for left, right in pairwise(opened):
            if left.n_in != right.n_out:
                raise ValueError(
                    f"Cannot multiply {type(left).__name__} with n_in={left.n_in} "
                    f"by {type(right).__name__} with n_out={right.n_out}."
                )
        super().__init__(opened)

    @property
    def factors(self):
        """Factors from the output side to the input side."""
        return self.operands

    @property
    def n_in(self):
        return self.factors[-1].n_in

    @property
    def n_out(self):
        return self.factors[0].n_out

    def jvp(self, tangent, out=None):
        *others, last = reversed(self.factors)
        return last.jvp(reduce(lambda t, factor: factor.jvp(t), others, tangent), out)

    def vjp(self, cotangent, out=None):
        *others, last = self.factors
        return last.vjp(reduce(lambda c, factor: factor.vjp(c), others, cotangent), out)


def basis(n, dtype, stack_axes):
    """Return the n unit vectors as a stack of shape (n, 1, ..., 1, n)."""
    return np.eye(n, dtype=dtype).reshape(n, *(1,) * (stack_axes + 1), n)


def with_stack_axes(vectors, stack_axes):
    """Reshape vectors (n, ..., n_samples, width) to a number of axes for ``...``."""
    n, *shape = vectors.shape
    missing = stack_axes + 2 - len(shape)
    return vectors.reshape(n, *(1,) * missing, *shape)
