"""Memory of predictions and derivatives: the result and one block."""

import tracemalloc

import numpy as np
import pytest
from plain import plain_classifier

from skjacobnet.core.blocks import BLOCK_BYTES
from skjacobnet.layers import Linear, Parallel, Residual, Sequential

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((400, 24)), np.arange(400) % 3
INSIDE = Sequential([Linear(4096), "relu", Linear(24)])
STACKS = {
    "residual": [Residual(INSIDE)],
    "parallel": [Parallel([INSIDE, Linear(8)]), "relu"],
}
CALLS = {
    "predict_proba": lambda model: model.predict_proba(X),
    "input_jacobian": lambda model: model.input_jacobian(X),
    "forward": lambda model: model.input_jacobian(X[:40], mode="forward"),
    "per_sample_gradients": lambda model: model.per_sample_gradients(X[:20], Y[:20]),
    "per_sample_gradient_norms": lambda model: model.per_sample_gradient_norms(X, Y),
    "weight_jacobian": lambda model: model.weight_jacobian(X[:10]),
    "activations": lambda model: model.activations(X),
}


@pytest.fixture(scope="module", params=STACKS)
def model(request):
    network = plain_classifier(layers=STACKS[request.param], max_iter=1, tol=None)
    return network.fit(X[:60], Y[:60])


@pytest.mark.parametrize("name", CALLS)
def test_wide_layers_inside_containers_take_one_block(model, name):
    """All rows at once would take 25 MB and more."""
    tracemalloc.start()
    result = CALLS[name](model)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    arrays = result if isinstance(result, list) else [result]
    assert peak - sum(array.nbytes for array in arrays) < 1.5 * BLOCK_BYTES
