"""Raw tables: strings, missing values and numbers of any unit, and explanations."""

import pickle
import tracemalloc
import warnings
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
from plain import plain_classifier, plain_regressor
from scipy.sparse import csr_array
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.core import blocks
from skjacobnet.inspection import (
    boundary_distance,
    category_contrasts,
    fast_gradient_attack,
    gradient_x_input,
    influence,
    integrated_gradients,
    jacobian_spectrum,
    robustness_curve,
    saliency,
    sensitivity,
)
from skjacobnet.layers import (
    Binary,
    MissingIndicator,
    OneHot,
    PiecewiseLinear,
    SmoothClip,
    Standardize,
)
from skjacobnet.losses import Quantile
from skjacobnet.testing import check_gradients

# Arrays follow a frame here, which scikit-learn warns of.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

NUMBERS = ["big", "small", "gaps", "count", "price"]
CATEGORIES = ["color", "smoker"]
COLORS = ["red", "green", "blue", "pink"]
N_ROWS = 120


def table(seed=0, n=N_ROWS):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "big": 1e6 * rng.normal(3.0, 1.0, n),
            "color": rng.choice(COLORS, n, p=[0.5, 0.3, 0.17, 0.03]),
            "small": 1e-6 * rng.normal(0.0, 1.0, n),
            "gaps": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(1.0, n)),
            "smoker": rng.random(n) < 0.4,
            "count": rng.integers(0, 4, n).astype(float),
            "price": rng.choice([20.0, 50.0, np.nan], n, p=[0.3, 0.6, 0.1]),
        }
    )
    frame.loc[[3, 7], "color"] = None
    return frame


def in_polars(frame):
    """Return a frame of pandas as one of polars, whatever else is installed."""
    return pl.DataFrame(
        {
            name: [None if pd.isna(value) else value for value in column]
            for name, column in frame.items()
        }
    )


FRAME = table()
RNG = np.random.default_rng(1)
SCORE = (
    (FRAME.big / 1e6 - 3.0)
    + (FRAME.color == "red")
    - FRAME.smoker
    + FRAME.gaps.fillna(2.0)
    + 1e6 * FRAME.small
    - FRAME.price.fillna(40.0) / 30.0
    + 0.5 * RNG.normal(size=N_ROWS)
)
SIDE = np.where(SCORE.rank() > N_ROWS / 2, "high", "low")
TARGETS = {
    "binary": SIDE,
    "multiclass": pd.qcut(SCORE, 3, labels=["a", "b", "c"]).astype(str).to_numpy(),
    "labels": np.stack([SCORE > 1.0, FRAME.smoker], axis=1).astype(int),
    "squared_error": 1e3 + 50.0 * SCORE.to_numpy(),
    "gaussian": 1e3 + 50.0 * SCORE.to_numpy(),
    "quantile": 1e3 + 50.0 * SCORE.to_numpy(),
}
OUTPUTS = {
    "binary": "proba",
    "multiclass": "proba",
    "labels": "proba",
    "squared_error": "prediction",
    "gaussian": "std",
    "quantile": "quantiles",
}


def new_rows(n=12):
    """Return rows off the knots, and some unknown categories among them."""
    rows = table(2, n)
    for name in NUMBERS:
        rows[name] += 0.1 * FRAME[name].std() * np.random.default_rng(3).random(n)
    rows.loc[0, "color"] = "violet"
    rows.loc[[1, 5], "gaps"] = np.nan
    rows.loc[[5, 6], "price"] = np.nan
    return rows


ROWS = new_rows()


@cache
def fitted(kind="binary", encoding="auto", dtype=None):
    options = {
        "max_iter": 5,
        "tol": None,
        "random_state": 0,
        "encoding": encoding,
        "dtype": dtype,
        "learning_rate": 0.02,
        "calibration": "auto",
    }
    if OUTPUTS[kind] == "proba":
        model = plain_classifier((7,), "tanh", **options)
    else:
        loss = Quantile((0.1, 0.5, 0.9)) if kind == "quantile" else kind
        model = plain_regressor((7,), "tanh", loss=loss, **options)
    return model.fit(FRAME, TARGETS[kind])


def answers(model, kind, X):
    """Return an output through the public methods, (n_samples, n_columns)."""
    if kind == "gaussian":
        result = model.predict(X, return_std=True)[1]
    elif kind == "quantile":
        result = model.predict_quantiles(X)
    else:
        result = (
            model.predict_proba(X) if OUTPUTS[kind] == "proba" else model.predict(X)
        )
    return np.asarray(result).reshape(len(X), -1)


