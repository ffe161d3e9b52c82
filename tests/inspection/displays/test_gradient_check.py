import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import GradientCheckDisplay
from skjacobnet.layers import Layer, Linear, Softmax, Tanh

X, y = load_digits(return_X_y=True, as_frame=True)


def fitted(X=X, **parameters):
    return plain_classifier(
        (9,), max_iter=2, tol=None, random_state=0, **parameters
    ).fit(X, y)


class Wrong(Tanh):
    """A layer whose derivative is a little too large."""

    def derivative(self, x, y, out=None):
        return np.multiply(super().derivative(x, y, out), 1.001, out=out)


def points(ax):
    return np.asarray(ax.collections[0].get_offsets())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exact_against_measured(dtype, check_picture):
    model = fitted(dtype=dtype, regularizers={"weight_decay": 0.1})
    weights = model.weights_.copy()
    display = GradientCheckDisplay.from_estimator(model, X, y, n_weights=50)
    assert display.largest_error < 1e-7
    assert points(display.ax_).shape == (50, 2)
    np.testing.assert_array_equal(points(display.ax_)[:, 0], display.empirical)
    np.testing.assert_array_equal(points(display.ax_)[:, 1], display.exact)
    assert f"{display.largest_error:.1e}" in display.ax_.get_title()
    np.testing.assert_array_equal(model.weights_, weights)
    check_picture(display)


def test_all_weights_through_a_pipeline():
    model = make_pipeline(StandardScaler(), plain_classifier((2,), max_iter=1))
    model.set_params(jacobianmlpclassifier__tol=None).fit(X, y)
    display = GradientCheckDisplay.from_estimator(model, X, y, n_weights=1000)
    assert len(display.exact) == model[-1].weights_.size == 160
    assert display.largest_error < 1e-7
    alone = make_pipeline(fitted())
    assert GradientCheckDisplay.from_estimator(alone, X, y).largest_error < 1e-7


def test_a_wrong_derivative_is_seen(check_picture):
    display = GradientCheckDisplay.from_estimator(fitted(activation=Wrong()), X, y)
    assert 1e-5 < display.largest_error < 2e-3
    inputs = np.linspace(-2.0, 2.0, 10).reshape(2, 5)
    display = GradientCheckDisplay.from_layer(Wrong(), inputs)
    np.testing.assert_allclose(display.largest_error, 1e-3, rtol=1e-6)
    check_picture(display)


@pytest.mark.parametrize("layer", [Linear(3), Softmax(), Tanh()])
def test_layers(layer: Layer, check_picture):
    inputs = np.random.default_rng(0).standard_normal((4, 5))
    display = GradientCheckDisplay.from_layer(layer, inputs)
    assert display.exact.shape == (4, layer.output_size(5), 5)
    assert display.largest_error < 1e-8
    check_picture(display)


def test_given_numbers(plt):
    figure, (left, right) = plt.subplots(ncols=2)
    display = GradientCheckDisplay([1.0, -4.5], [1.0, -4.0]).plot(ax=right)
    assert display.largest_error == 0.125
    assert (display.ax_, display.figure_) == (right, figure)
    assert not left.collections
    assert GradientCheckDisplay([0.0], [0.0]).largest_error == 0.0
    assert GradientCheckDisplay([0.1], [0.0]).largest_error == np.inf


def test_what_cannot_be_drawn():
    draw = GradientCheckDisplay.from_estimator
    with pytest.raises(NotFittedError):
        draw(JacobianMLPClassifier(), X, y)
    with pytest.raises(ValueError, match="n_weights must be"):
        draw(fitted(), X, y, n_weights=0)
    with pytest.raises(ValueError, match="feature"):
        draw(fitted(), X.iloc[:, :5], y)
    with pytest.raises(ValueError, match=r"x must have the shape \(n_samples, n_in\)"):
        GradientCheckDisplay.from_layer(Tanh(), [1.0, 2.0])


def test_what_is_on_which_axis():
    display = GradientCheckDisplay([1.0, 2.0], [1.0, 2.5], label="a loss").plot()
    ax = display.ax_
    assert ax.get_xlabel().startswith("empirical")
    assert ax.get_ylabel().startswith("exact")
    np.testing.assert_array_equal(points(ax), [[1.0, 1.0], [2.5, 2.0]])
    assert ax.get_title().startswith("2 derivatives of a loss")
    (diagonal,) = ax.get_lines()
    assert diagonal.get_slope() == 1.0
    # The worse, the paler.
    good, bad = display.ax_.collections[0].to_rgba([1e-12, 0.5])[:, :3].sum(axis=1)
    assert good < bad


@pytest.mark.parametrize(
    ("layer", "x"), [("relu", -np.ones((2, 3))), ("softmax", np.ones((2, 1)))]
)
def test_nothing_but_zeros(layer, x, check_picture):
    display = GradientCheckDisplay.from_layer(layer, x)
    assert display.largest_error < 1e-9
    check_picture(display)


def test_numbers_that_cannot_be_drawn(plt):
    with pytest.raises(ValueError, match="got 2 and 1"):
        GradientCheckDisplay([1.0, 2.0], [1.0]).plot()
    with pytest.raises(ValueError, match="must be finite"):
        GradientCheckDisplay([np.nan], [1.0]).plot()
    with pytest.raises(ValueError, match="layer"):
        GradientCheckDisplay.from_layer("tan_h", np.ones((2, 3)))
    assert not plt.get_fignums()
