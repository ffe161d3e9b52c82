"""Saturating activations, with bounded outputs."""

import numpy as np
from scipy.special import expit

from skjacobnet.layers.base import Elementwise


class Sigmoid(Elementwise):
    r"""Logistic sigmoid, with outputs between 0 and 1.

    .. math::

        y = \frac{1}{1 + e^{-x}}, \qquad y' = y (1 - y), \qquad
        y'' = y (1 - y) (1 - 2 y)

    See Also
    --------
    Tanh : Rescaled and centered sigmoid: ``tanh(x) = 2 sigmoid(2 x) - 1``.

    Notes
    -----
    Jacobian: diagonal, with slopes of at most 1/4, so every such layer shrinks tangents
    at least fourfold unless the preceding weights compensate for it; the gain is the
    inverse slope at 0, which is 4. The derivative is computed from the output: its
    absolute error is of the order of rounding, but its relative error is larger where y
    is close to 1.

    References
    ----------
    .. [1] D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations
       by back-propagating errors", Nature 323, 533-536, 1986, Equation 2.
       https://doi.org/10.1038/323533a0

    Examples
    --------
    ``sigmoid(log 3) = 3 / 4``, where the slope is 3 / 16:

    >>> layer = Sigmoid()
    >>> x = np.log(np.array([1.0, 3.0]))
    >>> layer.function(x)
    array([0.5 , 0.75])
    >>> layer.derivative(x, layer.function(x))
    array([0.25  , 0.1875])
    """

    in_place = True
    name = "sigmoid"
    aliases = {"logistic": {}}
    value_range = (0.0, 1.0)
    gain = 4.0

    def function(self, x, out=None):
        return expit(x, out)

    def derivative(self, x, y, out=None):
        out = np.subtract(1.0, y, out)
        return np.multiply(out, y, out)

    def second_derivative(self, x, y):
        return y * (1.0 - y) * (1.0 - 2.0 * y)


class Tanh(Elementwise):
    r"""Hyperbolic tangent, with outputs between -1 and 1.

    .. math:: y = \tanh x, \qquad y' = 1 - y^2, \qquad y'' = -2 y (1 - y^2)

    See Also
    --------
    HardTanh : Piecewise linear approximation.

    Notes
    -----
    Jacobian: diagonal, with slopes of at most 1. The derivative is computed from the
    output: its absolute error is of the order of rounding, but its relative error is
    larger where y is close to -1 or 1.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in
       Neural Networks: Tricks of the Trade, Springer, 1998, Section 4.4.
       https://doi.org/10.1007/3-540-49430-8_2

    Examples
    --------
    ``tanh(log 2) = (2 - 1/2) / (2 + 1/2) = 0.6``, where the slope is 0.64:

    >>> layer = Tanh()
    >>> x = np.log(np.array([1.0, 2.0]))
    >>> layer.function(x)
    array([0. , 0.6])
    >>> layer.derivative(x, layer.function(x))
    array([1.  , 0.64])
    """

    in_place = True
    name = "tanh"
    value_range = (-1.0, 1.0)

    def function(self, x, out=None):
        return np.tanh(x, out)

    def derivative(self, x, y, out=None):
        out = np.multiply(y, y, out)
        return np.subtract(1.0, out, out)

    def second_derivative(self, x, y):
        return -2.0 * y * (1.0 - y * y)


class HardTanh(Elementwise):
    r"""Hard tanh: clip to the interval from -1 to 1.

    .. math:: y = \min(1, \max(-1, x)), \qquad y' = [|x| < 1], \qquad y'' = 0

    See Also
    --------
    Tanh : Smooth counterpart.

    Notes
    -----
    Jacobian: diagonal. Kinks at -1 and 1, where the derivative is taken to be 0.

    References
    ----------
    .. [1] R. Collobert, J. Weston, L. Bottou, M. Karlen, K. Kavukcuoglu and P. Kuksa,
       "Natural Language Processing (Almost) from Scratch", JMLR 12, 2493-2537, 2011.
       https://www.jmlr.org/papers/v12/collobert11a.html

    Examples
    --------
    >>> layer = HardTanh()
    >>> x = np.array([-3.0, -0.5, 1.0])
    >>> layer.function(x)
    array([-1. , -0.5,  1. ])
    >>> layer.derivative(x, layer.function(x))
    array([0., 1., 0.])
    """

    in_place = True
    name = "hard_tanh"
    kinks = (-1.0, 1.0)
    value_range = (-1.0, 1.0)

    def function(self, x, out=None):
        return np.clip(x, -1.0, 1.0, out=out)

    def derivative(self, x, y, out=None):
        out = np.abs(x, out=out)
        return np.less(out, 1.0, out)

    def second_derivative(self, x, y):
        return np.zeros_like(x)
