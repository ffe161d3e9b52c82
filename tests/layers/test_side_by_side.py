"""Layers of networks side by side are bit-identical to those of single networks."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skjacobnet.core.streams import Streams
from skjacobnet.layers import (
    ACTIVATIONS,
    LAYERS,
    Dropout,
    Frozen,
    Linear,
    Parallel,
    Repeat,
    Residual,
    Sequential,
)
from skjacobnet.network import Network, NetworkWorkspace

N_IN, MEMBERS = 6, 5
STACKS = {
    **{
        name: [Linear(9), name, Linear(5), name, Linear(3)]
        for name in ACTIVATIONS.names_alone
    },
    "one column": [Linear(4), "relu", Linear(1)],
    "from one column": [Linear(1), "tanh", Linear(4)],
    "wide": [Linear(100), "relu", Linear(100), "relu", Linear(10)],
    "no intercepts": [Linear(64, use_bias=False), "relu", Linear(2)],
    "residual": [Residual(Linear(6)), Linear(2)],
    "side by side": [Parallel([Linear(3), "relu"]), Linear(2)],
    "added": [Parallel([Linear(6), "relu"], join="add"), Linear(2)],
    "frozen": [Frozen(Linear(4)), "relu", Linear(2)],
    "repeated": [Repeat(Linear(6), 3), Linear(2)],
    "nested": [Residual(Sequential([Linear(4), "gelu", Linear(6)])), Linear(2)],
    "dropped": [Linear(8), Dropout(0.3), "silu", Dropout(0.5), Linear(2)],
}


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(1, "blas"):
        yield


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", STACKS)
def test_outputs_and_gradients(name, dtype):
    network = Network([LAYERS.resolve(layer) for layer in STACKS[name]], N_IN)
    rng = np.random.default_rng(0)
    thetas = rng.normal(size=(MEMBERS, network.n_weights)).astype(dtype)
    for n_samples in (1, 2, 7, 32):
        for own in (False, True):
            shape = (MEMBERS, n_samples, N_IN) if own else (n_samples, N_IN)
            X = rng.normal(size=shape).astype(dtype)
            cotangents = rng.normal(size=(MEMBERS, n_samples, network.sizes[-1]))
            cotangents = cotangents.astype(dtype)
            streams = Streams([np.random.default_rng(m) for m in range(MEMBERS)])
            found = results(network, thetas, X, cotangents, streams)
            for member, theta in enumerate(thetas):
                alone = results(
                    network,
                    theta.copy(),
                    X[member] if own else X,
                    cotangents[member],
                    np.random.default_rng(member),
                )
                for of_stack, of_one in zip(found, alone, strict=True):
                    np.testing.assert_array_equal(of_stack[member], of_one)


def results(network, theta, X, cotangent, rng):
    """Return raw predictions and gradients of two batches in the same buffers."""
    workspace, found = NetworkWorkspace(network), []
    for _ in range(2):
        at = network.linearize(theta, X, rng, workspace)
        gradient = network.gradient(theta, at, cotangent, out=np.empty_like(theta))
        found += [at.value.copy(), gradient]
    return found
