"""Memory on a network that is wide inside a container: the result and one block."""

import tracemalloc

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import make_pipeline

from skjacobnet.core import blocks
from skjacobnet.inspection import (
    boundary_distance,
    fast_gradient_attack,
    gradient_x_input,
    influence,
    integrated_gradients,
    jacobian_spectrum,
    saliency,
    sensitivity,
)
from skjacobnet.layers import Linear, Residual, Sequential

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2000, 48))
Y = np.arange(2000) % 3
# Temporary arrays of one multiplication, and the network.
ALLOWED = 3 * blocks.BLOCK_BYTES


def fitted(n_features=48):
    inside = Sequential([Linear(4096), "relu", Linear(48)])
    model = plain_classifier(
        layers=[Residual(inside)], max_iter=1, tol=None, random_state=0
    )
    return model.fit(X[:20, :n_features], Y[:20])


@pytest.fixture(scope="module")
def wide():
    return fitted()


FUNCTIONS = {
    "saliency": saliency,
    "sensitivity": sensitivity,
    "gradient_x_input": gradient_x_input,
    "attack": lambda model, X: fast_gradient_attack(model, X, Y[: len(X)], 0.1),
    "boundary_distance": boundary_distance,
    "integrated_gradients": lambda model, X: integrated_gradients(
        model, X[:100], tol=0.05
    ),
}


def sizes(result):
    parts = result if isinstance(result, tuple | list) else [result]
    if parts is result:
        return sum(map(sizes, parts))
    return result.nbytes


def peak_and_result(function, *args):
    tracemalloc.start()
    try:
        result = function(*args)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak, sizes(result)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_result_and_one_block(wide, name):
    peak, result = peak_and_result(FUNCTIONS[name], wide, X[:500])
    assert peak - result < ALLOWED


def test_spectra(wide):
    peak, result = peak_and_result(jacobian_spectrum, wide, X[:100])
    assert peak - result < ALLOWED


def test_influence_on_many_rows(wide):
    """Ten times as many test rows take only the memory of their result."""

    def run(n_test):
        rows = X[:4], Y[:4], X[:n_test], Y[:n_test]
        return peak_and_result(
            lambda: influence(wide, *rows, damping=1e3, max_iter=9, tol=0.1)
        )

    (few, result), (many, more) = run(4), run(40)
    assert many - more < few - result + blocks.BLOCK_BYTES


def test_a_pipeline_of_more_features_than_the_network_is_wide():
    rows = RNG.standard_normal((2000, 1000))
    network = plain_classifier((8,), max_iter=1, tol=None, random_state=0)
    model = make_pipeline(SelectKBest(k=5), network).fit(rows[:50], Y[:50])
    # The matrix of the selection and the identity that it is taken from.
    steps = 2 * 8 * 1000 * 1000
    for name in ("saliency", "sensitivity", "boundary_distance"):
        peak, result = peak_and_result(FUNCTIONS[name], model, rows)
        assert peak - result < ALLOWED + steps
