import numpy as np
import pytest

from skjacobnet.optimizers import OPTIMIZERS, Optimizer, blocks
from skjacobnet.optimizers.blocks import scratch_for

SMALL_STEPS = [
    part
    for part in (OPTIMIZERS.resolve(name) for name in OPTIMIZERS.names)
    if isinstance(part, Optimizer)
]


@pytest.mark.parametrize("optimizer", SMALL_STEPS, ids=repr)
@pytest.mark.parametrize("stack", [(), (3,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_do_not_change_a_step(monkeypatch, optimizer, stack, dtype):
    rng = np.random.default_rng(0)
    start, *gradients = rng.standard_normal((6, *stack, 11)).astype(dtype)
    mask = (np.arange(11) % 3 > 0).astype(dtype)
    rate = np.array([[0.1], [0.2], [0.3]], dtype) if stack else 0.1

    def trained(n_numbers):
        monkeypatch.setattr(blocks, "PASS_NUMBERS", n_numbers)
        theta = start.copy()
        state = optimizer.init(theta)
        for gradient in gradients:
            optimizer.step(theta, gradient, state, rate, mask)
        return theta

    np.testing.assert_array_equal(trained(4), trained(10**6))


def test_scratch_is_as_long_as_a_block(monkeypatch):
    monkeypatch.setattr(blocks, "PASS_NUMBERS", 4)
    assert scratch_for(np.zeros((2, 100))).shape == (1, 4)
    assert scratch_for(np.zeros((5, 2))).shape == (2, 2)
    assert scratch_for(np.zeros(3)).shape == (3,)