def targets_of(model, kind, X):
    """Return the last target and its column."""
    n_columns = answers(model, kind, X[:1]).shape[1]
    if OUTPUTS[kind] == "proba":
        return model.classes_[-1], n_columns - 1
    return n_columns - 1, n_columns - 1


def slopes(predict, X, name):
    """Return central differences for one column, in its own unit."""
    step = 6e-6 * FRAME[name].std()
    above, below = X.copy(), X.copy()
    above[name] += step
    below[name] -= step
    step = (above[name] - below[name]).to_numpy()[:, np.newaxis]
    step = np.where(np.isnan(step), 1.0, step)
    return (predict(above) - predict(below)) / step


@pytest.mark.parametrize("kind", TARGETS)
def test_derivatives_are_those_of_the_raw_numbers(kind):
    model, output = fitted(kind), OUTPUTS[kind]
    target, column = targets_of(model, kind, ROWS)
    row_by_row = saliency(model, ROWS, target, output=output)
    mean = np.asarray(sensitivity(model, ROWS, output=output))
    assert list(row_by_row.columns) == list(ROWS.columns)
    for name in NUMBERS:
        expected = np.abs(slopes(lambda X: answers(model, kind, X), ROWS, name))
        unit = FRAME[name].std()
        assert expected.max() > 0.0
        scale = np.abs(answers(model, kind, ROWS)).max()
        np.testing.assert_allclose(
            row_by_row[name] * unit, expected[:, column] * unit, atol=1e-7 * scale
        )
        place = ROWS.columns.get_loc(name)
        expected = expected.mean(axis=0) * unit
        np.testing.assert_allclose(mean[:, place] * unit, expected, atol=1e-7 * scale)


@pytest.mark.parametrize("kind", TARGETS)
def test_contrasts_are_differences_of_predictions(kind):
    model, output = fitted(kind), OUTPUTS[kind]
    target, column = targets_of(model, kind, ROWS)
    found = category_contrasts(model, ROWS, output=output, target=target)
    here = answers(model, kind, ROWS)[:, column]
    assert found.names == [
        *(("color", c) for c in ("blue", "green", "pink", "red")),
        ("smoker", False),
        ("smoker", True),
    ]
    absolute = {name: [] for name in CATEGORIES}
    for name, category in found.names:
        changed = ROWS.copy()
        changed[name] = category
        expected = answers(model, kind, changed)[:, column] - here
        tolerance = 1e-12 * np.abs(here).max()
        own = ROWS[name] == category
        np.testing.assert_allclose(
            found.changes[name, str(category)], expected, rtol=0, atol=tolerance
        )
        assert not found.changes.loc[own, (name, str(category))].any()
        assert found.mean[name, str(category)] == pytest.approx(
            expected.mean(), abs=1e-9
        )
        absolute[name].append(np.where(own, 0.0, np.abs(expected)))
    # The mean over the other categories, weighted by their shares in the fit.
    strengths = saliency(model, ROWS, target, output=output)
    for name in CATEGORIES:
        categories = [category for column, category in found.names if column == name]
        share = np.array([(FRAME[name] == category).mean() for category in categories])
        other = np.array([ROWS[name] != category for category in categories])
        weight = share[:, np.newaxis] * other
        expected = np.sum(weight * absolute[name], axis=0) / weight.sum(axis=0)
        np.testing.assert_allclose(strengths[name], expected, rtol=1e-9)
    mean = np.asarray(sensitivity(model, ROWS, output=output))[-1 if column else 0]
    np.testing.assert_allclose(mean, strengths.mean(), rtol=1e-9)


def some_encodings(rng):
    """Return a random stack that takes text and gaps."""
    middle = [
        OneHot(min_frequency=rng.choice([None, 0.1])),
        PiecewiseLinear(n_bins=int(rng.integers(2, 6))),
        Binary(),
    ]
    rng.shuffle(middle)
    stack = [*middle, MissingIndicator()]
    if rng.random() < 0.7:
        stack.append(Standardize())
        if rng.random() < 0.5:
            stack.append(SmoothClip(limit=float(rng.uniform(0.5, 3.0))))
    else:
        stack.insert(0, Standardize())
    return stack


