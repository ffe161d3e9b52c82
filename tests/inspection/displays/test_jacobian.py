import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import JacobianDisplay

IRIS = load_iris(as_frame=True)
X, SPECIES = IRIS.data, IRIS.target_names[IRIS.target]
WIDE = load_breast_cancer(as_frame=True)


def fitted(X, y):
    network = plain_classifier((6,), max_iter=9, tol=None, random_state=0)
    return make_pipeline(StandardScaler(), network).fit(X, y)


@pytest.fixture(scope="module")
def iris():
    return fitted(X, SPECIES)


@pytest.fixture(scope="module")
def cancer():
    return fitted(WIDE.data, WIDE.target)


def texts(labels):
    return [label.get_text() for label in labels]


@pytest.mark.parametrize("output", ["proba", "raw", "log_proba"])
def test_values_and_names(iris, output, check_picture):
    row = X[60:61]
    display = JacobianDisplay.from_estimator(iris, row, output=output)
    scaler, network = iris
    # Per unit of the user, not of the scaler.
    expected = network.input_jacobian(scaler.transform(row), output=output)[0]
    expected = expected / scaler.scale_
    (image,) = display.ax_.get_images()
    np.testing.assert_allclose(image.get_array(), expected, rtol=1e-12)
    low, high = image.get_clim()
    np.testing.assert_allclose([-low, high], np.abs(expected).max(), rtol=1e-12)
    assert texts(display.ax_.get_xticklabels()) == list(X.columns)
    assert texts(display.ax_.get_yticklabels()) == list(IRIS.target_names)
    _, color_axes = display.figure_.axes
    assert " ".join(color_axes.get_ylabel().split()) == display.label
    check_picture(display)


def test_forms_of_a_row(iris):
    model = fitted(X.to_numpy(), SPECIES)
    rows = [X.to_numpy()[3], X.to_numpy()[3:4], X.to_numpy()[3].tolist()]
    expected = JacobianDisplay.from_estimator(iris, X.iloc[3])
    assert expected.feature_names == list(X.columns)
    for row in rows:
        display = JacobianDisplay.from_estimator(model, row)
        np.testing.assert_array_equal(display.jacobian, expected.jacobian)
        assert display.feature_names == ["x0", "x1", "x2", "x3"]


def test_the_largest_of_many(cancer, check_picture):
    names = [f"{name}, as it was measured under a microscope" for name in WIDE.data]
    display = JacobianDisplay.from_estimator(
        cancer, WIDE.data[:1], output="raw", feature_names=names, max_features=7
    )
    assert np.shape(display.jacobian) == (1, 30)
    assert texts(display.ax_.get_yticklabels()) == ["1"]
    (image,) = display.ax_.get_images()
    largest = np.sort(np.argsort(np.abs(display.jacobian[0]))[-7:])
    np.testing.assert_array_equal(image.get_array()[0], display.jacobian[0, largest])
    assert display.ax_.get_xlabel() == "feature (7 of 30, the largest derivatives)"
    check_picture(display)


def test_many_classes_with_long_names(check_picture):
    jacobian = np.random.default_rng(0).standard_normal((60, 40))
    classes = [f"the class with the number {i}" for i in range(60)]
    display = JacobianDisplay(jacobian, class_names=classes).plot()
    assert len(display.ax_.get_xticks()) == 20
    assert len(display.ax_.get_yticks()) == 30
    check_picture(display)


def test_on_given_axes(plt):
    figure, (left, right) = plt.subplots(ncols=2)
    display = JacobianDisplay(np.zeros((2, 3))).plot(ax=right)
    assert (display.ax_, display.figure_) == (right, figure)
    assert texts(right.get_xticklabels()) == ["x0", "x1", "x2"]
    assert not left.get_images()


def test_what_cannot_be_drawn(iris):
    draw = JacobianDisplay.from_estimator
    with pytest.raises(NotFittedError):
        draw(JacobianMLPClassifier(), X[:1])
    with pytest.raises(ValueError, match=r"x must be one row, got the shape \(3, 4\)"):
        draw(iris, X[:3])
    with pytest.raises(ValueError, match="class_names must have 3 names, got 2"):
        draw(iris, X[:1], class_names=["a", "b"])
    with pytest.raises(ValueError, match="feature_names must have 4 names, got 1"):
        draw(iris, X[:1], feature_names=["a"])
    with pytest.raises(ValueError, match="output"):
        draw(iris, X[:1], output="class")
    with pytest.raises(TypeError, match="max_features must be"):
        draw(iris, X[:1], max_features=2.5)
