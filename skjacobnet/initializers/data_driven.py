"""Data-driven initial weights, with kinks of hidden units inside the data."""

import math

import numpy as np

from skjacobnet.core.matrix_products import product
from skjacobnet.initializers.base import Initializer


class DataDriven(Initializer):
    r"""Normal weights, with intercepts that put each unit's kink inside the data.

    With the gain g of the activation,

    .. math:: W_{ij} \sim N\!\left(0, \frac{g^2}{n_{in}}\right), \qquad
        b_j = -\left(u_j x_{a_j} + (1 - u_j) x_{b_j}\right)^T W_{\cdot j},

    where :math:`x_{a_j}` and :math:`x_{b_j}` are two inputs drawn for unit j and
    :math:`u_j \sim U(0, 1)`: the pre-activation is zero somewhere between them.

    Parameters
    ----------
    activation : Layer or None, default=None
        Activation that follows the weights, set by the network. Without one the gain is
        1 and intercepts are zero.

    See Also
    --------
    HeNormal : Same matrix for ReLU, with zero intercepts.
    Isometric : Centers the activation on the data, and measures the gain.

    Notes
    -----
    The default of hidden layers, ``initializer="auto"``. Without a batch, or without an
    intercept, there are no shifts. A run passes at most 1,024 rows for ``"auto"`` and
    256 for ``"data_driven"``, evenly spaced over the training set; each layer receives
    the outputs of the preceding layers.

    With zero intercepts all kinks of a first layer pass through the origin, the mean of
    standardized inputs, and training must move them to bend the function elsewhere.

    Examples
    --------
    A unit with the inputs 1 and 3 is zero at a point between them:

    >>> from skjacobnet.layers import ReLU
    >>> rng = np.random.default_rng(0)
    >>> weights = {"coef": np.array([[2.0]]), "intercept": np.zeros(1)}
    >>> start = DataDriven(ReLU()).adapt(weights, np.array([[1.0], [3.0]]), rng)
    >>> bool(1.0 <= -start["intercept"][0] / 2.0 <= 3.0)
    True
    """

    name = "data_driven"

    def __init__(self, activation=None):
        self.activation = activation

    def __call__(self, shape, rng, dtype):
        gain = 1.0 if self.activation is None else float(self.activation.gain)
        coef = rng.standard_normal(shape)
        coef *= gain / math.sqrt(shape[-2])
        return coef.astype(dtype, copy=False)

    def for_activation(self, activation):
        return self if activation is None else DataDriven(activation)

    def adapt(self, weights, X, rng):
        if self.activation is None or "intercept" not in weights:
            return weights
        coef = weights["coef"]
        n_rows, units = X.shape[0], coef.shape[-1]
        ends = rng.integers(n_rows, size=(2, units))
        share = rng.random(units)
        at_ends = product(X.astype(coef.dtype), coef)[ends, np.arange(units)]
        shift = share * at_ends[0] + (1.0 - share) * at_ends[1]
        return {**weights, "intercept": (-shift).astype(coef.dtype)}
