"""Checks of figures: size, labels, visible content, no overlaps."""

from itertools import combinations

import numpy as np
import pytest

# In inches, at 100 dots per inch.
SIZES = ((6.4, 4.8), (16.0, 12.0))


@pytest.fixture
def plt():
    """pyplot without a window; figures of a test are closed."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.close("all")
    pyplot.switch_backend("Agg")
    yield pyplot
    pyplot.close("all")


@pytest.fixture
def check_picture(plt):
    """Return a function that checks a display with a separate figure."""

    def check(display):
        for ax in np.ravel(display.ax_):
            assert ax.figure is display.figure_
            assert ax.get_xlabel()
            assert ax.get_ylabel()
        for size in SIZES:
            display.figure_.set_size_inches(size)
            check_figure(display.figure_)

    return check


@pytest.fixture(name="check_figure")
def fixture_of_check_figure(plt):
    """Return a function that checks any figure."""
    return check_figure


def check_figure(figure):
    """Check a figure at its size."""
    figure.set_dpi(100)
    figure.canvas.draw()
    width, height = figure.bbox.size
    image = np.asarray(figure.canvas.buffer_rgba())
    assert image.shape[:2] == (int(height), int(width))
    assert image[..., :3].std() > 1, "nothing to see"
    for ax in figure.axes:
        if ax.axison:
            assert ax.get_xlabel() or ax.get_ylabel() or ax.get_title()
    renderer = figure.canvas.get_renderer()
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts(figure)]
    at = f"at {width:.0f} x {height:.0f} pixels"
    for (text, box), (other, box_of_other) in combinations(boxes, 2):
        assert not overlap(box, box_of_other), f"{text!r} covers {other!r} {at}"
    for text, box in boxes:
        beyond = max(-box.x0, -box.y0, box.x1 - width, box.y1 - height)
        assert beyond < 1, f"{text!r} is cut off {at}"


def texts(figure):
    """Return all visible texts of a figure."""
    found = [*figure.texts]
    legends = [*figure.legends]
    for ax in figure.axes:
        if not ax.get_visible():
            continue
        found += [ax.title, *ax.texts]
        legends.append(ax.get_legend())
        if ax.axison:
            for axis in (ax.xaxis, ax.yaxis):
                if axis.get_visible():
                    found += [axis.label, axis.offsetText, *tick_labels(axis)]
    for legend in legends:
        if legend is not None:
            found += [legend.get_title(), *legend.get_texts()]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def tick_labels(axis):
    """Return the labels of the ticks in view; matplotlib holds others in reserve."""
    # On the scale of the axis, which may be logarithmic.
    place = axis.get_transform().transform
    low, high = sorted(place(np.array(axis.get_view_interval())))
    margin = 1e-9 * (high - low)
    return [
        label
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        for label in (tick.label1, tick.label2)
        if low - margin <= place(np.array([tick.get_loc()]))[0] <= high + margin
    ]


def overlap(box, other):
    """Tell whether two boxes share more than a pixel's breadth."""
    return (
        min(box.x1, other.x1) - max(box.x0, other.x0) > 1
        and min(box.y1, other.y1) - max(box.y0, other.y0) > 1
    )
