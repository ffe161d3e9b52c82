"""What each example claims is true of what it computes, on rows held out."""

import numpy as np
import pytest


def test_custom_parts_pass_their_checks_and_mistakes_do_not(run_in_gallery):
    names = run_in_gallery("guide/plot_custom_parts.py")
    assert "weight_vjp" in names["complaint"]
    assert names["path"] == [-0.5, 0.0]
    # Over six tables: 0.74 to 0.76, 0.77 to 0.80, and 0.81 to 0.84.
    scores = names["scores"]
    assert scores["row sparsity"] > scores["weight decay"] + 0.01
    assert scores["weight decay"] > scores["no penalty"] + 0.005
    # The largest slope of a sensor that does not matter, over the smaller one of the
    # two that do: 0.27 to 0.48, 0.24 to 0.33, and 0.01 to 0.20.
    noise = {
        name: np.delete(slope, [7, 23]).max() / slope[[7, 23]].min()
        for name, slope in names["slopes"].items()
    }
    assert noise["row sparsity"] < min(0.3, noise["weight decay"])


def test_a_small_jacobian_makes_firm_predictions(run_in_gallery):
    names = run_in_gallery("guide/plot_robustness.py")
    curves = names["curves"]
    clean, shaken, attacked = (
        {name: curve[kind][place] for name, curve in curves.items()}
        for kind, place in (("noise", 0), ("noise", 3), ("attack", 2))
    )
    # Over six splits it gains 0.005 to 0.019, 0.026 to 0.037 and 0.09 to 0.17.
    assert clean["Jacobian norm"] > max(clean.values()) - 0.01
    assert shaken["Jacobian norm"] > shaken["weight decay"] + 0.015
    assert attacked["Jacobian norm"] > attacked["weight decay"] + 0.05
    # 0.18 to 0.27.
    assert attacked["weight decay"] > attacked["no penalty"] + 0.1
    plain, decayed, firm = names["distances"].values()
    assert plain < decayed < firm


def test_pieces_of_a_table_teach_what_the_table_does(run_in_gallery):
    names = run_in_gallery("guide/plot_out_of_core.py")
    accuracy = np.array(names["accuracy"])
    from_file = np.array(names["from_file"].history_["validation_score"])
    assert accuracy[-1] > 0.83
    assert accuracy[0] < accuracy[-1]
    # At most 0.013 over three tables.
    assert abs(accuracy - from_file).max() < 0.02
    # 2.2 MB of 16.
    assert names["peak"] < 16e6 / 4
    if "from_dask" in names:
        assert names["same"]


def test_a_network_taken_over_answers_for_the_old_one(run_in_gallery):
    names = run_in_gallery("guide/plot_take_over_mlpclassifier.py")
    assert names["difference"] < 1e-12
    row, predict_proba = names["row"], names["mlp"].predict_proba
    (here,), (average,) = predict_proba(row), predict_proba(0.0 * row)
    share = names["display"].attributions.sum()
    assert share == pytest.approx(here.max() - average[here.argmax()], abs=1e-3)
    # Over six splits at most 0.02 and at least 0.99.
    turned = dict(zip(names["ways"].round(1), names["turned"], strict=True))
    assert turned[0.0] == 0.0
    assert turned[0.8] < 0.05
    assert turned[1.5] > 0.9
    # Over six splits 0.87 to 0.97 and 0.94 to 0.99 are found.
    assert names["after"][1] > names["before"][1]
    assert names["after"][0] > names["before"][0] - 0.02
    assert names["same"]