@pytest.mark.parametrize("seed", range(8))
def test_integrated_gradients_are_complete(seed):
    """Across knots, kinks, categories and gaps, for any stack and any baseline."""
    rng = np.random.default_rng(seed)
    kind = list(TARGETS)[seed % len(TARGETS)]
    build = plain_classifier if seed % 6 < 3 else plain_regressor
    loss = {} if seed % 6 < 3 else {"loss": kind}
    model = build(
        tuple(rng.integers(3, 9, rng.integers(0, 3))),
        rng.choice(["relu", "tanh", "gelu"]),
        encoding=some_encodings(rng),
        max_iter=3,
        tol=None,
        random_state=seed,
        **loss,
    )
    weight = rng.integers(0, 3, N_ROWS)
    model.fit(FRAME, TARGETS[kind], sample_weight=weight)
    output = OUTPUTS[kind]
    target, column = targets_of(model, kind, ROWS)
    network = model.network_
    encoded = network.encoded(model.checked_rows(FRAME), np.float64)
    mean = np.average(encoded, axis=0, weights=weight)
    np.testing.assert_allclose(model.model_.mean_encoded, mean, rtol=1e-10, atol=1e-13)
    inner = network.part(network.n_encodings, len(network.layers))
    raw = inner.forward(model.weights_, mean[np.newaxis])
    at_mean = model.model_.link.value(raw, output)[0, column]
    here = answers(model, kind, ROWS)[:, column]
    baselines = {
        "mean": (None, at_mean),
        "a row": (FRAME.iloc[[5]], answers(model, kind, FRAME[5:6])[:, column]),
        "rows": (FRAME[20:32], answers(model, kind, FRAME[20:32])[:, column]),
    }
    for baseline, before in baselines.values():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            shares, error = integrated_gradients(
                model, ROWS, baseline, target, output=output
            )
        tol = 1.001e-4 * (1.0 if output == "proba" else TARGETS[kind].std())
        assert np.abs(shares.sum(axis=1) - (here - before)).max() < tol
        assert error.max() < tol
        assert np.isfinite(shares.to_numpy()).all()


def test_a_baseline_is_read_as_rows_are():
    model = fitted()
    shares = [
        integrated_gradients(model, ROWS, baseline, "high").attributions
        for baseline in (
            FRAME.iloc[[5]],
            FRAME.iloc[5],
            FRAME.iloc[5].to_numpy(),
            in_polars(FRAME)[5:6],
        )
    ]
    for other in shares[1:]:
        pd.testing.assert_frame_equal(shares[0], other)
    # A row equal to its baseline has zero attributions.
    assert not integrated_gradients(model, ROWS, ROWS).attributions.to_numpy().any()
    with pytest.raises(ValueError, match="one row or one for each of the 12 rows of X"):
        integrated_gradients(model, ROWS, FRAME[:5])
    with pytest.raises(ValueError, match="feature names"):
        integrated_gradients(model, ROWS, FRAME[:1].rename(columns={"big": "large"}))


def test_gradient_times_input_of_a_linear_network_is_exact():
    """It equals integrated gradients there: both start after the encodings."""
    options = {"max_iter": 3, "tol": None, "random_state": 0}
    model = plain_classifier((), encoding="auto", **options).fit(FRAME, SIDE)
    shares = gradient_x_input(model, ROWS, "high", output="raw")
    expected, _ = integrated_gradients(model, ROWS, target="high", output="raw")
    np.testing.assert_allclose(shares, expected, atol=1e-10)
    assert list(shares.columns) == list(ROWS.columns)


FUNCTIONS = {
    "saliency": saliency,
    "sensitivity": sensitivity,
    "gradient_x_input": gradient_x_input,
    "integrated_gradients": lambda m, X: integrated_gradients(m, X)[0],
    "category_contrasts": lambda m, X: category_contrasts(m, X).changes,
    "boundary_distance": lambda m, X: boundary_distance(m, X)[1],
    "jacobian_spectrum": lambda m, X: jacobian_spectrum(m, X).whole,
    "influence": lambda m, X: influence(m, X, SIDE[:12], X[:2], damping=1.0),
    "influence on": lambda m, X: influence(m, X, SIDE[:12], X, SIDE[:12], damping=1.0),
    "norms": lambda m, X: m.per_sample_gradient_norms(X, SIDE[:12]),
}


