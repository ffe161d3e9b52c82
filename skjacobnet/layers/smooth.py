"""Smooth activations similar to the rectifier."""

import math

import numpy as np
from scipy.special import expit, ndtr

from skjacobnet.layers.base import Elementwise

INVERSE_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


class Softplus(Elementwise):
    r"""Softplus: a smooth approximation of the rectifier.

    With the sigmoid :math:`\sigma(x) = 1 / (1 + e^{-x})`,

    .. math::

        y = \log(1 + e^x), \qquad y' = \sigma(x), \qquad
        y'' = \sigma(x) (1 - \sigma(x))

    See Also
    --------
    ReLU : The limit of ``softplus(c x) / c`` for large c.

    Notes
    -----
    Jacobian: diagonal, with slopes between 0 and 1. The gain is the inverse slope at 0,
    which is 2. Evaluated as :math:`\max(x, 0) + \log(1 + e^{-|x|})`, which neither
    overflows nor loses small outputs.

    References
    ----------
    .. [1] C. Dugas, Y. Bengio, F. Bélisle, C. Nadeau and R. Garcia, "Incorporating
       Second-Order Functional Knowledge for Better Option Pricing", NIPS 2000.

    Examples
    --------
    ``softplus(log 3) = log 4``, where the slope is 3 / 4:

    >>> layer = Softplus()
    >>> x = np.log(np.array([3.0]))
    >>> np.exp(layer.function(x))
    array([4.])
    >>> layer.derivative(x, layer.function(x))
    array([0.75])
    """

    name = "softplus"
    value_range = (0.0, math.inf)
    gain = 2.0

    def function(self, x, out=None):
        return _softplus(x, out)

    def derivative(self, x, y, out=None):
        return expit(x, out)

    def second_derivative(self, x, y):
        slope = expit(x)
        return slope * (1.0 - slope)


class GELU(Elementwise):
    r"""Gaussian error linear unit: the input times its normal distribution function.

    With the standard normal distribution function :math:`\Phi` and density
    :math:`\varphi`,

    .. math::

        y = x \Phi(x), \qquad y' = \Phi(x) + x \varphi(x), \qquad
        y'' = (2 - x^2) \varphi(x)

    See Also
    --------
    SiLU : Uses the logistic distribution function.

    Notes
    -----
    Jacobian: diagonal, with slopes between -0.13 and 1.13. This is the exact form, not
    the approximation by tanh. The smallest value, -0.17, is at x = -0.75. The gain is
    :math:`1 / \sqrt{E\,y'(z)^2}` for a standard normal z.

    References
    ----------
    .. [1] D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", 2016,
       Section 2. https://arxiv.org/abs/1606.08415

    Examples
    --------
    A normal variable lies below 1 with probability 0.8413:

    >>> layer = GELU()
    >>> x = np.array([-1.0, 0.0, 1.0])
    >>> layer.function(x).round(4)
    array([-0.1587,  0.    ,  0.8413])
    >>> layer.derivative(x, layer.function(x)).round(4)
    array([-0.0833,  0.5   ,  1.0833])
    """

    name = "gelu"
    value_range = (-0.16997120747990369, math.inf)
    linear_initializer = "he_uniform"
    gain = 1.481114412708348

    def function(self, x, out=None):
        out = ndtr(x, out)
        return np.multiply(out, x, out)

    def derivative(self, x, y, out=None):
        slope = _normal_density(x)
        np.multiply(slope, x, slope)
        out = ndtr(x, out)
        return np.add(out, slope, out)

    def second_derivative(self, x, y):
        return (2.0 - x * x) * _normal_density(x)


