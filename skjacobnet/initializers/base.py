"""Base class of initializers."""

from abc import abstractmethod

from skjacobnet.core.component import Component


class Initializer(Component):
    """Base class of initializers: distributions of weight matrices."""

    @abstractmethod
    def __call__(self, shape, rng, dtype):
        """Draw a matrix.

        Parameters
        ----------
        shape : tuple of int
            (..., n_in, n_out); leading axes stack independent matrices.
        rng : numpy.random.Generator
        dtype : data-type

        Returns
        -------
        array of that shape and type
        """

    def for_activation(self, activation):
        """Return the initializer to use before an activation.

        Parameters
        ----------
        activation : Layer or None
            Activation that follows the weights; None for a linear output.

        Returns
        -------
        Initializer
            Itself unless the distribution depends on the activation.
        """
        return self

    def adapt(self, weights, X, rng):
        """Return the weights of a linear layer, fitted to a batch of its inputs.

        Parameters
        ----------
        weights : dict of str to array
            ``"coef"`` as drawn, and ``"intercept"``, zeros, if there is one.
        X : array or CSR matrix of shape (n_samples, n_in)
        rng : numpy.random.Generator

        Returns
        -------
        dict of str to array
            Unchanged unless the initializer depends on the data.
        """
        return weights
