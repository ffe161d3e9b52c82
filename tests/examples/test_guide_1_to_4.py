"""What each example claims is true of what it computes, on rows held out."""

import pytest


def test_1_a_searched_network_beats_the_baselines(run_guide):
    pytest.importorskip("pandas")
    names = run_guide("plot_pipeline_and_grid_search")
    # Over six tables: 0.70 to 0.74 and 0.76 to 0.80 in the means of the folds.
    dummy, linear, network = (values.mean() for values in names["scores"].values())
    assert dummy == 0.5
    assert linear > 0.6
    assert network > linear + 0.03
    assert set(names["search"].best_params_) == set(names["grid"])
    likely, unlikely = names["probability"]
    assert unlikely < 0.4 < 0.6 < likely


def test_2_a_tuned_threshold_costs_least(run_guide):
    names = run_guide("plot_imbalanced")
    # Over seven tables: 375 to 596, 235 to 370 and 194 to 328.
    costs = names["costs"]
    assert costs["tuned"] < costs["balanced"] < 0.85 * costs["as it is"]
    assert costs["as it is"] < names["ship_all"]
    recall = {name: point[0] for name, point in names["decisions"].items()}
    assert recall["as it is"] < 0.5 < min(recall["balanced"], recall["tuned"])
    probabilities, share = names["probabilities"], names["y_test"].mean()
    assert probabilities["tuned"] == pytest.approx(probabilities["as it is"])
    assert probabilities["tuned"].mean() == pytest.approx(share, abs=0.01)
    assert probabilities["balanced"].mean() > 4 * share
    assert names["tuned"].best_threshold_ == pytest.approx(names["computed"], abs=0.1)


def test_3_rows_of_other_people_stop_in_time_and_promise_what_is_true(run_guide):
    names = run_guide("plot_early_stopping")
    by_rows, by_people = names["by_rows"], names["by_people"]
    # Over eight tables the ratio is 0.42 to 0.90.
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
    # Over six networks at most 0.0011: curvature, and kinks that are passed.
    assert abs(slopes["expected"] - slopes["measured"]).max() < 0.003
    size = slopes["size of the slope"] * slopes["step"]
    assert size.to_numpy() == pytest.approx(abs(slopes["expected"].to_numpy()))
    assert names["shares"].sum() == pytest.approx(names["difference"], abs=1e-4)
    # At most 0.09 and at least 0.92, where the certainty is between 0.51 and 0.70.
    assert names["without"]["for"] < 0.3 < 0.5 < names["certainty"] < 0.8
    assert names["without"]["against"] > 0.85
    assert names["turn"] == pytest.approx(1.0, abs=0.1)
    # At most 22 % and at least 96 %.
    assert names["turned"][0.8] < 0.4 < 0.9 < names["turned"][1.2]
