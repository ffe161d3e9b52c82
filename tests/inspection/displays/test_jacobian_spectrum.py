import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import JacobianSpectrumDisplay, jacobian_spectrum
from skjacobnet.layers import Linear, Residual

X, y = load_iris(return_X_y=True, as_frame=True)


def fitted(hidden=(6,), activation="sigmoid", **parameters):
    network = plain_classifier(
        hidden, activation, max_iter=3, tol=None, random_state=0, **parameters
    )
    return make_pipeline(StandardScaler(), network).fit(X, y)


def points(ax, label):
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line.get_xydata()


def names(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


@pytest.mark.parametrize("n_rows", [1, 150])
def test_values(n_rows, check_picture):
    model = fitted()
    display = JacobianSpectrumDisplay.from_estimator(model, X[:n_rows])
    layers, whole = jacobian_spectrum(model, X[:n_rows])
    spectra = [*layers, whole]
    for label, of_row, shift in [
        ("largest", np.max, -0.2),
        ("median", np.median, 0.0),
        ("smallest", np.min, 0.2),
    ]:
        expected = [np.median(of_row(values, axis=1)) for values in spectra]
        x, values = points(display.ax_, label).T
        np.testing.assert_allclose(values, expected, rtol=1e-12)
        np.testing.assert_allclose(x, np.arange(4) + shift)
    bars = display.ax_.collections[0].get_segments()
    for bar, values in zip(bars, spectra, strict=True):
        largest = values.max(axis=1)
        np.testing.assert_allclose(bar[:, 1], [largest.min(), largest.max()])
    assert display.ax_.get_yscale() == "log"
    assert names(display.ax_) == [
        "1 Linear(4 -> 6)",
        "2 Sigmoid",
        "3 Linear(6 -> 3)",
        "end to end",
    ]
    check_picture(display)


def test_zeros_are_at_the_bottom(check_picture):
    display = JacobianSpectrumDisplay.from_estimator(fitted((20,), "relu"), X)
    assert len(points(display.ax_, "smallest")) == 3
    zeros = [line for line in display.ax_.get_lines() if line.get_marker() == "v"]
    assert zeros.pop().get_label() == "zero"
    np.testing.assert_allclose([line.get_xdata().sum() for line in zeros], [0, 0, 1.2])
    check_picture(display)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_zero_but_for_rounding(dtype):
    rng = np.random.default_rng(0)
    thin = rng.standard_normal((2, 3, 6, 2)).astype(dtype)
    matrices = thin[0] @ thin[1].transpose(0, 2, 1)
    values = np.linalg.svd(matrices, compute_uv=False)
    assert (values[:, -1] > 0.0).any()
    display = JacobianSpectrumDisplay([values], values).plot()
    assert len(points(display.ax_, "smallest")) == 0
    assert len(points(display.ax_, "largest")) == 2


@pytest.mark.parametrize("span", [1.0001, 1.3, 3.0, 30.0, 1e4, 1e30])
def test_labels_at_any_scale(span, check_picture):
    values = np.array([[2e-3 * span, 2e-3]])
    display = JacobianSpectrumDisplay([values], values).plot()
    display.figure_.canvas.draw()
    axis = display.ax_.yaxis
    low, high = axis.get_view_interval()
    seen = [low <= place <= high for place in axis.get_ticklocs()]
    assert sum(seen) >= 2
    check_picture(display)


def test_deep_networks(check_picture):
    display = JacobianSpectrumDisplay.from_estimator(fitted((8,) * 20), X)
    assert len(names(display.ax_)) == 21
    assert names(display.ax_)[-1] == "end to end"
    check_picture(display)


def test_layers_of_layers():
    model = fitted(layers=[Linear(5), Residual(Linear(5))])
    display = JacobianSpectrumDisplay.from_estimator(model, X)
    assert display.layer_names[1] == "2 Residual(5 -> 5)"


def test_on_given_axes(plt):
    figure, (left, right) = plt.subplots(ncols=2)
    layers = [np.array([[2.0, 1.0]]), np.array([[3.0]])]
    display = JacobianSpectrumDisplay(layers, np.array([[4.0]])).plot(ax=right)
    assert (display.ax_, display.figure_) == (right, figure)
    assert names(right) == ["1", "2", "end to end"]
    assert not left.get_lines()


def test_what_cannot_be_drawn():
    draw = JacobianSpectrumDisplay.from_estimator
    with pytest.raises(NotFittedError):
        draw(JacobianMLPClassifier(), X)
    with pytest.raises(ValueError, match="feature"):
        draw(fitted(), X.iloc[:, :2])
    with pytest.raises(ValueError, match="layer_names must have 1 names, got 2"):
        JacobianSpectrumDisplay([[[1.0]]], [[1.0]], layer_names=["a", "b"]).plot()
