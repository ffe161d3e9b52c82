"""A display that is drawn twice on the same Axes replaces its first drawing."""

import gc
import pickle

import numpy as np
import pytest

from skjacobnet import inspection
from skjacobnet.inspection.accumulation import AccumulationProfile
from skjacobnet.inspection.displays.replacing import DRAWINGS, contents

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
    assert exported == set(DISPLAYS)


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


def test_two_displays_stay(name, place):
    first, second = (DISPLAYS[name](getattr(inspection, name)) for _ in range(2))
    figure = place.figure
    n_before = len(contents(figure))
    first.plot(ax=place)
    n_once = len(contents(figure)) - n_before
    second.plot(ax=place)
    n_both = len(contents(figure)) - n_before
    # They share at most a legend.
    assert n_both >= 2 * n_once - 1
    second.plot(ax=place)
    assert len(contents(figure)) - n_before == n_both


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
        if artist.axes is place and artist is not place:
            artist.remove()
    display.plot(ax=place)


def test_nothing_is_kept_alive_and_displays_can_be_saved(plt):
    display = inspection.LossCurveDisplay([1.0, 0.5])
    gc.collect()
    n_before = len(DRAWINGS)
    display.plot()
    assert len(DRAWINGS) == n_before + 1
    assert list(pickle.loads(pickle.dumps(display)).loss) == [1.0, 0.5]
    del display
    gc.collect()
    assert len(DRAWINGS) == n_before
