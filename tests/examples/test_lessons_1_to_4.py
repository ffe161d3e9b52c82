"""What each lesson claims is true of what it computes."""

import numpy as np
import pytest


def test_1_layers_know_exact_jacobians_and_store_no_zeros(run_lesson):
    names = run_lesson("plot_1_layers")
    assert names["between"].size == 96
    assert not names["between"].any()
    assert names["error"] < 1e-9
    assert max(names["errors"].values()) < 1e-9
    for name in ("sigmoid", "ReLU"):
        off_diagonal = names["dense"][name] * (1.0 - np.eye(4))
        assert not off_diagonal.any()
    assert np.linalg.matrix_rank(names["dense"]["softmax"]).max() == 3
    assert names["leak"] < 1e-15
    # Bytes are exact: n numbers a sample, or one matrix.
    assert names["kept"]["sigmoid"][-1] == 8 * 200 * 1000
    assert names["kept"]["softmax"] == names["kept"]["sigmoid"]
    assert names["kept"]["linear"][-1] == 8 * 1000 * 1000
    assert names["written_out"][-1] == 8 * 200 * 1000**2
    assert names["dense"]["sigmoid"].nbytes == 8 * 3 * 4**2
    assert names["jvp_error"] < 1e-9
    assert max(names["adjoint_error"], names["dense_error"]) < 1e-13
    assert round(names["ratio"]) == 67
    assert type(names["product"]).__name__ == "Diagonal"
    assert names["product_error"] < 1e-9
    assert names["slopes"]["sigmoid"].max() == pytest.approx(0.25)
    assert names["shares"]["Glorot"] > 0.98
    assert names["shares"]["without the root"] < 0.1


def test_2_checks_measure_well_and_find_mistakes(run_lesson):
    names = run_lesson("plot_2_checking")
    least = {name: error.min() for name, error in names["errors"].items()}
    assert 1e-9 < least["one-sided"] < 1e-7
    assert 1e-12 < least["central"] < 1e-9
    assert least["complex"] < 1e-14
    assert names["lost"] == 0.0
    assert names["kept"] == pytest.approx(2e9, rel=1e-8)
    assert max(names["agreement"].values()) < 1e-8
    precision = names["precision"]
    assert precision["float64"] < 1e-9
    assert 1e-6 < precision["float32, its own step"] < 1e-3
    assert precision["float32, step of float64"] > 1e-3
    near_kink = names["near_kink"].ravel()
    assert near_kink[0] == pytest.approx(0.5)
    assert near_kink[1] > 0.3
    assert not near_kink[2:].any()
    assert names["mistaken"]["positive"] < 1e-8
    assert names["mistaken"]["both signs"] == 1.0
    assert names["unsquared"].largest_error > 0.2
    assert names["mean_error"] < 1e-6
    assert names["largest_error"] > 0.09
    assert names["direction_error"] > 1e-3
    verdicts = names["verdicts"]
    assert verdicts["Sigmoid"] == "passes"
    for name in ("Open", "Unsquared", "Tilted"):
        assert "Jacobian of the output for the input" in verdicts[name]
    assert "weight_vjp" in verdicts["Means"]
    operators = names["operator_verdicts"]
    assert operators["right"] == operators["slope too large"] == "passes"
    assert "<u, J^T v>" in operators["not transposed"]
    assert names["display"].largest_error < 1e-6


def test_3_chains_and_containers_compose(run_lesson):
    names = run_lesson("plot_3_composing")
    assert names["network"].n_weights == 2780
    assert names["network"].sizes == (64, 30, 30, 20, 20, 10, 10)
    assert names["output"].shape == (50, 10)
    assert names["composed_error"] < 1e-15
    assert names["total_error"] < 1e-14
    assert names["same_order"]
    assert names["shift_error"] < 1e-13
    assert names["collapse_error"] < 1e-12
    scores = names["scores"]
    # Over twenty starts two units reach 0.60 to 0.79, and four 0.978 to 0.985 but once.
    assert scores[0] < 0.56 < scores[2] < 0.85
    assert scores[4] > 0.95
    jacobians = names["jacobians"]
    f, residual, parallel, repeated = jacobians.values()
    np.testing.assert_allclose(residual, np.eye(4) + f, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(parallel, np.vstack([f, np.eye(4)]))
    assert abs(repeated - f).max() > 0.1
    assert max(names["container_errors"].values()) < 1e-9
    assert names["shared"] == [16, 16, 16]
    assert names["graph_score"] > 0.95


def test_4_losses_stay_finite_and_regularizers_do_what_they_say(run_lesson):
    names = run_lesson("plot_4_losses_and_regularizers")
    assert names["know_nothing"] == pytest.approx(np.log(10))
    assert names["fused_error"] < 1e-15
    margins = names["margins"]
    np.testing.assert_allclose(names["together_loss"], np.logaddexp(0.0, margins))
    wrong = margins >= 20
    assert (names["together_gradient"][wrong, 0] < -0.99).all()
    assert not (names["naive_gradient"][wrong, 0] < -0.01).any()
    assert np.nanmax(names["naive_loss"]) < 14
    assert np.isnan(names["naive_loss"][-1])
    pulls = names["pulls"]
    assert abs(pulls["Brier"][-1]) < 0.01 < 0.99 < pulls["cross-entropy"][-1]
    assert pulls["focal"][0] < 0.01 * pulls["cross-entropy"][0]
    assert pulls["label smoothing 0.1"][0] < 0
    ends = names["ends"]
    for name in ("weight_decay", "l1", "sparsity"):
        assert abs(ends[name]).max() < 0.015
    assert np.linalg.norm(ends["orthogonality"]) == pytest.approx(1.0, abs=0.01)
    # By the same share, and by the same amount.
    halfway = {name: path[50] for name, path in names["paths"].items()}
    np.testing.assert_allclose(halfway["weight_decay"], [0.91, 0.24])
    np.testing.assert_allclose(halfway["l1"], [1.0, 0.0], atol=0.015)
    assert ends["certainty"][0] - ends["certainty"][1] > 5
    assert ends["confidence_penalty"][0] == pytest.approx(ends["confidence_penalty"][1])
    effects = names["effects"]
    for name in ("weight_decay", "orthogonality", "sparsity"):
        before, after = effects[name]
        assert after < 0.5 * before
    assert effects["certainty"][1] < 0.9 * effects["certainty"][0]
    for name in ("l1", "confidence_penalty"):
        before, after = effects[name]
        assert after > 2 * before
    assert names["plain_score"] > 0.94
    assert min(names["scores"].values()) > 0.87
