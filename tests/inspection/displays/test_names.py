"""Names in pictures: whole, apart, and as they are."""

import numpy as np
import pytest
from plain import plain_classifier

from skjacobnet.inspection import (
    JacobianDisplay,
    JacobianSpectrumDisplay,
    OptimizerResponseDisplay,
    SaliencyDisplay,
    WeightsDisplay,
)
from skjacobnet.inspection.displays.names import shortened_names, thinned
from skjacobnet.layers import Linear, Tanh

rng = np.random.default_rng(0)


class AVeryLongNameOfALayerWrittenByAUserOfThePackageIndeed(Tanh):
    name = None


@pytest.mark.parametrize(
    ("stem", "n_classes"),
    [
        ("digit", 12),
        ("Category number", 40),
        ("WWWWWWWWWWWW", 2),
        ("WWWWWWWWWWWW", 9),
    ],
)
def test_any_classes(stem, n_classes, check_picture):
    X = rng.standard_normal((120, 6))
    y = np.array([f"{stem} {i % n_classes}" for i in range(120)])
    network = plain_classifier((6,), max_iter=2, tol=None, random_state=0)
    model = network.fit(X, y)
    check_picture(WeightsDisplay.from_estimator(model, layer=-1))
    check_picture(
        WeightsDisplay.from_estimator(model, layer=-1, image_shape=(2, 3), max_units=40)
    )
    for output in ("raw", "log_proba"):
        check_picture(JacobianDisplay.from_estimator(model, X[:1], output=output))
        check_picture(SaliencyDisplay.from_estimator(model, X[:1], output=output))


def test_names_of_thinned_rows_are_their_own():
    names = [f"class {i}" for i in range(60)]
    ax = JacobianDisplay(np.ones((60, 2)), class_names=names).plot().ax_
    shown = [label.get_text() for label in ax.get_yticklabels()]
    assert shown == [names[round(place)] for place in ax.get_yticks()]
    assert shown[0] == "class 0"
    assert shown[-1] == "class 59"
    assert len(shown) <= 30


@pytest.mark.parametrize("n_names", [1, 2, 24, 25, 26, 49, 50, 51, 1000])
def test_thinned(n_names):
    places = thinned(n_names, 25)
    assert places[0] == 0
    assert places[-1] == n_names - 1
    assert len(places) == len(set(places)) <= 25
    assert len(places) == min(n_names, 25) or n_names > 25


def test_shortened_names_stay_apart():
    long = [f"{'a' * 30}{i}{'b' * 30}" for i in range(3)]
    assert len(set(shortened_names([f"{i}{'a' * 40}" for i in range(3)]))) == 3
    assert len(set(shortened_names([f"{'a' * 40}{i}" for i in range(3)]))) == 3
    # What differs in the middle only cannot be shown; nothing fails.
    assert len(shortened_names(long)) == 3
    assert all(len(name) <= 28 for name in shortened_names(long))
    # Short names keep what looks like a step, and so do names that need it.
    assert shortened_names(["a__x", "b__y"]) == ["a__x", "b__y"]
    same = ["left_encoder_of_the_table__x", "right_encoder_of_the_table__x"]
    assert len(set(shortened_names(same))) == 2


def test_signs_that_matplotlib_has_uses_for(check_picture):
    display = JacobianDisplay(np.ones((2, 2)), class_names=["$5_to_$10", "b"]).plot()
    check_picture(display)
    names = ["price in $ or $ per kg", "a$_b$c", "two\nlines"]
    display = SaliencyDisplay([1.0, 2.0, 3.0], feature_names=names).plot()
    check_picture(display)
    shown = {label.get_text() for label in display.ax_.get_yticklabels()}
    assert shown == {r"price in \$ or \$ per kg", r"a\$_b\$c", "two lines"}
    display = OptimizerResponseDisplay.from_optimizers(
        ["sgd", "adam"], names=["_sgd", "adam"]
    )
    legend = display.ax_.get_legend().get_texts()
    assert [text.get_text().strip() for text in legend] == ["_sgd", "adam"]


def test_long_names_of_layers(check_picture):
    X, y = rng.standard_normal((40, 5)), np.arange(40) % 3
    long = AVeryLongNameOfALayerWrittenByAUserOfThePackageIndeed()
    model = plain_classifier(layers=[Linear(6), long], max_iter=2, tol=None)
    check_picture(JacobianSpectrumDisplay.from_estimator(model.fit(X, y), X))


@pytest.mark.parametrize("names", ["ab", 3])
def test_what_are_no_names(names):
    with pytest.raises(TypeError, match="feature_names must be a list of names, got"):
        SaliencyDisplay([1.0, 2.0], feature_names=names).plot()
