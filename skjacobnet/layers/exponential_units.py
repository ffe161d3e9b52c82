"""Exponential linear units: linear above zero, exponential below."""

import math

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.layers.base import Elementwise

# E[exp(2 z); z < 0] for a standard normal z, which is e^2 times Phi(-2).
NEGATIVE_HALF = 0.5 * math.exp(2.0) * math.erfc(math.sqrt(2.0))


class ELU(Elementwise):
    r"""Exponential linear unit: negative values decay to a constant.

    .. math::

        y = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}, \qquad
        y' = \begin{cases} 1 \\ y + \alpha \end{cases}, \qquad
        y'' = \begin{cases} 0 \\ y + \alpha \end{cases}

    Parameters
    ----------
    alpha : float > 0, default=1.0
        Minus the limit for large negative inputs. Unit: that of the output.

    See Also
    --------
    SELU : Scaled form, for which variances converge to 1.

    Notes
    -----
    Jacobian: diagonal. Kink at 0, where both derivatives are taken to be those of the
    negative side; at ``alpha=1`` only the second derivative jumps there. The gain is
    :math:`1 / \sqrt{E\,y'(z)^2}` for a standard normal z, where
    :math:`E\,y'(z)^2 = \frac12 + \alpha^2 e^2 \Phi(-2)` with the normal distribution
    function :math:`\Phi`. The derivative is computed from the output: its absolute
    error is of the order of rounding, but its relative error is larger where y is close
    to -alpha.

    References
    ----------
    .. [1] D.-A. Clevert, T. Unterthiner and S. Hochreiter, "Fast and Accurate Deep
       Network Learning by Exponential Linear Units (ELUs)", ICLR 2016.
       https://arxiv.org/abs/1511.07289

    Examples
    --------
    At ``x = -log 2`` the exponential is 1/2:

    >>> layer = ELU(alpha=3.0)
    >>> x = np.array([-np.log(2.0), 2.0])
    >>> layer.function(x)
    array([-1.5,  2. ])
    >>> layer.derivative(x, layer.function(x))
    array([1.5, 1. ])
    """

    name = "elu"
    constraints = {"alpha": Interval(0, np.inf, "neither")}
    kinks = (0.0,)
    linear_initializer = "he_uniform"

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    @property
    def value_range(self):
        return (-float(self.alpha), math.inf)

    @property
    def gain(self):
        return 1.0 / math.sqrt(0.5 + self.alpha**2 * NEGATIVE_HALF)

    def function(self, x, out=None):
        return _exponential_unit(x, 1.0, float(self.alpha), out)

    def derivative(self, x, y, out=None):
        return _slope(x, y, 1.0, float(self.alpha), out)

    def second_derivative(self, x, y):
        return _slope(x, y, 0.0, float(self.alpha))


class SELU(Elementwise):
    r"""Scaled exponential linear unit, for which variances converge to 1.

    .. math::

        y = \lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases},
        \qquad y' = \begin{cases} \lambda \\ y + \lambda \alpha \end{cases}, \qquad
        y'' = \begin{cases} 0 \\ y + \lambda \alpha \end{cases}

    with :math:`\lambda = 1.0507\ldots` and :math:`\alpha = 1.6732\ldots` such that a
    standard normal input gives an output of mean 0 and variance 1.

    See Also
    --------
    ELU : Unscaled form.

    Notes
    -----
    Jacobian: diagonal. Kink at 0, where both derivatives are taken to be those of the
    negative side. Meant for weights of variance 1 / n_in (``"lecun_normal"``). The gain
    is :math:`1 / \sqrt{E\,y'(z)^2}` for a standard normal z, where
    :math:`E\,y'(z)^2 = \lambda^2 (\frac12 + \alpha^2 e^2 \Phi(-2))` with the normal
    distribution function :math:`\Phi`. The derivative is taken from the output: its
    absolute error is of the order of rounding.

    References
    ----------
    .. [1] G. Klambauer, T. Unterthiner, A. Mayr and S. Hochreiter, "Self-Normalizing
       Neural Networks", NIPS 2017, Equation 2. https://arxiv.org/abs/1706.02515

    Examples
    --------
    At ``x = 1`` the output is lambda, far below 0 it is ``-lambda * alpha``:

    >>> SELU().function(np.array([1.0, -100.0])).round(4)
    array([ 1.0507, -1.7581])
    """

    name = "selu"
    kinks = (0.0,)
    scale = 1.0507009873554805
    limit = scale * 1.6732632423543772
    value_range = (-limit, math.inf)
    linear_initializer = "lecun_normal"
    gain = 1.0 / math.sqrt(0.5 * scale**2 + limit**2 * NEGATIVE_HALF)

    def function(self, x, out=None):
        return _exponential_unit(x, self.scale, self.limit, out)

    def derivative(self, x, y, out=None):
        return _slope(x, y, self.scale, self.limit, out)

    def second_derivative(self, x, y):
        return _slope(x, y, 0.0, self.limit)


def _exponential_unit(x, scale, limit, out):
    """Return ``scale * x`` above 0 and ``limit * expm1(x)`` below."""
    out = np.minimum(x, 0.0, out=out)
    np.expm1(out, out)
    np.multiply(out, limit, out)
    positive = np.maximum(x, 0.0)
    if scale != 1.0:
        np.multiply(positive, scale, positive)
    return np.add(out, positive, out)


def _slope(x, y, above, limit, out=None):
    """Return `above` for positive inputs and ``y + limit`` for others."""
    out = np.add(y, limit, out)
    np.copyto(out, above, where=x > 0.0)
    return out