class SiLU(Elementwise):
    r"""Sigmoid linear unit (swish): the input times its sigmoid.

    With the sigmoid :math:`\sigma(x) = 1 / (1 + e^{-x})`,

    .. math::

        y = x \sigma, \qquad y' = \sigma + y (1 - \sigma), \qquad
        y'' = \sigma (1 - \sigma) (2 + x (1 - 2 \sigma))

    See Also
    --------
    GELU : Uses the normal distribution function.

    Notes
    -----
    Jacobian: diagonal, with slopes between -0.10 and 1.10. The smallest value, -0.28,
    is at x = -1.28. The gain is :math:`1 / \sqrt{E\,y'(z)^2}` for a standard normal z.

    References
    ----------
    .. [1] S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-Weighted Linear Units for Neural
       Network Function Approximation in Reinforcement Learning", Neural Networks 107,
       3-11, 2018. https://arxiv.org/abs/1702.03118
    .. [2] P. Ramachandran, B. Zoph and Q. V. Le, "Searching for Activation Functions",
       2017. https://arxiv.org/abs/1710.05941

    Examples
    --------
    At ``x = log 3`` the sigmoid is 3 / 4:

    >>> layer = SiLU()
    >>> x = np.log(np.array([3.0]))
    >>> layer.function(x) / x
    array([0.75])
    >>> layer.derivative(np.zeros(1), np.zeros(1))
    array([0.5])
    """

    name = "silu"
    aliases = {"swish": {}}
    value_range = (-0.27846454276107385, math.inf)
    linear_initializer = "he_uniform"
    gain = 1.623320257952497

    def function(self, x, out=None):
        out = expit(x, out)
        return np.multiply(out, x, out)

    def derivative(self, x, y, out=None):
        sigmoid = expit(x)
        out = np.subtract(1.0, sigmoid, out)
        np.multiply(out, y, out)
        return np.add(out, sigmoid, out)

    def second_derivative(self, x, y):
        sigmoid = expit(x)
        return sigmoid * (1.0 - sigmoid) * (2.0 + x * (1.0 - 2.0 * sigmoid))


class Mish(Elementwise):
    r"""Mish: the input times the hyperbolic tangent of its softplus.

    With :math:`\sigma(x) = 1 / (1 + e^{-x})` and :math:`t = \tanh(\log(1 + e^x))`, so
    that :math:`t' = (1 - t^2) \sigma`,

    .. math::

        y = x t, \qquad y' = t + x t', \qquad
        y'' = t' (2 + x (1 - \sigma - 2 t \sigma))

    See Also
    --------
    SiLU : A cheaper function of nearly the same shape.

    Notes
    -----
    Jacobian: diagonal, with slopes between -0.11 and 1.09. The smallest value, -0.31,
    is at x = -1.19. The gain is :math:`1 / \sqrt{E\,y'(z)^2}` for a standard normal z.

    References
    ----------
    .. [1] D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", BMVC
       2020. https://arxiv.org/abs/1908.08681

    Examples
    --------
    At ``x = 0`` the slope is ``tanh(log 2) = 0.6``:

    >>> Mish().derivative(np.zeros(1), np.zeros(1))
    array([0.6])
    """

    name = "mish"
    value_range = (-0.3088434130172505, math.inf)
    linear_initializer = "he_uniform"
    gain = 1.4447552325473196

    def function(self, x, out=None):
        out = _softplus(x, out)
        np.tanh(out, out)
        return np.multiply(out, x, out)

    def derivative(self, x, y, out=None):
        weight, slope, _ = self._weight(x)
        np.multiply(slope, x, slope)
        return np.add(weight, slope, out)

    def second_derivative(self, x, y):
        weight, slope, sigmoid = self._weight(x)
        return slope * (2.0 + x * (1.0 - sigmoid - 2.0 * weight * sigmoid))

    def _weight(self, x):
        """Return t, its derivative and the sigmoid of `x`."""
        weight = np.tanh(_softplus(x))
        sigmoid = expit(x)
        return weight, (1.0 - weight * weight) * sigmoid, sigmoid


def _softplus(x, out=None):
    out = np.abs(x, out=out)
    np.negative(out, out)
    np.exp(out, out)
    np.log1p(out, out)
    return np.add(out, np.maximum(x, 0.0), out)


def _normal_density(x):
    density = x * x
    np.multiply(density, -0.5, density)
    np.exp(density, density)
    return np.multiply(density, INVERSE_ROOT_TWO_PI, density)
