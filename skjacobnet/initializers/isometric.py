"""Initial weights that keep the norms of tangents on the data."""

import numpy as np

from skjacobnet.core.matrix_products import product
from skjacobnet.initializers.base import Initializer
from skjacobnet.initializers.orthogonal import Orthogonal


class Isometric(Initializer):
    r"""Orthogonal weights, scaled so that layers keep norms on the data.

    With an orthogonal matrix Q, inputs x of n rows and the function f of the
    activation, the layer is :math:`y = f(g (x - \bar x) Q)`, and g is the smallest
    number for which the mean squared singular value of its Jacobians is one:

    .. math::

        \frac{1}{n \min(n_{in}, n_{out})} \sum_s
        \left\lVert \frac{\partial y_s}{\partial x_s} \right\rVert_F^2 = 1

    Parameters
    ----------
    activation : Layer or None, default=None
        Activation that follows the weights, set by the network.

    See Also
    --------
    Orthogonal : Uses a fixed gain, without data.

    Notes
    -----
    Without a batch it is `Orthogonal` with the gain of the activation. With one,
    :math:`\bar x` is its mean: the intercepts start at :math:`-g \bar x Q`, so the
    pre-activations are centered at the center of the activation. Far from it the slope
    of a saturating activation falls faster than g grows, and there may be no such g;
    then the g with the largest value within a factor of 1024 is used. Without an
    intercept, which only a layer before an activation has, nothing is centered.

    The classifier passes at most 256 rows, evenly spaced over the training set. Each
    layer receives the outputs of the preceding layers. Costs about 100 evaluations of
    the activation on that batch.

    The source derives gains for random inputs of infinitely wide layers; here they are
    measured.

    References
    ----------
    .. [1] J. Pennington, S. S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in
       deep learning through dynamical isometry: theory and practice", NIPS 2017.
       https://arxiv.org/abs/1711.04735

    Examples
    --------
    A sigmoid has the slope 1/4 at its center, so equal rows give g = 4:

    >>> from skjacobnet.layers import Sigmoid
    >>> isometric = Isometric(Sigmoid())
    >>> weights = {"coef": np.array([[1.0]]), "intercept": np.zeros(1)}
    >>> isometric.adapt(weights, np.array([[3.0], [3.0]]), np.random.default_rng(0))
    {'coef': array([[4.]]), 'intercept': array([-12.])}
    """

    name = "isometric"

    def __init__(self, activation=None):
        self.activation = activation

    def __call__(self, shape, rng, dtype):
        gain = 1.0 if self.activation is None else float(self.activation.gain)
        return Orthogonal(gain)(shape, rng, dtype)

    def for_activation(self, activation):
        return self if activation is None else Isometric(activation)

    def adapt(self, weights, X, rng):
        coef = weights["coef"].astype(np.float64)
        Z = product(X.astype(np.float64), coef)
        center = np.zeros(coef.shape[-1])
        if "intercept" in weights and self.activation is not None:
            center = np.mean(Z, axis=0)
        Z = Z - center
        factor = _factor_to_one(lambda g: g * g * self._mean_squared_slope(coef, g * Z))
        if factor is None:
            return weights
        start = {"coef": factor * coef, "intercept": -factor * center}
        return {name: start[name].astype(w.dtype) for name, w in weights.items()}

    def _mean_squared_slope(self, coef, Z):
        """Return the mean squared singular value at pre-activations `Z`."""
        if self.activation is None:
            norms = np.sum(np.square(coef))
        else:
            _, operator = self.activation.linearize({}, Z)
            norms = operator.squared_norm_after(coef)
        return np.mean(norms) / min(coef.shape)


def _factor_to_one(function):
    """Return the smallest factor at which a function equals one.

    If it stays below one, the factor with the largest value, or None if that value is 0
    or not a number.
    """
    low, best, best_value = 0.0, None, 0.0
    for high in 2.0 ** np.arange(-10.0, 10.25, 0.25):
        value = function(high)
        if value >= 1.0:
            break
        if value > best_value:
            best, best_value = high, value
        low = high
    else:
        return best
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if function(middle) >= 1.0 else (middle, high)
    return high
