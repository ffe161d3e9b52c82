"""The contract of a Jacobian operator."""

from abc import ABC, abstractmethod

import numpy as np


class JacobianOperator(ABC):
    """The Jacobian of one function at a batch of inputs.

    Attributes
    ----------
    n_in, n_out : int
        Widths of the input and the output.
    multiplications : int
        Multiplications that one `jvp` or `vjp` costs per sample.
    shared : bool
        Whether all samples have the same matrix.
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

    def rows(self):
        """Return the rows as a stack, (n_out, ..., n_samples or 1, n_in)."""
        return self.vjp(basis(self.n_out, self.dtype, self.stack_axes))

    def columns(self):
        """Return the columns as a stack, (n_in, ..., n_samples or 1, n_out)."""
        return self.jvp(basis(self.n_in, self.dtype, self.stack_axes))

    @property
    def stack_axes(self):
        """How many leading axes the operator has before that of the samples."""
        return 0

    def todense(self, n_samples):
        """Write the Jacobian out.

        Parameters
        ----------
        n_samples : int
            The number of samples; needed where all samples share one matrix.

        Returns
        -------
        array of shape (..., n_samples, n_out, n_in)
            A new array. Costs its size in memory.
        """
        rows = np.moveaxis(self.rows(), 0, -2)
        shape = (*rows.shape[:-3], n_samples, *rows.shape[-2:])
        return np.array(np.broadcast_to(rows, shape))

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
