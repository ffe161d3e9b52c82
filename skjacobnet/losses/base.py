"""The contract of a loss."""

from abc import abstractmethod

import numpy as np
from sklearn.utils.metaestimators import available_if

from skjacobnet.core.blocks import passes
from skjacobnet.core.component import Component
from skjacobnet.core.rows import average_rows, row_scale, weighted_mean
from skjacobnet.core.workspace import Workspace
from skjacobnet.links import default_link


def _gives_probabilities(loss):
    return loss.gives_probabilities


class Loss(Component):
    r"""Base class of losses.

    For targets y, raw predictions z and weights w the value is

    .. math:: L = \frac{1}{n} \sum_{s=1}^{n} w_s \, \ell(y_s, z_s),

    with n the number of rows, *not* the sum of the weights: the weights are scaled once
    for a whole fit, and scaling them again in each batch would bias the gradient.

    Shapes: targets ``(n_samples, n_raw)``, one-hot rows for classes, zeros and ones for
    labels; raw predictions ``(..., n_samples, n_raw)``; weights ``(n_samples,)``. For
    networks trained side by side, raw predictions have a leading axis for them, and
    targets and weights may have it too. The results of each network must be
    bit-identical to those it has alone.

    A subclass defines `sample_values`, `sample_gradients` and `sample_hessians`,
    without weights and means. A regression loss inherits from `RegressionLoss`.

    Attributes
    ----------
    gives_probabilities : bool
        Whether raw predictions have probabilities. Else there is no `predict_proba`.
    calibration : {None, "temperature", "noise"}
        Meaning of ``calibration="auto"``.
    """

    gives_probabilities = True
    calibration = None

    @abstractmethod
    def sample_values(self, y, raw, link):
        """Return the loss of each sample, (..., n_samples)."""

    @abstractmethod
    def sample_gradients(self, y, raw, link):
        """Return d loss / d raw, (..., n_samples, n_raw), a new array."""

    @abstractmethod
    def sample_hessians(self, y, raw, link, scale):
        """Return the second derivatives of ``scale * loss``, one matrix per sample.

        `scale` has the shape (n_samples, 1), and the leading axis of the weights. The
        operator is symmetric.
        """

    def default_link(self, raw):
        """Return the default link of a raw prediction."""
        return default_link(raw)

    def value(self, y, raw, sample_weight=None, link=None):
        """Return the weighted mean loss over rows.

        Parameters
        ----------
        y : array of shape (n_samples, n_columns) or (n_members, n_samples, n_columns)
        raw : array of shape (..., n_samples, n_raw)
        sample_weight : array of shape (n_samples,) or (n_members, n_samples), optional
        link : Link, optional
            By default that of `default_link`: for classes logistic for one column and
            softmax for several.

        Returns
        -------
        array of shape (...)
        """
        values = self.sample_values(y, raw, link or self.default_link(raw))
        return weighted_mean(values, sample_weight)

    def gradient(self, y, raw, sample_weight=None, link=None):
        """Return the gradient of `value` for `raw`, (..., n_samples, n_raw)."""
        gradient = self.sample_gradients(y, raw, link or self.default_link(raw))
        return average_rows(gradient, sample_weight)

    def value_and_gradient(
        self, y, raw, sample_weight=None, link=None, *, workspace=None
    ):
        """Return `value` and `gradient` together.

        Parameters
        ----------
        y, raw, sample_weight, link
            As in `value`.
        workspace : Workspace, optional
            Workspace that holds the gradient until the next call. With it no other
            memory in proportion to the number of rows is allocated, unless a subclass
            overrides `value` or `gradient`.

        Returns
        -------
        value : array of shape (...)
        gradient : array of shape (..., n_samples, n_raw)
        """
        if not self._keeps(Loss, "value", "gradient"):
            return (
                self.value(y, raw, sample_weight, link),
                self.gradient(y, raw, sample_weight, link),
            )
        workspace = Workspace() if workspace is None else workspace
        link = link or self.default_link(raw)
        gradient = workspace.array("gradient", raw.shape, raw.dtype)
        values = workspace.array("values", (*raw.shape[:-1], 1), raw.dtype)
        for z, target, value, slope in passes(raw, y, values, gradient):
            value[..., 0] = self.sample_values(target, z, link)
            slope[...] = self.sample_gradients(target, z, link)
        average_rows(gradient, sample_weight)
        return weighted_mean(values[..., 0], sample_weight), gradient

    def hessian(self, y, raw, sample_weight=None, link=None):
        """Return the second derivatives of `value` for `raw`, as an operator.

        Rows do not interact, so there is one (n_raw, n_raw) matrix for each sample.
        """
        scale = row_scale(raw, sample_weight)
        if sample_weight is None:
            scale = np.broadcast_to(scale, (raw.shape[-2], 1))
        return self.sample_hessians(y, raw, link or self.default_link(raw), scale)

    @available_if(_gives_probabilities)
    def predict_proba(self, raw, link=None):
        """Return the probabilities of raw predictions.

        Returns
        -------
        array of shape (..., n_samples, n_classes)
            Two columns for a binary problem.
        """
        return (link or self.default_link(raw)).predict_proba(raw)
