"""State of a run."""

import warnings
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.utils import check_random_state

from skjacobnet.optimizers import Optimizer
from skjacobnet.training.outcome import Outcome
from skjacobnet.training.stopping import Stopping


@dataclass
class RunState:
    """State of a run, with everything needed to continue it.

    Attributes
    ----------
    theta : array of shape (n_weights,)
        Last weights.
    weight_rng, split_rng, shuffle_rng, noise_rng, pilot_rng : numpy.random.Generator
        Generators of initial weights, the validation set, the order of the rows, random
        layers, and the pilot: a separate stream for each use, so that one choice does
        not change the others.
    optimizer : Optimizer or None
        Optimizer of `optimizer_state`.
    optimizer_state : dict or None
    split : tuple or None
        Key of the split table, and its training and validation rows.
    stopping : Stopping
    step, epoch : int
        Number of finished steps and epochs.
    n_steps : int or None
        Number of steps of the schedule.
    scores : list of float
        Monitored value after each epoch, larger is better.
    history : dict of str to list
        History of quantities, with one entry for each epoch.
    schedule_has_ended : bool
        Whether a schedule has reached a rate of zero, with a warning once.
    outcome : Outcome
        Outcome of the last call.
    settings : dict
        Values of ``"auto"``, as attributes of an estimator.
    """

    theta: np.ndarray
    weight_rng: np.random.Generator
    split_rng: np.random.Generator
    shuffle_rng: np.random.Generator
    noise_rng: np.random.Generator
    pilot_rng: np.random.Generator
    optimizer: Optimizer | None = None
    optimizer_state: dict | None = None
    split: tuple | None = None
    stopping: Stopping = field(default_factory=Stopping)
    step: int = 0
    epoch: int = 0
    n_steps: int | None = None
    scores: list = field(default_factory=list)
    history: dict = field(default_factory=dict)
    schedule_has_ended: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    settings: dict = field(default_factory=dict)

    @classmethod
    def begun(cls, theta, random_state, history=None):
        """Return the initial state of a run from given weights.

        Parameters
        ----------
        theta : array of shape (n_weights,)
            Weights, owned by the state from then on.
        random_state : int, RandomState instance, Generator or None
        history : dict of str to list, optional
            History of an earlier run, which is copied.
        """
        history = {name: list(column) for name, column in (history or {}).items()}
        epoch = len(history.get("loss", []))
        streams = generator(random_state).spawn(5)
        return cls(theta, *streams, epoch=epoch, history=history)

    def prepare(self, optimizer):
        """Initialize the optimizer's state, unless it continues."""
        if not optimizer.same_as(self.optimizer):
            self.optimizer = optimizer
            self.optimizer_state = optimizer.init(self.theta)

    def copy(self):
        """Return a deep copy of everything that a run changes."""
        return replace(
            self,
            theta=self.theta.copy(),
            optimizer_state=deepcopy(self.optimizer_state),
            weight_rng=deepcopy(self.weight_rng),
            split_rng=deepcopy(self.split_rng),
            shuffle_rng=deepcopy(self.shuffle_rng),
            noise_rng=deepcopy(self.noise_rng),
            pilot_rng=deepcopy(self.pilot_rng),
            stopping=replace(self.stopping),
            scores=list(self.scores),
            history={name: list(column) for name, column in self.history.items()},
        )

    def kept_weights(self):
        """Return a copy of the best weights if they are kept, else of the last."""
        return self.stopping.kept(self.theta).copy()

    def split_of(self, table, validation_fraction):
        """Return the training set and the validation set.

        The split is the same as before if the table has the same rows.

        Warns
        -----
        UserWarning
            If the validation set lacks a class that it could contain.
        """
        key = table.shape_key(), validation_fraction
        if self.split is None or self.split[0] != key:
            self.split = key, table.split(validation_fraction, self.split_rng)
            _warn_of_absent_classes(table, self.split[1][1], validation_fraction)
        return [table.only(rows) for rows in self.split[1]]


def _warn_of_absent_classes(table, rows, validation_fraction):
    part = table.only(rows)
    if table.needlessly_lacks_classes(part):
        warnings.warn(
            f"early_stopping=True splits off a validation set of {part.n_rows} of "
            f"{table.n_rows} rows, which lacks the classes "
            f"{part.absent_classes()}. Raise validation_fraction="
            f"{validation_fraction}, pass X_val and y_val with all classes, or set "
            "early_stopping=False.",
            UserWarning,
            stacklevel=8,
        )


def generator(random_state):
    """Return a new generator; NumPy's global one is not used."""
    if random_state is None or random_state is np.random:
        return np.random.default_rng()
    if isinstance(random_state, np.random.Generator):
        return random_state
    seed = check_random_state(random_state).randint(2**31 - 1, size=4)
    return np.random.default_rng(seed)