def plain(result):
    if isinstance(result, pl.DataFrame):
        result = result.select(pl.col(pl.Float64, pl.Float32))
    return np.asarray(result, float)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [None, "float32"])
def test_every_kind_of_table_and_never_nan(name, dtype):
    function, model = FUNCTIONS[name], fitted(dtype=dtype)
    rows = ROWS.copy()
    rows.loc[2, NUMBERS] = np.nan
    rows.loc[2, "color"] = "unheard of"
    expected = function(model, rows)
    assert np.isfinite(plain(expected)).all()
    assert plain(expected).any()
    for other in (in_polars(rows), rows.to_numpy(dtype=object)):
        result = function(model, other)
        np.testing.assert_allclose(plain(result), plain(expected), rtol=1e-6, atol=1e-9)
    # Far less than float32 resolves of the large column, but enough of predictions.
    wide = plain(function(fitted(), rows))
    if dtype and name not in ("influence", "influence on"):
        assert np.abs(plain(expected) - wide).max() < 0.1 * np.abs(wide).max()
    if isinstance(expected, pd.DataFrame) and name != "sensitivity":
        assert expected.index.equals(rows.index)


ROW_BY_ROW = {
    **{name: FUNCTIONS[name] for name in list(FUNCTIONS)[2:7]},
    "saliency": saliency,
    "fast_gradient_attack": lambda m, X: fast_gradient_attack(
        m, X, np.full(len(X), "low"), 0.1
    )[NUMBERS],
}


@pytest.mark.parametrize("name", ROW_BY_ROW)
def test_a_row_alone_has_what_it_has_among_others(name):
    function, model = ROW_BY_ROW[name], fitted()
    together = plain(function(model, ROWS))
    for place in (0, 5, 11):
        alone = plain(function(model, ROWS[place : place + 1]))
        np.testing.assert_allclose(alone, together[[place]], rtol=1e-9, atol=1e-12)


def test_contrasts_in_frames_of_polars_and_in_arrays():
    model = fitted()
    pandas = category_contrasts(model, ROWS)
    polars = category_contrasts(model, in_polars(ROWS))
    assert polars.changes.columns[:2] == ["color=blue", "color=green"]
    assert polars.mean.columns == ["column", "category", "change"]
    np.testing.assert_allclose(polars.mean["change"], pandas.mean)
    changes, mean, names = category_contrasts(model, ROWS.to_numpy(object))
    assert changes.shape == (12, 6)
    np.testing.assert_allclose(mean, pandas.mean)
    assert names == pandas.names == polars.names


def test_rare_categories_are_not_tried():
    encoding = [OneHot(min_frequency=0.25), "missing_indicator", "standardize"]
    model = plain_classifier((4,), "tanh", encoding=encoding, max_iter=2, tol=None)
    model.fit(FRAME, SIDE)
    found = category_contrasts(model, ROWS)
    assert [c for n, c in found.names if n == "color"] == ["green", "red"]
    # A row without a kept category has contrasts with all of them.
    rare = ROWS.color.isin(["green", "red"]).to_numpy()
    assert (found.changes["color"].to_numpy()[~rare] != 0.0).all()


def test_contrasts_need_categories():
    numbers = plain_classifier((3,), encoding="auto", max_iter=1, tol=None)
    numbers.fit(FRAME[NUMBERS], SIDE)
    without = plain_classifier((3,), max_iter=1, tol=None)
    without.fit(FRAME[["big", "small"]], SIDE)
    for model, X in ((numbers, ROWS[NUMBERS]), (without, ROWS[["big", "small"]])):
        with pytest.raises(ValueError, match=r"has none\. Fit it with encoding='auto'"):
            category_contrasts(model, X)
        assert np.isfinite(sensitivity(model, X)).all(axis=None)


LINEAR = ("one_hot", "missing_indicator", "standardize")


@cache
def linear():
    options = {"max_iter": 20, "tol": None, "random_state": 0, "learning_rate": 0.1}
    model = plain_classifier((), encoding=list(LINEAR), **options)
    return model.fit(FRAME, SIDE)


def deviations():
    filled = FRAME[NUMBERS].fillna(FRAME[NUMBERS].mean())
    return filled.std(ddof=0)


