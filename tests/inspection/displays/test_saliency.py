import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from plain import plain_classifier
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier, inspection
from skjacobnet.inspection import SaliencyDisplay

DIGITS, DIGIT = load_digits(return_X_y=True)
TABLE = load_breast_cancer(as_frame=True)
FRAME = TABLE.data
NAMED = TABLE.target_names[TABLE.target]


def unwrapped(label):
    return " ".join(label.split())


def fitted(X, y):
    network = plain_classifier((9,), max_iter=8, tol=None, random_state=0)
    return make_pipeline(StandardScaler(), network).fit(X, y)


@pytest.fixture(scope="module")
def digits():
    return fitted(DIGITS, DIGIT)


@pytest.fixture(scope="module")
def cancer():
    return fitted(FRAME, NAMED)


def bars(ax):
    names = [label.get_text() for label in ax.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in ax.patches], strict=True))


@pytest.mark.parametrize(
    "method", ["saliency", "gradient_x_input", "integrated_gradients"]
)
def test_image(digits, method, check_picture):
    display = SaliencyDisplay.from_estimator(
        digits, DIGITS[3], method=method, target=5, image_shape=(8, 8)
    )
    expected = getattr(inspection, method)(digits, DIGITS[3:4], target=5)
    expected = getattr(expected, "attributions", expected)[0]
    (image,) = display.ax_.get_images()
    np.testing.assert_array_equal(image.get_array(), expected.reshape(8, 8))
    low, high = image.get_clim()
    assert low == (0.0 if method == "saliency" else -high)
    _, color_axes = display.figure_.axes
    assert unwrapped(color_axes.get_ylabel()) == display.label
    assert "probability of 5" in display.label
    check_picture(display)


def test_bars(cancer, check_picture):
    row = FRAME[7:8]
    display = SaliencyDisplay.from_estimator(
        cancer, row, method="gradient_x_input", output="raw", target="malignant"
    )
    expected = inspection.gradient_x_input(cancer, row, "malignant", output="raw")
    expected = expected.iloc[0]
    largest = expected[expected.abs().sort_values(kind="stable").index[-20:]]
    assert list(bars(display.ax_).items()) == list(largest.items())
    assert display.ax_.get_ylabel() == "feature (20 largest of 30)"
    assert "raw prediction of malignant" in unwrapped(display.ax_.get_xlabel())
    check_picture(display)


def test_the_most_probable_class_is_named(cancer):
    for row in (0, 50):
        display = SaliencyDisplay.from_estimator(cancer, FRAME.iloc[row])
        assert f" of {cancer.predict(FRAME[row : row + 1])[0]}|" in display.label


def test_again_with_long_names(cancer, plt, check_picture):
    names = [
        f"a very long name of a column of the table, number {i}" for i in range(30)
    ]
    display = SaliencyDisplay.from_estimator(
        cancer, FRAME[:1], feature_names=names, max_features=30
    )
    assert display.ax_.get_ylabel() == "feature"
    check_picture(display)
    figure, (left, right) = plt.subplots(ncols=2)
    assert display.plot(ax=right, max_features=3).ax_ is right
    assert display.figure_ is figure
    assert not left.patches
    assert len(right.patches) == 3


def test_dropped_columns_need_not_be_numbers():
    frame = FRAME.assign(hospital="A")
    scaled = ColumnTransformer([("scale", StandardScaler(), list(FRAME.columns))])
    network = plain_classifier((9,), max_iter=2, tol=None, random_state=0)
    model = make_pipeline(scaled, network).fit(frame, NAMED)
    display = SaliencyDisplay.from_estimator(model, frame[:1], max_features=40)
    assert bars(display.ax_)["hospital"] == 0.0


def test_labels():
    labels = np.column_stack([DIGIT > 4, DIGIT % 2]).astype(int)
    model = fitted(DIGITS, labels)
    display = SaliencyDisplay.from_estimator(model, DIGITS[0], target=1)
    assert "probability of 1" in display.label


