"""Inspection of the average of several networks."""

from functools import cache

import numpy as np
import pytest
from ensembles import averaged
from numpy.testing import assert_allclose, assert_array_equal
from plain import plain_classifier, plain_regressor
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler, scale

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import (
    AccumulationProfileDisplay,
    GradientCheckDisplay,
    GradientFlowDisplay,
    JacobianDisplay,
    JacobianSpectrumDisplay,
    LossCurveDisplay,
    PredictionIntervalDisplay,
    SaliencyDisplay,
    WeightsDisplay,
    boundary_distance,
    category_contrasts,
    fast_gradient_attack,
    gradient_x_input,
    influence,
    integrated_gradients,
    jacobian_spectrum,
    profile_accumulation,
    robustness_curve,
    saliency,
    sensitivity,
)
from skjacobnet.losses import REGRESSION_LOSSES, Quantile
from skjacobnet.testing import check_gradients, finite_difference

X, Y = load_iris(return_X_y=True)
X = scale(X)
NUMBERS = np.stack([50.0 + 9.0 * X[:, 0] + X[:, 1] ** 2, 2.0 + 0.1 * X[:, 2]], axis=1)
QUANTILES = Quantile((0.1, 0.5, 0.9))
ROWS = X[::10] + 0.03
ESTIMATORS = {
    "plain": plain_classifier((6,), "tanh", max_iter=8, tol=None, learning_rate=0.02),
    "calibrated": plain_classifier(
        (6,), "tanh", max_iter=8, tol=None, calibration="temperature"
    ),
    "defaults": JacobianMLPClassifier((6,), max_iter=4, record_gradients=True),
}
each_setting = pytest.mark.parametrize("setting", ESTIMATORS)


@cache
def classifiers(setting="calibrated"):
    return averaged(ESTIMATORS[setting], X, Y)


@cache
def regressors(loss):
    settings = {"max_iter": 8, "tol": None, "learning_rate": 0.02}
    return averaged(plain_regressor((6,), "tanh", loss=loss, **settings), X, NUMBERS)


def mean_of(members, call):
    return np.mean([call(member) for member in members], axis=0)


@each_setting
def test_attributions(setting):
    model, members = classifiers(setting)
    gradient = model.input_jacobian(ROWS)[:, 1]
    assert_allclose(saliency(model, ROWS, 1), np.abs(gradient), rtol=0, atol=1e-14)
    assert_allclose(
        sensitivity(model, ROWS), np.abs(model.input_jacobian(ROWS)).mean(axis=0)
    )
    assert_allclose(
        gradient_x_input(model, ROWS, 1),
        mean_of(members, lambda member: gradient_x_input(member, ROWS, 1)),
        rtol=0,
        atol=1e-13,
    )
    shares, error = integrated_gradients(model, ROWS, target=1)
    each = [integrated_gradients(member, ROWS, target=1) for member in members]
    expected = np.mean([single.attributions for single in each], axis=0)
    assert_allclose(shares, expected, rtol=0, atol=2e-4)
    assert error.max() < 1e-4
    raw = integrated_gradients(model, ROWS, target=1, output="log_proba")
    assert raw.error.max() < 1e-4


def test_attributions_of_numbers():
    for loss in (*REGRESSION_LOSSES.names, QUANTILES):
        model, members = regressors(loss)
        for call in (
            lambda member: gradient_x_input(member, ROWS, 1),
            lambda member: integrated_gradients(member, ROWS, target=1).attributions,
        ):
            found, expected = call(model), mean_of(members, call)
            assert_allclose(found, expected, rtol=0, atol=1e-4)


@each_setting
def test_distances_from_boundaries(setting):
    model, _ = classifiers(setting)
    distance, direction, other = boundary_distance(model, ROWS, units=1.0)
    raw, jacobian = (
        model.decision_function(ROWS),
        model.input_jacobian(ROWS, output="raw"),
    )
    first, every = raw.argmax(axis=1), np.arange(len(raw))
    gaps = raw[every, first] - raw[every, other]
    slopes = jacobian[every, first] - jacobian[every, other]
    lengths = np.linalg.norm(slopes, axis=1)
    assert_allclose(distance, gaps / lengths, rtol=1e-10)
    assert_allclose(direction, -slopes / lengths[:, np.newaxis], rtol=0, atol=1e-10)


