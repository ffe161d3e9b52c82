"""The contract of a schedule."""

from abc import abstractmethod

from skjacobnet.core.component import Component


class Schedule(Component):
    """A factor of the learning rate that changes as training goes on.

    A schedule is a pure function: it remembers nothing between calls.

    Attributes
    ----------
    per_epoch : bool
        Whether the factor changes only between epochs.
    depends_on_scores : bool
        Whether the factor depends on `monitored`. That it does not holds for the very
        class that says so, not for its subclasses.
    """

    per_epoch = False
    depends_on_scores = True

    @abstractmethod
    def __call__(self, step, n_steps, monitored=()):
        """Return the factor of the learning rate.

        Parameters
        ----------
        step : int
            From 0 to ``n_steps - 1``. Beyond, the factor stays at its final value.
        n_steps : int >= 1
            Steps of the whole training.
        monitored : sequence of float, default=()
            The score after each finished epoch, larger is better.

        Returns
        -------
        float in [0, 1]
        """


def progress(step, n_steps):
    """Return the part of the training that is over, from 0 to 1."""
    return min(step / n_steps, 1.0)
