"""Work at the end of each epoch: validation, history, stopping and observers."""

import math
from dataclasses import replace
from time import perf_counter


def diverged(what, epoch, learning_rate):
    """Return the error for a run that has diverged."""
    return ValueError(
        f"{what} is not finite in epoch {epoch} with learning_rate={learning_rate:g}. "
        "Lower learning_rate, or scale the features, for example with StandardScaler."
    )


class Watch:
    """Watch of a run: validation, history, stopping and observers of epochs.

    Parameters
    ----------
    state : RunState
        State, updated at the end of epochs.
    observers : sequence, default=()
        Objects with ``epoch_begins(state)``, ``epoch_ends(state, model)``, which may
        return true to stop the run, ``run_ends(state, model)`` and ``close()``, which
        is called in any case. ``model()`` returns the current `FittedModel`.
    monitor : callable, optional
        ``monitor(theta) -> (score, columns)``: the monitored value, larger is better,
        and additions to the history. Without it the objective on the training set is
        monitored.
    model : callable, optional
        Argument of the observers.

    Attributes
    ----------
    ended_by : str
        As in `Outcome`.
    share : float
        Share of the run in the time of an epoch, for runs side by side.
    """

    def __init__(self, state, observers=(), monitor=None, model=None):
        self.state = state
        self.observers = observers
        self.monitor = monitor
        self.model = model
        self.ended_by = "max_iter"
        self.share = 1.0
        self._start = 0.0
        self._complete = state.theta, state.step, state.stopping, state.epoch

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for observer in self.observers:
            if kind is None:
                observer.run_ends(self.state, self.model)
            observer.close()

    def epoch_begins(self):
        """Start the clock."""
        self._start = perf_counter()
        for observer in self.observers:
            observer.epoch_begins(self.state)

    def epoch_ends(self, theta, loss, penalty, learning_rate, gradient_norm, recorded):
        """Record an epoch.

        Parameters
        ----------
        theta : array of shape (n_weights,)
            Weights at the end of the epoch.
        loss, penalty, learning_rate, gradient_norm : float
        recorded : dict
            Further entries for the history.

        Returns
        -------
        stop : bool
        """
        state = self.state
        epoch = state.epoch + 1
        score, columns = -(loss + penalty), {}
        if self.monitor is not None:
            score, columns = self.monitor(theta)
            if not math.isfinite(columns["validation_loss"]):
                raise diverged("The validation loss", epoch, learning_rate)
            if math.isnan(score):
                raise ValueError(
                    f"The validation score is NaN in epoch {epoch}. Choose another "
                    "monitor, or a validation set in which it is defined."
                )
        entries = {
            "loss": loss,
            "penalty": penalty,
            "learning_rate": learning_rate,
            "gradient_norm": gradient_norm,
            "seconds": self.share * (perf_counter() - self._start),
            **recorded,
            **columns,
        }
        for column in {**state.history, **entries}:
            known = state.history.setdefault(column, [math.nan] * state.epoch)
            known.append(entries.get(column, math.nan))
        state.scores.append(score)
        stopping = replace(state.stopping)
        out_of_patience = stopping.update(score, epoch, theta)
        # The epoch counts as complete from here on, also at an interrupt.
        self._complete = theta.copy(), state.step, stopping, epoch
        *_, state.stopping, state.epoch = self._complete
        if out_of_patience:
            self.ended_by = "itself"
        # All observers are called, also after one has requested a stop.
        answers = [
            observer.epoch_ends(state, self.model) for observer in self.observers
        ]
        if any(answers) and self.ended_by == "max_iter":
            self.ended_by = "observer"
        return self.ended_by != "max_iter"

    def roll_back(self):
        """Return to the end of the last complete epoch, after an interrupt.

        The optimizer's state keeps the steps of the next one.
        """
        state, self.ended_by = self.state, "interrupt"
        theta, state.step, state.stopping, state.epoch = self._complete
        state.theta[...] = theta
        for column in (*state.history.values(), state.scores):
            del column[state.epoch :]
