"""The contract of a regularizer, one class for each place it acts on."""

from abc import abstractmethod

import numpy as np

from skjacobnet._component import Component
from skjacobnet._validation import Interval


class Regularizer(Component):
    """A belief about good networks, added to the loss as a penalty.

    Values and gradients include the strength.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        The factor of the penalty. Unit: that of the loss per unit of the penalty.
    """

    constraints = {"strength": Interval(0.0, np.inf, "left")}

    def __init__(self, strength=1.0):
        self.strength = strength

    def check_layer(self, layer):
        """Raise a ValueError if a hidden activation does not suit the penalty."""


class WeightRegularizer(Regularizer):
    """A penalty on each weight matrix; intercepts are never penalized."""

    @abstractmethod
    def value(self, coef):
        """Return the penalty of a matrix ``(..., n_in, n_out)``, an array (...)."""

    @abstractmethod
    def gradient(self, coef, out=None):
        """Return the gradient of `value`, of the shape of `coef`."""


class ActivationRegularizer(Regularizer):
    """A penalty on the output of each hidden activation.

    That is, of each hidden layer of the network that is an activation. What passes
    between the layers inside a layer, such as a `Residual`, is not penalized.

    Means over samples are weighted: the sum of weight times penalty, divided by the
    number of rows.
    """

    @abstractmethod
    def value(self, activation, sample_weight=None):
        """Return the penalty of an activation (..., n_samples, n), an array (...)."""

    @abstractmethod
    def cotangent(self, activation, sample_weight=None):
        """Return the gradient of `value` for the activation, a new array."""


class PredictionRegularizer(Regularizer):
    """A penalty on the predicted probabilities, as a function of the raw prediction."""

    @abstractmethod
    def value(self, raw, sample_weight=None, link=None):
        """Return the penalty of raw predictions ``(..., n_samples, n_raw)``."""

    @abstractmethod
    def cotangent(self, raw, sample_weight=None, link=None):
        """Return the gradient of `value` for the raw prediction, a new array."""
