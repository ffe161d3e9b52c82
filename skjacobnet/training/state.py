"""Everything that a run changes as it goes on."""

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
    """Where a run stands; to go on, it is all that is needed.

    Attributes
    ----------
    theta : array of shape (n_weights,)
        The last weights.
    weight_rng, split_rng, shuffle_rng, noise_rng, pilot_rng : numpy.random.Generator
        For first weights, the validation set, the order of the rows, layers that draw
        random numbers, and the pilot: a stream for each use, so that one choice does
        not change the others.
    optimizer : Optimizer or None
        The one whose memory follows.
    optimizer_state : dict or None
    split : tuple or None
        What was split, and the rows to train on and to validate with.
    stopping : Stopping
    step, epoch : int
        Finished ones.
    n_steps : int or None
        Steps that the schedule is spread over.
    scores : list of float
        The monitored value after each epoch, larger is better.
    history : dict of str to list
        One column for each quantity, one entry for each epoch.
    schedule_has_ended : bool
        Whether a schedule has come to a rate of zero, of which users are warned once.
    outcome : Outcome
        How the last call ended.
    settings : dict
        What ``"auto"`` stood for, as attributes of an estimator.
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
        """Return the state before a run, from weights on.

        Parameters
        ----------
        theta : array of shape (n_weights,)
            Belongs to the state from then on.
        random_state : int, RandomState instance, Generator or None
        history : dict of str to list, optional
            That of an earlier run, which is copied.
        """
        history = {name: list(column) for name, column in (history or {}).items()}
        epoch = len(history.get("loss", []))
        streams = generator(random_state).spawn(5)
        return cls(theta, *streams, epoch=epoch, history=history)

    def prepare(self, optimizer):
        """Make room for what an optimizer remembers, unless it goes on."""
        if not optimizer.same_as(self.optimizer):
            self.optimizer = optimizer
            self.optimizer_state = optimizer.init(self.theta)

    def copy(self):
        """Return a state that shares nothing that a run changes."""
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
        """Return a copy of the best weights where they are kept, else of the last."""
        return self.stopping.kept(self.theta).copy()

    def split_of(self, table, validation_fraction):
        """Return a table to train on and one to validate with.

        The same rows as before as long as the table has the same rows.

        Warns
        -----
        UserWarning
            If the validation set lacks a class that it could have.
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
            f"early_stopping=True makes a validation set of {part.n_rows} of "
            f"{table.n_rows} rows, and none of them has the classes "
            f"{part.absent_classes()}. Raise validation_fraction="
            f"{validation_fraction}, give X_val and y_val with all classes, or set "
            "early_stopping=False.",
            UserWarning,
            stacklevel=8,
        )


def generator(random_state):
    """Return a new generator; the global one is neither read nor moved."""
    if random_state is None or random_state is np.random:
        return np.random.default_rng()
    if isinstance(random_state, np.random.Generator):
        return random_state
    seed = check_random_state(random_state).randint(2**31 - 1, size=4)
    return np.random.default_rng(seed)
