"""Everything that training changes as it goes on."""

from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np

from skjacobnet.optimizers import Optimizer
from skjacobnet.training.stopping import Stopping


@dataclass
class TrainingState:
    """Where a training stands; to go on, it is all that is needed.

    Attributes
    ----------
    theta : array of shape (n_weights,)
        The last weights.
    split_rng, shuffle_rng, noise_rng : numpy.random.Generator
        For rows held back, the order of the rows, and layers that draw random numbers.
    optimizer : Optimizer or None
        The one whose memory follows.
    optimizer_state : dict or None
    split : tuple or None
        What was split, and the rows trained on and held back.
    stopping : Stopping
    step, epoch : int
        Finished ones.
    n_steps : int or None
        Steps that the schedule is spread over.
    scores : list of float
        The monitored value after each epoch, larger is better.
    history : dict of str to list
        One column for each quantity, one entry for each epoch.
    """

    theta: np.ndarray
    split_rng: np.random.Generator
    shuffle_rng: np.random.Generator
    noise_rng: np.random.Generator
    optimizer: Optimizer | None = None
    optimizer_state: dict | None = None
    split: tuple | None = None
    stopping: Stopping = field(default_factory=Stopping)
    step: int = 0
    epoch: int = 0
    n_steps: int | None = None
    scores: list = field(default_factory=list)
    history: dict = field(default_factory=dict)

    def prepare(self, optimizer):
        """Make room for what an optimizer remembers, unless it goes on."""
        if not optimizer.same_as(self.optimizer):
            self.optimizer = optimizer
            self.optimizer_state = optimizer.init(self.theta)

    def copy(self):
        """Return a state that shares nothing that training changes."""
        return replace(
            self,
            theta=self.theta.copy(),
            optimizer_state=deepcopy(self.optimizer_state),
            split_rng=deepcopy(self.split_rng),
            shuffle_rng=deepcopy(self.shuffle_rng),
            noise_rng=deepcopy(self.noise_rng),
            stopping=replace(self.stopping),
            scores=list(self.scores),
            history={name: list(column) for name, column in self.history.items()},
        )

    def split_of(self, table, validation_fraction):
        """Return the rows to train on and to validate with.

        The same ones as before as long as the table has the same rows.
        """
        key = table.shape_key(), validation_fraction
        if self.split is None or self.split[0] != key:
            self.split = key, table.split(validation_fraction, self.split_rng)
        return self.split[1]
