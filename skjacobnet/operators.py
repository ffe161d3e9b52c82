r"""Jacobians as structured operators.

The Jacobian of a layer at a batch of inputs is one matrix for each sample,

.. math:: J_{s,o,i} = \partial y_{s,o} / \partial x_{s,i},

and it is nearly always structured: a diagonal, one matrix shared by all samples, a
diagonal minus a rank-one term. An operator keeps that structure and applies it from
either side. Nothing is written out unless `todense` asks for it.

Shapes: tangents are ``(..., n_samples, n_in)``, cotangents ``(..., n_samples, n_out)``,
with any number of leading axes, so that one call serves a vector, a basis or a stack of
networks.
"""

from abc import ABC, abstractmethod
from functools import reduce
from itertools import pairwise

import numpy as np

from skjacobnet._products import product

# What one multiplication takes beside one inside a matrix product: elementwise passes
# wait for memory, and a product of two matrices for each sample is many small calls.
ELEMENTWISE = 10.0
EACH_SAMPLE = 3.0


class JacobianOperator(ABC):
    """The Jacobian of one function at a batch of inputs.

    Attributes
    ----------
    n_in, n_out : int
        Widths of the input and the output.
    multiplications : int
        Multiplications that one `jvp` or `vjp` costs per sample.
    cost : float
        The time they take, in multiplications inside a matrix product.
    shared : bool
        Whether all samples have the same matrix.
    """

    __slots__ = ()
    shared = False
    # Arrays must not take operators for scalars: ``operator @ array`` is a TypeError.
    __array_ufunc__ = None

    @abstractmethod
    def jvp(self, tangent, out=None):
        """Apply the Jacobian: ``J @ tangent`` for every sample.

        Parameters
        ----------
        tangent : array of shape (..., n_samples, n_in)
        out : array of shape (..., n_samples, n_out), optional
            Where to write the result.

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
            Where to write the result.

        Returns
        -------
        array of shape (..., n_samples, n_in)
        """

    @property
    @abstractmethod
    def dtype(self):
        """The floating-point type of the operator."""

    @property
    def cost(self):
        return self.multiplications * ELEMENTWISE

    def rows(self):
        """Return the rows as a stack, (n_out, ..., n_samples or 1, n_in)."""
        return self.vjp(_basis(self.n_out, self.dtype, self.stack_axes))

    def columns(self):
        """Return the columns as a stack, (n_in, ..., n_samples or 1, n_out)."""
        return self.jvp(_basis(self.n_in, self.dtype, self.stack_axes))

    @property
    @abstractmethod
    def batch_shape(self):
        """The leading axes and that of the samples, ``(..., n_samples or 1)``."""

    @property
    def stack_axes(self):
        """How many leading axes the operator has before that of the samples."""
        return len(self.batch_shape) - 1

    def squared_norm_after(self, coef):
        r"""Return the squared Frobenius norm of each Jacobian behind a linear map.

        .. math:: \lVert J_s C^T \rVert_F^2

        Parameters
        ----------
        coef : array of shape (n, n_in)
            The matrix C of a map from n features to those of this operator.

        Returns
        -------
        array of shape (..., n_samples or 1)
        """
        columns = self.jvp(_with_stack_axes(coef[:, np.newaxis], self.stack_axes))
        return np.sum(np.vecdot(columns, columns), axis=0)

    def todense(self, n_samples, out=None):
        """Write the Jacobian out.

        Parameters
        ----------
        n_samples : int
            The number of samples; needed where all samples share one matrix.
        out : array of shape (..., n_samples, n_out, n_in), optional
            Where to write it.

        Returns
        -------
        array of shape (..., n_samples, n_out, n_in)
            A new array without `out`. Costs its size in memory.
        """
        rows = np.moveaxis(self.rows(), 0, -2)
        if out is None:
            shape = (*rows.shape[:-3], n_samples, *rows.shape[-2:])
            out = np.empty(shape, rows.dtype)
        np.copyto(out, rows)
        return out

    def __matmul__(self, other):
        """Return the product ``self @ other``, not yet multiplied out."""
        if not isinstance(other, JacobianOperator):
            return NotImplemented
        return Product([self, other])


class Diagonal(JacobianOperator):
    r"""The Jacobian of a function that acts on each feature alone.

    .. math:: J_s = \operatorname{diag}(d_s)

    Parameters
    ----------
    diagonal : array of shape (..., n_samples, n)
        The derivative of each feature.

    Notes
    -----
    One product costs n multiplications a sample.

    Examples
    --------
    >>> Diagonal(np.array([[2.0, 3.0]])).vjp(np.array([[1.0, -1.0]]))
    array([[ 2., -3.]])
    """

    __slots__ = ("diagonal", "n_in", "n_out")

    def __init__(self, diagonal):
        self.diagonal = diagonal
        self.n_in = self.n_out = diagonal.shape[-1]

    @property
    def dtype(self):
        return self.diagonal.dtype

    @property
    def batch_shape(self):
        return self.diagonal.shape[:-1]

    @property
    def multiplications(self):
        return self.n_in

    def jvp(self, tangent, out=None):
        return np.multiply(tangent, self.diagonal, out)

    vjp = jvp

    def squared_norm_after(self, coef):
        return np.square(self.diagonal) @ np.sum(np.square(coef), axis=0)


