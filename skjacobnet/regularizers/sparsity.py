"""Penalties for sparse hidden activations."""

import math

import numpy as np

from skjacobnet.core.constraints import Interval, OneOf
from skjacobnet.core.rows import average_rows, inner_products, weighted_mean
from skjacobnet.regularizers.base import ActivationRegularizer, Regularizer


class Sparsity(ActivationRegularizer):
    r"""Sparsity penalty on hidden activations.

    With activation h, weights w and n rows, the form ``"l1"`` is

    .. math:: R(h) = \frac{\lambda}{n} \sum_s w_s \sum_j |h_{sj}|

    and the form ``"kl"``, with the mean activation
    :math:`m_j = \sum_s w_s h_{sj} / \sum_s w_s` of the batch and target :math:`\rho`,

    .. math::

        R(h) = \lambda \sum_j K(m_j), \qquad
        K(m) = \rho \log \frac{\rho}{m} + (1 - \rho) \log \frac{1 - \rho}{1 - m}.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`. Unit: that of the loss per unit of the penalty.
    form : {"l1", "kl"}, default="l1"
        Form of the penalty: absolute activations, or divergence of the mean activation
        from the target.
    target : float in (0, 1), default=0.05
        Target mean activation :math:`\rho` of ``form="kl"``. Dimensionless. Ignored for
        ``form="l1"``.

    Raises
    ------
    ValueError
        From `check_layer`, for ``form="kl"`` and an activation whose ``value_range`` is
        not declared to lie in [0, 1].

    See Also
    --------
    L1 : L1 norm of the weights.

    Notes
    -----
    O(n_samples * n) time.

    The form ``"l1"`` has a kink at 0, with the subgradient 0.

    The form ``"kl"`` depends on the mean over a batch, so its value depends on the
    batch size, and on the weights only through their proportions. L-BFGS then uses all
    rows as one batch, with memory for the activations of all. K grows without bound
    towards 0 and 1. The mean is therefore clipped to :math:`[\epsilon, 1 - \epsilon]`,
    with :math:`\epsilon` the machine precision of the activation's type, and K
    continues outside along its tangent. Value and gradient then stay finite and
    consistent, and a unit that is off for the whole batch still has a gradient.

    References
    ----------
    .. [1] X. Glorot, A. Bordes and Y. Bengio, "Deep Sparse Rectifier Neural Networks",
       AISTATS 2011, Section 3. https://proceedings.mlr.press/v15/glorot11a.html
    .. [2] A. Ng, "Sparse autoencoder", CS294A lecture notes, Stanford University, 2011,
       Section 3. https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf

    Examples
    --------
    >>> activation = np.array([[1.0, -2.0], [3.0, 0.0]])
    >>> Sparsity().value(activation)
    np.float64(3.0)
    >>> Sparsity().cotangent(activation)
    array([[ 0.5, -0.5],
           [ 0.5,  0. ]])

    One unit with mean 1/2 and target 1/4: the divergence is
    ``log(1/2) / 4 + log(3/2) * 3/4``, and its slope ``-1/2 + 3/2 = 1`` is shared by the
    two rows:

    >>> kl = Sparsity(form="kl", target=0.25)
    >>> activation = np.array([[0.25], [0.75]])
    >>> kl.value(activation)
    np.float64(0.130812)
    >>> kl.cotangent(activation)
    array([[0.5],
           [0.5]])
    """

    name = "sparsity"
    member_numbers = ("strength",)
    constraints = {
        **Regularizer.constraints,
        "form": OneOf("l1", "kl"),
        "target": Interval(0.0, 1.0, "neither"),
    }

    def __init__(self, strength=1.0, form="l1", target=0.05):
        self.strength = strength
        self.form = form
        self.target = target

    @property
    def mean_over_rows(self):
        return self.form == "l1"

    def check_layer(self, layer):
        low, high = layer.value_range
        inside = not layer.is_activation or (low >= 0.0 and high <= 1.0)
        if self.form == "kl" and not inside:
            raise ValueError(
                f"Sparsity(form='kl') needs activations between 0 and 1, but the "
                f"value_range of {type(layer).__name__} is ({low}, {high}). Use "
                f"form='l1', or an activation such as 'sigmoid'."
            )

    def value(self, activation, sample_weight=None):
        if self.form == "l1":
            norms = np.sum(np.abs(activation), axis=-1)
            factor = self.strength_for(0, activation.dtype)
            return weighted_mean(norms, sample_weight) * factor
        return self._divergence(_batch_mean(activation, sample_weight))

    def cotangent(self, activation, sample_weight=None):
        return self._cotangent(activation, sample_weight, None)

    def value_and_cotangent(self, activation, sample_weight=None, out=None):
        if not self._keeps(Sparsity, "value", "cotangent"):
            return super().value_and_cotangent(activation, sample_weight)
        cotangent = self._cotangent(activation, sample_weight, out)
        if self.form == "kl":
            return self.value(activation, sample_weight), cotangent
        # A number times its sign is its absolute value.
        return inner_products(cotangent, activation), cotangent

    def _cotangent(self, activation, sample_weight, out):
        if self.form == "l1":
            out = average_rows(np.sign(activation, out), sample_weight)
            return np.multiply(out, self.strength_for(2, activation.dtype), out)
        out = np.empty_like(activation) if out is None else out
        inside = _clip(_batch_mean(activation, sample_weight))
        factor = self.strength_for(1, activation.dtype)
        slope = _slope(inside, float(self.target)) * factor
        if sample_weight is None:
            out[...] = slope[..., np.newaxis, :] / activation.shape[-2]
            return out
        slope /= np.sum(sample_weight, axis=-1, keepdims=True)
        weight = sample_weight[..., np.newaxis]
        return np.multiply(weight, slope[..., np.newaxis, :], out)

    def _divergence(self, mean):
        inside = _clip(mean)
        target = float(self.target)
        divergence = (
            target * (math.log(target) - np.log(inside))
            + (1.0 - target) * (math.log1p(-target) - np.log1p(-inside))
            + _slope(inside, target) * (mean - inside)
        )
        return np.sum(divergence, axis=-1) * self.strength_for(0, mean.dtype)


def _batch_mean(activation, sample_weight):
    """Return the weighted mean of each unit, (..., n)."""
    if sample_weight is None:
        return np.mean(activation, axis=-2)
    weight = sample_weight.astype(activation.dtype, copy=False)
    if weight.ndim > 1:
        total = np.matmul(weight[..., np.newaxis, :], activation)[..., 0, :]
    else:
        total = np.matmul(weight, activation)
    return total / np.sum(weight, axis=-1, keepdims=True)


def _clip(mean):
    """Clip the mean to where the divergence and its slope are finite."""
    epsilon = float(np.finfo(mean.dtype).eps)
    return np.clip(mean, epsilon, 1.0 - epsilon)


def _slope(mean, target):
    """Return the derivative of the divergence for the mean."""
    return (1.0 - target) / (1.0 - mean) - target / mean
