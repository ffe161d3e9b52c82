"""Displays of regressors: what they say of numbers and their units."""

import numpy as np
import pandas as pd
import pytest
from plain import plain_regressor

from skjacobnet import inspection
from skjacobnet.inspection import (
    AccumulationProfileDisplay,
    GradientCheckDisplay,
    GradientFlowDisplay,
    JacobianDisplay,
    JacobianSpectrumDisplay,
    LossCurveDisplay,
    SaliencyDisplay,
    WeightsDisplay,
    jacobian_spectrum,
)


def texts(labels):
    return [label.get_text() for label in labels]


@pytest.mark.parametrize(
    "method", ["saliency", "gradient_x_input", "integrated_gradients"]
)
@pytest.mark.parametrize(
    ("loss", "n_targets", "output", "target", "named"),
    [
        ("squared_error", 1, None, None, "the prediction"),
        ("squared_error", 2, None, 1, "the prediction of target 1"),
        ("gaussian", 1, "std", 0, "the standard deviation"),
        ("quantile", 1, "quantiles", 2, "the quantile of level 0.95"),
        ("quantile", 2, "quantiles", 4, "the quantile of column 4"),
        ("gaussian", 1, "raw", 1, "the raw prediction of column 1"),
    ],
)
def test_saliency(
    regressor, method, loss, n_targets, output, target, named, check_picture
):
    it = regressor(loss, n_targets)
    x = it.X[3]
    display = SaliencyDisplay.from_estimator(
        it.model, x, method=method, output=output, target=target
    )
    expected = getattr(inspection, method)(
        it.model, x[np.newaxis], target=target, output=output
    )
    np.testing.assert_array_equal(
        display.attributions, getattr(expected, "attributions", expected)[0]
    )
    if method == "saliency":
        assert display.label == f"|change of {named}| per unit of the feature"
    else:
        assert display.label.startswith(f"share of {named} (")
    check_picture(display)


@pytest.mark.parametrize(
    ("loss", "n_targets", "output", "kind", "names"),
    [
        ("squared_error", 1, None, "output", ["prediction"]),
        ("squared_error", 2, None, "target", ["0", "1"]),
        ("quantile", 1, "quantiles", "level", ["0.1", "0.5", "0.95"]),
        ("gaussian", 2, "raw", "column", ["0", "1", "2", "3"]),
    ],
)
def test_jacobians(regressor, loss, n_targets, output, kind, names, check_picture):
    it = regressor(loss, n_targets)
    display = JacobianDisplay.from_estimator(it.model, it.X[0], output=output)
    assert display.ax_.get_ylabel() == kind
    assert texts(display.ax_.get_yticklabels()) == names
    assert "probability" not in display.label
    network = it.model[-1].input_jacobian(
        it.model[0].transform(it.X[:1]), output=output
    )
    np.testing.assert_allclose(display.jacobian, network[0] / it.model[0].scale_)
    check_picture(display)
    named = JacobianDisplay.from_estimator(
        it.model, it.X[0], output=output, class_names=[f"n{i}" for i in names]
    )
    assert texts(named.ax_.get_yticklabels()) == [f"n{i}" for i in names]


@pytest.mark.parametrize("n_targets", [1, 2])
def test_spectra(regressor, n_targets, check_picture):
    it = regressor("squared_error", n_targets)
    display = JacobianSpectrumDisplay.from_estimator(it.model, it.X)
    np.testing.assert_array_equal(display.whole, jacobian_spectrum(it.model, it.X)[1])
    assert display.layer_names == [
        "1 Linear(3 -> 6)",
        "2 Tanh",
        f"3 Linear(6 -> {n_targets})",
        "4 Rescale",
    ]
    check_picture(display)


@pytest.mark.parametrize(
    ("loss", "label"),
    [
        ("squared_error", "loss of scaled targets"),
        ("quantile", "loss of scaled targets"),
        ("poisson", "loss"),
        ("gamma", "loss"),
    ],
)
def test_losses_say_their_unit(regressor, loss, label, check_picture):
    it = regressor(loss)
    display = LossCurveDisplay.from_estimator(it.model)
    np.testing.assert_array_equal(display.loss, it.model[-1].loss_curve_)
    assert display.ax_.get_ylabel() == label
    check_picture(display)


def test_validation_and_gradients(regressor, check_picture):
    it = regressor()
    model = plain_regressor(
        (5, 4), max_iter=9, tol=None, random_state=0, record_gradients=True,
        early_stopping=True, monitor="r2",
    ).fit(it.X, it.y)  # fmt: skip
    display = LossCurveDisplay.from_estimator(model)
    assert display.validation_score == model.history_["validation_score"]
    check_picture(display)
    display = GradientFlowDisplay.from_estimator(model)
    assert display.layer_names == [
        "1 Linear(3 -> 5)",
        "3 Linear(5 -> 4)",
        "5 Linear(4 -> 1)",
    ]
    assert display.gradient_norms.shape == (9, 3)
    check_picture(display)
    with pytest.raises(ValueError, match="this estimator recorded no gradients"):
        GradientFlowDisplay.from_estimator(it.model)


@pytest.mark.parametrize("layer", [0, -1])
def test_weights(regressor, layer, check_picture):
    it = regressor("squared_error", 2)
    display = WeightsDisplay.from_estimator(it.model, layer=layer)
    np.testing.assert_array_equal(display.coef, it.model[-1].coefs_[layer])
    assert display.unit_names is None
    check_picture(display)


@pytest.mark.parametrize("loss", ["squared_error", "gaussian", "quantile", "poisson"])
def test_gradient_checks(regressor, loss, check_picture):
    it = regressor(loss)
    y = it.y / 100.0 if loss == "poisson" else it.y
    display = GradientCheckDisplay.from_estimator(it.model, it.X, y)
    assert display.largest_error < 1e-6
    check_picture(display)


def test_costs(regressor, check_picture):
    it = regressor("squared_error", 2)
    display = AccumulationProfileDisplay.from_estimator(it.model, it.X, n_repeats=1)
    profiles = display.profiles
    assert profiles["auto"].predicted_cost <= profiles["forward"].predicted_cost
    check_picture(display)


@pytest.mark.filterwarnings("ignore:X has feature names")
def test_names_of_frames(regressor):
    it = regressor()
    row = pd.DataFrame(it.X[:1], columns=["age", "dose", "time"])
    display = SaliencyDisplay.from_estimator(it.model, row)
    assert display.feature_names == ["age", "dose", "time"]
