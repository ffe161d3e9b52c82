"""What each example claims is true of what it computes, on rows held out."""

import numpy as np


def test_intervals_cover_what_they_promise_and_derivatives_are_those_of_the_table(
    run_in_gallery,
):
    names = run_in_gallery("guide/plot_prediction_intervals.py")
    assert len(names["X_train"]) == 2_000
    # Over three tables: 0.90, 0.90, and 0.89 to 0.92.
    assert all(0.83 < coverage < 0.94 for coverage in names["overall"].values())
    table = names["table"]
    # 0.88 to 0.92 with a predicted width; 0.99 and more, and 0.74 to 0.79 without.
    assert table[["gaussian", "quantile"]].stack().between(0.82, 0.96).all()
    assert table["constant width"].iloc[0] > 0.98
    assert table["constant width"].iloc[-1] < 0.82
    # The median 1.02 to 1.03, the ends 0.91 and 1.35.
    low, middle, high = names["ratio"]
    assert 0.95 < middle < 1.1
    assert 0.8 < low < high < 1.5
    # 0.29 to 0.36; at most 0.13.
    kilometers, *others = names["slopes"].loc["std"]
    assert abs(kilometers - 0.3) < 0.12
    assert max(others) < 0.6 * kilometers
    # At most 0.00098, and 0.19 to 0.23.
    assert names["difference"] < 1e-3
    assert names["error"].mean() < 0.3
    morning, evening = names["costs"]
    assert morning < 2.1
    assert evening > 1.4 * morning
    # The derivative is that of the prediction, by differences.
    model, X, step = names["models"]["gaussian"], names["X_test"][:50], 1e-4
    ends = (
        model.predict(X.assign(kilometers=X["kilometers"] + sign * step))
        for sign in (1, -1)
    )
    slopes = np.subtract(*ends) / (2 * step)
    np.testing.assert_allclose(names["exact"][:50], slopes, rtol=1e-5)
    # 0.90, and 0.72 to 0.78.
    own, others = np.mean(names["covered"]), np.mean(names["others"])
    assert others < 0.86 < own
