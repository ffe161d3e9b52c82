"""Base classes of links."""

from abc import ABC, abstractmethod

# Its exponential is zero in every type.
LOG_OF_ZERO = -746.0


class Link(ABC):
    """Base class of links: maps from raw predictions to predictions.

    All methods keep the dtype and any leading axes, and none modifies its input.

    Attributes
    ----------
    outputs : tuple of str
        Names of the differentiable outputs. The first is the prediction; ``"raw"`` is
        one of them.
    """

    outputs = ("raw",)

    @abstractmethod
    def n_outputs(self, output, n_raw):
        """Return the number of columns of an output.

        Parameters
        ----------
        output : str
            One of `outputs`.
        n_raw : int >= 1
            Number of columns of the raw prediction.

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
            Operators in the order of application; empty for ``"raw"``.
        """

    def average(self, raw):
        """Return the raw prediction of the mean of several predictions.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_members, n_raw)
            Raw predictions of several networks, the members.

        Returns
        -------
        array of shape (..., n_samples, n_raw)

        Raises
        ------
        NotImplementedError
            If the link cannot average.
        """
        raise NotImplementedError(
            f"{self!r} cannot average several networks. Add to its class the method "
            "average, and average_jacobian for derivatives."
        )

    def average_jacobian(self, raw):
        """Return the Jacobian of `average` for the members' raw predictions.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_members, n_raw)

        Returns
        -------
        BlockRow
            Jacobian for the members' raw predictions side by side, (..., n_samples,
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
            As `skjacobnet.layers.Layer.second_vjp` returns it for the input; None is
            zero.
        """
        raise NotImplementedError(f"{self!r} has no average_second_vjp.")

    def __repr__(self):
        return f"{type(self).__name__}()"


class RegressionLink(Link):
    """Base class of links for regression."""

    @abstractmethod
    def rescaling(self, location, scale):
        """Return the rescaling of raw predictions from scaled targets to targets.

        Parameters
        ----------
        location, scale : array of shape (n_targets,), float64
            m and s of :math:`y = m + s t` for scaled targets t.

        Returns
        -------
        factor, shift : array of shape (n_raw,), float64
            The raw prediction for y is `factor` times that for t plus `shift`.
        """

    @abstractmethod
    def certain(self, value):
        """Return the raw predictions of targets without uncertainty.

        Parameters
        ----------
        value : array of shape (n_targets,), float64

        Returns
        -------
        array of shape (n_raw,), float64
        """
