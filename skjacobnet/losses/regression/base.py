"""The contract of a loss of numbers."""

from abc import abstractmethod

from skjacobnet.links import IDENTITY
from skjacobnet.losses.base import Loss


class RegressionLoss(Loss):
    """How wrong raw predictions of numbers are.

    The loss of a row is the sum over its targets.

    Shapes: targets ``(n_samples, n_targets)``; raw predictions ``(..., n_samples,
    n_targets * n_per_target)``, all of the first target before those of the second;
    weights ``(n_samples,)``.

    A subclass writes `sample_values`, `sample_gradients`, `sample_hessians` and
    `best_constant`, which know the link without being told: they may ignore the
    argument. Numbers for the targets reach them in the units of the loss.

    Attributes
    ----------
    n_per_target : int
        Raw predictions for each target.
    link : Link
        From raw predictions to what is predicted.
    scales_target : bool
        Whether targets are standardized before they reach the loss. Not so where only
        positive targets make sense.
    """

    gives_probabilities = False
    n_per_target = 1
    link = IDENTITY
    scales_target = True

    def default_link(self, raw):
        return self.link

    def check_targets(self, y, name="y"):
        """Check that targets are in the domain of the loss.

        Parameters
        ----------
        y : array of shape (n_samples,) or (n_samples, n_targets)
            Before they are standardized.
        name : str, default="y"
            What messages call them.

        Raises
        ------
        ValueError
            If a target is outside the domain; the message has the first such value.
        """

    @abstractmethod
    def best_constant(self, y, sample_weight=None):
        """Return the constant raw prediction of the least weighted mean loss.

        Parameters
        ----------
        y : array of shape (n_samples, n_targets)
            Targets as the loss takes them.
        sample_weight : array of shape (n_samples,), optional
            Positive.

        Returns
        -------
        array of shape (n_targets * n_per_target,), float64
            One of several where the least loss is that of several constants.
        """
