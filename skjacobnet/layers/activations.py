"""Elementwise activations."""

import numpy as np

from skjacobnet.layers.base import Elementwise


class ReLU(Elementwise):
    r"""Pass positive values, stop the others.

    .. math:: y = \max(0, x), \qquad y' = [x > 0], \qquad y'' = 0

    Notes
    -----
    Jacobian: diagonal. Kink at 0, where the derivative is taken to be 0.

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

    name = "relu"
    kinks = (0.0,)
    value_range = (0.0, np.inf)
    initializer = "he_uniform"
    gain = np.sqrt(2.0)

    def function(self, x, out=None):
        return np.maximum(x, 0.0, out)

    def derivative(self, x, y, out=None):
        return np.greater(x, 0.0, np.empty_like(x) if out is None else out)

    def second_derivative(self, x, y):
        return np.zeros_like(x)
