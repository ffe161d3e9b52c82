"""A display that is drawn twice on the same Axes replaces its first drawing."""

import copy
import gc
import pickle
import weakref
from functools import partial

import numpy as np
import pytest

from skjacobnet import JacobianMLPRegressor, inspection
from skjacobnet.inspection.accumulation import AccumulationProfile
from skjacobnet.inspection.displays.replacing import DRAWINGS, contents

FLOW = inspection.RegularizerFlowDisplay
SALIENCY, WEIGHTS = inspection.SaliencyDisplay, inspection.WeightsDisplay
CURVE, TRAJECTORY = inspection.LossCurveDisplay, inspection.OptimizerTrajectoryDisplay

rng = np.random.default_rng(0)
GRID = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]), axis=-1)
TWO = rng.random((5, 2)) + 0.1
PROFILES = {
    mode: AccumulationProfile(mode, 0, 10, 10.0, 100, 0.1, 100)
    for mode in ("reverse", "auto")
}
DISPLAYS = {
    "AccumulationProfileDisplay": lambda make: make(PROFILES),
    "GradientCheckDisplay": lambda make: make([1.0, 2.0], [1.0, 2.1]),
    "GradientFlowDisplay": lambda make: make(TWO, TWO),
    "JacobianDisplay": lambda make: make(TWO),
    "JacobianSpectrumDisplay": lambda make: make([TWO, TWO], TWO),
    "LossCurveDisplay": lambda make: make(
        TWO[:, 0],
        validation_score=TWO[:, 1],
        learning_rate=TWO[:, 1] / 100.0,
        best_epoch=3,
    ),
    "OptimizerResponseDisplay": lambda make: make(TWO.T),
    "OptimizerTrajectoryDisplay": lambda make: make(
        [TWO], "bowl", ((-1.0, 1.0), (-1.0, 1.0))
    ),
    "PredictionIntervalDisplay": lambda make: make(
        TWO[:, 0], TWO[:, 1], TWO[:, 0] - 0.3, TWO[:, 0] + 0.3
    ),
    "RegularizerFlowDisplay": lambda make: make([GRID, GRID], [-GRID, -np.sign(GRID)]),
    "SaliencyDisplay": lambda make: make(TWO[:, 0]),
    "WeightsDisplay": lambda make: make(TWO[:4], image_shape=(2, 2)),
}
CLASS_METHODS = {
    "AccumulationProfileDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, X, n_repeats=1, ax=ax
    ),
    "GradientCheckDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, X, y, ax=ax
    ),
    "GradientFlowDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, ax=ax
    ),
    "JacobianDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, X[:1], ax=ax
    ),
    "JacobianSpectrumDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, X, ax=ax
    ),
    "LossCurveDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, ax=ax
    ),
    "OptimizerResponseDisplay": lambda drawn, ax, *_: drawn.from_optimizers(
        ["sgd", "adam"], n_steps=5, ax=ax
    ),
    "OptimizerTrajectoryDisplay": lambda drawn, ax, *_: drawn.from_optimizers(
        "sgd", learning_rates=1e-3, n_steps=5, ax=ax
    ),
    "PredictionIntervalDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, X, y, ax=ax
    ),
    "RegularizerFlowDisplay": lambda drawn, ax, *_: drawn.from_regularizers(
        ["l1", "weight_decay"], ax=ax
    ),
    "SaliencyDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, X[:1], output="prediction", image_shape=(2, 2), ax=ax
    ),
    "WeightsDisplay": lambda drawn, ax, model, X, y: drawn.from_estimator(
        model, image_shape=(2, 2), ax=ax
    ),
}


@pytest.fixture(scope="module")
def fitted():
    """An estimator that all displays can show, with its rows and targets."""
    X = np.random.default_rng(0).random((40, 4))
    model = JacobianMLPRegressor(
        (3,),
        "tanh",
        loss="gaussian",
        encoding=None,
        early_stopping=True,
        record_gradients=True,
        max_iter=4,
        random_state=0,
    )
    return model.fit(X, X.sum(axis=1)), X, X.sum(axis=1)


@pytest.fixture(params=sorted(DISPLAYS))
def name(request):
    return request.param


@pytest.fixture
def display(name):
    return DISPLAYS[name](getattr(inspection, name))


@pytest.fixture
def place(plt):
    """The second of two Axes in one row."""
    _, (other, ax) = plt.subplots(ncols=2, figsize=(12, 5), layout="constrained")
    other.plot([1.0, 2.0], label="of the user")
    ax.text(0.5, 0.5, "of the user", transform=ax.transAxes)
    return ax


def limits(figure):
    return [(*ax.get_xlim(), *ax.get_ylim()) for ax in figure.axes]


def kinds(figure):
    return sorted(type(artist).__name__ for artist in contents(figure))


def test_all_displays_are_here():
    exported = {name for name in vars(inspection) if name.endswith("Display")}
    assert exported == set(DISPLAYS) == set(CLASS_METHODS)