class ConstantMatrix(JacobianOperator):
    r"""The Jacobian of an affine map: one matrix for all samples.

    .. math:: y = x C + b \quad\Rightarrow\quad J_s = C^T

    Parameters
    ----------
    coef : array of shape (..., n_in, n_out)
        The matrix of the map, not of the Jacobian: the way `Linear` stores it.

    Notes
    -----
    One product costs ``n_in * n_out`` multiplications a sample, in one matrix product
    for the whole batch.

    Examples
    --------
    >>> coef = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]])
    >>> ConstantMatrix(coef).jvp(np.array([[1.0, 1.0]]))
    array([[1., 1., 5.]])
    """

    __slots__ = ("coef",)
    shared = True

    def __init__(self, coef):
        self.coef = coef

    @property
    def n_in(self):
        return self.coef.shape[-2]

    @property
    def n_out(self):
        return self.coef.shape[-1]

    @property
    def dtype(self):
        return self.coef.dtype

    @property
    def batch_shape(self):
        return *self.coef.shape[:-2], 1

    @property
    def multiplications(self):
        return self.n_in * self.n_out

    cost = multiplications

    def jvp(self, tangent, out=None):
        return product(tangent, self.coef, out)

    def vjp(self, cotangent, out=None):
        return product(cotangent, self.coef.swapaxes(-1, -2), out)

    def rows(self):
        # Contiguous, so that products with it are.
        return np.moveaxis(self.coef, -1, 0).copy()[..., np.newaxis, :]

    def columns(self):
        return np.moveaxis(self.coef, -2, 0)[..., np.newaxis, :]


class DiagonalMinusRankOne(JacobianOperator):
    r"""A diagonal minus an outer product, as in the Jacobian of softmax.

    .. math:: J_s = \operatorname{diag}(d_s) - u_s v_s^T

    Parameters
    ----------
    diagonal, left, right : arrays of shape (..., n_samples, n)
        :math:`d`, :math:`u` and :math:`v`.

    Notes
    -----
    One product costs 3 n multiplications a sample.

    Examples
    --------
    The Jacobian of softmax at ``p = (0.5, 0.5)`` is ``diag(p) - p p^T``:

    >>> p = np.array([[0.5, 0.5]])
    >>> DiagonalMinusRankOne(p, p, p).todense(1)
    array([[[ 0.25, -0.25],
            [-0.25,  0.25]]])
    """

    __slots__ = ("diagonal", "left", "n_in", "n_out", "right")

    def __init__(self, diagonal, left, right):
        self.diagonal = diagonal
        self.left = left
        self.right = right
        self.n_in = self.n_out = diagonal.shape[-1]

    @property
    def dtype(self):
        return self.diagonal.dtype

    @property
    def batch_shape(self):
        return self.diagonal.shape[:-1]

    @property
    def multiplications(self):
        return 3 * self.n_in

    def jvp(self, tangent, out=None):
        return self._apply(tangent, self.left, self.right, out)

    def vjp(self, cotangent, out=None):
        return self._apply(cotangent, self.right, self.left, out)

    def _apply(self, vector, left, right, out):
        inner = np.sum(vector * right, axis=-1, keepdims=True)
        return np.subtract(vector * self.diagonal, left * inner, out)


class Dense(JacobianOperator):
    r"""A Jacobian without structure: one matrix for each sample.

    Parameters
    ----------
    matrix : array of shape (..., n_samples, n_out, n_in)
        :math:`J_s`.

    Notes
    -----
    One product costs ``n_in * n_out`` multiplications a sample.

    Examples
    --------
    >>> Dense(np.array([[[1.0, 2.0]]])).jvp(np.array([[10.0, 1.0]]))
    array([[12.]])
    """

    __slots__ = ("matrix", "n_in", "n_out")

    def __init__(self, matrix):
        self.matrix = matrix
        self.n_out, self.n_in = matrix.shape[-2:]

    @property
    def dtype(self):
        return self.matrix.dtype

    @property
    def batch_shape(self):
        return self.matrix.shape[:-2]

    @property
    def multiplications(self):
        return self.n_in * self.n_out

    @property
    def cost(self):
        return self.multiplications * EACH_SAMPLE

    def jvp(self, tangent, out=None):
        return _apply_each(self.matrix, tangent, out)

    def vjp(self, cotangent, out=None):
        return _apply_each(self.matrix.swapaxes(-1, -2), cotangent, out)

    def rows(self):
        return np.moveaxis(self.matrix, -2, 0)

    def columns(self):
        return np.moveaxis(self.matrix, -1, 0)