@each_setting
def test_attacks(setting):
    model, _ = classifiers(setting)
    attacked = fast_gradient_attack(model, ROWS, Y[::10], 0.2, units=1.0)
    assert_allclose(np.abs(attacked - ROWS), 0.2, rtol=1e-12)

    def losses(rows):
        return -model.predict_log_proba(rows)[np.arange(len(rows)), Y[::10]]

    for feature in range(4):
        unit = np.zeros_like(ROWS)
        unit[:, feature] = 1.0
        slopes = finite_difference(losses, ROWS, unit)
        sign = np.sign(attacked - ROWS)[:, feature]
        clear = np.abs(slopes) > 1e-6
        assert clear.sum() > 10
        assert_array_equal(sign[clear], np.sign(slopes[clear]))
    curve = robustness_curve(model, X, Y, [0.0, 0.5, 2.0], units=1.0)
    assert curve[0] == model.score(X, Y)
    assert curve[2] < curve[0]


@each_setting
def test_spectra_and_costs(setting):
    model, _ = classifiers(setting)
    layers, whole = jacobian_spectrum(model, ROWS, units=1.0)
    raw = model.input_jacobian(ROWS, output="raw")
    assert_allclose(whole, np.linalg.svd(raw, compute_uv=False), rtol=0, atol=1e-12)
    assert len(layers) == len(model.network_.layers)
    assert layers[-1].shape == (len(ROWS), 3)
    for theta in (model.weights_, None):
        profiles = profile_accumulation(model.network_, ROWS, theta, n_repeats=1)
        assert profiles["auto"].predicted_cost <= profiles["reverse"].predicted_cost


INFLUENCE = {"damping": 0.1, "tol": 1e-10}


@each_setting
def test_influence_is_that_of_the_members(setting):
    """The mean of their changes, since each is trained again separately."""
    model, members = classifiers(setting)
    rows = ROWS[:5]
    found = influence(model, X, Y, rows, target=1, **INFLUENCE)
    expected = mean_of(
        members, lambda member: influence(member, X, Y, rows, target=1, **INFLUENCE)
    )
    size = np.abs(expected).max()
    assert_allclose(found / size, expected / size, rtol=0, atol=1e-8)
    if setting != "defaults":  # whose loss smooths labels
        # Of the loss -log p it is that of p divided by -p.
        of_loss = influence(model, X, Y, rows, np.ones(5, int), **INFLUENCE)
        proba = model.predict_proba(rows)[:, 1:2]
        assert_allclose(of_loss * -proba / size, found / size, rtol=0, atol=1e-8)


@pytest.mark.parametrize("loss", ["squared_error", "huber", "poisson"])
def test_influence_on_numbers_is_that_of_the_members(loss):
    model, members = regressors(loss)
    table = X, NUMBERS, ROWS[:5]
    found = influence(model, *table, target=1, **INFLUENCE)
    expected = mean_of(
        members, lambda member: influence(member, *table, target=1, **INFLUENCE)
    )
    size = np.abs(expected).max()
    assert_allclose(found / size, expected / size, rtol=0, atol=1e-8)


def test_influence_against_rows_that_are_left_out():
    """Members that are linear have one minimum, in closed form."""
    rng, n_rows, decay = np.random.default_rng(0), 40, 0.5
    rows = X[:n_rows]
    y = rows @ [2.0, -1.0, 0.0, 1.0] + rng.standard_normal(n_rows)
    estimator = plain_regressor(
        (), optimizer="lbfgs", regularizers={"weight_decay": decay}, max_iter=3000,
        tol=1e-12,
    )  # fmt: skip
    model, _ = averaged(estimator, rows, y)
    found = influence(model, rows, y, ROWS, damping=0.0, tol=1e-12)

    def predicted(kept):
        ridge = Ridge(decay * kept.sum(), tol=1e-12).fit(rows[kept], y[kept])
        return ridge.predict(ROWS)

    every = np.ones(n_rows, bool)
    assert_allclose(model.predict(ROWS), predicted(every), rtol=1e-4)
    for row in (0, 7, 31):
        change = predicted(np.arange(n_rows) != row) - predicted(every)
        # The row's own leverage is neglected, a factor.
        assert np.corrcoef(change, found[:, row])[0, 1] > 0.99999
        slope = np.vdot(change, found[:, row]) / np.vdot(found[:, row], found[:, row])
        assert slope == pytest.approx(1.0, abs=0.1)


def test_contrasts_of_categories():
    rng = np.random.default_rng(0)
    table = np.empty((len(X), 3), dtype=object)
    table[:, :2], table[:, 2] = X[:, :2], rng.choice(["red", "blue", "green"], len(X))
    model, members = averaged(JacobianMLPClassifier((5,), max_iter=3), table, Y)
    found = category_contrasts(model, table, target=1)
    each = [category_contrasts(member, table, target=1) for member in members]
    expected = np.mean([single.changes for single in each], axis=0)
    assert_allclose(found.changes, expected, rtol=0, atol=1e-14)
    assert found.names == each[0].names
    assert sensitivity(model, table).shape == (3, 3)
    shares, error = integrated_gradients(model, table[:9], target=1)
    assert error.max() < 1e-4
    change = model.predict_proba(table[:9])[:, 1] - shares.sum(axis=1)
    assert np.ptp(change) < 2e-4  # what the mean row is predicted


