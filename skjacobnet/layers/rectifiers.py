"""The rectifier and its leaky form."""

import math

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.layers.base import Elementwise

ZERO = {np.dtype(kind): np.zeros((), kind) for kind in (np.float32, np.float64)}
# Up to this size an array of zeros is faster than a call of `clip`.
SMALL = 2**12


class ReLU(Elementwise):
    r"""Rectified linear unit: the positive part of the input.

    .. math:: y = \max(0, x), \qquad y' = [x > 0], \qquad y'' = 0

    See Also
    --------
    LeakyReLU : Keeps a small slope on the negative side.
    GELU : A smooth relative.

    Notes
    -----
    Jacobian: diagonal. Kink at 0, where the derivative is taken to be 0. The gain is
    :math:`1 / \sqrt{E\,y'(z)^2} = \sqrt 2` for a standard normal z.

    References
    ----------
    .. [1] V. Nair and G. E. Hinton, "Rectified Linear Units Improve Restricted
       Boltzmann Machines", ICML 2010, Section 2.

    Examples
    --------
    >>> layer = ReLU()
    >>> x = np.array([-1.0, 0.0, 2.0])
    >>> layer.function(x)
    array([0., 0., 2.])
    >>> layer.derivative(x, layer.function(x))
    array([0., 0., 1.])
    """

    in_place = True
    name = "relu"
    kinks = (0.0,)
    value_range = (0.0, np.inf)
    linear_initializer = "he_uniform"
    gain = math.sqrt(2.0)

    def function(self, x, out=None):
        # Both are three times as fast as the maximum with a number, which NumPy
        # computes without vector instructions.
        if x.size <= SMALL and x.dtype in ZERO:
            return np.maximum(x, np.zeros(x.shape, x.dtype), out=out)
        return x.clip(0.0, np.inf, out)

    def function_in(self, workspace, x, out):
        # As fast, with less overhead: it saves a twentieth of a training step on
        # 64-100-10.
        return np.maximum(x, workspace.zeros(x.shape, x.dtype), out=out)

    def derivative(self, x, y, out=None):
        out = np.empty_like(x) if out is None else out
        # Saves half a microsecond of a comparison into numbers, and with the zero in an
        # array another third.
        out[...] = x > ZERO.get(x.dtype, 0.0)
        return out

    def second_derivative(self, x, y):
        return np.zeros_like(x)


class LeakyReLU(Elementwise):
    r"""Leaky rectified linear unit: negative values are scaled down.

    With the negative slope s,

    .. math:: y = \max(x, s x), \qquad y' = \max([x > 0], s), \qquad y'' = 0

    Parameters
    ----------
    negative_slope : float in [0, 1), default=0.01
        Slope for inputs below 0. Dimensionless.

    See Also
    --------
    ReLU : The same with a negative slope of 0.

    Notes
    -----
    Jacobian: diagonal. Kink at 0, where the derivative is taken to be the negative
    slope. The gain is :math:`1 / \sqrt{E\,y'(z)^2} = \sqrt{2 / (1 + s^2)}` for a
    standard normal z.

    References
    ----------
    .. [1] A. L. Maas, A. Y. Hannun and A. Y. Ng, "Rectifier Nonlinearities Improve
       Neural Network Acoustic Models", ICML Workshop on Deep Learning for Audio, Speech
       and Language Processing, 2013.

    Examples
    --------
    >>> layer = LeakyReLU(0.1)
    >>> x = np.array([-3.0, 0.0, 2.0])
    >>> layer.function(x)
    array([-0.3,  0. ,  2. ])
    >>> layer.derivative(x, layer.function(x))
    array([0.1, 0.1, 1. ])
    """

    name = "leaky_relu"
    constraints = {"negative_slope": Interval(0, 1, "left")}
    kinks = (0.0,)
    linear_initializer = "he_uniform"

    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    @property
    def value_range(self):
        return (-math.inf if self.negative_slope > 0 else 0.0, math.inf)

    @property
    def gain(self):
        return math.sqrt(2.0 / (1.0 + self.negative_slope**2))

    def function(self, x, out=None):
        out = np.multiply(x, float(self.negative_slope), out)
        return np.maximum(x, out, out=out)

    def derivative(self, x, y, out=None):
        out = np.greater(x, 0.0, np.empty_like(x) if out is None else out)
        return np.maximum(out, float(self.negative_slope), out=out)

    def second_derivative(self, x, y):
        return np.zeros_like(x)