def test_long_names_of_columns_and_classes(check_picture):
    rng = np.random.default_rng(0)
    columns = [
        "onehotencoder__billing country of the customer_DE",
        "onehotencoder__shipping country of the customer_DE",
        "pipeline__yearly income in euros",
        "pipeline__age",
    ]
    X = pd.DataFrame(rng.standard_normal((60, 4)), columns=columns)
    y = np.where(X[columns[3]] > 0, "stays for another year or even longer", "leaves")
    model = plain_classifier((5,), max_iter=5, tol=None, random_state=0).fit(X, y)
    for method in ("saliency", "integrated_gradients"):
        display = SaliencyDisplay.from_estimator(
            model, X[:1], method=method, target=y[y != "leaves"][0]
        )
        assert display.feature_names == columns
        shown = {label.get_text() for label in display.ax_.get_yticklabels()}
        assert len(shown) == 4
        assert "age" in shown
        check_picture(display)


def test_baseline(check_picture):
    baseline = FRAME.mean()
    model = plain_classifier((5,), max_iter=5, tol=None, random_state=0)
    model = make_pipeline(StandardScaler(), model).fit(FRAME, NAMED)
    display = SaliencyDisplay.from_estimator(
        model,
        FRAME[:1],
        method="integrated_gradients",
        target="benign",
        baseline=baseline,
    )
    expected = inspection.integrated_gradients(model, FRAME[:1], baseline, "benign")
    row = np.asarray(expected.attributions)[0]
    np.testing.assert_array_equal(display.attributions, row)
    assert display.label.endswith("(integrated gradients from the baseline)")
    check_picture(display)
    with pytest.raises(ValueError, match="baseline goes with method='integrated_gra"):
        SaliencyDisplay.from_estimator(model, FRAME[:1], baseline=baseline)


def test_what_cannot_be_drawn(digits):
    draw = SaliencyDisplay.from_estimator
    with pytest.raises(NotFittedError):
        draw(JacobianMLPClassifier(), DIGITS[0])
    with pytest.raises(ValueError, match=r"x must be one row, got the shape \(2, 64\)"):
        draw(digits, DIGITS[:2])
    with pytest.raises(ValueError, match="64"):
        draw(digits, DIGITS[0, :5])
    with pytest.raises(ValueError, match=r"\(8, 9\) has 72 pixels.* 64 features"):
        draw(digits, DIGITS[0], image_shape=(8, 9))
    with pytest.raises(TypeError, match=r"pair .*channels"):
        draw(digits, DIGITS[0], image_shape=(8, 8, 1))
    with pytest.raises(TypeError, match="The height in image_shape must be an integer"):
        draw(digits, DIGITS[0], image_shape=(8.0, 8))
    with pytest.raises(ValueError, match="The width in image_shape must be"):
        draw(digits, DIGITS[0], image_shape=(8, -8))
    with pytest.raises(ValueError, match="method must be one of 'saliency'"):
        draw(digits, DIGITS[0], method="shap")
    with pytest.raises(ValueError, match="feature_names must have 64 names, got 1"):
        draw(digits, DIGITS[0], feature_names=["a"])
    with pytest.raises(ValueError, match="max_features must be"):
        draw(digits, DIGITS[0], max_features=0)


@pytest.mark.parametrize("shape", [(1, 64), (64, 1), (1, 1)])
def test_images_of_one_row_or_column(shape, check_picture):
    values = np.linspace(-1.0, 1.0, shape[0] * shape[1])
    check_picture(SaliencyDisplay(values, image_shape=shape, x=values).plot())


def test_what_speaks_against_has_another_color():
    display = SaliencyDisplay([2.0, -1.0]).plot()
    colors = {bar.get_width(): bar.get_facecolor() for bar in display.ax_.patches}
    assert to_hex(colors[2.0]) == "#0072b2"
    assert to_hex(colors[-1.0]) == "#d55e00"


def test_errors_leave_no_figure(plt):
    for arguments, error in [
        ({"feature_names": ["a"]}, "feature_names must have 4 names, got 1"),
        ({"image_shape": (3, 3)}, "9 pixels"),
        ({"image_shape": (2, 2), "x": [1.0, 2.0]}, "x must have the shape"),
    ]:
        with pytest.raises(ValueError, match=error):
            SaliencyDisplay([1.0, 2.0, 3.0, 4.0], **arguments).plot()
    assert not plt.get_fignums()


def test_the_line_is_where_the_input_is_at_half_of_its_range():
    x = np.linspace(2.0, 8.0, 64)
    display = SaliencyDisplay(np.ones(64), image_shape=(8, 8), x=x).plot()
    (contour,) = display.ax_.collections
    np.testing.assert_allclose(contour.levels, [5.0])
