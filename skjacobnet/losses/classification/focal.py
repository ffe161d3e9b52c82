"""Focal loss, a cross-entropy that discounts easy rows."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.losses.base import Loss
from skjacobnet.operators import Dense, Diagonal


class Focal(Loss):
    r"""Focal loss: cross-entropy that discounts rows predicted well.

    .. math:: \ell(y, z) = \sum_k y_k f(\log p_k), \qquad
        f(l) = -(1 - e^l)^\gamma \, l

    Through the logistic link both outcomes of each column count:
    :math:`y f(\log p) + (1 - y) f(\log (1 - p))`, summed over the columns.

    With :math:`u = 1 - e^l` and the ratio :math:`r = l / u`, which tends to -1 as p
    tends to 1,

    .. math::

        f'(l) &= -u^\gamma (1 - \gamma e^l r), \\
        f''(l) &= \gamma e^l u^{\gamma - 1} \left[ 2 + l - (\gamma - 1) e^l r \right],

    and for the raw prediction z, through softmax,

    .. math::

        \nabla \ell &= \sum_k y_k f'(l_k) (e_k - p), \\
        \nabla^2 \ell &= \sum_k y_k \left[ f''(l_k) (e_k - p)(e_k - p)^T
            - f'(l_k) (\operatorname{diag} p - p p^T) \right].

    Parameters
    ----------
    gamma : float >= 0, default=2.0
        Strength of the discount of probable classes; 0 is cross-entropy.
        Dimensionless.

    See Also
    --------
    CrossEntropy : Without the discount, and convex.

    Notes
    -----
    Not convex in z for gamma > 0. Below ``gamma = 1`` the second derivative
    :math:`f''` grows without bound as p tends to 1, but its product with
    :math:`(e_k - p)(e_k - p)^T` tends to zero and is computed without it. All
    derivatives are finite for every gamma; 1 - p is computed as ``-expm1(l)``.

    The Hessian is `Dense` through softmax, for n_raw³ multiplications and n_raw²
    numbers per sample, and `Diagonal` through the logistic link.

    The source has one binary column and adds a class weight alpha; here sample weights
    weight the classes, and the sum over k extends it to soft targets.

    References
    ----------
    .. [1] T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, "Focal Loss for Dense
       Object Detection", ICCV 2017, Equation 4. https://arxiv.org/abs/1708.02002

    Examples
    --------
    A true class of probability 1/2 has the loss ``(1/2)**2 * log(2)``:

    >>> float(Focal().value(np.array([[1.0, 0.0]]), np.zeros((1, 2))))
    0.173287
    """

    name = "focal"
    constraints = {"gamma": Interval(0.0, np.inf, "left")}

    def __init__(self, gamma=2.0):
        self.gamma = gamma

    def sample_values(self, y, raw, link):
        values = y * self._function(link.log_proba(raw))
        if not link.exclusive:
            values += (1.0 - y) * self._function(link.log_proba(-raw))
        return np.sum(values, axis=-1)

    def sample_gradients(self, y, raw, link):
        log_proba = link.log_proba(raw)
        p, u, slope = self._slope(log_proba)
        if not link.exclusive:
            slope_no = self._slope(link.log_proba(-raw))[2]
            return y * slope * link.proba(-raw) - (1.0 - y) * slope_no * link.proba(raw)
        pull = y * slope
        # The entry of the true class is pull * (1 - p): with u no digits are lost.
        return pull * u - p * (np.sum(pull, axis=-1, keepdims=True) - pull)

    def sample_hessians(self, y, raw, link, scale):
        log_proba = link.log_proba(raw)
        if not link.exclusive:
            diagonal = y * self._second_logistic(log_proba)
            diagonal += (1.0 - y) * self._second_logistic(link.log_proba(-raw))
            return Diagonal(scale * diagonal)
        p, u, slope = self._slope(log_proba)
        # Row k of `toward` is e_k - p.
        toward = np.repeat(-p[..., np.newaxis, :], p.shape[-1], axis=-2)
        np.einsum("...kk->...k", toward)[...] = u
        # Half of the power of u on either side, compensated by (e_k - p).
        root = np.power(
            u, 0.5 * (float(self.gamma) - 1.0), out=np.zeros_like(u), where=u > 0.0
        )
        bent = root[..., np.newaxis] * toward
        bend = scale * y * self._bend(log_proba, p, u)
        matrix = np.matmul(bent.swapaxes(-1, -2), bend[..., np.newaxis] * bent)
        pull = scale * np.sum(y * slope, axis=-1, keepdims=True)
        toward *= (pull * p)[..., np.newaxis]
        return Dense(np.subtract(matrix, toward, out=matrix))

    def _function(self, log_proba):
        """Return f."""
        return -np.power(-np.expm1(log_proba), float(self.gamma)) * log_proba

    def _slope(self, log_proba):
        """Return p, u = 1 - p and f'."""
        p, u = np.exp(log_proba), -np.expm1(log_proba)
        inner = 1.0 - float(self.gamma) * p * _ratio(log_proba, u)
        return p, u, -np.power(u, float(self.gamma)) * inner

    def _bend(self, log_proba, p, u):
        """Return f'' without its factor u ** (gamma - 1)."""
        inner = 2.0 + log_proba - (float(self.gamma) - 1.0) * p * _ratio(log_proba, u)
        return float(self.gamma) * p * inner

    def _second_logistic(self, log_proba):
        """Return the second derivative of f(log p) in z through the logistic link."""
        p, u, slope = self._slope(log_proba)
        bend = self._bend(log_proba, p, u)
        return bend * np.power(u, float(self.gamma) + 1.0) - slope * p * u


def _ratio(log_proba, u):
    """Return log(p) / (1 - p), and its limit -1 where p is 1."""
    return np.divide(log_proba, u, out=-np.ones_like(u), where=u > 0.0)
