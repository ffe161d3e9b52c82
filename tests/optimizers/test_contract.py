"""Properties of all mini-batch optimizers."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone

from skjacobnet.optimizers import (
    OPTIMIZERS,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    NAdam,
    Optimizer,
    RMSProp,
)

# Each rule with a learning rate that suits the quadratic below.
RULES = [
    (SGD(), 1e-2),
    (SGD(momentum=0.9), 1e-2),
    (SGD(momentum=0.9, nesterov=True), 1e-2),
    (AdaGrad(), 0.3),
    (AdaDelta(), 1.0),
    (RMSProp(), 1e-2),
    (RMSProp(rho=0.9, momentum=0.5), 1e-2),
    (Adam(), 3e-2),
    (Adam(beta_1=0.8, beta_2=0.9, amsgrad=True), 3e-2),
    (AdaMax(), 3e-2),
    (NAdam(), 3e-2),
    (AdamW(weight_decay=0.1), 3e-2),
    (AdamW(weight_decay=0.1, amsgrad=True), 3e-2),
]
OPTIMIZER = [optimizer for optimizer, _ in RULES]
DTYPES = [np.float32, np.float64]


def gradients(shape, dtype, n_steps=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_steps, *shape)).astype(dtype)


def run(optimizer, theta, gradients, learning_rate=0.01, decay_mask=None):
    theta = theta.copy()
    state = optimizer.init(theta)
    for gradient in gradients:
        optimizer.step(theta, gradient, state, learning_rate, decay_mask)
    return theta


def arrays(state):
    for value in state.values():
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, tuple):
            yield from value


def test_the_list_holds_every_rule():
    rules = {part for part in OPTIMIZERS.classes if issubclass(part, Optimizer)}
    assert rules == {type(optimizer) for optimizer in OPTIMIZER}


@pytest.mark.parametrize(("optimizer", "learning_rate"), RULES)
def test_decreases_an_ill_conditioned_quadratic(optimizer, learning_rate):
    curvature = np.logspace(-1, 2, 8)
    theta = np.ones(8)
    start = np.vdot(theta, curvature * theta)
    state = optimizer.init(theta)
    for _ in range(600):
        optimizer.step(theta, curvature * theta, state, learning_rate)
    assert np.vdot(theta, curvature * theta) < 1e-2 * start


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_nothing_is_written_but_weights_and_state(optimizer, dtype):
    before = copy.deepcopy(vars(optimizer))
    given = gradients((5,), dtype)
    kept = given.copy()
    theta = run(optimizer, np.ones(5, dtype), given)
    assert vars(optimizer) == before
    np.testing.assert_array_equal(given, kept)
    assert not np.array_equal(theta, np.ones(5))


@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_init_leaves_the_weights_alone_and_shares_nothing(optimizer):
    theta = np.ones(4)
    state = optimizer.init(theta)
    np.testing.assert_array_equal(theta, np.ones(4))
    found = [theta, *arrays(state)]
    for i, a in enumerate(found):
        for b in found[:i]:
            assert not np.shares_memory(a, b)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))]
)
@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_a_copied_state_continues_in_the_same_way(optimizer, copied):
    theta = np.ones(5)
    state = optimizer.init(theta)
    first, rest = np.split(gradients((5,), np.float64), 2)
    for gradient in first:
        optimizer.step(theta, gradient, state, 0.01)
    other_theta, other_state = theta.copy(), copied(state)
    # The content of scratch arrays between steps must not matter.
    for scratch in np.atleast_2d(other_state["scratch"]):
        scratch[...] = np.nan
    for gradient in rest:
        optimizer.step(theta, gradient, state, 0.01)
    for gradient in rest:
        clone(optimizer).step(other_theta, gradient, other_state, 0.01)
    np.testing.assert_array_equal(theta, other_theta)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_a_stack_equals_its_members_one_by_one(optimizer, dtype):
    given = gradients((2, 3, 7), dtype)
    start = gradients((2, 3, 7), dtype, n_steps=1, seed=1)[0]
    rates = np.linspace(0.01, 0.3, 6).reshape(2, 3, 1).astype(dtype)
    mask = np.array([1, 1, 1, 0, 1, 0, 1], dtype)
    stacked = run(optimizer, start, given, rates, mask)
    for i in np.ndindex(2, 3):
        alone = run(optimizer, start[i], given[:, *i], rates[i], mask)
        np.testing.assert_array_equal(stacked[i], alone)


@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_a_rate_in_an_array_equals_the_number(optimizer):
    given = gradients((2, 7), np.float64)
    start = np.ones((2, 7))
    stacked = run(optimizer, start, given, np.array([[0.01], [0.3]]))
    for i, rate in enumerate([0.01, 0.3]):
        alone = run(optimizer, start[i], given[:, i], rate)
        np.testing.assert_array_equal(stacked[i], alone)


@pytest.mark.parametrize("rate", [0.01, np.float64(0.01), np.full((2, 1), 0.01, "f4")])
@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_float32_stays_and_agrees_with_float64(optimizer, rate):
    given = gradients((2, 9), np.float32)
    theta = np.ones((2, 9), np.float32)
    state = optimizer.init(theta)
    for gradient in given:
        optimizer.step(theta, gradient, state, rate)
    assert theta.dtype == np.float32
    assert {array.dtype for array in arrays(state)} == {np.dtype(np.float32)}
    exact = run(optimizer, np.ones((2, 9)), given.astype(np.float64))
    np.testing.assert_allclose(theta, exact, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_a_step_allocates_nothing_of_the_size_of_the_weights(optimizer, dtype):
    # Large enough that the three buffers of 8,192 numbers, which older NumPy makes
    # for every pass over a part of several rows, are less than a tenth of it.
    theta, gradient = np.ones((2, 2, 200_000), dtype)
    rate = np.full((2, 1), 0.01, dtype)
    mask = np.ones(200_000, dtype)
    state = optimizer.init(theta)
    optimizer.step(theta, gradient, state, rate, mask)
    tracemalloc.start()
    try:
        optimizer.step(theta, gradient, state, rate, mask)
        optimizer.step(theta, gradient, state, 0.01)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < theta.nbytes / 10


@pytest.mark.parametrize("optimizer", OPTIMIZER)
def test_only_a_rule_with_a_decay_looks_at_the_mask(optimizer):
    given = gradients((4,), np.float64)
    mask = np.array([1.0, 0.0, 0.0, 1.0])
    masked = run(optimizer, np.ones(4), given, decay_mask=mask)
    plain = run(optimizer, np.ones(4), given)
    differs = masked != plain
    decays = isinstance(optimizer, AdamW)
    np.testing.assert_array_equal(differs, (mask == 0.0) & decays)


@pytest.mark.parametrize(
    "optimizer", [o for o in OPTIMIZER if not isinstance(o, AdamW)]
)
def test_zero_gradients_move_nothing(optimizer):
    theta = run(optimizer, np.array([3.0, -2.0]), np.zeros((3, 2)))
    np.testing.assert_array_equal(theta, [3.0, -2.0])


@pytest.mark.parametrize("optimizer", [Adam(), AdaMax(), NAdam(), AdamW()])
def test_steps_are_counted_by_a_plain_integer(optimizer):
    theta = np.zeros(2)
    state = optimizer.init(theta)
    assert state["step"] == 0
    optimizer.step(theta, np.ones(2), state, 0.1)
    assert type(state["step"]) is int
    assert state["step"] == 1


@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_sgd_without_momentum_keeps_no_velocity(shape):
    assert set(SGD().init(np.ones(shape))) == {"scratch"}
