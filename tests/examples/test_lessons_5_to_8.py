"""What each lesson claims is true of what it computes."""

from itertools import pairwise

import pytest


def test_5_all_orders_of_the_chain_rule_agree_and_cost_differently(run_lesson):
    names = run_lesson("plot_5_chain_rule")
    assert names["error"] < 1e-9
    # Central differences: best near the cube root of the machine precision.
    assert 1e-7 < names["best_step"] < 1e-3
    assert names["step_errors"].min() < 1e-9 < 1e-6 < names["step_errors"][-1]
    assert names["mixed_error"] > 1e3
    for product in names["orders"].values():
        assert abs(product - names["by_hand"]).max() < 1e-15
    assert names["row_error"] < 1e-15
    assert 5 * names["row"] < names["whole"]
    assert names["gradient_error"] < 1e-15
    assert names["means_error"] > 0.1
    costs = {
        name.partition(",")[0]: {
            mode: profile.multiplications for mode, profile in by_mode.items()
        }
        for name, by_mode in names["profiles"].items()
    }
    wide, tall, bottleneck = (costs[name] for name in ("wide", "tall", "bottleneck"))
    assert wide["auto"] == wide["reverse"] < wide["forward"] / 10
    assert tall["auto"] == tall["forward"] < tall["reverse"] / 10
    assert 6 * bottleneck["auto"] < min(bottleneck["forward"], bottleneck["reverse"])


def test_6_optimizers_step_as_by_hand_and_wrong_ones_are_found(run_lesson):
    names = run_lesson("plot_6_optimizers")
    assert max(names["step_errors"]) < 1e-10
    assert "velocity" in names["caught"]
    right, uncorrected, unscaled = names["lengths"].values()
    assert abs(right - 1.0).max() < 1e-6
    assert uncorrected[0] == pytest.approx(10**0.5, rel=1e-6)
    assert uncorrected.max() > 6
    assert unscaled[-1] == pytest.approx(10**-0.5, rel=1e-3)
    assert max(names["response_errors"].values()) < 1e-7
    assert names["measured"]["adam"][-1] < 0
    left = names["left"]
    assert left["lbfgs"] < 1e-10
    for name in ("momentum", "nesterov", "adam"):
        assert left[name] < 0.1 < 0.3 < left["sgd"]
    assert names["speed"] == pytest.approx(10.0)


def test_7_networks_learn_digits_and_nothing_from_shuffled_labels(run_lesson):
    names = run_lesson("plot_7_training")
    # Over six starts: 0.956 to 0.969.
    assert names["loop_scores"][-1] > 0.94
    noise = list(names["noise"].values())
    for fewer, more in pairwise(noise):
        assert fewer / more == pytest.approx(2.0, rel=0.15)
    scores = names["scores"]
    assert scores["most frequent"] < 0.11
    assert scores["linear"] > 0.89
    for name in ("30 sigmoid", "30-30 ReLU", "128 sigmoid, rate 0.1"):
        assert scores[name] > 0.93
        assert names["p_values"][name] > 0.05
    assert scores["128 sigmoid, rate 1e-4"] < 0.5
    assert names["p_values"]["128 sigmoid, rate 1e-4"] < 1e-6
    for name, curve in names["curves"].items():
        assert curve[-1] == scores[name]
    # Guessing on 360 rows has a standard deviation of 0.016.
    assert abs(names["shuffled"] - 0.1) < 0.05
    first, last = names["shuffled_loss"]
    assert last < 0.6 * first
    means = names["means"]
    assert means[0] < 0.8 < 0.94 < means[-1]
    low, high = names["interval"](0.9, 100)
    # Exact to four decimals, from the quadratic in the true share.
    assert (round(low, 4), round(high, 4)) == (0.8256, 0.9448)


def test_8_isometry_lets_a_deep_and_narrow_network_learn(run_lesson):
    names = run_lesson("plot_8_depth")
    for slope in names["slopes"].values():
        assert slope <= 0.25 + 1e-6
    largest, ratios = names["largest"], names["ratios"]
    assert largest["glorot_uniform"] < 1e-3 < 0.3 < largest["isometric"] < 10
    assert ratios["glorot_uniform"] < 1e-3 < 0.03 < ratios["isometric"]
    for name in ("momentum", "Adam"):
        first, last = names["first_and_last"](names["models"][name], 0)
        assert first < 1e-3 * last
    # Over five starts: 0.10; 0.38 to 0.52; 0.90 to 0.94; 0.95 to 0.96.
    scores = names["scores"]
    assert scores["momentum"] < 0.15
    assert scores["Adam"] < 0.7
    assert scores["Adam, isometric start"] > 0.88
    assert scores["Adam, residual layers"] > 0.86