@pytest.mark.parametrize("layout", ["constrained", "none"])
def test_twice_is_as_once(display, place, layout):
    figure = place.figure
    figure.set_layout_engine(layout)
    n_before = len(contents(figure))
    display.plot(ax=place)
    once, seen = kinds(figure), limits(figure)
    assert len(once) > n_before
    for _ in range(2):
        display.plot(ax=place)
        assert kinds(figure) == once
        assert not any(len(ax.containers) > 1 for ax in figure.axes)
        np.testing.assert_allclose(limits(figure), seen, rtol=1e-12)


def test_again_on_its_axes(display, plt):
    """On the figure that it made, where some legends are those of the figure."""
    display.plot()
    axes = display.ax_
    n_axes = len(display.figure_.axes)
    display.plot(ax=axes)
    once = kinds(display.figure_)
    display.plot(ax=axes)
    assert display.ax_ is axes or list(display.ax_) == list(axes)
    assert kinds(display.figure_) == once
    assert len(display.figure_.axes) == n_axes
    assert not display.figure_.legends


def test_another_display_of_the_class_replaces(name, place):
    make = partial(DISPLAYS[name], getattr(inspection, name))
    figure = place.figure
    make().plot(ax=place)
    once, seen = kinds(figure), limits(figure)
    make().plot(ax=place)
    assert kinds(figure) == once
    np.testing.assert_allclose(limits(figure), seen, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(CLASS_METHODS))
def test_a_class_method_called_again_replaces(name, place, request):
    """As where a cell of a notebook is run again."""
    drawn = getattr(inspection, name)
    fitted = request.getfixturevalue("fitted")
    figure = place.figure
    n_before = len(contents(figure))
    CLASS_METHODS[name](drawn, place, *fitted)
    once, seen = kinds(figure), limits(figure)
    assert len(once) > n_before
    CLASS_METHODS[name](drawn, place, *fitted)
    assert kinds(figure) == once
    assert [type(ax) for ax in figure.axes].count(type(place)) == len(figure.axes)
    if name != "AccumulationProfileDisplay":  # times differ
        np.testing.assert_allclose(limits(figure), seen, rtol=1e-12)


def test_displays_of_other_classes_stay(place):
    figure = place.figure
    curve = DISPLAYS["LossCurveDisplay"](inspection.LossCurveDisplay)
    curve.plot(ax=place)
    n_curve = len(contents(figure))
    intervals = DISPLAYS["PredictionIntervalDisplay"](
        inspection.PredictionIntervalDisplay
    )
    intervals.plot(ax=place)
    n_both = len(contents(figure))
    assert n_both > n_curve
    intervals.plot(ax=place)
    assert len(contents(figure)) == n_both
    curve.plot(ax=place)
    # They share the legend, that of the last one.
    assert len(contents(figure)) == n_both


def test_elsewhere_is_another_drawing(display, plt):
    figure, axes = plt.subplots(2, 2, figsize=(14, 12))
    counts = []
    for ax in (axes[0, 0], axes[1, 1], axes[0, 0], axes[1, 1]):
        display.plot(ax=ax)
        counts.append(len(contents(figure)))
    once, twice, *again = np.subtract(counts, 4)
    assert twice == 2 * once
    assert again == [twice, twice]


def test_limits_follow_new_numbers(plt):
    _, ax = plt.subplots()
    display = inspection.LossCurveDisplay([1000.0, 900.0])
    display.plot(ax=ax)
    display.loss = [1.0, 0.5]
    display.plot(ax=ax)
    assert ax.get_ylim()[1] < 2.0


def test_an_error_leaves_the_drawing(plt):
    figure, ax = plt.subplots()
    display = inspection.LossCurveDisplay([1.0, 0.5])
    display.plot(ax=ax)
    before = kinds(figure)
    display.learning_rate = [1.0]
    with pytest.raises(ValueError, match="one number for each of the 2 epochs"):
        display.plot(ax=ax)
    assert kinds(figure) == before


def test_what_the_user_removed_is_no_trouble(display, place):
    display.plot(ax=place)
    for artist in contents(place.figure):
        if artist.axes is place and artist not in (place, place.title):
            artist.remove()
    display.plot(ax=place)


@pytest.mark.parametrize("layout", ["constrained", "none"])
@pytest.mark.parametrize("name", ["GradientCheckDisplay", "JacobianDisplay"])
def test_a_removed_color_bar_is_no_trouble(display, layout, plt):
    figure, ax = plt.subplots(layout=layout)
    display.plot(ax=ax)
    once = kinds(figure)
    figure.delaxes(figure.axes[1])
    for _ in range(2):
        display.plot(ax=ax)
        assert kinds(figure) == once


def test_a_cleared_figure_is_no_trouble(name, display, plt):
    figure, ax = plt.subplots()
    display.plot(ax=ax)
    figure.clf()
    display.plot(ax=ax)
    display.plot(ax=ax)
    n_again = len(figure.axes)
    display.plot(ax=ax)
    assert len(figure.axes) == n_again


