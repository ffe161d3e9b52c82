"""What each example claims is true of what it computes, on rows held out."""

import numpy as np
import pytest


def test_a_raw_table_is_learned_and_what_explains_it_is_true_of_its_columns(
    run_in_gallery,
):
    names = run_in_gallery("guide/plot_raw_table.py")
    model, X = names["model"], names["X_test"]
    assert len(X) == 1_000
    assert names["score"] > 0.98
    # Over four tables: 31 to 33 and 41 to 46 euros, -47 to -56 for -49 to -53.
    assert 28.0 < names["error"]["known"] < 38.0
    assert names["error"]["known"] < names["error"]["missing"] < 48.0
    assert names["penalty"] == pytest.approx(names["true_penalty"], abs=15.0)
    # 12.7 to 13.1, 10.9 to 11.3, 8.9 to 9.2 and 8.8 to 9.2.
    prices = {"center": 13.0, "harbor": 11.0, "hills": 9.0, "suburb": 9.0}
    for district, price in names["by_district"].items():
        assert price == pytest.approx(prices[district], abs=0.6), district
    # -0.047 to -0.050.
    assert names["per_meter"] == pytest.approx(-0.05, abs=0.01)
    slopes = names["slopes"]
    assert slopes[["district", "insulation", "balcony"]].isna().all(axis=None)
    missing = X["meters"].isna()
    assert not slopes.loc[missing, "meters"].any()
    # The derivative is that of the prediction, by differences, but near a knot.
    step = 1e-4
    ends = (
        model.predict(X.assign(area=X["area"] + sign * step)) for sign in (1.0, -1.0)
    )
    measured = np.subtract(*ends) / (2.0 * step)
    assert np.mean(np.abs(slopes["area"] - measured) < 1e-4) > 0.95
    # Contrasts are changes of predictions.
    changes = names["changes"]
    for place, (column, category) in enumerate(names["categories"]):
        change = model.predict(X.assign(**{column: category})) - model.predict(X)
        np.testing.assert_allclose(changes.iloc[:, place], change, atol=1e-8)
    # The mean difference is 10 to 14 euros, of 80 to 480.
    to_center, truth = names["to_center"], names["true_change"]
    assert np.abs(to_center - truth).mean() < 15.0
    assert np.corrcoef(to_center, truth)[0, 1] > 0.98
    strength = names["strength"]
    assert strength.notna().all()
    assert strength.nlargest(2).index.tolist() == ["area", "district"]
    # The shares add up to what sets a flat apart from the start that all have.
    assert names["missed"].max() < 0.1
    assert np.ptp(names["start"]) < 0.1
    # -31 to -53.
    assert names["share_of_gap"] < -25.0
