"""Cross-entropy, the negative log-likelihood of the targets."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.core.numbers import exact, fitting
from skjacobnet.core.rows import (
    average_rows,
    inner_products,
    row_scale,
    weighted_mean,
)
from skjacobnet.core.workspace import Workspace
from skjacobnet.links import exponentials
from skjacobnet.losses.base import Loss
from skjacobnet.operators import Diagonal, DiagonalMinusRankOne


class CrossEntropy(Loss):
    r"""Cross-entropy: negative log-likelihood of the targets.

    .. math:: \ell(y, z) = -\sum_k t_k \log p_k \quad \text{(softmax)}, \qquad
        \ell(y, z) = -\sum_k t_k \log p_k + (1 - t_k) \log (1 - p_k)
        \quad \text{(logistic)}

    with the smoothed targets :math:`t = (1 - \varepsilon) y + \varepsilon / K`, where
    :math:`\varepsilon` is `label_smoothing`, K the number of classes (2 for each
    logistic column) and p the predicted probabilities. The derivatives for the raw
    prediction z are

    .. math::

        \nabla \ell = p - t, \qquad
        \nabla^2 \ell = \operatorname{diag} p - p p^T \ \text{(softmax)}, \quad
        \operatorname{diag}(p (1 - p)) \ \text{(logistic)}.

    Parameters
    ----------
    label_smoothing : float in [0, 1), default=0.0
        Share of each target that is spread evenly over the classes. Dimensionless.

    See Also
    --------
    Focal : Discounts rows predicted well.
    Brier : Bounded.

    Notes
    -----
    Convex in z. Rows of softmax targets have to sum to one; the derivatives rely on
    it. Values are exact where a probability underflows, since the logarithm is never
    taken of a probability.

    `value_and_gradient` costs one exponential of each raw prediction and agrees with
    `value` and `gradient` up to rounding: absolute errors are of the order of the data
    type's resolution, times the raw predictions up to 60, while those two are also
    relatively accurate for much smaller values and gradients.

    The Hessian is `DiagonalMinusRankOne` through softmax and `Diagonal` through the
    logistic link.

    References
    ----------
    .. [1] C. M. Bishop, "Pattern Recognition and Machine Learning", Springer 2006,
       Equations 4.90, 4.91, 4.108 and 4.109.
    .. [2] C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, "Rethinking the
       Inception Architecture for Computer Vision", CVPR 2016, Section 7 (label
       smoothing). https://arxiv.org/abs/1512.00567

    Examples
    --------
    Equal probabilities of four classes cost log 4, and the gradient is 1/4 less the
    target:

    >>> y = np.array([[1.0, 0.0, 0.0, 0.0]])
    >>> float(CrossEntropy().value(y, np.zeros((1, 4))))
    1.386294
    >>> CrossEntropy().gradient(y, np.zeros((1, 4)))
    array([[-0.75,  0.25,  0.25,  0.25]])
    """

    name = "cross_entropy"
    member_numbers = ("label_smoothing",)
    calibration = "temperature"
    constraints = {"label_smoothing": Interval(0.0, 1.0, "left")}

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = label_smoothing

    def sample_values(self, y, raw, link):
        if not link.exclusive:
            targets = self._targets(y, 2)
            # softplus(z) - t z without cancellation where the sign of z is right.
            values = np.log1p(np.exp(-np.abs(raw)))
            values += ((raw > 0.0) - targets) * raw
            return np.sum(values, axis=-1)
        targets = self._targets(y, raw.shape[-1])
        return -np.sum(targets * link.log_proba(raw), axis=-1)

    def sample_gradients(self, y, raw, link):
        n_answers = raw.shape[-1] if link.exclusive else 2
        return link.residual(self._targets(y, n_answers), raw)

    def sample_hessians(self, y, raw, link, scale):
        p = link.proba(raw)
        if not link.exclusive:
            return Diagonal(scale * p * link.proba(-raw))
        scaled = scale * p
        return DiagonalMinusRankOne(scaled, scaled, p)

    def value_and_gradient(
        self, y, raw, sample_weight=None, link=None, *, workspace=None
    ):
        if not self._keeps(CrossEntropy, *_FUSED):
            return super().value_and_gradient(
                y, raw, sample_weight, link, workspace=workspace
            )
        workspace = Workspace() if workspace is None else workspace
        exclusive = (link or self.default_link(raw)).exclusive
        smoothing = self.label_smoothing
        if isinstance(smoothing, np.ndarray) or smoothing:
            y = self._targets(y, raw.shape[-1] if exclusive else 2, workspace)
        fused = _fused_softmax if exclusive else _fused_logistic
        return fused(y, raw, sample_weight, workspace)

    def value_from_proba(self, y, proba, sample_weight=None):
        r"""Return the loss as a function of probabilities of exclusive classes.

        .. math:: L = -\frac{1}{n} \sum_s w_s \sum_k t_{s,k} \log p_{s,k}

        Parameters
        ----------
        y : array of shape (n_samples, n_classes) or (n_members, n_samples, n_classes)
            Targets, before label smoothing. A binary problem has two columns here.
        proba : array of shape (..., n_samples, n_classes)
        sample_weight : array of shape (n_samples,) or (n_members, n_samples), optional

        Returns
        -------
        array of shape (...)

        See Also
        --------
        value : The same from raw predictions, without the singularity.

        Notes
        -----
        Infinite where a class with a positive target has the probability 0. Terms
        whose target is 0 are 0, whatever the probability.
        """
        targets = self._targets(y, proba.shape[-1])
        logarithm = np.zeros_like(proba)
        with np.errstate(divide="ignore"):
            np.log(proba, out=logarithm, where=targets != 0.0)
        return weighted_mean(-np.sum(targets * logarithm, axis=-1), sample_weight)

    def gradient_from_proba(self, y, proba, sample_weight=None):
        r"""Return the gradient of `value_from_proba` with respect to the probabilities.

        .. math:: \partial L / \partial p_{s,k} = -w_s t_{s,k} / (n \, p_{s,k})

        Multiplied by the Jacobian of softmax it is the gradient for the raw prediction,
        p - t, times weight over rows.

        Parameters
        ----------
        y : array of shape (n_samples, n_classes) or (n_members, n_samples, n_classes)
            Targets, before label smoothing.
        proba : array of shape (..., n_samples, n_classes)
        sample_weight : array of shape (n_samples,) or (n_members, n_samples), optional

        Returns
        -------
        array of shape (..., n_samples, n_classes)

        Notes
        -----
        Minus infinity where a class with a positive target has the probability 0, and
        0 where the target is 0, whatever the probability. The chain rule through an
        explicit softmax breaks down at that singularity; `gradient` does not.
        """
        targets = self._targets(y, proba.shape[-1])
        gradient = np.zeros_like(proba)
        with np.errstate(divide="ignore", over="ignore"):
            np.divide(-targets, proba, out=gradient, where=targets != 0.0)
        gradient *= row_scale(proba, sample_weight)
        return gradient

    def _targets(self, y, n_answers, workspace=None):
        """Return the smoothed targets, in a workspace if there is one."""
        smoothing, shape = self.label_smoothing, y.shape
        if isinstance(smoothing, np.ndarray):
            smoothing, shape = exact(smoothing), (len(smoothing), *shape[-2:])
            dtype = np.result_type(y.dtype, 0.0)
            kept = fitting(1.0 - smoothing, 2, dtype)
            added = fitting(smoothing / n_answers, 2, dtype)
        elif smoothing:
            kept, added = 1.0 - float(smoothing), float(smoothing) / n_answers
        else:
            return y
        out = None
        if workspace is not None:
            out = workspace.array("targets", shape, y.dtype)
        out = np.multiply(kept, y, out)
        return np.add(out, added, out)


# The fused computation of `CrossEntropy.value_and_gradient`.
_FUSED = "value", "gradient", "sample_values", "sample_gradients"


def _fused_softmax(y, raw, sample_weight, workspace):
    """Return value and gradient of all rows from one exponential."""
    gradient, total, column, log_total, ones, row_ones, share = workspace.made(
        _softmax_arrays, raw.shape, raw.dtype
    )
    raw = exponentials(raw, gradient, workspace)
    single = raw.ndim == 2
    # A product with ones sums faster than a reduction does.
    if single:
        gradient.dot(ones, total)
    else:
        np.matmul(gradient, ones, total)
    np.log(total, log_total)
    np.divide(gradient, column, gradient)
    np.subtract(gradient, y, gradient)
    if sample_weight is not None:
        log_total -= np.vecdot(y, raw, total)
        value = weighted_mean(log_total, sample_weight)
        return value, average_rows(gradient, sample_weight)
    if single:
        value = (log_total.dot(row_ones) - np.vdot(y, raw)) / raw.shape[0]
    else:
        value = np.vecdot(log_total, row_ones) - inner_products(y, raw)
        value /= raw.shape[-2]
    return value, np.multiply(gradient, share, gradient)


def _softmax_arrays(shape, dtype):
    """Return the buffers and the constants of `_fused_softmax`."""
    gradient, total = np.empty(shape, dtype), np.empty(shape[:-1], dtype)
    return (
        gradient,
        total,
        total[..., np.newaxis],
        np.empty_like(total),
        np.ones(shape[-1], dtype),
        np.ones(shape[-2], dtype),
        *_constants(1.0 / shape[-2], dtype=dtype),
    )


def _fused_logistic(y, raw, sample_weight, workspace):
    r"""Return value and gradient of all columns from one exponential.

    With the step :math:`h = [z > 0]`, 1/2 at 0, and :math:`e = \exp(-|z|)`, the value
    is :math:`\log(1 + e) + (h - t) z` and the gradient
    :math:`h - t - \operatorname{sign}(z) \, e / (1 + e)`. Neither cancels if the sign
    of z is right.
    """
    gradient, tail, work, total, logarithms, one, half, share = workspace.made(
        _logistic_arrays, raw.shape, raw.dtype
    )
    np.heaviside(raw, half, gradient)
    np.subtract(gradient, y, gradient)
    np.absolute(raw, tail)
    np.negative(tail, tail)
    np.exp(tail, tail)
    np.log1p(tail, work)
    if sample_weight is not None:
        np.vecdot(gradient, raw, total)
        np.add.reduce(work, -1, None, logarithms)
        np.add(total, logarithms, total)
        value = weighted_mean(total, sample_weight)
    elif raw.ndim == 2:
        value = (np.vdot(gradient, raw) + np.add.reduce(work, None)) / raw.shape[0]
    else:
        value = inner_products(gradient, raw)
        value += np.add.reduce(work.reshape(*work.shape[:-2], -1), -1)
        value /= raw.shape[-2]
    np.add(tail, one, work)
    np.divide(tail, work, tail)
    np.sign(raw, work)
    np.multiply(tail, work, tail)
    np.subtract(gradient, tail, gradient)
    if sample_weight is None:
        return value, np.multiply(gradient, share, gradient)
    return value, average_rows(gradient, sample_weight)


def _logistic_arrays(shape, dtype):
    """Return the buffers and the constants of `_fused_logistic`."""
    return (
        *(np.empty(shape, dtype) for _ in range(3)),
        *(np.empty(shape[:-1], dtype) for _ in range(2)),
        *_constants(1.0, 0.5, 1.0 / shape[-2], dtype=dtype),
    )


def _constants(*numbers, dtype):
    """Return numbers as arrays, which NumPy reads faster than Python numbers."""
    return [np.array(number, dtype) for number in numbers]
