"""The contract of a regularizer, one class for each place it acts on."""

from abc import abstractmethod

import numpy as np

from skjacobnet.core.component import Component
from skjacobnet.core.constraints import Interval
from skjacobnet.core.numbers import exact, fitting
from skjacobnet.core.rows import row_scale, sum_over_first, weighted_mean


class Regularizer(Component):
    """A belief about good networks, added to the loss as a penalty.

    Values and gradients include the strength. Where networks are trained side by side,
    what is penalized has a leading axis for them, and values and gradients have it too.
    Each network must get, bit for bit, what it gets alone. The strength may then be
    an array with a number for each; `strength_for` gives what to multiply by.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        The factor of the penalty. Unit: that of the loss per unit of the penalty.

    Attributes
    ----------
    draws : bool
        Whether the penalty is estimated from random numbers, which an optimizer of all
        rows at once cannot take.
    mean_over_rows : bool
        Whether the penalties of blocks of rows add up to that of all rows. An optimizer
        of all rows at once evaluates them in blocks only then.
    """

    constraints = {"strength": Interval(0.0, np.inf, "left")}
    draws = False
    mean_over_rows = True

    def __init__(self, strength=1.0):
        self.strength = strength

    def strength_for(self, n_axes, dtype, times=1.0):
        """Return the strength as what an array is multiplied by.

        Parameters
        ----------
        n_axes : int
            Axes of the array behind that of networks side by side: 2 for matrices and
            for rows of a batch, 0 for values, of which each network has one.
        dtype : data-type
            Of the array.
        times : float, default=1.0
            A further factor.

        Returns
        -------
        float, or array of shape (n_members, 1, ...)

        Examples
        --------
        >>> Regularizer(0.5).strength_for(2, np.float32, times=3.0)
        1.5
        """
        strength = self.strength
        if type(strength) is float:  # asked for in every step
            return times * strength
        return fitting(times * exact(strength), n_axes, dtype)

    def check_layer(self, layer):
        """Raise a ValueError if a hidden layer does not suit the penalty."""


class WeightRegularizer(Regularizer):
    """A penalty on each weight matrix; intercepts are never penalized."""

    @abstractmethod
    def value(self, coef):
        """Return the penalty of a matrix ``(..., n_in, n_out)``, an array (...)."""

    @abstractmethod
    def gradient(self, coef, out=None):
        """Return the gradient of `value`, of the shape of `coef`."""

    def value_and_gradient(self, coef, out=None):
        """Return `value` and `gradient` together."""
        return self.value(coef), self.gradient(coef, out)


class ActivationRegularizer(Regularizer):
    """A penalty on the output of each hidden activation.

    That is, of each hidden layer of the network that is an activation. What passes
    between the layers inside a layer, such as a `Residual`, is not penalized.

    Means over samples are weighted: the sum of weight times penalty, divided by the
    number of rows. Weights are (n_samples,), or (n_members, n_samples) for networks
    side by side.
    """

    @abstractmethod
    def value(self, activation, sample_weight=None):
        """Return the penalty of an activation (..., n_samples, n), an array (...)."""

    @abstractmethod
    def cotangent(self, activation, sample_weight=None):
        """Return the gradient of `value` for the activation, a new array."""

    def value_and_cotangent(self, activation, sample_weight=None, out=None):
        """Return `value` and `cotangent` together, the latter in `out` if it helps."""
        return (
            self.value(activation, sample_weight),
            self.cotangent(activation, sample_weight),
        )


class PredictionRegularizer(Regularizer):
    """A penalty on the predicted probabilities, as a function of the raw prediction."""

    @abstractmethod
    def value(self, raw, sample_weight=None, link=None):
        """Return the penalty of raw predictions ``(..., n_samples, n_raw)``."""

    @abstractmethod
    def cotangent(self, raw, sample_weight=None, link=None):
        """Return the gradient of `value` for the raw prediction, a new array."""


class JacobianRegularizer(Regularizer):
    r"""A penalty on how the raw prediction changes with the inputs.

    .. math::

        R = \frac{\lambda}{2 n} \sum_{s=1}^n w_s \sum_k \lVert u_{ks} \rVert^2, \qquad
        u_{ks} = J_s^T v_{ks}

    with J the Jacobian of the raw prediction for the inputs. A subclass chooses the
    probes v.

    Attributes
    ----------
    probes_depend_on_raw : bool
        Whether the probes change with the raw prediction; then there is a `probes_vjp`.

    Notes
    -----
    The gradient for the weights is that of :math:`v^T J t` with the tangent
    :math:`t = \partial R / \partial u` held fixed, reverse mode through a jvp.
    `value` and `tangent` may be replaced by another function of u and its gradient.
    """

    probes_depend_on_raw = False

    @abstractmethod
    def probes(self, raw, y, loss, link, rng):
        """Return the cotangents of the raw prediction to carry to the inputs.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_raw)
        y : array of shape (n_samples, n_raw) or (n_members, n_samples, n_raw)
            Encoded targets.
        loss : Loss
        link : Link
        rng : numpy.random.Generator, Streams or None
            For random probes. The axis of networks side by side is that behind the
            probes.

        Returns
        -------
        array of shape (n_probes, ..., n_samples, n_raw)
        """

    def probes_vjp(self, raw, y, loss, link, tangent):
        """Return the gradient for `raw` of the probes times fixed tangents, summed.

        Parameters
        ----------
        raw, y, loss, link
            As in `probes`.
        tangent : array of shape (n_probes, ..., n_samples, n_raw)

        Returns
        -------
        array of shape (..., n_samples, n_raw)
        """
        raise NotImplementedError(f"{type(self).__name__} has no probes_vjp.")

    def value(self, pullback, sample_weight=None):
        """Return the penalty, (...), of u, ``(n_probes, ..., n_samples, n_in)``."""
        squares = sum_over_first(np.vecdot(pullback, pullback))
        factor = self.strength_for(0, pullback.dtype, 0.5)
        return weighted_mean(squares, sample_weight) * factor

    def tangent(self, pullback, sample_weight=None):
        """Return the gradient of `value` for u, a new array."""
        factor = self.strength_for(2, pullback.dtype)
        scale = row_scale(pullback, sample_weight) * factor
        return np.multiply(pullback, scale, dtype=pullback.dtype)

    def check_layer(self, layer):
        if not layer.twice_differentiable:
            name = type(layer).__name__
            raise ValueError(
                f"{self!r} needs the second derivative of every layer, and {name} "
                f"declares none. Write {name}.second_vjp and set its "
                "twice_differentiable = True, or choose another regularizer."
            )
