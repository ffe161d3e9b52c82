"""What was asked for: parts and settings, resolved and checked."""

from dataclasses import dataclass
from typing import Any

from skjacobnet.initializers import Initializer
from skjacobnet.layers import Encoding, Layer
from skjacobnet.losses import Loss
from skjacobnet.optimizers import AnyOptimizer, FullBatchOptimizer
from skjacobnet.regularizers import Regularizer
from skjacobnet.schedules import Schedule


@dataclass(frozen=True)
class Parts:
    """What an estimator's parameters stand for; fields mean what parameters do.

    Where a value depends on the table, ``"auto"`` stays until
    `skjacobnet.training.recipe.resolved` puts a number or a part in its place.
    """

    encodings: tuple[Encoding, ...] | str
    hidden: list[Layer]
    initializer: str | Initializer
    loss: Loss
    optimizer: AnyOptimizer
    learning_rate: float | str | None
    schedule: Schedule | str
    total_weight_decay: float | str
    regularizers: tuple[Regularizer, ...]
    batch_size: int | str
    max_iter: int | str
    tol: float | None
    n_iter_no_change: float
    shuffle: bool
    early_stopping: bool
    validation_fraction: float
    monitor: Any
    calibration: str | None
    dtype: Any
    random_state: Any
    record_gradients: bool

    @property
    def full_batch(self):
        """Whether the optimizer takes all rows at once."""
        return isinstance(self.optimizer, FullBatchOptimizer)
