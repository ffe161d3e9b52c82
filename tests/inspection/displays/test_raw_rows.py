"""Displays of raw tables: names, values and categories as the user knows them."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from plain import plain_classifier, plain_regressor

from skjacobnet.inspection import (
    AccumulationProfileDisplay,
    GradientCheckDisplay,
    JacobianDisplay,
    JacobianSpectrumDisplay,
    PredictionIntervalDisplay,
    SaliencyDisplay,
    WeightsDisplay,
    integrated_gradients,
    saliency,
)

pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 80, 90).astype(float),
        "color": RNG.choice(["red", "green", "blue"], 90),
        "income": np.where(RNG.random(90) < 0.2, np.nan, RNG.lognormal(10, 1, 90)),
        "constant": 1.0,
        "member": RNG.random(90) < 0.5,
        "tariff": RNG.choice([1.0, 2.5], 90),
    }
)
SIDE = np.where(FRAME.age + 20 * (FRAME.color == "red") > 55, "leaves", "stays")
OPTIONS = {
    "encoding": "auto",
    "calibration": "auto",
    "max_iter": 5,
    "tol": None,
    "random_state": 0,
}
ROW = FRAME.iloc[[int(np.flatnonzero(FRAME.income.isna())[0])]]


def in_polars(frame):
    """Return a frame of pandas in polars, without pyarrow."""
    return pl.DataFrame(
        {
            name: [None if pd.isna(value) else value for value in column]
            for name, column in frame.items()
        }
    )


@pytest.fixture(scope="module")
def model():
    return plain_classifier((6,), **OPTIONS).fit(FRAME, SIDE)


def bars(ax):
    names = [label.get_text() for label in ax.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in ax.patches], strict=True))


def unwrapped(text):
    return " ".join(text.split())


def test_a_raw_row_is_all_it_takes(model, check_picture):
    display = SaliencyDisplay.from_estimator(model, ROW)
    shares, _ = integrated_gradients(model, ROW)
    found = bars(display.ax_)
    row = ROW.iloc[0]
    assert found == pytest.approx(
        {
            f"age = {row.age:.0f}": shares.age.item(),
            f"color = {row.color}": shares.color.item(),
            "income = missing": shares.income.item(),
            f"member = {row.member}": shares.member.item(),
            f"tariff = {row.tariff:g}": shares.tariff.item(),
        }
    )
    likely = model.predict_proba(ROW).max()
    name = model.predict(ROW)[0]
    title = unwrapped(display.ax_.get_title())
    baseline = likely - shares.sum(axis=1).item()
    assert title.startswith(f"the probability of {name}: ")
    assert title.endswith(f"at the baseline, {likely:.4g} at this row")
    before = float(title.split(": ")[1].split()[0])
    assert before == pytest.approx(baseline, abs=2e-4)
    assert display.label.endswith("(integrated gradients from the mean encoded row)")
    check_picture(display)


@pytest.mark.parametrize(
    "row", [ROW.iloc[0], in_polars(ROW), ROW.to_numpy(object)], ids=str
)
def test_rows_of_all_kinds(model, row):
    expected = bars(SaliencyDisplay.from_estimator(model, ROW).ax_)
    found = bars(SaliencyDisplay.from_estimator(model, row).ax_)
    assert found == pytest.approx(expected)


def test_other_methods_and_baselines(model):
    display = SaliencyDisplay.from_estimator(model, ROW, method="saliency")
    expected = saliency(model, ROW).iloc[0]
    np.testing.assert_array_equal(display.attributions, expected)
    assert "income = missing" not in bars(display.ax_)
    assert display.label.endswith("per unit of the feature, or for another category")
    assert not display.ax_.get_title()
    display = SaliencyDisplay.from_estimator(
        model, ROW, baseline=FRAME.iloc[[1]], target="stays"
    )
    at_baseline = model.predict_proba(FRAME.iloc[[1]])[0, 1]
    assert f"stays: {at_baseline:.4g} at" in unwrapped(display.ax_.get_title())
    nothing = SaliencyDisplay.from_estimator(model, ROW, baseline=ROW)
    assert not nothing.ax_.patches


def test_a_regressor():
    model = plain_regressor((5,), **OPTIONS).fit(FRAME, FRAME.age * 3.0)
    display = SaliencyDisplay.from_estimator(model, ROW)
    title = unwrapped(display.ax_.get_title())
    assert title.startswith("the prediction: ")
    assert f"{model.predict(ROW)[0]:.4g} at this row" in title


def test_the_jacobian_has_no_categories(model):
    display = JacobianDisplay.from_estimator(model, ROW)
    assert display.feature_names == ["age", "income", "constant", "tariff"]
    expected = model.input_jacobian(ROW)[0][:, [0, 2, 3, 5]]
    np.testing.assert_allclose(display.jacobian, expected)
    array = JacobianDisplay.from_estimator(model, ROW.to_numpy(object))
    assert array.feature_names == display.feature_names


def test_weights_have_the_names_of_encoded_columns(model):
    names = WeightsDisplay.from_estimator(model).input_names
    assert names[:4] == ["age", "income", "constant", "tariff"]
    assert names[4:8] == ["color=blue", "color=green", "color=red", "member=True"]
    assert "age in bin 1" in names
    assert "income in bin 8" in names
    assert names[-1] == "income missing"
    array = plain_classifier((3,), **OPTIONS).fit(FRAME.to_numpy(object), SIDE)
    names = WeightsDisplay.from_estimator(array).input_names
    assert names[:6] == ["x0", "x2", "x3", "x4", "x5", "x1=blue"]


def test_displays_of_many_rows(model):
    spectrum = JacobianSpectrumDisplay.from_estimator(model, FRAME)
    assert len(spectrum.layers) == len(model.network_.layers)
    GradientCheckDisplay.from_estimator(model, FRAME, SIDE)
    AccumulationProfileDisplay.from_estimator(model, FRAME[:5], n_repeats=1)
    regressor = plain_regressor((3,), loss="gaussian", **OPTIONS)
    regressor.fit(FRAME, FRAME.age)
    PredictionIntervalDisplay.from_estimator(regressor, FRAME, FRAME.age)
