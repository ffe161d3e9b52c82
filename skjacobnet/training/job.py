"""Jobs: one optimization, with its rows and observers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from skjacobnet.core.blocks import row_blocks
from skjacobnet.data.table import Table
from skjacobnet.training.objective import Objective
from skjacobnet.training.parts import Parts
from skjacobnet.training.state import RunState

# Least number of rows whose gradients L-BFGS adds at once, so that passes over the
# weights take little time compared with the products.
FEWEST_ROWS = 1024


@dataclass
class Job:
    """Request of a run: an optimization from the weights of a state.

    A run has one, or two with a pilot. The driver of runs decides whether a job is run
    alone or together with those of other runs.

    Attributes
    ----------
    parts : Parts
        Parts without ``"auto"``.
    objective : Objective
    table : Table
        Training set.
    state : RunState
        State, updated by the optimization.
    relative : bool
        Whether sample weights are divided by their mean.
    n_epochs : int or None
        Maximum number of epochs of this call, for `partial_fit`. None is `max_iter`.
    monitor : Monitor or None
    observers : sequence
    model : callable or None
        `observers` and `model`, as in `Watch`.
    record : LayerRecord or None
    attributes : callable or None
        ``attributes()`` returns those of an estimator with the current weights.
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
        """Mini-batches; for L-BFGS blocks of the full batch."""
        network, dtype = self.objective.network, self.state.theta.dtype
        return self.table.batches(
            self._batch_size(), dtype, network.accepts_sparse, self.relative
        )

    @property
    def steps_per_epoch(self):
        """Number of optimizer steps in an epoch."""
        return 1 if self.parts.full_batch else len(self.batches)

    def _batch_size(self):
        parts, n_rows = self.parts, self.table.n_rows
        if not parts.full_batch:
            return min(parts.batch_size, n_rows)
        if not all(part.mean_over_rows for part in parts.regularizers):
            return n_rows
        # Blocks of about equal size that cover all rows.
        itemsize = self.state.theta.itemsize
        rows = row_blocks(self.objective.network, 1, itemsize, fewest=FEWEST_ROWS)
        return -(-n_rows // -(-n_rows // rows))
