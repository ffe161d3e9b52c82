import numpy as np
import pytest
from plain import plain_classifier
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
    network = plain_classifier(hidden, tol=None, random_state=0, **settings)
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


def test_epochs_and_names_and_labels():
    norms = np.array([[1.0, 2.0], [3.0, 4.0]])
    display = GradientFlowDisplay(norms, 1e-3 * norms, layer_names=["a", "b"]).plot()
    assert [panel.get_ylabel() for panel in display.ax_] == [
        "gradient norm",
        "update ratio",
    ]
    for panel, numbers in zip(display.ax_, (norms, 1e-3 * norms), strict=True):
        for line, column in zip(panel.get_lines(), numbers.T, strict=False):
            np.testing.assert_array_equal(line.get_xdata(), [1, 2])
            np.testing.assert_array_equal(line.get_ydata(), column)
    (legend,) = display.figure_.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown == ["a", "b", "rule of thumb, 1e-3"]


def test_recorded_once_after_a_run_that_was_not():
    network = fitted(max_iter=2, warm_start=True, record_gradients=False)[-1]
    network.set_params(max_iter=1, record_gradients=True).fit(X, y)
    display = GradientFlowDisplay.from_estimator(network)
    for line in display.ax_[0].get_lines():
        assert list(line.get_markevery()) == [2]


@pytest.mark.parametrize("n_layers", [40, 200])
def test_very_deep_networks(n_layers, check_picture):
    norms = np.geomspace(1e-9, 1.0, n_layers) * np.ones((5, 1))
    names = [f"{layer} Linear(8 -> 8)" for layer in range(n_layers)]
    display = GradientFlowDisplay(norms, norms, layer_names=names).plot()
    (legend,) = display.figure_.legends
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown[0] == names[0]
    assert shown[-2] == names[-1]
    assert legend.get_texts()[0].get_fontsize() > 6
    check_picture(display)


def test_the_legend_stays_outside_of_given_panels(plt, check_figure):
    figure, axes = plt.subplots(2, layout="constrained")
    norms = np.geomspace(1e-9, 1.0, 13) * np.ones((5, 1))
    GradientFlowDisplay(norms, norms).plot(ax=axes)
    check_figure(figure)
    legend = axes[0].get_legend().get_window_extent()
    assert not any(legend.overlaps(panel.bbox) for panel in axes)


def test_numbers_that_do_not_go_together(plt):
    with pytest.raises(ValueError, match=r"one shape, got \(1, 2\) and \(1, 1\)"):
        GradientFlowDisplay([[1.0, 2.0]], [[1.0]]).plot()
    assert not plt.get_fignums()
