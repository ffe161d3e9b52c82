"""What the example of searches claims is true of what it computes."""

import numpy as np


def test_a_search_in_lockstep_has_the_scores_of_one_by_one(run_in_gallery):
    names = run_in_gallery("guide/plot_searching_fast.py")
    assert names["n_equal"] == 72
    assert names["results"]["lockstep"]["n_together"].tolist() == [24] * 24
    searches = names["searches"]
    assert searches["lockstep"].best_params_ == searches["one by one"].best_params_
    halving = searches["halving"]
    assert (halving.n_candidates_, halving.n_resources_) == ([24, 8, 3], [1, 3, 9])
    # The candidates of the last rung were trained to the end.
    whole = names["results"]["lockstep"]["mean_test_score"]
    assert np.any(np.isclose(whole, halving.best_score_, rtol=0.0, atol=1e-12))
    assert names["seconds"].keys() == searches.keys()
