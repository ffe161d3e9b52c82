"""One optimization: what is to be trained, on which rows, and who looks on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from skjacobnet.core.blocks import row_blocks
from skjacobnet.data.table import Table
from skjacobnet.training.objective import Objective
from skjacobnet.training.parts import Parts
from skjacobnet.training.state import RunState

# L-BFGS adds up gradients of at least so many rows, so that passes over the weights
# take little beside the products.
FEWEST_ROWS = 1024


@dataclass
class Job:
    """What a run asks for: an optimization from the weights of a state on.

    A run has one, or two where a pilot goes before. Who drives runs decides whether a
    job is done by itself or together with those of other runs.

    Attributes
    ----------
    parts : Parts
        Without any ``"auto"``.
    objective : Objective
    table : Table
        Rows to train on.
    state : RunState
        Changed as the optimization goes on.
    relative : bool
        Whether weights of rows are divided by their mean.
    n_epochs : int or None
        The most epochs to train now, for a run that goes on call by call. None stands
        for `max_iter`.
    monitor : Monitor or None
    observers : sequence
    model : callable or None
        Both as in `Watch`.
    record : LayerRecord or None
    attributes : callable or None
        ``attributes()`` gives those of an estimator that predicts as the run would if
        it ended now.
    """

    parts: Parts
    objective: Objective
    table: Table
    state: RunState
    relative: bool = True
    n_epochs: int | None = None
    monitor: Any = None
    observers: tuple = ()
    model: Callable | None = None
    record: Any = None
    attributes: Callable | None = None

    @cached_property
    def batches(self):
        """The rows in mini-batches; for L-BFGS in blocks of the full batch."""
        network, dtype = self.objective.network, self.state.theta.dtype
        return self.table.batches(
            self._batch_size(), dtype, network.accepts_sparse, self.relative
        )

    @property
    def steps_per_epoch(self):
        """Steps of the optimizer in an epoch."""
        return 1 if self.parts.full_batch else len(self.batches)

    def _batch_size(self):
        parts, n_rows = self.parts, self.table.n_rows
        if not parts.full_batch:
            return min(parts.batch_size, n_rows)
        if not all(part.mean_over_rows for part in parts.regularizers):
            return n_rows
        # Blocks that add up to all rows, and are about as large as each other.
        itemsize = self.state.theta.itemsize
        rows = row_blocks(self.objective.network, 1, itemsize, fewest=FEWEST_ROWS)
        return -(-n_rows // -(-n_rows // rows))
