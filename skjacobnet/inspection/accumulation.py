"""What the orders of the chain rule cost, as predicted and as measured."""

import tracemalloc
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from skjacobnet.accumulation import (
    MODES,
    Structure,
    accumulate,
    count_samples,
    opened,
    order_of,
)
from skjacobnet.operators.costs import plan


@dataclass(frozen=True)
class AccumulationProfile:
    """The costs of the Jacobian of one batch in one order.

    Attributes
    ----------
    mode : {"forward", "reverse", "auto"}
    order : int or tuple
        The bracketing: an index of a layer (of the layers inside, where one consists of
        others in a row), a pair ``(left, right)`` of orders, or
        ``(left, diagonal, right)`` where three are multiplied at once; see
        `skjacobnet.accumulation.cheapest_order`.
    multiplications : int
        How many it takes.
    predicted_cost : float
        The time it takes, in multiplications inside a matrix product; what the
        automatic order makes small.
    predicted_bytes : int
        The most that operators under construction hold at one time.
    seconds : float
        Measured, the shortest of some runs.
    peak_bytes : int
        Measured, the most that NumPy held on top of what it held before.
    """

    mode: str
    order: int | tuple
    multiplications: int
    predicted_cost: float
    predicted_bytes: int
    seconds: float
    peak_bytes: int


def profile_accumulation(network, X, theta=None, n_repeats=5):
    """Measure the Jacobian of the raw prediction in each order of the chain rule.

    Parameters
    ----------
    network : Network
        Its layers' Jacobians are multiplied.
    X : array of shape (n_samples, n_in)
        All rows are taken at once, unlike in `Network.input_jacobian`.
    theta : array of shape (n_weights,), optional
        By default first weights drawn with a fixed seed; costs do not depend on them.
    n_repeats : int >= 1, default=5
        Runs to take the shortest time of.

    Returns
    -------
    dict of str to AccumulationProfile
        For ``"forward"``, ``"reverse"`` and ``"auto"``.

    Raises
    ------
    ValueError
        If `n_repeats` is less than 1.

    See Also
    --------
    skjacobnet.accumulation.accumulate : Multiplies the Jacobians out.

    Notes
    -----
    The layers are evaluated once, before; only the multiplication of their Jacobians is
    measured. Memory is measured in a run of its own. The prediction counts the matrices
    that are built, not the temporary arrays of a single multiplication.

    Examples
    --------
    With one output reverse mode costs, for each sample, 3 multiplications for the
    diagonal and 3 * 2 for the first matrix:

    >>> from skjacobnet.layers import Linear, Tanh
    >>> from skjacobnet.network import Network
    >>> network = Network([Linear(3), Tanh(), Linear(1)], n_in=2)
    >>> profiles = profile_accumulation(network, np.ones((10, 2)))
    >>> profiles["reverse"].multiplications, profiles["reverse"].order
    (90, ((2, 1), 0))
    """
    if n_repeats < 1:
        raise ValueError(f"n_repeats must be at least 1, got {n_repeats}.")
    if theta is None:
        theta = network.init_weights(np.random.default_rng(0), np.float64, X)
    operators = opened(network.linearize(theta, X).operators)
    structures = tuple(map(Structure.of, operators))
    n_samples = count_samples(operators)
    profiles = {}
    for mode in MODES:
        order = order_of(mode, structures, n_samples)
        predicted = _Predicted.of(order, operators, n_samples)

        def run(mode=mode):
            return accumulate(operators, mode)

        profiles[mode] = AccumulationProfile(
            mode,
            order,
            predicted.multiplications,
            predicted.cost,
            predicted.peak,
            min(_seconds(run) for _ in range(n_repeats)),
            _peak_bytes(run),
        )
    return profiles


@dataclass(frozen=True)
class _Predicted:
    """What an operator costs to build: its structure, and totals on the way."""

    structure: Structure
    to_apply: int
    multiplications: int = 0
    cost: float = 0.0
    size: int = 0
    peak: int = 0

    @classmethod
    def of(cls, order, operators, n_samples):
        if isinstance(order, int):
            operator = operators[order]
            return cls(Structure.of(operator), operator.multiplications)
        parts = [cls.of(part, operators, n_samples) for part in order]
        left, right = parts[0], parts[-1]
        others = [part.structure for part in parts[1:]]
        n_out, n, n_in = left.structure.n_out, left.structure.n_in, right.structure.n_in
        to_apply, rows, temporary = n_out * n_in, n_samples, 0
        if len(parts) == 3:
            structure, cost = left.structure.around(*others, n_samples)
            temporary = n_out * n * n_in
            own = (n_samples + 1) * temporary
        else:
            structure, cost = left.structure.times(*others, n_samples)
            way = plan(left.structure, *others, n_samples).way
            if way == "left":
                return left
            if way == "right":
                return right
            if way == "constants":
                rows, own = 1, n_out * n * n_in
            else:
                if way == "diagonals":
                    to_apply = n_in
                own = n_samples * _multiplications(way, left, right)
        itemsize = operators[0].dtype.itemsize
        size = rows * to_apply * itemsize
        # The factors are built from the left, and all are there until the product is.
        held = peak = 0
        for part in parts:
            peak = max(peak, held + part.peak)
            held += part.size
        return cls(
            structure,
            to_apply,
            sum(part.multiplications for part in parts) + own,
            sum(part.cost for part in parts) + cost,
            size,
            max(peak, held + size + temporary * itemsize),
        )


def _multiplications(way, left, right):
    """Return what one sample's product takes, built in one of the ways of `plan`."""
    n_out, n, n_in = left.structure.n_out, left.structure.n_in, right.structure.n_in
    # What has no matrix is applied to unit vectors to get one.
    left_rows = n_out * left.to_apply if left.structure.kind == "other" else 0
    right_vectors = right.to_apply if right.structure.kind == "other" else 0
    return {
        "diagonals": n,
        "scale rows": n_out * n_in,
        "scale columns": n_out * n_in,
        "rows": left_rows + n_out * right.to_apply,
        "columns": n_in * right_vectors + n_in * left.to_apply,
        "samples": left_rows + n * right_vectors + n_out * n * n_in,
    }[way]


def _seconds(run):
    start = perf_counter()
    run()
    return perf_counter() - start


def _peak_bytes(run):
    """Return the most memory that a call held at one time, on top of what was held."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    result = run()
    _, peak = tracemalloc.get_traced_memory()
    del result
    if not tracing:
        tracemalloc.stop()
    return peak - before
