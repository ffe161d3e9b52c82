"""What each example claims is true of what it computes, on rows held out."""

import numpy as np


def test_intervals_cover_what_they_promise_and_derivatives_are_those_of_the_table(
    run_in_gallery,
):
    names = run_in_gallery("guide/plot_prediction_intervals.py")
    assert len(names["X_train"]) == 2_000
    # Over six tables: 0.87 to 0.90, 0.84 to 0.92, and 0.89 to 0.91.
    assert all(0.83 < coverage < 0.94 for coverage in names["overall"].values())
    table = names["table"]
    # 0.84 to 0.95 with a predicted width; 0.99 and more, and 0.74 to 0.79 without.
    assert table[["gaussian", "quantile"]].stack().between(0.82, 0.96).all()
    assert table["constant width"].iloc[0] > 0.98
    assert table["constant width"].iloc[-1] < 0.82
    # The median 0.97 to 1.08, the ends 0.87 and 1.48.
    low, middle, high = names["ratio"]
    assert 0.95 < middle < 1.1
    assert 0.8 < low < high < 1.5
    # 0.27 to 0.41; at most 0.19.
    kilometers, *others = names["slopes"].loc["std"]
    assert abs(kilometers - 0.3) < 0.12
    assert max(others) < 0.6 * kilometers
    # At most 0.0003, and 0.15 to 0.24.
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
    # 0.89 to 0.92, and 0.73 to 0.81.
    own, others = np.mean(names["own"]), np.mean(names["others"])
    assert others < 0.86 < own
