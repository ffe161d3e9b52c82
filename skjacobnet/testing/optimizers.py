"""The check of mini-batch and full-batch optimizers."""

import copy

import numpy as np

from skjacobnet.core.stacking import member_numbers
from skjacobnet.optimizers.base import FullBatchOptimizer, Optimizer
from skjacobnet.testing.compare import assert_close, assert_type, unchanged

N_STEPS = 5
# Factors of the optimizer's numbers for the members of a stack.
FACTORS = np.array([1.0, 0.5, 0.75])


def check_optimizer(optimizer, n_weights=6, random_state=0):
    """Check the whole interface of an optimizer.

    For an `Optimizer`: a step changes the weights and the state in place and nothing
    else; equal calls give equal results, also for two alternating runs; a run can
    continue from a copy of the state; a stack of runs, with a learning rate for each,
    gives the results of single runs, bit-identical if it declares `member_numbers`,
    which then differ; the dtype; zero gradients do not change weights without decay;
    300 steps with the default learning rate decrease a quadratic. For a
    `FullBatchOptimizer`: it finds the minimum of a quadratic, in place, and respects
    `max_iter` and `callback`.

    Parameters
    ----------
    optimizer : Optimizer or FullBatchOptimizer
    n_weights : int >= 2, default=6
    random_state : int, Generator or None, default=0
        Seed of the initial weights and the minimum.

    Raises
    ------
    AssertionError
        If a check fails; the message names it.
    TypeError
        If `optimizer` is of another kind.

    See Also
    --------
    check_layer, check_loss, check_regularizer : Checks of other parts.

    Notes
    -----
    A decreasing quadratic is weak evidence: many wrong factors pass. Compare the first
    steps of an optimizer with numbers calculated by hand.

    Examples
    --------
    >>> from skjacobnet.optimizers import SGD
    >>> check_optimizer(SGD(momentum=0.9))
    """
    optimizer.validate()
    rng = np.random.default_rng(random_state)
    if isinstance(optimizer, FullBatchOptimizer):
        for dtype in (np.float32, np.float64):
            _check_minimize(optimizer, _Quadratic(n_weights, dtype, rng), dtype)
    elif isinstance(optimizer, Optimizer):
        for dtype in (np.float32, np.float64):
            problem = _Quadratic(n_weights, dtype, rng)
            _check_in_place(optimizer, problem)
            _check_repeatable(optimizer, problem)
            _check_stack(optimizer, problem)
            _check_zero_gradient(optimizer, problem)
            _check_decrease(optimizer, problem)
    else:
        raise TypeError(
            "optimizer must be an Optimizer or a FullBatchOptimizer, got "
            f"{optimizer!r}."
        )


class _Quadratic:
    """Quadratic with curvatures from 0.1 to 1, and initial weights."""

    def __init__(self, n_weights, dtype, rng):
        self.curvature = np.geomspace(0.1, 1.0, n_weights).astype(dtype)
        self.minimum = rng.normal(size=n_weights).astype(dtype)
        self.start = (self.minimum + rng.choice([-1.0, 1.0], n_weights)).astype(dtype)

    def __call__(self, theta):
        gradient = self.curvature * (theta - self.minimum)
        return 0.5 * np.sum(gradient * (theta - self.minimum), axis=-1), gradient


def _run(optimizer, problem, theta, state, n_steps, learning_rate=None):
    """Take steps, changing theta and state in place."""
    if learning_rate is None:
        learning_rate = optimizer.default_learning_rate
    for _ in range(n_steps):
        optimizer.step(theta, problem(theta)[1], state, learning_rate)


def _check_in_place(optimizer, problem):
    theta = problem.start.copy()
    with unchanged(optimizer, theta=theta):
        state = optimizer.init(theta)
    for number in range(1, N_STEPS + 1):
        before, gradient = theta.copy(), problem(theta)[1]
        with unchanged(optimizer, gradient=gradient):
            optimizer.step(theta, gradient, state, optimizer.default_learning_rate)
        if np.array_equal(theta, before):
            raise AssertionError(
                f"{optimizer!r}: step {number} did not change theta in place."
            )
    for name, entry in state.items():
        if isinstance(entry, np.ndarray) and entry.shape == theta.shape:
            assert_type(entry, theta.dtype, f"{optimizer!r}: state {name!r}")


