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

    def average(self, raw):
        """Return the raw prediction that stands for the mean of several predictions.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_members, n_raw)
            Those of some networks, the members.

        Returns
        -------
        array of shape (..., n_samples, n_raw)

        Raises
        ------
        NotImplementedError
            If the link has no such thing.
        """
        raise NotImplementedError(
            f"{self!r} cannot average several networks. Give its class the method "
            "average, and average_jacobian for derivatives."
        )

    def average_jacobian(self, raw):
        """Return the Jacobian of `average` for the raw predictions of the members.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_members, n_raw)

        Returns
        -------
        BlockRow
            For the raw predictions of the members side by side, (..., n_samples,
            n_members * n_raw).
        """
        raise NotImplementedError(f"{self!r} has no average_jacobian.")

    def average_second_vjp(self, raw, tangent, cotangent):
        """Return the gradient of a product with `average_jacobian`.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_members, n_raw)
        tangent : array of shape (n_pairs, ..., n_samples, n_members, n_raw)
        cotangent : array of shape (n_pairs, ..., n_samples, n_raw)

        Returns
        -------
        array of shape (..., n_samples, n_members, n_raw), or None
            As `skjacobnet.layers.Layer.second_vjp` gives it for the input; None stands
            for zeros.
        """
        raise NotImplementedError(f"{self!r} has no average_second_vjp.")

    def __repr__(self):
        return f"{type(self).__name__}()"


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
