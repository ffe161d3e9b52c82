"""Predicted and measured costs of the orders of the chain rule."""

import tracemalloc
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from skjacobnet.accumulation import MODES, accumulate, count_samples, opened
from skjacobnet.accumulation.order import Structure, order_of


@dataclass(frozen=True)
class AccumulationProfile:
    """Costs of the Jacobian of one batch in one order.

    Attributes
    ----------
    mode : {"forward", "reverse", "auto"}
    order : int or tuple
        The bracketing: an index of a layer (of the layers inside, where one consists of
        others in a row), a pair ``(left, right)`` of orders, or
        ``(left, diagonal, right)`` where three are multiplied at once; see
        `skjacobnet.accumulation.cheapest_order`.
    multiplications : int
        Number of multiplications.
    predicted_cost : float
        Predicted time, in multiplications inside a matrix product; the automatic order
        minimizes it.
    predicted_bytes : int
        Predicted peak memory of operators under construction.
    seconds : float
        Measured time, the shortest of several runs.
    peak_bytes : int
        Measured peak memory of NumPy above that before the call.
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
        Network whose layers' Jacobians are multiplied.
    X : array of shape (n_samples, n_in)
        All rows are taken at once, unlike in `Network.input_jacobian`.
    theta : array of shape (n_weights,), optional
        Weights; by default initial weights drawn with a fixed seed. Costs do not depend
        on them.
    n_repeats : int >= 1, default=5
        Number of runs; the shortest time counts.

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
    measured. Memory is measured in a separate run. The prediction counts the matrices
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
    """Costs of building an operator: its structure, and running totals."""

    structure: Structure
    multiplications: int = 0
    cost: float = 0.0
    size: int = 0
    peak: int = 0

    @classmethod
    def of(cls, order, operators, n_samples):
        if isinstance(order, int):
            return cls(Structure.of(operators[order]))
        parts = [cls.of(part, operators, n_samples) for part in order]
        multiplied = Structure.around if len(parts) == 3 else Structure.times
        structure, plan = multiplied(*(part.structure for part in parts), n_samples)
        if plan.way in ("left", "right"):
            return parts[0] if plan.way == "left" else parts[1]
        itemsize = operators[0].dtype.itemsize
        matrix = structure.n_out * structure.n_in * itemsize
        size = n_samples * matrix
        if plan.kind == "constant":
            size = matrix
        elif plan.kind == "diagonal":
            size = n_samples * structure.n_in * itemsize
        outer_products = 0
        if plan.way == "around":
            outer_products = parts[1].structure.n_in * matrix
        # The factors are built from the left, and all are kept until the product is
        # done.
        held = peak = 0
        for part in parts:
            peak = max(peak, held + part.peak)
            held += part.size
        return cls(
            structure,
            sum(part.multiplications for part in parts) + plan.multiplications,
            sum(part.cost for part in parts) + plan.cost,
            size,
            max(peak, held + size + outer_products),
        )


def _seconds(run):
    start = perf_counter()
    run()
    return perf_counter() - start


def _peak_bytes(run):
    """Return the peak memory of a call, above the memory held before."""
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