def _check_repeatable(optimizer, problem):
    first, second = problem.start.copy(), problem.start.copy()
    state = optimizer.init(first)
    _run(optimizer, problem, first, state, N_STEPS)
    middle, middle_state = first.copy(), copy.deepcopy(state)
    _run(optimizer, problem, first, state, N_STEPS)

    # The second run alternates with a third one at other weights.
    other = -problem.start
    states = optimizer.init(second), optimizer.init(other)
    for _ in range(2 * N_STEPS):
        _run(optimizer, problem, second, states[0], 1)
        _run(optimizer, problem, other, states[1], 1)
    _run(optimizer, problem, middle, middle_state, N_STEPS)
    for theta, what in (
        (second, "a run that alternates with another"),
        (middle, "a run continued from a copied state"),
    ):
        label = f"{optimizer!r}: {what} against an undisturbed one"
        assert_close(theta, first, label, 0.0, 0.0)


def _check_stack(optimizer, problem):
    dtype = problem.start.dtype
    rates = optimizer.default_learning_rate * np.array([1.0, 0.5, 0.1])
    starts = problem.start * np.array([[1.0], [-1.0], [0.5]], dtype)
    names = member_numbers(optimizer)
    for numbers in ({}, {name: getattr(optimizer, name) for name in names}):
        # Members that differ in all possible numbers.
        own = {name: number * FACTORS for name, number in numbers.items()}
        together, stacked = copy.copy(optimizer), starts.copy()
        vars(together).update(own)
        state = together.init(stacked)
        _run(together, problem, stacked, state, N_STEPS, rates[:, np.newaxis])
        for member, (theta, rate) in enumerate(zip(starts, rates, strict=True)):
            alone, single = copy.copy(optimizer), theta.copy()
            vars(alone).update({name: own[name][member].item() for name in own})
            _run(alone, problem, single, alone.init(single), N_STEPS, rate.item())
            label = f"{alone!r}: a stack of runs against one by one"
            tolerance = 0.0 if names else 100.0 * float(np.finfo(dtype).eps)
            assert_close(stacked[member], single, label, tolerance, 0.0)


def _check_zero_gradient(optimizer, problem):
    theta = problem.start.copy()
    mask = (np.arange(theta.size) % 2).astype(theta.dtype)
    state = optimizer.init(theta)
    rate = optimizer.default_learning_rate
    for _ in range(N_STEPS):
        optimizer.step(theta, np.zeros_like(theta), state, rate, mask)
    if not np.all(np.isfinite(theta)):
        raise AssertionError(f"{optimizer!r}: zero gradients give {theta}.")
    assert_close(
        theta[mask == 0.0],
        problem.start[mask == 0.0],
        f"{optimizer!r}: weights that do not decay, after zero gradients",
        0.0,
        0.0,
    )


def _check_decrease(optimizer, problem):
    theta = problem.start.copy()
    with np.errstate(over="ignore", invalid="ignore"):
        _run(optimizer, problem, theta, optimizer.init(theta), 300)
        after = problem(theta)[0]
    before = problem(problem.start)[0]
    if not after < before:
        raise AssertionError(
            f"{optimizer!r}: 300 steps took a quadratic from {before} to {after}."
        )


def _check_minimize(optimizer, problem, dtype):
    tol = 1e-3 if dtype == np.float32 else 1e-8
    theta, again = problem.start.copy(), problem.start.copy()
    with unchanged(optimizer):
        converged = optimizer.minimize(problem, theta, max_iter=200, tol=tol)
        optimizer.minimize(problem, again, max_iter=200, tol=tol)
    largest = np.max(np.abs(problem(theta)[1]))
    if not converged or not largest <= tol:
        raise AssertionError(
            f"{optimizer!r}: a quadratic was left with a gradient of {largest:.3g}, "
            f"tol={tol}, converged={converged}."
        )
    label = f"{optimizer!r}: a second call against the first"
    assert_close(again, theta, label, 0.0, 0.0)

    calls = []
    theta = problem.start.copy()
    optimizer.minimize(
        problem, theta, max_iter=2, tol=0.0, callback=lambda *args: calls.append(args)
    )
    if not 1 <= len(calls) <= 2:
        raise AssertionError(
            f"{optimizer!r}: max_iter=2 made {len(calls)} calls of the callback."
        )
    stops = []
    theta = problem.start.copy()
    optimizer.minimize(
        problem, theta, 50, 0.0, callback=lambda *args: not stops.append(args)
    )
    if len(stops) != 1:
        raise AssertionError(
            f"{optimizer!r}: went on for {len(stops)} iterations after the callback "
            f"returned true."
        )
