"""Ensembles: several networks in one estimator, which predicts their average."""

from copy import copy
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from sklearn.base import clone

from skjacobnet.callbacks import Line, without_callbacks
from skjacobnet.core.shared import Shared
from skjacobnet.data.split import deal_folds
from skjacobnet.model.average import average_of
from skjacobnet.training.drive import together
from skjacobnet.training.pilot import HELD_OUT
from skjacobnet.training.state import generator

# Least time in seconds between two updates of a terminal.
PAUSE = 0.1


class Interrupted(KeyboardInterrupt):
    """Interrupt after complete epochs, with the fitted attributes so far."""

    def __init__(self, attributes, interrupt):
        super().__init__(*interrupt.args)
        self.attributes = attributes


def new_members(estimator):
    """Return unfitted members of an ensemble.

    Parameters
    ----------
    estimator : JacobianNetwork
        With its `n_estimators`.

    Returns
    -------
    list of JacobianNetwork
        Each with a separate seed.
    """
    seeds = generator(estimator.random_state).integers(
        2**31 - 1, size=estimator.n_estimators
    )
    return [
        without_callbacks(clone(estimator)).set_params(
            n_estimators=1, random_state=int(seed), verbose=0
        )
        for seed in seeds
    ]


def continued_members(estimator, members):
    """Return copies of fitted members with the current parameters of their ensemble.

    Raises
    ------
    ValueError
        If `n_estimators` has changed.
    """
    check_number(estimator, members)
    own = estimator.get_params(deep=False)
    found = []
    for member in members:
        changed = {"n_estimators": 1, "random_state": member.random_state, "verbose": 0}
        found.append(without_callbacks(copy(member)).set_params(**{**own, **changed}))
    return found


def check_number(estimator, members):
    """Check that a continued ensemble keeps its number of networks.

    Raises
    ------
    ValueError
        If `n_estimators` has changed.
    """
    if len(members) != estimator.n_estimators:
        raise ValueError(
            "Training continues the networks of the last fit, of which there are "
            f"{len(members)}, but n_estimators={estimator.n_estimators}. Set "
            "warm_start=False and call fit to start anew."
        )


def fit_members(estimator, members, steps):
    """Train the members of an ensemble side by side.

    Parameters
    ----------
    estimator : JacobianNetwork
        The ensemble.
    members : list of JacobianNetwork
    steps : callable
        ``steps(member, shared, pilot_rows)`` gives the run of a member.

    Returns
    -------
    dict
        Attributes of the fitted ensemble.

    Raises
    ------
    TypeError, ValueError
        The first error of a member.
    Interrupted
        If there is an interrupt, and all members have completed an epoch.
    """
    shared, folds = Shared(), PilotFolds(len(members), estimator.random_state)
    line = EnsembleLine(len(members)) if estimator.verbose else None
    runs = [
        steps(member, shared, folds.of(place)) for place, member in enumerate(members)
    ]
    try:
        ended = together(runs, line)
    except KeyboardInterrupt as interrupt:
        if not all(hasattr(member, "model_") for member in members):
            raise
        raise Interrupted(attributes_of(members), interrupt) from interrupt
    finally:
        if line is not None:
            line.close()
    for one in ended:
        if one.error is not None:
            raise one.error
    return attributes_of(members)


def attributes_of(members):
    """Return the attributes of an ensemble, given its fitted members."""
    model = average_of([member.model_ for member in members])
    best = max(members, key=lambda member: member.best_score_)
    first = vars(members[0])
    settings = {
        name: first[name]
        for name in ("batch_size_", "max_iter_", "learning_rate_")
        if name in first
    }
    if "total_weight_decay_" in first:
        decays = [member.total_weight_decay_ for member in members]
        settings["total_weight_decay_"] = float(np.mean(decays))
    without_models = []
    for member in members:
        # Their weights are those of the average.
        rest = copy(member)
        del rest.model_
        without_models.append(rest)
    return {
        **settings,
        "model_": model,
        "history_": mean_history([member.history_ for member in members]),
        "n_iter_": max(member.n_iter_ for member in members),
        "best_iter_": best.best_iter_,
        "best_score_": best.best_score_,
        "_members": without_models,
    }


def mean_history(histories):
    """Return the mean history, epoch by epoch, over the members still in training.

    Seconds are added.

    Examples
    --------
    >>> mean_history([{"loss": [3.0, 1.0]}, {"loss": [5.0]}])
    {'loss': [4.0, 1.0]}
    """
    found = {}
    for name in histories[0]:
        columns = [history[name] for history in histories]
        join = np.sum if name == "seconds" else np.mean
        rows = []
        for epoch in range(max(map(len, columns))):
            values = [column[epoch] for column in columns if len(column) > epoch]
            value = join(values, axis=0)
            rows.append(value if np.ndim(value) else float(value))
        found[name] = rows
    return found


@dataclass
class PilotFolds:
    """Held-out rows of the pilots of an ensemble.

    Each pilot has a different fold as long as there are enough folds, so that together
    they cover more rows. Otherwise each draws its held-out rows at random.
    """

    n_members: int
    random_state: object

    def __post_init__(self):
        self._folds = None

    def of(self, place):
        """Return a function of a table that splits its rows in two, or None."""
        n_folds = int(1.0 / HELD_OUT)
        if self.n_members > n_folds:
            return None

        def rows_of(table):
            if self._folds is None:
                rng = generator(self.random_state)
                strata = table.task.strata(table.counted_codes)
                self._folds = deal_folds(strata, table.n_rows, n_folds, rng)
            rows = np.arange(table.X.shape[0]) if table.rows is None else table.rows
            fold = self._folds[place]
            return np.delete(rows, fold), rows[fold]

        return rows_of


class EnsembleLine:
    """Progress line of an ensemble."""

    def __init__(self, n_members):
        self.n_members = n_members
        self.n_epochs = 0
        self.line = Line()
        self.written = -PAUSE

    def __call__(self, n_trained, n_running):
        """Count an epoch."""
        self.n_epochs += n_trained
        now = perf_counter()
        if now - self.written >= (PAUSE if self.line.changes else 100 * PAUSE):
            self.written = now
            self._write(n_running)

    def close(self):
        """Show the final state, and begin a new line."""
        self._write(0)
        self.line.close()

    def _write(self, n_running):
        self.line.write(
            f"{self.n_members} networks, {n_running} running, {self.n_epochs} epochs"
        )