def test_after_a_scaler():
    model, members = classifiers("plain")
    scaler = StandardScaler().fit(5.0 * X + 2.0)
    rows = 5.0 * ROWS + 2.0
    pipeline = Pipeline([("scale", scaler), ("network", model)])
    found = saliency(pipeline, rows, 0)
    inputs = scaler.transform(rows)
    expected = mean_of(members, lambda member: member.input_jacobian(inputs)[:, 0])
    assert_allclose(found, np.abs(expected) / scaler.scale_, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    "regularizers",
    [
        None,
        {"l1": 0.01, "weight_decay": 0.1},
        {"jacobian_norm": 0.1},
        {"input_gradient": 0.1, "confidence_penalty": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("y", [Y, Y > 0, np.stack([Y > 0, Y > 1], axis=1).astype(int)])
def test_gradients_of_the_objective(y, regularizers):
    estimator = plain_classifier(
        (4,), "tanh", max_iter=3, tol=None, regularizers=regularizers
    )
    model, _ = averaged(estimator, X, y)
    check_gradients(model, X, y)


@pytest.mark.parametrize("loss", [*REGRESSION_LOSSES.names, QUANTILES], ids=str)
def test_gradients_of_the_objective_of_numbers(loss):
    for regularizers in (None, {"jacobian_norm": 0.1, "input_gradient": 0.1}):
        twice = loss not in ("absolute_error", "huber") and loss is not QUANTILES
        if regularizers and not twice:
            continue
        estimator = plain_regressor(
            (4,), "tanh", max_iter=3, tol=None, loss=loss, regularizers=regularizers
        )
        model, _ = averaged(estimator, X, NUMBERS)
        check_gradients(model, X, NUMBERS)


def test_gradients_after_encodings_and_calibrations():
    estimator = JacobianMLPClassifier((6,), "tanh", max_iter=4)
    model, members = averaged(estimator, X, Y)
    assert all(member.temperature_ != 1.0 for member in members)
    check_gradients(model, X, Y)


DISPLAYS = {
    "accumulation": lambda model: AccumulationProfileDisplay.from_estimator(model, X),
    "gradient check": lambda model: GradientCheckDisplay.from_estimator(
        model, X, Y, n_weights=40
    ),
    "gradient flow": GradientFlowDisplay.from_estimator,
    "jacobian": lambda model: JacobianDisplay.from_estimator(model, X[:1]),
    "spectrum": lambda model: JacobianSpectrumDisplay.from_estimator(model, ROWS),
    "loss curve": LossCurveDisplay.from_estimator,
    "weights": WeightsDisplay.from_estimator,
    **{
        method: lambda model, method=method: SaliencyDisplay.from_estimator(
            model, X[:1], method=method
        )
        for method in ("saliency", "gradient_x_input", "integrated_gradients")
    },
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_displays(name, check_picture):
    check_picture(DISPLAYS[name](classifiers("defaults")[0]))


@pytest.mark.parametrize("loss", ["gaussian", QUANTILES], ids=str)
def test_display_of_intervals(loss, check_picture):
    model, members = regressors(loss)
    display = PredictionIntervalDisplay.from_estimator(model, X, NUMBERS, target=0)
    expected = mean_of(members, lambda member: member.predict(X)[:, 0])
    assert_allclose(display.prediction, expected, rtol=1e-13)
    check_picture(display)


def test_names_in_displays(check_picture):
    names = load_iris().feature_names
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X, columns=names)
    model, members = averaged(
        plain_classifier((5,), max_iter=2, tol=None, record_gradients=True), table, Y
    )
    for layer in range(6):
        display = WeightsDisplay.from_estimator(model, layer=layer)
        network, place = divmod(layer, 2)
        assert_array_equal(display.coef, members[network].coefs_[place])
        assert f"coefs_[{layer}] of network {network + 1} of 3: " in display.title
        assert display.input_names == (None if place else names)
        assert display.unit_names == (["0", "1", "2"] if place else None)
        check_picture(display)
    assert WeightsDisplay.from_estimator(members[0]).title.startswith("coefs_[0]: 4")
    display = GradientFlowDisplay.from_estimator(model)
    assert display.layer_names == ["1 Linear(4 -> 5)", "3 Linear(5 -> 3)"]
    display = JacobianSpectrumDisplay.from_estimator(model, table)
    assert display.layer_names == ["1 Parallel(4 -> 9)", "2 Average"]
