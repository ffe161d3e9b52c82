"""Values of ``"auto"`` that depend on the size of the table."""

import math
from dataclasses import replace
from typing import NamedTuple

from skjacobnet.optimizers import AdamW
from skjacobnet.schedules import Constant, FlatCosine, Plateau

# Batches of about 1.5 times the root of the number of rows, a power of two.
ROWS_PER_ROOT = 1.5
SMALLEST_BATCH, LARGEST_BATCH = 16, 512
# Number of epochs, and least number of steps for small tables.
FEWEST_EPOCHS, FEWEST_STEPS = 20, 400
# Iterations of L-BFGS, and calls of `partial_fit` of a schedule.
FULL_BATCH_ITERATIONS, FULL_BATCH_TOL, CALLS = 200, 1e-4, 200
DECAY_PER_ROOT, LARGEST_DECAY = 40.0, 5.0


class Size(NamedTuple):
    """Sizes that automatic values depend on.

    Attributes
    ----------
    n_rows : int
        Number of training rows.
    n_columns : int
        Number of input columns of the first trained layer, without bins and constants.
    n_answers : int
        Number of classes; two for labels and regression.
    """

    n_rows: int
    n_columns: int
    n_answers: int = 2


def resolved(parts, size, goes_on=False, by_call=False):
    """Return parts without ``"auto"``, except that of the encodings.

    Parameters
    ----------
    parts : Parts
    size : Size
    goes_on : bool, default=False
        Whether rows come in several calls, or a fit is continued. The automatic
        schedule is then constant and the decay zero, since the length of the run is
        unknown.
    by_call : bool, default=False
        Whether rows come in several calls; ``max_iter`` then counts calls.

    Returns
    -------
    Parts

    Examples
    --------
    >>> automatic_batch_size(1000), automatic_epochs(1000, 64)
    (64, 25)
    >>> round(automatic_decay(Size(1000, 10)), 6)
    4.0
    """
    full, tol = parts.full_batch, parts.tol
    if full and tol is None:
        tol = FULL_BATCH_TOL
    batch_size = size.n_rows
    if not full:
        batch_size = parts.batch_size
        if batch_size == "auto":
            batch_size = automatic_batch_size(size.n_rows)
        batch_size = min(batch_size, size.n_rows)
    max_iter = parts.max_iter
    if max_iter == "auto":
        if by_call:
            max_iter = CALLS
        elif full:
            max_iter = FULL_BATCH_ITERATIONS
        else:
            max_iter = automatic_epochs(size.n_rows, batch_size)
    constant = full or goes_on
    schedule = parts.schedule
    if schedule == "auto":
        schedule = Constant() if constant else FlatCosine()
    learning_rate = parts.learning_rate
    if learning_rate == "auto":
        learning_rate = parts.optimizer.default_learning_rate
        if not (full or isinstance(schedule, Constant | Plateau)):
            learning_rate *= parts.optimizer.annealing_gain
    decay = parts.total_weight_decay
    if decay == "auto":
        decays = not (constant or isinstance(parts.optimizer, AdamW))
        decay = automatic_decay(size) if decays else 0.0
    return replace(
        parts,
        batch_size=batch_size,
        max_iter=max_iter,
        schedule=schedule,
        learning_rate=learning_rate,
        total_weight_decay=decay,
        tol=tol,
    )


def settings(parts):
    """Return the values of ``"auto"`` as attributes of an estimator, a dict."""
    return {
        "batch_size_": parts.batch_size,
        "max_iter_": parts.max_iter,
        "learning_rate_": parts.learning_rate,
        "total_weight_decay_": parts.total_weight_decay,
    }


def automatic_batch_size(n_rows):
    """Return a power of two near 1.5 times the root of the number of rows."""
    size = 2 ** round(math.log2(ROWS_PER_ROOT * math.sqrt(n_rows)))
    return min(max(size, SMALLEST_BATCH), LARGEST_BATCH, n_rows)


def automatic_epochs(n_rows, batch_size):
    """Return 20, or the number of epochs of 400 steps."""
    steps_per_epoch = -(-n_rows // batch_size)
    return max(FEWEST_EPOCHS, -(-FEWEST_STEPS // steps_per_epoch))


def automatic_decay(size):
    r"""Return the total decay :math:`\min(5, 40 \sqrt{d / (n \log_2 C)})`."""
    bits = size.n_rows * math.log2(size.n_answers)
    return min(LARGEST_DECAY, DECAY_PER_ROOT * math.sqrt(size.n_columns / bits))
