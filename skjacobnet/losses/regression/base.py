"""Base class of regression losses."""

from abc import abstractmethod
from functools import cache

import numpy as np

from skjacobnet.core.blocks import PASS_NUMBERS, passes
from skjacobnet.core.rows import average_rows, weighted_mean
from skjacobnet.core.workspace import Workspace
from skjacobnet.links import IDENTITY
from skjacobnet.losses.base import Loss


class RegressionLoss(Loss):
    """Base class of regression losses.

    The loss of a row is the sum over its targets.

    Shapes: targets ``(n_samples, n_targets)``; raw predictions ``(..., n_samples,
    n_targets * n_per_target)``, all of the first target before those of the second;
    weights ``(n_samples,)``. Targets and weights may have a leading axis for networks
    side by side, as in `Loss`.

    A subclass defines `sample_values`, `sample_gradients`, `sample_hessians` and
    `best_constant`. They may ignore the argument `link`, since the link is fixed.
    Targets are passed in the units of the loss.

    Attributes
    ----------
    n_per_target : int
        Number of raw predictions for each target.
    link : Link
        Link from raw predictions to predictions.
    scales_target : bool
        Whether targets are standardized before the loss, which losses for positive
        targets exclude.
    positive_only : bool
        Whether negative targets raise an error.
    """

    gives_probabilities = False
    n_per_target = 1
    link = IDENTITY
    scales_target = True
    positive_only = False

    def default_link(self, raw):
        return self.link

    def check_targets(self, y, name="y"):
        """Check that targets are in the domain of the loss.

        Parameters
        ----------
        y : array of shape (n_samples,) or (n_samples, n_targets)
            Targets before they are standardized.
        name : str, default="y"
            Name of the targets in messages.

        Raises
        ------
        ValueError
            If a target is outside the domain; the message names the first such value.
        """

    def values_and_gradients(self, y, raw, gradients):
        """Return `sample_values`, and write `sample_gradients` to an array.

        A fused computation replaces two evaluations in a training step. It is not used
        if a subclass overrides one of the two.

        Parameters
        ----------
        y : array of shape (n_samples, n_targets) or (n_members, n_samples, n_targets)
        raw : array of shape (..., n_samples, n_raw)
        gradients : array of shape (..., n_samples, n_raw)

        Returns
        -------
        array of shape (..., n_samples)
        """
        gradients[...] = self.sample_gradients(y, raw, self.link)
        return self.sample_values(y, raw, self.link)

    def value_and_gradient(
        self, y, raw, sample_weight=None, link=None, *, workspace=None
    ):
        if not _is_consistent(type(self)):
            return super().value_and_gradient(
                y, raw, sample_weight, link, workspace=workspace
            )
        workspace = Workspace() if workspace is None else workspace
        gradient, values, share = workspace.made(_arrays, raw.shape, raw.dtype)
        if sample_weight is None and raw.size <= PASS_NUMBERS:
            # The batches of most runs, without overhead that slows down small ones.
            rows = self.values_and_gradients(y, raw, gradient)
            value = np.add.reduce(rows, -1) / raw.shape[-2]
            return value, np.multiply(gradient, share, gradient)
        for z, target, value, slope in passes(raw, y, values, gradient):
            value[..., 0] = self.values_and_gradients(target, z, slope)
        average_rows(gradient, sample_weight)
        return weighted_mean(values[..., 0], sample_weight), gradient

    @abstractmethod
    def best_constant(self, y, sample_weight=None):
        """Return the constant raw prediction with the least weighted mean loss.

        Parameters
        ----------
        y : array of shape (n_samples, n_targets)
            Targets in the units of the loss.
        sample_weight : array of shape (n_samples,), optional
            Positive.

        Returns
        -------
        array of shape (n_targets * n_per_target,), float64
            One of the minimizers if there are several.
        """


@cache
def _is_consistent(kind):
    """Whether no subclass overrides only a part of values and gradients."""
    owner = next(k for k in kind.__mro__ if "values_and_gradients" in vars(k))
    methods = "value", "gradient", "sample_values", "sample_gradients"
    return all(getattr(kind, name) is getattr(owner, name) for name in methods)


def _arrays(shape, dtype):
    """Return buffers for gradients and values, and the factor of a mean."""
    # NumPy reads a number from an array faster than from Python.
    share = np.array(1.0 / shape[-2], dtype)
    return np.empty(shape, dtype), np.empty((*shape[:-1], 1), dtype), share
