"""Weight decay, for small weights."""

import numpy as np

from skjacobnet.core.rows import inner_products
from skjacobnet.regularizers.base import WeightRegularizer


class WeightDecay(WeightRegularizer):
    r"""Weight decay: half the sum of squared weights.

    .. math:: R(W) = \frac{\lambda}{2} \lVert W \rVert_F^2, \qquad \nabla R = \lambda W

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`. Unit: that of the loss per squared weight.

    See Also
    --------
    L1 : Drives single weights to zero instead of shrinking all of them.

    Notes
    -----
    O(n_in * n_out) time, and no memory besides the result. The penalty enters the
    gradient, so an optimizer that rescales gradients rescales it too; a decay that is
    decoupled from the gradient is part of the optimizer ``adamw``. In contrast to
    ``alpha`` of scikit-learn's ``MLPClassifier``, the strength is not divided by the
    number of samples.

    References
    ----------
    .. [1] A. Krogh and J. A. Hertz, "A Simple Weight Decay Can Improve
       Generalization", NIPS 1991.
       https://papers.nips.cc/paper/563-a-simple-weight-decay-can-improve-generalization

    Examples
    --------
    >>> coef = np.array([[3.0, -4.0]])
    >>> WeightDecay(2.0).value(coef)
    np.float64(25.0)
    >>> WeightDecay(2.0).gradient(coef)
    array([[ 6., -8.]])
    """

    name = "weight_decay"
    member_numbers = ("strength",)

    def value(self, coef):
        return inner_products(coef, coef) * self.strength_for(0, coef.dtype, 0.5)

    def gradient(self, coef, out=None):
        return np.multiply(coef, self.strength_for(2, coef.dtype), out)
