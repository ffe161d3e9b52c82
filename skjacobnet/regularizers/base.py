"""Base classes of regularizers, one for each point of action."""

from abc import abstractmethod

import numpy as np

from skjacobnet.core.component import Component
from skjacobnet.core.constraints import Interval
from skjacobnet.core.numbers import exact, fitting
from skjacobnet.core.rows import row_scale, sum_over_first, weighted_mean


class Regularizer(Component):
    """Base class of regularizers: penalties added to the loss.

    Values and gradients include the strength. For networks trained side by side, the
    penalized array has a leading axis for them, and so have values and gradients. The
    results of each network must be bit-identical to those it has alone. The strength
    may then be an array with a number for each network; `strength_for` returns the
    factor.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        Factor of the penalty. Unit: that of the loss per unit of the penalty.

    Attributes
    ----------
    draws : bool
        Whether the penalty is a random estimate, which full-batch optimizers do not
        support.
    mean_over_rows : bool
        Whether the penalties of blocks of rows add up to that of all rows. If so,
        full-batch optimizers evaluate them in blocks.
    """

    constraints = {"strength": Interval(0.0, np.inf, "left")}
    draws = False
    mean_over_rows = True

    def __init__(self, strength=1.0):
        self.strength = strength

    def strength_for(self, n_axes, dtype, times=1.0):
        """Return the strength as a factor of an array.

        Parameters
        ----------
        n_axes : int
            Number of axes of the array after that of networks side by side: 2 for
            matrices and for rows of a batch, 0 for values, one for each network.
        dtype : data-type
            Type of the array.
        times : float, default=1.0
            Further factor.

        Returns
        -------
        float, or array of shape (n_members, 1, ...)

        Examples
        --------
        >>> Regularizer(0.5).strength_for(2, np.float32, times=3.0)
        1.5
        """
        strength = self.strength
        if type(strength) is float:  # called in each step
            return times * strength
        return fitting(times * exact(strength), n_axes, dtype)

    def check_layer(self, layer):
        """Raise a ValueError if a hidden layer is incompatible with the penalty."""


class WeightRegularizer(Regularizer):
    """Base class of penalties on weight matrices; intercepts are never penalized."""

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
    """Base class of penalties on the output of each hidden activation.

    They act on each hidden layer of the network that is an activation. Activations
    inside a container, such as a `Residual`, are not penalized.

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
    """Base class of penalties on the predicted probabilities."""

    @abstractmethod
    def value(self, raw, sample_weight=None, link=None):
        """Return the penalty of raw predictions ``(..., n_samples, n_raw)``."""

    @abstractmethod
    def cotangent(self, raw, sample_weight=None, link=None):
        """Return the gradient of `value` for the raw prediction, a new array."""


class JacobianRegularizer(Regularizer):
    r"""Base class of penalties on the Jacobian of the raw prediction.

    .. math::

        R = \frac{\lambda}{2 n} \sum_{s=1}^n w_s \sum_k \lVert u_{ks} \rVert^2, \qquad
        u_{ks} = J_s^T v_{ks}

    with J the Jacobian of the raw prediction with respect to the inputs. A subclass
    chooses the probes v.

    Attributes
    ----------
    probes_depend_on_raw : bool
        Whether the probes depend on the raw prediction, which requires a `probes_vjp`.

    Notes
    -----
    The gradient for the weights is that of :math:`v^T J t` with the tangent
    :math:`t = \partial R / \partial u` held fixed, reverse mode through a jvp.
    `value` and `tangent` may be replaced by another function of u and its gradient.
    """

    probes_depend_on_raw = False

    @abstractmethod
    def probes(self, raw, y, loss, link, rng):
        """Return the probes: cotangents of the raw prediction to backpropagate.

        Parameters
        ----------
        raw : array of shape (..., n_samples, n_raw)
        y : array of shape (n_samples, n_raw) or (n_members, n_samples, n_raw)
            Encoded targets.
        loss : Loss
        link : Link
        rng : numpy.random.Generator, Streams or None
            Generator of random probes. The axis of networks side by side follows that
            of the probes.

        Returns
        -------
        array of shape (n_probes, ..., n_samples, n_raw)
        """

    def probes_vjp(self, raw, y, loss, link, tangent):
        """Return the gradient in `raw` of the summed probes times fixed tangents.

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
