import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import LossCurveDisplay

X, y = load_iris(return_X_y=True)


def fitted(**parameters):
    settings = {"max_iter": 20, "tol": None, "random_state": 0, **parameters}
    return plain_classifier((5,), **settings).fit(X, y)


def line(ax, label):
    (found,) = [line for line in ax.get_lines() if line.get_label() == label]
    return found.get_ydata()


def test_all_there_is(check_picture):
    model = fitted(early_stopping=True, monitor="accuracy", schedule="cosine")
    display = LossCurveDisplay.from_estimator(model)
    history = model.history_
    np.testing.assert_array_equal(line(display.ax_, "training loss"), model.loss_curve_)
    np.testing.assert_array_equal(
        line(display.ax_, "validation loss"), history["validation_loss"]
    )
    np.testing.assert_array_equal(
        line(display.score_ax_, "validation score"), history["validation_score"]
    )
    np.testing.assert_array_equal(
        line(display.learning_rate_ax_, "learning rate"), history["learning_rate"]
    )
    assert display.best_epoch == model.best_iter_
    check_picture(display)


@pytest.mark.parametrize("max_iter", [1, 20])
def test_without_validation(max_iter, check_picture):
    pipeline = make_pipeline(StandardScaler(), fitted(max_iter=max_iter))
    display = LossCurveDisplay.from_estimator(pipeline)
    assert display.best_epoch is None
    assert display.score_ax_ is None
    check_picture(display)


def test_a_constant_rate_has_no_axis(check_picture):
    model = fitted(learning_rate=0.003)
    assert set(model.history_["learning_rate"]) == {0.003}
    display = LossCurveDisplay.from_estimator(model)
    assert display.learning_rate_ax_ is None
    check_picture(display)


def test_the_scale_of_a_rate_starts_at_zero():
    display = LossCurveDisplay([1.0, 0.5], learning_rate=[0.003, 0.002]).plot()
    assert display.learning_rate_ax_.get_ylim()[0] == 0.0


def test_lbfgs_has_no_learning_rate(check_picture):
    display = LossCurveDisplay.from_estimator(fitted(optimizer="lbfgs"))
    assert display.learning_rate_ax_ is None
    check_picture(display)


def test_on_given_axes(plt):
    figure, (left, right) = plt.subplots(ncols=2)
    display = LossCurveDisplay([3.0, 2.0, 1.0]).plot(ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.get_lines()
    np.testing.assert_array_equal(line(right, "training loss"), [3.0, 2.0, 1.0])


def test_what_cannot_be_drawn():
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(JacobianMLPClassifier())
    with pytest.raises(TypeError, match="GaussianNB"):
        LossCurveDisplay.from_estimator(GaussianNB().fit(X, y))


def test_lines_are_named_and_drawn():
    display = LossCurveDisplay(
        [3.0, 2.0, 1.5, 1.4],
        validation_loss=[3.5, 2.5, 2.0, 2.2],
        validation_score=[0.1, 0.5, 0.7, 0.6],
        learning_rate=[0.1, 0.1, 0.05, 0.05],
        best_epoch=3,
    ).plot()
    shown = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert shown == [
        "training loss",
        "validation loss",
        "best epoch",
        "validation score",
        "learning rate",
    ]
    (best,) = (line for line in display.ax_.lines if line.get_label() == "best epoch")
    np.testing.assert_array_equal(best.get_xdata(), [3, 3])


@pytest.mark.parametrize("size", [1e-7, 0.0001234, 0.97, 1e7])
def test_scales_at_the_right_are_apart(size, check_picture):
    scores = size * np.linspace(-1.0, -0.2, 20)
    display = LossCurveDisplay(
        np.linspace(2.0, 1.0, 20),
        validation_score=scores,
        learning_rate=size * np.linspace(1.0, 0.1, 20),
    ).plot()
    check_picture(display)
    # Nor does an axis lie on the label of the other.
    renderer = display.figure_.canvas.get_renderer()
    spine = display.learning_rate_ax_.spines["right"].get_window_extent(renderer)
    label = display.score_ax_.yaxis.label.get_window_extent(renderer)
    assert label.x1 < spine.x0


def test_a_validation_that_began_late(check_picture):
    network = fitted(max_iter=3, warm_start=True)
    network.set_params(max_iter=1).fit(X, y, X_val=X, y_val=y)
    display = LossCurveDisplay.from_estimator(network)
    (line,) = (x for x in display.ax_.lines if x.get_label() == "validation loss")
    assert list(line.get_markevery()) == [3]
    check_picture(display)


def test_numbers_for_other_epochs(plt):
    for name in ("validation_loss", "validation_score", "learning_rate"):
        with pytest.raises(ValueError, match=f"{name} must have .* 2 epochs, got 1"):
            LossCurveDisplay([2.0, 1.0], **{name: [1.0]}).plot()
    assert not plt.get_fignums()
