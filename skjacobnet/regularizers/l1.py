"""The L1 penalty, for sparse weights."""

import numpy as np

from skjacobnet.core.rows import inner_products
from skjacobnet.regularizers.base import WeightRegularizer


class L1(WeightRegularizer):
    r"""L1 penalty: sum of absolute weights.

    .. math::

        R(W) = \lambda \sum_{ij} |W_{ij}|, \qquad
        \frac{\partial R}{\partial W_{ij}} = \lambda \operatorname{sign} W_{ij}

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`. Unit: that of the loss per unit of weight.

    See Also
    --------
    WeightDecay : Shrinks all weights and sets none to zero.

    Notes
    -----
    Kink at 0, with the subgradient 0. O(n_in * n_out) time. Gradient steps bring
    weights within about one step of zero, not exactly to zero, unlike the solvers of
    the lasso in the source.

    References
    ----------
    .. [1] R. Tibshirani, "Regression Shrinkage and Selection via the Lasso", Journal of
       the Royal Statistical Society B 58 (1996), 267-288.
       https://doi.org/10.1111/j.2517-6161.1996.tb02080.x

    Examples
    --------
    >>> coef = np.array([[-2.0, 0.0, 3.0]])
    >>> L1(2.0).value(coef)
    np.float64(10.0)
    >>> L1(2.0).gradient(coef)
    array([[-2.,  0.,  2.]])
    """

    name = "l1"
    member_numbers = ("strength",)

    def value(self, coef):
        return np.sum(np.abs(coef), axis=(-2, -1)) * self.strength_for(0, coef.dtype)

    def gradient(self, coef, out=None):
        out = np.sign(coef, out)
        return np.multiply(out, self.strength_for(2, coef.dtype), out)

    def value_and_gradient(self, coef, out=None):
        if not self._keeps(L1, "value", "gradient"):
            return super().value_and_gradient(coef, out)
        # The absolute values are the products of weights and gradient.
        gradient = self.gradient(coef, out)
        return inner_products(coef, gradient), gradient
