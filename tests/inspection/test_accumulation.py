import tracemalloc

import numpy as np
import pytest

from skjacobnet.inspection import profile_accumulation
from skjacobnet.layers import Dropout, Linear, Sequential, Softmax, Tanh
from skjacobnet.network import Network


def profiles(widths, n_in, n_samples, activation=None):
    layers = []
    for width in widths[:-1]:
        layers += [Linear(width), activation or Tanh()]
    network = Network([*layers, Linear(widths[-1])], n_in)
    X = np.random.default_rng(0).normal(size=(n_samples, n_in))
    return profile_accumulation(network, X, n_repeats=2)


def test_multiplications_by_hand():
    """4 -> 3 -> 2 with 10 samples."""
    found = profiles([3, 2], 4, 10)
    # The last matrix times the diagonal, 2 * 3, then times the first, 2 * 3 * 4.
    assert found["reverse"].order == ((2, 1), 0)
    assert found["reverse"].multiplications == 10 * (2 * 3 + 2 * 3 * 4)
    # The diagonal times the first matrix, 3 * 4, then the last, 2 * 3 * 4.
    assert found["forward"].order == (2, (1, 0))
    assert found["forward"].multiplications == 10 * (3 * 4 + 2 * 3 * 4)
    # Both matrices of float64 numbers are there when the second has been built.
    assert found["reverse"].predicted_bytes == 8 * 10 * (2 * 3 + 2 * 4)
    assert found["forward"].predicted_bytes == 8 * 10 * (3 * 4 + 2 * 4)
    # All at once: 3 outer products of 2 * 4 for all samples, each times a number.
    assert found["auto"].order == (2, 1, 0)
    assert found["auto"].multiplications == 3 * 2 * 4 + 10 * 3 * 2 * 4
    assert found["auto"].predicted_bytes == 8 * (3 * 2 * 4 + 10 * 2 * 4)


def test_multiplications_of_softmax_by_hand():
    found = profiles([3, 2], 4, 10, Softmax())
    # A rank-one term makes it 3 * 3 for each of the two rows.
    assert found["reverse"].multiplications == 10 * (2 * 9 + 2 * 3 * 4)


def test_multiplications_where_softmax_is_written_out():
    X = np.zeros((10, 10))
    network = Network([Linear(10), Softmax(), Linear(10)], 10)
    found = profile_accumulation(network, X, n_repeats=1)["forward"]
    # Ten rows of softmax for 3 * 10 each, and two products of matrices.
    assert found.multiplications == 10 * (10 * 30 + 2 * 10**3)


def test_matrices_in_a_row_are_multiplied_once():
    network = Network([Linear(3), Linear(5), Tanh(), Linear(2)], 4)
    found = profile_accumulation(network, np.zeros((3, 4)), n_repeats=1)["forward"]
    # The first two for all samples together; then as with one hidden layer.
    assert found.order == (3, (2, (1, 0)))
    assert found.multiplications == 5 * 3 * 4 + 3 * (5 * 4 + 2 * 5 * 4)
    assert found.predicted_bytes == 8 * 3 * (5 * 4 + 2 * 4)


def test_jacobians_that_all_samples_share_are_counted_once():
    layers = [Linear(3), Dropout(0.5), Linear(2)]
    found = profile_accumulation(Network(layers, 4), np.zeros((50, 4)), n_repeats=1)
    # The diagonal of ones times the first matrix, 3 * 4, then the last, 2 * 3 * 4.
    assert found["forward"].multiplications == 3 * 4 + 2 * 3 * 4
    assert found["forward"].predicted_bytes == 8 * (3 * 4 + 2 * 4)


def test_layers_inside_a_container_are_profiled_one_by_one():
    layers = [Linear(3), Tanh(), Linear(2)]
    X = np.zeros((10, 4))
    plain, inside = (
        profile_accumulation(network, X, n_repeats=1)
        for network in (Network(layers, 4), Network([Sequential(layers)], 4))
    )
    for mode in ("forward", "reverse", "auto"):
        assert inside[mode].order == plain[mode].order
        assert inside[mode].multiplications == plain[mode].multiplications
        assert inside[mode].predicted_cost == plain[mode].predicted_cost


@pytest.mark.parametrize(
    ("widths", "n_in"),
    [([200, 200, 5], 200), ([200, 200, 200], 5), ([200, 5, 200], 200)],
)
def test_predictions_fit_what_is_measured(widths, n_in):
    found = profiles(widths, n_in, 100)
    costs = {mode: profile.predicted_cost for mode, profile in found.items()}
    assert costs["auto"] <= min(costs.values())
    for profile in found.values():
        assert profile.seconds > 0.0
        # Beside the matrices there are at most a few temporary arrays of their size.
        assert profile.predicted_bytes <= 1.01 * profile.peak_bytes
        assert profile.peak_bytes <= 3.0 * profile.predicted_bytes


def test_tracing_goes_on_where_it_was_on():
    tracemalloc.start()
    profiles([3, 2], 4, 10)
    assert tracemalloc.is_tracing()
    tracemalloc.stop()
    profiles([3, 2], 4, 10)
    assert not tracemalloc.is_tracing()


def test_without_a_run_there_is_nothing_to_measure():
    network = Network([Linear(2)], 3)
    with pytest.raises(ValueError, match="n_repeats must be at least 1, got 0"):
        profile_accumulation(network, np.ones((2, 3)), n_repeats=0)