def test_the_boundary_is_at_the_distance():
    model, rows = linear(), ROWS.reset_index(drop=True)
    distance, direction, other = boundary_distance(model, rows)
    places = [rows.columns.get_loc(name) for name in NUMBERS]
    assert not np.delete(direction, places, axis=1).any()
    # The direction has length one in standard deviations.
    lengths = np.linalg.norm(direction[:, places] / deviations().to_numpy(), axis=1)
    np.testing.assert_allclose(lengths, 1.0)
    missing = rows.gaps.isna().to_numpy()
    assert missing.any()
    assert not direction[missing, rows.columns.get_loc("gaps")].any()
    for share, raw in ((1.0, 0.0), (1.1, None)):
        there = rows.copy()
        steps = share * distance[:, np.newaxis] * direction
        there[NUMBERS] += steps[:, places]
        if raw == 0.0:
            np.testing.assert_allclose(model.decision_function(there), 0.0, atol=1e-9)
        else:
            np.testing.assert_array_equal(model.predict(there), other)
    # In the units of X only the small column counts.
    units = np.ones(7)
    _, direction, _ = boundary_distance(model, rows, units=units)
    assert (np.abs(direction[:, rows.columns.get_loc("small")]) > 0.999).all()


def test_attacks_move_numbers_by_standard_deviations():
    model = linear()
    changed = fast_gradient_attack(model, ROWS, model.predict(ROWS), 0.25)
    pd.testing.assert_frame_equal(changed[CATEGORIES], ROWS[CATEGORIES])
    pd.testing.assert_frame_equal(changed.isna(), ROWS.isna())
    steps = (changed[NUMBERS] - ROWS[NUMBERS]).abs() / deviations()
    np.testing.assert_allclose(steps.to_numpy()[ROWS[NUMBERS].notna()], 0.25, rtol=1e-6)
    frame = in_polars(ROWS)
    other = fast_gradient_attack(model, frame, model.predict(ROWS), 0.25)
    assert other.schema == frame.schema
    np.testing.assert_array_equal(other["big"], changed["big"])
    array = fast_gradient_attack(model, ROWS.to_numpy(object), SIDE[:12], 0.25)
    assert array.dtype == object
    assert array[:, 1].tolist() == ROWS.color.tolist()
    held = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    only = fast_gradient_attack(model, ROWS, SIDE[:12], 1e-7, units=held)
    pd.testing.assert_frame_equal(
        only.drop(columns="small"), ROWS.drop(columns="small")
    )
    np.testing.assert_allclose((only.small - ROWS.small).abs(), 1e-7, rtol=1e-6)
    for wrong, error in (
        (-1.0, "units must be"),
        ([1.0, 2.0], "for each of the 7 col"),
    ):
        with pytest.raises(ValueError, match=error):
            fast_gradient_attack(model, ROWS, SIDE[:12], 0.1, units=wrong)


@pytest.mark.parametrize("perturbation", ["attack", "noise"])
def test_robustness(perturbation):
    model = linear()
    curve = robustness_curve(
        model, FRAME, SIDE, [0.0, 0.3, 2.0], perturbation=perturbation, random_state=0
    )
    assert curve[0] == pytest.approx(model.score(FRAME, SIDE))
    assert curve[0] > curve[1] > curve[2]
    polars = robustness_curve(
        model, in_polars(FRAME), SIDE, [0.3],
        perturbation=perturbation, random_state=0,
    )  # fmt: skip
    assert polars == pytest.approx(curve[1:2])


def test_the_spectrum_is_that_of_numbers_in_standard_deviations():
    model = fitted()
    layers, whole = jacobian_spectrum(model, ROWS)
    gradient = saliency(model, ROWS, output="raw")[NUMBERS]
    encoder = model.network_.part(0, model.network_.n_encodings)
    place = [type(layer) for layer in encoder.layers].index(Standardize)
    units = encoder.arrays(np.empty(0))[place]["deviation"]
    # Of two values, -1 and +1 when they are standardized, half the distance.
    units[-1] *= 15.0
    scaled = gradient * units
    np.testing.assert_allclose(whole[:, 0], np.linalg.norm(scaled, axis=1))
    assert len(layers) == len(model.network_.layers)
    for layer, values in zip(model.network_.layers, layers, strict=True):
        assert values.shape[0] == 12, layer
        assert np.isfinite(values).all(), layer
    # Those of an encoding are those of its matrix.
    at = model.network_.linearize(model.weights_, model.checked_rows(ROWS))
    for values, operator in zip(layers, at.operators, strict=True):
        expected = np.linalg.svd(operator.todense(12), compute_uv=False)
        np.testing.assert_allclose(values, expected, atol=1e-9 * expected.max())


