import numpy as np
import pytest
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
    return JacobianMLPClassifier((5,), **settings).fit(X, y)


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


def test_the_scale_of_a_constant_rate_starts_at_zero(check_picture):
    display = LossCurveDisplay.from_estimator(fitted(learning_rate=0.003))
    low, high = display.learning_rate_ax_.get_ylim()
    assert low == 0.0
    assert high > 0.003
    check_picture(display)


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
