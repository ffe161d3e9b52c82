"""The Brier score, the squared error of probabilities."""

import numpy as np

from skjacobnet.losses.base import Loss
from skjacobnet.operators import Dense, Diagonal


class Brier(Loss):
    r"""Brier score: squared distance between the probabilities and the targets.

    .. math:: \ell(y, z) = \sum_k (p_k - y_k)^2

    With the error :math:`e = p - y`, :math:`s = \sum_k p_k e_k`,
    :math:`q = \sum_k p_k^2` and :math:`a = e - s + p`, the derivatives for the raw
    prediction z are, through softmax,

    .. math::

        \frac{\partial \ell}{\partial z_i} &= 2 p_i (e_i - s), \\
        \frac{\partial^2 \ell}{\partial z_i \partial z_j}
            &= 2 \left[ \delta_{ij} p_i a_i - p_i p_j (a_i + a_j - q) \right],

    and through the logistic link, where the columns do not interact,

    .. math::

        \frac{\partial \ell}{\partial z} = 2 p (1 - p) e, \qquad
        \frac{\partial^2 \ell}{\partial z^2}
            = 2 p (1 - p) \left[ p (1 - p) + e (1 - 2 p) \right].

    See Also
    --------
    CrossEntropy : Convex in the raw prediction, and unbounded.

    Notes
    -----
    Bounded, by 2 with softmax and by 1 for each logistic column, so single mislabeled
    rows cannot dominate. For the same reason the gradient vanishes where a prediction
    is confident and wrong, and the loss is not convex in z.

    A binary problem has one column, whose loss is half of that of two softmax columns.

    The Hessian is `Dense` through softmax, n_raw² numbers per sample, and `Diagonal`
    through the logistic link.

    References
    ----------
    .. [1] G. W. Brier, "Verification of Forecasts Expressed in Terms of Probability",
       Monthly Weather Review 78(1), 1950, the score P.
       https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2

    Examples
    --------
    Three equal probabilities are off by 2/3, 1/3 and 1/3, with squares 4/9, 1/9, 1/9:

    >>> float(Brier().value(np.array([[1.0, 0.0, 0.0]]), np.zeros((1, 3))))
    0.666667
    """

    name = "brier"

    def sample_values(self, y, raw, link):
        return np.sum(np.square(link.residual(y, raw)), axis=-1)

    def sample_gradients(self, y, raw, link):
        error = link.residual(y, raw)
        p = link.proba(raw)
        if not link.exclusive:
            return 2.0 * p * link.proba(-raw) * error
        return 2.0 * p * (error - _row_sum(p * error))

    def sample_hessians(self, y, raw, link, scale):
        error = link.residual(y, raw)
        p = link.proba(raw)
        if not link.exclusive:
            complement = link.proba(-raw)
            slope = p * complement
            bend = slope + error * (complement - p)
            return Diagonal(2.0 * scale * slope * bend)
        a = error - _row_sum(p * error) + p
        mixed = a[..., :, np.newaxis] + a[..., np.newaxis, :]
        mixed -= _row_sum(np.square(p))[..., np.newaxis]
        matrix = p[..., :, np.newaxis] * p[..., np.newaxis, :] * -mixed
        np.einsum("...ii->...i", matrix)[...] += p * a
        matrix *= 2.0 * scale[..., np.newaxis]
        return Dense(matrix)


def _row_sum(values):
    return np.sum(values, axis=-1, keepdims=True)
