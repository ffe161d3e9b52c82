import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import GradientFlowDisplay
from skjacobnet.layers import Frozen, Linear

X, y = load_iris(return_X_y=True)


def fitted(hidden=(6, 5), **parameters):
    settings = {"max_iter": 20, "record_gradients": True, **parameters}
    network = JacobianMLPClassifier(hidden, tol=None, random_state=0, **settings)
    return make_pipeline(StandardScaler(), network).fit(X, y)


def values(ax):
    """Return what is drawn of each layer, without the line of the rule of thumb."""
    lines = [line for line in ax.get_lines() if "rule" not in line.get_label()]
    return np.array([line.get_ydata() for line in lines]).T


@pytest.mark.parametrize("max_iter", [1, 20])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_values(max_iter, optimizer, check_picture):
    model = fitted(max_iter=max_iter, optimizer=optimizer)
    display = GradientFlowDisplay.from_estimator(model)
    history = model[-1].history_
    above, below = display.ax_
    np.testing.assert_array_equal(values(above), history["layer_gradient_norms"])
    np.testing.assert_array_equal(values(below), history["layer_update_ratios"])
    assert above.get_yscale() == below.get_yscale() == "log"
    assert display.layer_names == [
        "1 Linear(4 -> 6)",
        "3 Linear(6 -> 5)",
        "5 Linear(5 -> 3)",
    ]
    (rule,) = [line for line in below.get_lines() if "rule" in line.get_label()]
    np.testing.assert_array_equal(rule.get_ydata(), 1e-3)
    check_picture(display)


def test_deep_networks(check_picture):
    model = fitted((8,) * 20, activation="tanh")
    check_picture(GradientFlowDisplay.from_estimator(model))


def test_frozen_layers_are_not_drawn(check_picture):
    model = fitted(layers=[Linear(6), "tanh", Frozen(Linear(5))])
    display = GradientFlowDisplay.from_estimator(model)
    assert np.isnan(values(display.ax_[0])[:, 1]).all()
    check_picture(display)


def test_epochs_without_a_record():
    model = fitted(max_iter=3, warm_start=True, record_gradients=False)
    model.set_params(jacobianmlpclassifier__record_gradients=True).fit(X, y)
    display = GradientFlowDisplay.from_estimator(model)
    assert display.gradient_norms.shape == (6, 3)
    assert np.isnan(display.gradient_norms[:3]).all()
    assert not np.isnan(display.gradient_norms[3:]).any()


def test_on_given_axes(plt):
    figure, axes = plt.subplots(2, 2)
    ones = np.ones((4, 3))
    display = GradientFlowDisplay(ones, ones).plot(ax=axes[:, 1])
    assert list(display.ax_) == list(axes[:, 1])
    assert display.figure_ is figure
    assert not any(ax.get_lines() for ax in axes[:, 0])


def test_one_axes_is_divided(plt, check_figure):
    figure, (left, right) = plt.subplots(ncols=2, figsize=(10, 5), layout="constrained")
    left.set_xlabel("another")
    ones = np.ones((4, 3))
    display = GradientFlowDisplay(ones, ones).plot(ax=right)
    assert display.figure_ is figure
    np.testing.assert_array_equal(values(display.ax_[0]), ones)
    check_figure(figure)


def test_what_cannot_be_drawn(plt):
    draw = GradientFlowDisplay.from_estimator
    with pytest.raises(NotFittedError):
        draw(JacobianMLPClassifier())
    with pytest.raises(ValueError, match="record_gradients=True"):
        draw(fitted(max_iter=1, record_gradients=False))
    _, axes = plt.subplots(3)
    with pytest.raises(ValueError, match="ax must be one Axes or 2, got 3"):
        draw(fitted(max_iter=1), ax=axes)
    with pytest.raises(ValueError, match="layer_names must have 1 names, got 2"):
        GradientFlowDisplay([[1.0]], [[1.0]], layer_names=["a", "b"]).plot()
