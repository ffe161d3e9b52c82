"""Parts and settings of an estimator, resolved and checked."""

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
    """Resolved parameters of an estimator; fields have the meaning of the parameters.

    For a value that depends on the table, ``"auto"`` is kept until
    `skjacobnet.training.recipe.resolved` replaces it by a number or a part.
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
        """Whether the optimizer is a full-batch optimizer."""
        return isinstance(self.optimizer, FullBatchOptimizer)