class Product(JacobianOperator):
    r"""A product of operators that is applied factor by factor.

    .. math:: J = J_L \cdots J_2 J_1

    Parameters
    ----------
    factors : sequence of JacobianOperator
        From the left, the output side, to the right, the input side. Products among
        them are opened.

    Raises
    ------
    ValueError
        If the widths of neighbors differ.

    Notes
    -----
    One product costs the sum of its factors'. `todense` multiplies from the output
    side; `skjacobnet.accumulation.accumulate` offers the other orders.

    Examples
    --------
    >>> scale = Diagonal(np.array([[2.0, 3.0]]))
    >>> total = ConstantMatrix(np.array([[1.0], [1.0]]))
    >>> (total @ scale).todense(1)
    array([[[2., 3.]]])
    """

    __slots__ = ("factors",)

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
        self.factors = opened

    @property
    def n_in(self):
        return self.factors[-1].n_in

    @property
    def n_out(self):
        return self.factors[0].n_out

    @property
    def dtype(self):
        return np.result_type(*(factor.dtype for factor in self.factors))

    @property
    def batch_shape(self):
        return np.broadcast_shapes(*(factor.batch_shape for factor in self.factors))

    @property
    def multiplications(self):
        return sum(factor.multiplications for factor in self.factors)

    @property
    def cost(self):
        return sum(factor.cost for factor in self.factors)

    @property
    def shared(self):
        return all(factor.shared for factor in self.factors)

    def jvp(self, tangent, out=None):
        *others, last = reversed(self.factors)
        return last.jvp(reduce(lambda t, factor: factor.jvp(t), others, tangent), out)

    def vjp(self, cotangent, out=None):
        *others, last = self.factors
        return last.vjp(reduce(lambda c, factor: factor.vjp(c), others, cotangent), out)

    def rows(self):
        return reduce(multiply, self.factors).rows()


def multiply(left, right, out=None):
    """Multiply two operators out, keeping the structure that the product still has.

    Parameters
    ----------
    left, right : JacobianOperator
        With ``left.n_in == right.n_out``.
    out : array of shape (..., n_samples, n_out, n_in), optional
        Where to write the matrix of a `Dense` product.

    Returns
    -------
    JacobianOperator
        `Diagonal` of two diagonals, `ConstantMatrix` of two constant matrices, else
        `Dense`, by whichever of the two operators is cheaper to apply to the other.
    """
    if isinstance(left, Diagonal) and isinstance(right, Diagonal):
        return Diagonal(left.diagonal * right.diagonal)
    if isinstance(left, ConstantMatrix) and isinstance(right, ConstantMatrix):
        return ConstantMatrix(np.matmul(right.coef, left.coef))
    if isinstance(left, Dense) and isinstance(right, Dense):
        return Dense(np.matmul(left.matrix, right.matrix, out))
    batch_shape = np.broadcast_shapes(left.batch_shape, right.batch_shape)
    stack_axes = len(batch_shape) - 1
    n_out, n_in, dtype = left.n_out, right.n_in, np.result_type(left.dtype, right.dtype)
    # The samples come first in memory, whatever the order of the axes, so that the
    # rows or columns of all samples are one matrix for the next product.
    if applies_left_rows(left, right):
        matrix = np.empty((*batch_shape, n_out, n_in), dtype) if out is None else out
        rows = _with_stack_axes(left.rows(), stack_axes)
        right.vjp(rows, np.moveaxis(matrix, -2, 0))
        return Dense(matrix)
    transposed = np.empty((*batch_shape, n_in, n_out), dtype)
    columns = _with_stack_axes(right.columns(), stack_axes)
    left.jvp(columns, np.moveaxis(transposed, -2, 0))
    matrix = transposed.swapaxes(-1, -2)
    if out is not None:
        np.copyto(out, matrix)
        matrix = out
    return Dense(matrix)


def applies_left_rows(left, right):
    """Whether ``left @ right`` is cheaper by applying `right` to the rows of `left`."""
    return left.n_out * right.cost <= right.n_in * left.cost


def _basis(n, dtype, stack_axes):
    """Return the n unit vectors as a stack of shape (n, 1, ..., 1, n)."""
    return np.eye(n, dtype=dtype).reshape(n, *(1,) * (stack_axes + 1), n)


def _with_stack_axes(vectors, stack_axes):
    """Return vectors (n, ..., n_samples, width) with that many axes for ``...``."""
    n, *shape = vectors.shape
    missing = stack_axes + 2 - len(shape)
    return vectors.reshape(n, *(1,) * missing, *shape)


def _apply_each(matrix, vector, out):
    """Multiply each sample's matrix by its vector."""
    result = np.matmul(matrix, vector[..., np.newaxis])[..., 0]
    if out is None:
        return result
    out[...] = result
    return out
