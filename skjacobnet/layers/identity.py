"""The identity activation."""

import numpy as np

from skjacobnet.layers.base import Elementwise


class Identity(Elementwise):
    r"""Identity function.

    .. math:: y = x, \qquad y' = 1, \qquad y'' = 0

    See Also
    --------
    Linear : Linear layer with weights.

    Notes
    -----
    Jacobian: the identity, a diagonal of ones. The output is a copy of the input.

    Examples
    --------
    >>> Identity().function(np.array([-1.0, 2.0]))
    array([-1.,  2.])
    """

    name = "identity"

    def function(self, x, out=None):
        return np.positive(x, out)

    def derivative(self, x, y, out=None):
        out = np.empty_like(x) if out is None else out
        out.fill(1.0)
        return out

    def second_derivative(self, x, y):
        return np.zeros_like(x)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        return None, {}
