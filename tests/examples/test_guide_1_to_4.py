"""What each example claims is true of what it computes, on rows held out."""

import pytest


def test_1_a_searched_network_beats_the_baselines(run_guide):
    pytest.importorskip("pandas")
    names = run_guide("plot_pipeline_and_grid_search")
    # Over four tables: 0.68 to 0.71, 0.83 to 0.86 and 0.83 to 0.86 in the means of the
    # folds, and the searched network gains 0.000 to 0.004.
    means = (values.mean() for values in names["scores"].values())
    dummy, linear, network, searched = means
    assert dummy == 0.5
    assert linear > 0.6
    assert network > linear + 0.1
    assert -0.01 < searched - network < 0.02
    assert set(names["search"].best_params_) == set(names["grid"])
    likely, unlikely = names["probability"]
    assert unlikely < 0.4 < 0.6 < likely


def test_2_a_tuned_threshold_costs_least(run_guide):
    names = run_guide("plot_imbalanced")
    # Over seven tables: 359 to 568, 195 to 340 and 199 to 320.
    costs = names["costs"]
    assert costs["tuned"] < costs["balanced"] < 0.85 * costs["default"]
    assert costs["default"] < names["ship_all"]
    recall = {name: point[0] for name, point in names["decisions"].items()}
    assert recall["default"] < 0.5 < min(recall["balanced"], recall["tuned"])
    probabilities, share = names["probabilities"], names["y_test"].mean()
    assert probabilities["tuned"] == pytest.approx(probabilities["default"])
    assert probabilities["tuned"].mean() == pytest.approx(share, abs=0.01)
    assert probabilities["balanced"].mean() > 4 * share
    assert names["tuned"].best_threshold_ == pytest.approx(names["computed"], abs=0.1)


def test_3_rows_of_other_people_stop_in_time_and_promise_what_is_true(run_guide):
    names = run_guide("plot_early_stopping")
    by_rows, by_people = names["by_rows"], names["by_people"]
    # Over six tables the ratio is 0.27 to 0.81.
    assert names["loss_by_people"] < 0.9 * names["loss_by_rows"]
    assert -by_rows.best_score_ < 0.5 * names["loss_by_rows"]
    assert -by_people.best_score_ > 0.7 * names["loss_by_people"]
    assert by_people.best_iter_ < 0.5 * by_rows.best_iter_
    assert by_people.n_iter_ > by_people.best_iter_
    assert names["loss_in_pipeline"] < 0.9 * names["loss_by_rows"]


def test_4_what_explains_a_prediction_is_true_of_changed_inputs(run_guide):
    pytest.importorskip("pandas")
    names = run_guide("plot_explain_one_prediction")
    assert names["accuracy"] > 0.9
    slopes = names["slopes"]
    assert abs(slopes["expected"]).max() > 0.01
    # Over six networks at most 0.0017, from curvature.
    assert abs(slopes["expected"] - slopes["measured"]).max() < 0.003
    size = slopes["size of the slope"] * slopes["step"]
    assert size.to_numpy() == pytest.approx(abs(slopes["expected"].to_numpy()))
    assert names["shares"].sum() == pytest.approx(names["difference"], abs=1e-4)
    # At most 0.04 and at least 0.93, where the certainty is between 0.59 and 0.73.
    assert names["without"]["for"] < 0.3 < 0.5 < names["certainty"] < 0.8
    assert names["without"]["against"] > 0.85
    assert names["turn"] == pytest.approx(1.0, abs=0.1)
    # At most 39 % and at least 100 %.
    assert names["turned"][0.8] < 0.4 < 0.9 < names["turned"][1.2]
