"""The contract of a Jacobian operator."""

from abc import ABC, abstractmethod

import numpy as np

from skjacobnet.operators.costs import ELEMENTWISE, LOOP


class JacobianOperator(ABC):
    """The Jacobian of one function at a batch of inputs.

    Attributes
    ----------
    n_in, n_out : int
        Widths of the input and the output.
    multiplications : int
        Multiplications that one `jvp` or `vjp` costs per sample.
    cost : float
        The time they take, in multiplications inside a matrix product; see
        ``skjacobnet/operators/costs.py``.
    shared : bool
        Whether all samples have the same matrix.
    kind : str
        What products with others can make use of; listed in the same file.
    parts : sequence of JacobianOperator
        What it consists of; empty for most.
    """

    __slots__ = ()
    shared = False
    parts = ()
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
    def kind(self):
        return "constant" if self.shared else "other"

    @property
    def matrix(self):
        """The Jacobian written out, (..., n_samples or 1, n_out, n_in).

        Not to be written to: of some operators it is their own array, of others a new
        one, which costs its size each time.
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
        columns = self.jvp(with_stack_axes(coef[:, np.newaxis], self.stack_axes))
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
        matrix = self.matrix
        if out is None:
            shape = (*matrix.shape[:-3], n_samples, *matrix.shape[-2:])
            out = np.empty(shape, matrix.dtype)
        np.copyto(out, matrix)
        return out

    def simplified(self):
        """Return the same Jacobian, in a simpler form where one is exact."""
        return self

    def multiplied_out(self):
        """Return the same Jacobian as an operator that has no `parts`."""
        return self

    def __matmul__(self, other):
        """Return the product ``self @ other``, not yet multiplied out."""
        if not isinstance(other, JacobianOperator):
            return NotImplemented
        # Imported when it is called: a product is an operator itself.
        from skjacobnet.operators.product import Product

        return Product([self, other])


def basis(n, dtype, stack_axes):
    """Return the n unit vectors as a stack of shape (n, 1, ..., 1, n)."""
    return np.eye(n, dtype=dtype).reshape(n, *(1,) * (stack_axes + 1), n)


def with_stack_axes(vectors, stack_axes):
    """Return vectors (n, ..., n_samples, width) with that many axes for ``...``."""
    n, *shape = vectors.shape
    missing = stack_axes + 2 - len(shape)
    return vectors.reshape(n, *(1,) * missing, *shape)
