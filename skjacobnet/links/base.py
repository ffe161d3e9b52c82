"""The contract of a link."""

from abc import ABC, abstractmethod

# The exponential of it is zero in every type.
LOG_OF_ZERO = -746.0


class Link(ABC):
    """The map from raw predictions to what is predicted.

    All methods keep the data type and any leading axes, and none changes its input.

    Attributes
    ----------
    outputs : tuple of str
        What can be asked for, and differentiated. The first one is what is predicted;
        ``"raw"`` is among them.
    """

    outputs = ("raw",)

    @abstractmethod
    def n_outputs(self, output, n_raw):
        """Return how many columns the output of that name has.

        Parameters
        ----------
        output : str
            One of `outputs`.
        n_raw : int >= 1
            Columns of the raw prediction.

        Returns
        -------
        int
        """

    @abstractmethod
    def value(self, raw, output):
        """Return the output of that name.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_raw)
        output : str
            One of `outputs`.

        Returns
        -------
        array of shape (..., n_samples, n_outputs)
            `raw` itself for ``"raw"``.
        """

    @abstractmethod
    def operators(self, raw, output):
        """Return the Jacobian of an output for the raw prediction, as a chain.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_raw)
        output : str
            One of `outputs`.

        Returns
        -------
        list of JacobianOperator
            In the order in which they are applied; empty for ``"raw"``.
        """


class RegressionLink(Link):
    """The map from raw predictions to predictions of numbers."""

    @abstractmethod
    def rescaling(self, location, scale):
        """Return what turns raw predictions of scaled targets into those of targets.

        Parameters
        ----------
        location, scale : array of shape (n_targets,), float64
            Of :math:`y = m + s t` for scaled targets t.

        Returns
        -------
        factor, shift : array of shape (n_raw,), float64
            The raw prediction for y is `factor` times that for t plus `shift`.
        """

    @abstractmethod
    def certain(self, value):
        """Return the raw predictions that stand for targets without any doubt.

        Parameters
        ----------
        value : array of shape (n_targets,), float64

        Returns
        -------
        array of shape (n_raw,), float64
        """
