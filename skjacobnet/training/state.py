"""Everything that training changes as it goes on."""

from dataclasses import dataclass, field

import numpy as np

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
    optimizer : str
        The optimizer whose memory follows.
    optimizer_state : dict or None
    split : tuple of array or None
        The rows trained on and the rows held back.
    stopping : Stopping
    step, epoch : int
        Finished ones.
    scores : list of float
        The monitored value after each epoch, larger is better.
    history : dict of str to list
        One column for each quantity, one entry for each epoch.
    """

    theta: np.ndarray
    split_rng: np.random.Generator
    shuffle_rng: np.random.Generator
    noise_rng: np.random.Generator
    optimizer: str = ""
    optimizer_state: dict | None = None
    split: tuple | None = None
    stopping: Stopping = field(default_factory=Stopping)
    step: int = 0
    epoch: int = 0
    scores: list = field(default_factory=list)
    history: dict = field(default_factory=dict)

    def prepare(self, optimizer):
        """Make room for what an optimizer remembers, unless it goes on."""
        if self.optimizer != repr(optimizer):
            self.optimizer = repr(optimizer)
            self.optimizer_state = optimizer.init(self.theta)
