import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import WeightsDisplay
from skjacobnet.layers import Linear, Residual, Sequential

DIGITS, DIGIT = load_digits(return_X_y=True)
IRIS = load_iris(as_frame=True)
SPECIES = IRIS.target_names[IRIS.target]


def fitted(hidden=(30,), X=DIGITS, y=DIGIT, **parameters):
    return plain_classifier(
        hidden, max_iter=2, tol=None, random_state=0, **parameters
    ).fit(X, y)


@pytest.fixture(scope="module")
def digits():
    return fitted()


def texts(labels):
    return [label.get_text() for label in labels]


@pytest.mark.parametrize("max_units", [1, 25, 30])
def test_images(digits, max_units, check_picture):
    display = WeightsDisplay.from_estimator(
        digits, image_shape=(8, 8), max_units=max_units
    )
    coef = digits.coefs_[0]
    largest = np.sort(np.argsort(np.linalg.norm(coef, axis=0))[-max_units:])
    images = display.ax_.get_images()
    assert len(images) == max_units
    for unit, image in zip(largest, images, strict=True):
        np.testing.assert_array_equal(image.get_array(), coef[:, unit].reshape(8, 8))
        np.testing.assert_array_equal(
            image.get_clim(), np.abs(coef).max() * np.array([-1, 1])
        )
    assert texts(display.ax_.texts) == [str(unit) for unit in largest]
    assert ("of 30" in display.ax_.get_xlabel()) == (max_units < 30)
    check_picture(display)


def test_upright_images(digits, check_picture):
    display = WeightsDisplay.from_estimator(digits, image_shape=(32, 2))
    images = display.ax_.get_images()
    assert images[0].get_array().shape == (32, 2)
    per_row = np.unique([image.get_extent()[3] for image in images], return_counts=True)
    assert np.ptp(per_row[1]) <= 1, "a row is left half empty"
    check_picture(display)


def test_the_last_layer_has_classes(check_picture):
    model = fitted((), IRIS.data, SPECIES)
    display = WeightsDisplay.from_estimator(model, layer=-1)
    (image,) = display.ax_.get_images()
    np.testing.assert_array_equal(image.get_array(), model.coefs_[0])
    assert texts(display.ax_.get_xticklabels()) == list(IRIS.target_names)
    assert texts(display.ax_.get_yticklabels()) == list(IRIS.data.columns)
    check_picture(display)


def test_through_a_pipeline(check_picture):
    network = plain_classifier((6,), max_iter=2, tol=None, random_state=0)
    model = make_pipeline(StandardScaler(), network).fit(IRIS.data, SPECIES)
    display = WeightsDisplay.from_estimator(model)
    assert texts(display.ax_.get_yticklabels()) == list(IRIS.data.columns)
    check_picture(display)
    model = make_pipeline(FunctionTransformer(np.log1p), network)
    model.fit(IRIS.data.to_numpy(), SPECIES)
    assert WeightsDisplay.from_estimator(model).input_names is None


def test_layers_inside_layers():
    block = Sequential([Linear(7), "tanh", Linear(5)])
    model = fitted(layers=[Linear(5), Residual(block)])
    for layer, shape in enumerate([(64, 5), (5, 7), (7, 5), (5, 10)]):
        display = WeightsDisplay.from_estimator(model, layer=layer)
        np.testing.assert_array_equal(display.coef, model.coefs_[layer])
        assert display.coef.shape == shape
        assert display.title.startswith(f"coefs_[{layer}]")
        assert not np.shares_memory(display.coef, model.weights_)


def test_many(check_picture):
    coef = np.random.default_rng(0).standard_normal((784, 300))
    display = WeightsDisplay(coef).plot(max_units=300)
    check_picture(display)
    display = WeightsDisplay(coef, image_shape=(28, 28)).plot(max_units=100)
    check_picture(display)


def test_on_given_axes(plt):
    figure, (left, right) = plt.subplots(ncols=2)
    display = WeightsDisplay(np.zeros((2, 3))).plot(ax=right)
    assert (display.ax_, display.figure_) == (right, figure)
    assert not left.get_images()


def test_what_cannot_be_drawn(digits):
    draw = WeightsDisplay.from_estimator
    with pytest.raises(NotFittedError):
        draw(JacobianMLPClassifier())
    with pytest.raises(ValueError, match=r"layer must be .*\[-2, 1\], got 2"):
        draw(digits, layer=2)
    with pytest.raises(ValueError, match=r"\(8, 8\) has 64 pixels.* 30 inputs"):
        draw(digits, image_shape=(8, 8), layer=1)
    with pytest.raises(TypeError, match=r"must be a pair \(height, width\), got 8"):
        draw(digits, image_shape=8)
    with pytest.raises(ValueError, match="max_units must be"):
        draw(digits, max_units=0)
    with pytest.raises(ValueError, match="unit_names must have 3 names, got 1"):
        WeightsDisplay(np.zeros((2, 3)), unit_names=["a"]).plot()


def test_errors_leave_no_figure(plt):
    for arguments, error in [
        ({"input_names": ["a"]}, "input_names must have 40 names, got 1"),
        ({"input_names": ["a"], "image_shape": (5, 8)}, "input_names must have 40"),
        ({"image_shape": (3, 3)}, "9 pixels"),
    ]:
        with pytest.raises(ValueError, match=error):
            WeightsDisplay(np.ones((40, 2)), **arguments).plot()
    assert not plt.get_fignums()


def test_weights_that_are_not_finite_spoil_no_others():
    display = WeightsDisplay([[np.nan, 100.0], [50.0, 2.0]]).plot()
    assert display.ax_.get_images()[0].get_clim() == (-100.0, 100.0)