def test_units_come_from_the_rows_where_the_encoding_has_none():
    model = plain_classifier(
        (), encoding=["one_hot"], max_iter=2, tol=None, random_state=0
    ).fit(FRAME[["count", "color"]], SIDE)
    _, whole = jacobian_spectrum(model, ROWS[["count", "color"]])
    slope = saliency(model, ROWS[["count", "color"]], output="raw")["count"]
    np.testing.assert_allclose(whole[:, 0], slope * ROWS["count"].std(ddof=0))


def scaled_columns(*scalers):
    pairs = [(scaler, [name]) for scaler, name in zip(scalers, NUMBERS, strict=True)]
    steps = make_column_transformer(
        *pairs, ("passthrough", CATEGORIES), verbose_feature_names_out=False
    )
    return steps.set_output(transform="pandas")


def test_affine_steps_before_an_encoding():
    network = plain_classifier(
        (5,), "tanh", encoding="auto", max_iter=3, tol=None, random_state=0
    )
    scalers = [
        "passthrough" if name == "small" else StandardScaler() for name in NUMBERS
    ]
    model = make_pipeline(scaled_columns(*scalers), network).fit(FRAME, SIDE)
    row_by_row = saliency(model, ROWS, "high")
    for name in NUMBERS:
        expected = np.abs(slopes(model.predict_proba, ROWS, name)[:, 0])
        unit = FRAME[name].std()
        np.testing.assert_allclose(
            row_by_row[name] * unit, expected * unit, atol=1e-7, err_msg=name
        )
    inner = model[:-1].transform(ROWS)
    assert list(inner.columns) != list(ROWS.columns)
    expected, _ = integrated_gradients(model[-1], inner)
    shares, _ = integrated_gradients(model, ROWS)
    pd.testing.assert_frame_equal(shares[inner.columns], expected)
    shares, _ = integrated_gradients(model, ROWS, FRAME[4:5])
    change = model.predict_proba(ROWS) - model.predict_proba(FRAME[4:5])
    chosen = model.predict_proba(ROWS).argmax(axis=1)
    np.testing.assert_allclose(
        shares.sum(axis=1), change[np.arange(12), chosen], atol=1.001e-4
    )
    found = category_contrasts(model, ROWS)
    assert found.names == category_contrasts(model[-1], inner).names
    _, direction, _ = boundary_distance(model, ROWS)
    known = ROWS[NUMBERS].notna().all(axis=1).to_numpy()
    places = [ROWS.columns.get_loc(name) for name in NUMBERS]
    spread = direction[known][:, places] / FRAME[NUMBERS].std().to_numpy()
    np.testing.assert_allclose(np.linalg.norm(spread, axis=1), 1.0, rtol=0.2)


def test_steps_that_mix_columns_are_refused_where_nothing_can_be_given_back():
    steps = ColumnTransformer(
        [("mix", PCA(1), ["big", "small"]), ("rest", "passthrough", ["count", "color"])]
    )
    network = plain_classifier((5,), encoding="auto", max_iter=2, tol=None)
    model = make_pipeline(steps, network).fit(FRAME, SIDE)
    for function in (integrated_gradients, gradient_x_input):
        with pytest.raises(TypeError, match=r"mix several columns .* Pass model\[-1\]"):
            function(model, ROWS)
    row_by_row = saliency(model, ROWS, "high")
    for name in ("big", "small", "count"):
        expected = np.abs(slopes(model.predict_proba, ROWS, name)[:, 0])
        unit = FRAME[name].std()
        np.testing.assert_allclose(row_by_row[name] * unit, expected * unit, atol=1e-7)
    assert not row_by_row["gaps"].any()
    assert category_contrasts(model, ROWS).names[0] == ("color", "blue")
    assert np.isfinite(boundary_distance(model, ROWS).direction).all()


