"""Penalties on the entropy of the predictions: toward or against certainty."""

import numpy as np

from skjacobnet.core.rows import row_scale, weighted_mean
from skjacobnet.links import default_link
from skjacobnet.regularizers.base import PredictionRegularizer


class MeanEntropy(PredictionRegularizer):
    """Base class of both penalties on the entropy.

    Attributes
    ----------
    sign : float
        1 if entropy is penalized, -1 if it is rewarded.
    """

    sign = 1.0

    def value(self, raw, sample_weight=None, link=None):
        entropies = entropy(raw, link or default_link(raw))
        factor = self.strength_for(0, raw.dtype, self.sign)
        return weighted_mean(entropies, sample_weight) * factor

    def cotangent(self, raw, sample_weight=None, link=None):
        cotangent = entropy_gradient(raw, link or default_link(raw))
        factor = self.strength_for(2, raw.dtype, self.sign)
        cotangent *= row_scale(raw, sample_weight) * factor
        return cotangent


class Certainty(MeanEntropy):
    r"""Entropy penalty on the predicted probabilities.

    .. math::

        R(z) = \frac{\lambda}{n} \sum_s w_s H(p_s), \qquad
        H(p) = -\sum_k p_k \log p_k

    with p the softmax of the raw prediction z, weights w and n rows. With the logistic
    link H is the sum of the binary entropies of the columns.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`. Unit: that of the loss per nat.

    See Also
    --------
    ConfidencePenalty : The opposite sign.

    Notes
    -----
    The gradient for z of one row is

    .. math::

        \frac{\partial H}{\partial z_j} = -p_j (\log p_j + H) \text{ (softmax)}, \qquad
        \frac{\partial H}{\partial z_j} = -z_j p_j (1 - p_j) \text{ (logistic)}.

    It vanishes both where the prediction is certain and where all probabilities are
    equal; the latter is a maximum. Logarithms are computed from the raw prediction, so
    :math:`0 \log 0 = 0` holds where probabilities underflow. O(n_samples * n_raw) time.

    References
    ----------
    .. [1] Y. Grandvalet and Y. Bengio, "Semi-supervised Learning by Entropy
       Minimization", NIPS 2004, Section 2. There the entropy is that of unlabeled rows;
       here it is that of all rows.
       https://papers.nips.cc/paper/2740-semi-supervised-learning-by-entropy-minimization

    Examples
    --------
    Probabilities 3/4 and 1/4 have the entropy ``log(4) - log(3) * 3/4``, and its
    derivative in the first raw prediction is ``-log(3) * 3/16``:

    >>> raw = np.array([[np.log(3.0), 0.0]])
    >>> Certainty().value(raw)
    np.float64(0.562335)
    >>> Certainty().cotangent(raw)
    array([[-0.20599,  0.20599]])
    """

    name = "certainty"
    member_numbers = ("strength",)


class ConfidencePenalty(MeanEntropy):
    r"""Confidence penalty: reward the entropy of the predicted probabilities.

    .. math::

        R(z) = -\frac{\lambda}{n} \sum_s w_s H(p_s), \qquad
        H(p) = -\sum_k p_k \log p_k

    with p the softmax of the raw prediction z, weights w and n rows. With the logistic
    link H is the sum of the binary entropies of the columns.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`; the source calls it :math:`\beta`. Unit: that of the loss per
        nat.

    See Also
    --------
    Certainty : The opposite sign.

    Notes
    -----
    The value is negative, at least ``-strength * log(n_classes)`` with the softmax
    link and weights of mean one. The gradient is that of `Certainty` with the sign
    changed, and is as safe where probabilities underflow. O(n_samples * n_raw) time.

    References
    ----------
    .. [1] G. Pereyra, G. Tucker, J. Chorowski, L. Kaiser and G. Hinton, "Regularizing
       Neural Networks by Penalizing Confident Output Distributions", ICLR 2017
       workshop, Section 3. https://arxiv.org/abs/1701.06548

    Examples
    --------
    Two equal probabilities have the entropy log 2:

    >>> ConfidencePenalty().value(np.array([[7.0, 7.0]]))
    np.float64(-0.693147)
    >>> ConfidencePenalty().cotangent(np.array([[np.log(3.0), 0.0]]))
    array([[ 0.20599, -0.20599]])
    """

    name = "confidence_penalty"
    member_numbers = ("strength",)
    sign = -1.0


def entropy(raw, link):
    """Return the entropy of each row's prediction, (..., n_samples), in nats.

    Examples
    --------
    >>> raw = np.array([[0.0, 0.0]])
    >>> entropy(raw, default_link(raw))
    array([0.693147])
    """
    if not link.exclusive:
        # With t = |z| and p = P(t): -p log p - (1 - p) log(1 - p) = t (1 - p) - log p,
        # two positive terms without cancellation.
        distance = np.abs(raw)
        terms = distance * link.proba(-distance) - link.log_proba(distance)
        return np.sum(terms, axis=-1)
    log_proba = link.log_proba(raw)
    return -np.vecdot(np.exp(log_proba), log_proba)


def entropy_gradient(raw, link):
    """Return d entropy / d raw of each row, (..., n_samples, n_raw), a new array."""
    if not link.exclusive:
        gradient = link.proba(raw)
        gradient *= link.proba(-raw)
        gradient *= raw
        return np.negative(gradient, gradient)
    log_proba = link.log_proba(raw)
    proba = np.exp(log_proba)
    mean_log = np.vecdot(proba, log_proba)[..., np.newaxis]
    log_proba -= mean_log
    log_proba *= proba
    return np.negative(log_proba, log_proba)
