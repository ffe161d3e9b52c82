"""What happens around each epoch: validation, history, stopping, and who looks on."""

import math
from time import perf_counter


def diverged(what, epoch, learning_rate):
    """Return the error for a training that has run away."""
    return ValueError(
        f"{what} is not finite in epoch {epoch} with learning_rate={learning_rate:g}. "
        "Lower learning_rate, or scale the features, for example with StandardScaler."
    )


class Watch:
    """Looks after a training from epoch to epoch.

    Parameters
    ----------
    validate : callable, optional
        ``validate(theta) -> (score, columns)``: the monitored value, larger is better,
        and what to add to the history. Without it the objective on the training rows is
        monitored.
    observers : sequence, default=()
        Objects with ``epoch_begins(state)`` and ``epoch_ends(state)``, which may return
        true to stop the training.
    """

    def __init__(self, validate=None, observers=()):
        self.validate = validate
        self.observers = observers
        self._start = 0.0

    def epoch_begins(self, state):
        """Start the clock."""
        self._start = perf_counter()
        for observer in self.observers:
            observer.epoch_begins(state)

    def epoch_ends(
        self, state, theta, loss, penalty, learning_rate, gradient_norm, recorded
    ):
        """Take note of an epoch.

        Parameters
        ----------
        state : TrainingState
        theta : array of shape (n_weights,)
            The weights at the end of the epoch.
        loss, penalty, learning_rate, gradient_norm : float
        recorded : dict
            More entries for the history.

        Returns
        -------
        stop : bool
        """
        epoch = state.epoch + 1
        score, columns = -(loss + penalty), {}
        if self.validate is not None:
            score, columns = self.validate(theta)
            if not math.isfinite(columns["validation_loss"]):
                raise diverged("The validation loss", epoch, learning_rate)
            if math.isnan(score):
                raise ValueError(
                    f"The validation score is NaN in epoch {epoch}. Choose another "
                    "monitor, or validation rows in which it is defined."
                )
        entries = {
            "loss": loss,
            "penalty": penalty,
            "learning_rate": learning_rate,
            "gradient_norm": gradient_norm,
            "seconds": perf_counter() - self._start,
            **recorded,
            **columns,
        }
        # All at once, after everything that may be interrupted.
        for column in {**state.history, **entries}:
            known = state.history.setdefault(column, [math.nan] * state.epoch)
            known.append(entries.get(column, math.nan))
        state.scores.append(score)
        state.epoch = epoch
        stop = state.stopping.update(score, epoch, theta)
        # Every observer is told, also when one has asked to stop.
        answers = [bool(observer.epoch_ends(state)) for observer in self.observers]
        return stop or any(answers)
