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
    assert names["fast"] < names["slow"]
    assert type(names["product"]).__name__ == "Diagonal"
    assert names["slopes"]["sigmoid"].max() == pytest.approx(0.25)
    assert names["shares"]["Glorot"] > 0.98
    assert names["shares"]["without the root"] < 0.1
