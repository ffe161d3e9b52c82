"""Base class of schedules."""

from abc import abstractmethod

from skjacobnet.core.component import Component


class Schedule(Component):
    """Base class of schedules: factors of the learning rate over a run.

    A schedule is a pure function without state.

    Attributes
    ----------
    per_epoch : bool
        Whether the factor changes only between epochs.
    depends_on_scores : bool
        Whether the factor depends on `monitored`. False applies to the declaring class
        only, not to its subclasses.
    """

    per_epoch = False
    depends_on_scores = True

    @abstractmethod
    def __call__(self, step, n_steps, monitored=()):
        """Return the factor of the learning rate.

        Parameters
        ----------
        step : int
            Step from 0 to ``n_steps - 1``. Later the factor stays at its final value.
        n_steps : int >= 1
            Number of steps of the whole run.
        monitored : sequence of float, default=()
            Score after each finished epoch, larger is better.

        Returns
        -------
        float in [0, 1]
        """


def progress(step, n_steps):
    """Return the completed share of the run, from 0 to 1."""
    return min(step / n_steps, 1.0)