def test_sparse_tables():
    rng = np.random.default_rng(0)
    X = csr_array(rng.random((N_ROWS, 5)) * (rng.random((N_ROWS, 5)) < 0.4) * 1e3)
    model = plain_classifier((4,), "tanh", encoding="auto", max_iter=3, tol=None)
    model.fit(X, SIDE)
    mean = X.toarray().mean(axis=0) / X.toarray().std(axis=0)
    np.testing.assert_allclose(model.model_.mean_encoded, mean)
    rows = X[:9]
    shares, _ = integrated_gradients(model, rows, X[[50]], "high")
    change = model.predict_proba(rows) - model.predict_proba(X[[50]])
    np.testing.assert_allclose(shares.sum(axis=1), change[:, 0], atol=1.001e-4)
    assert sensitivity(model, rows).shape == (2, 5)
    moved = fast_gradient_attack(model, rows, SIDE[:9], 0.1)
    np.testing.assert_allclose(
        np.abs(moved - rows.toarray()), np.tile(0.1 * X.toarray().std(axis=0), (9, 1))
    )


def mean_of(model):
    return model.model_.mean_encoded


def test_the_mean_encoded_row_is_kept():
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, N_ROWS)
    options = {"encoding": "auto", "max_iter": 1, "tol": None, "random_state": 0}
    model = plain_classifier((3,), warm_start=True, **options)
    model.fit(FRAME, SIDE, sample_weight=weight)
    repeated = np.repeat(np.arange(N_ROWS), weight)
    other = plain_classifier((3,), **options)
    other.fit(FRAME.iloc[repeated], SIDE[repeated])
    np.testing.assert_allclose(mean_of(model), mean_of(other), rtol=1e-12, atol=1e-15)
    before = mean_of(model).copy()
    np.testing.assert_array_equal(mean_of(pickle.loads(pickle.dumps(model))), before)
    model.fit(FRAME[:50], SIDE[:50])
    np.testing.assert_array_equal(mean_of(model), before)
    model.weights_ = model.weights_ * 2.0
    np.testing.assert_array_equal(mean_of(model), before)
    batches = plain_classifier((3,), **options)
    batches.partial_fit(FRAME[:60], SIDE[:60], classes=["high", "low"])
    first = mean_of(batches).copy()
    batches.partial_fit(FRAME[60:], SIDE[60:])
    np.testing.assert_array_equal(mean_of(batches), first)
    assert (
        mean_of(plain_classifier((3,), max_iter=1, tol=None).fit(FRAME[["big"]], SIDE))
        is None
    )


LARGE = table(5, 12000)


@pytest.mark.parametrize("name", list(FUNCTIONS)[:6])
def test_memory_is_the_result_and_one_block(name, monkeypatch):
    """More rows take memory for the input and the result, not for encodings."""
    # Small blocks, so that it makes no difference how full the last one is.
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 2**20)
    model = fitted()

    def run(n):
        rows = LARGE[:n]
        tracemalloc.start()
        if name == "integrated_gradients":
            result = integrated_gradients(model, rows, tol=1.0).attributions
        else:
            result = FUNCTIONS[name](model, rows)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak, plain(result).nbytes

    (few, small), (many, large) = run(4000), run(12000)
    compact = model.checked_rows(LARGE[:8000]).nbytes
    encoded = 8 * 8000 * len(mean_of(model))
    allowed = 3 * compact + 2 * (large - small)
    assert allowed < encoded
    assert many - few < allowed


@pytest.mark.parametrize("kind", ["binary", "labels", "gaussian"])
def test_check_gradients(kind):
    check_gradients(fitted(kind), FRAME, TARGETS[kind])
    fresh = plain_classifier if OUTPUTS[kind] == "proba" else plain_regressor
    check_gradients(fresh((6,), "tanh", encoding="auto"), FRAME, TARGETS[kind])
    check_gradients(fresh((6,), encoding=list(LINEAR)), FRAME, TARGETS[kind])


class Steep(Standardize):
    """Has too large slopes."""

    def slopes(self, weights, X, out):
        super().slopes(weights, X, out)
        out *= 1.001


def test_check_gradients_finds_wrong_slopes():
    encoding = ["one_hot", "missing_indicator", Steep()]
    model = plain_classifier((6,), "tanh", encoding=encoding)
    with pytest.raises(AssertionError, match="for the raw table"):
        check_gradients(model, FRAME, SIDE)


def test_without_an_encoding_nothing_is_read():
    model = plain_classifier((3,), max_iter=1, tol=None).fit(FRAME[["big"]], SIDE)
    rows = ROWS[["big"]].assign(big="many")
    for function in (saliency, integrated_gradients, gradient_x_input):
        with pytest.raises(ValueError, match="could not convert"):
            function(model, rows)