def test_panels_on_one_axes_again(display, place):
    """On Axes that are divided, on the panels themselves, and divided once more."""
    figure = place.figure
    display.plot(ax=place)
    once = kinds(figure)
    for _ in range(2):
        display.plot(ax=display.ax_)
        display.plot(ax=place)
        assert kinds(figure) == once


def test_panels_in_two_figures(plt):
    figures, axes = zip(*(plt.subplots() for _ in range(2)), strict=True)
    TRAJECTORY([TWO], "bowl", ((-1.0, 1.0), (-1.0, 1.0))).plot(ax=axes)
    once = [kinds(figure) for figure in figures]
    TRAJECTORY([TWO], "bowl", ((-1.0, 1.0), (-1.0, 1.0))).plot(ax=axes)
    assert [kinds(figure) for figure in figures] == once


def test_some_of_the_axes_again(plt):
    """A drawing goes as a whole when another one takes one of its Axes."""
    figure, axes = plt.subplots(ncols=3)
    first, second = (
        TRAJECTORY([TWO], "bowl", ((-1.0, 1.0), (-1.0, 1.0))) for _ in range(2)
    )
    first.plot(ax=axes[:2])
    once = kinds(figure)
    second.plot(ax=axes[1:])
    assert kinds(figure) == once
    assert not axes[0].lines


def test_scales_and_titles_of_the_user_stay(plt):
    _, ax = plt.subplots()
    ax.set(xscale="log", yscale="log")
    display = CURVE([1.0, 0.5, 0.2]).plot(ax=ax)
    ax.set_title("of the user")
    display.plot(ax=ax)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ax.get_title() == "of the user"


def test_later_drawings_go_with_their_panel(place):
    figure = place.figure
    flow = FLOW([GRID, GRID], [GRID, GRID])
    flow.plot(ax=place)
    once = kinds(figure)
    inspection.JacobianDisplay(TWO).plot(ax=flow.ax_[0])
    flow.plot(ax=place)
    assert kinds(figure) == once


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FLOW([GRID], [GRID]), FLOW([GRID, GRID], [GRID, GRID])),
        (
            SALIENCY(
                TWO.ravel()[:9], feature_names=[f"a long name {i}" for i in range(9)]
            ),
            SALIENCY(TWO.ravel()[:9], x=np.arange(9.0), image_shape=(3, 3)),
        ),
        (
            WEIGHTS(TWO[:4], input_names=["a", "b", "c", "d"]),
            WEIGHTS(100.0 * TWO[:4], image_shape=(2, 2), title="layer"),
        ),
        (CURVE([9.0, 1.0]), CURVE([0.1], validation_score=[0.5], best_epoch=1)),
    ],
    ids=["flow", "saliency", "weights", "loss"],
)
def test_another_kind_of_drawing_is_as_on_new_axes(first, second, plt):
    for before, after in ((first, second), (second, first)):
        axes = [plt.subplots(figsize=(8, 5))[1] for _ in range(2)]
        for _ in range(2):
            before.plot(ax=axes[0])
        found, expected = (_pixels(after.plot(ax=ax).figure_) for ax in axes)
        np.testing.assert_array_equal(found, expected)


def test_scales_are_those_of_new_axes(plt):
    display = TRAJECTORY([TWO], "bowl", ((-1.0, 1.0), (-1.0, 1.0)))
    pixels = []
    for turns in (1, 2):
        figure, axes = plt.subplots(ncols=2, figsize=(12, 5))
        for _ in range(turns):
            display.plot(ax=axes)
            axes = axes[::-1]
        scales = [ax.get_yscale() for ax in display.ax_]
        assert scales == ["linear", "log"]
        if turns == 1:
            figure, axes = plt.subplots(ncols=2, figsize=(12, 5))
            display.plot(ax=axes[::-1])
        pixels.append(_pixels(figure))
    np.testing.assert_array_equal(*pixels)


def _pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def test_displays_that_cannot_be_hashed(plt):
    class Compared(CURVE):
        def __eq__(self, other):
            return self.loss == other.loss

    figure, ax = plt.subplots()
    display = Compared([1.0, 0.5])
    with pytest.raises(TypeError, match="unhashable"):
        hash(display)
    display.plot(ax=ax)
    once = kinds(figure)
    copy.deepcopy(Compared([2.0])).plot(ax=ax)
    assert kinds(figure) == once


def test_nothing_is_kept_alive_and_all_can_be_saved(plt):
    display = CURVE([1.0, 0.5]).plot()
    again = pickle.loads(pickle.dumps(display))
    assert list(copy.copy(again).loss) == [1.0, 0.5]
    assert len(again.figure_.axes) == 1
    again.plot(ax=again.ax_)
    axes = [weakref.ref(one.ax_) for one in (display, again)]
    assert all(ax() in DRAWINGS for ax in axes)
    plt.close("all")
    del display, again
    gc.collect()
    assert [ax() for ax in axes] == [None, None]
