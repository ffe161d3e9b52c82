import sys

import numpy as np
import pytest

from skjacobnet.inspection import LossCurveDisplay, RegularizerFlowDisplay
from skjacobnet.inspection.displays.drawing import (
    draw_line,
    figure_and_axes,
    figure_and_panels,
)

DISPLAY = LossCurveDisplay([1.0, 0.5])


@pytest.mark.parametrize(
    "display",
    [
        LossCurveDisplay([1.0, 0.5]),
        RegularizerFlowDisplay([np.zeros((1, 1, 2))], [np.zeros((1, 1, 2))]),
    ],
)
def test_without_matplotlib(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    name = type(display).__name__
    with pytest.raises(ImportError, match=rf"{name}\.plot needs .*pip install .*plots"):
        display.plot()


@pytest.mark.parametrize(("n_panels", "n_columns"), [(2, 1), (3, 3), (5, 2)])
def test_panels_of_a_place_in_a_figure(plt, n_panels, n_columns):
    figure, places = plt.subplots(2, 2)
    place = places[0, 1]
    before = place.get_position()
    found, panels = figure_and_panels(DISPLAY, place, n_panels, n_columns)
    assert found is figure
    assert panels.shape == (n_panels,)
    # Those that no panel needs are gone.
    assert len(figure.axes) == 4 + n_panels
    for panel in panels:
        inside = panel.get_position()
        assert before.x0 <= inside.x0 + 1e-9 < inside.x1 <= before.x1 + 1e-9
        assert before.y0 <= inside.y0 + 1e-9 < inside.y1 <= before.y1 + 1e-9
    columns = {round(panel.get_position().x0, 6) for panel in panels}
    assert len(columns) == n_columns


def test_one_panel_takes_the_axes_as_they_are(plt):
    figure, ax = plt.subplots()
    for given in (ax, [ax], np.array([[ax]])):
        assert figure_and_panels(DISPLAY, given, 1, 1) == (figure, [ax])
        assert figure_and_axes(DISPLAY, given) == (figure, ax)


@pytest.mark.parametrize("wrong", ["x", 3, "figure"])
def test_what_is_no_axes(plt, wrong):
    wrong = plt.figure() if wrong == "figure" else wrong
    with pytest.raises(TypeError, match="ax must be matplotlib Axes, got"):
        figure_and_axes(DISPLAY, wrong)
    with pytest.raises(TypeError, match="ax must be matplotlib Axes, got"):
        figure_and_panels(DISPLAY, wrong, 2, 1)
    with pytest.raises(ValueError, match="ax must be one Axes, got 2"):
        figure_and_axes(DISPLAY, plt.subplots(2)[1])


def test_labels_of_panels_are_clear_of_other_panels(plt):
    """In a figure without a layout engine."""
    figure, place = plt.subplots()
    _, panels = figure_and_panels(DISPLAY, place, 6, 3)
    for panel in panels:
        panel.set(xlabel="weight 1", ylabel="weight 2")
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for panel in panels:
        for label in (panel.xaxis.label, panel.yaxis.label):
            box = label.get_window_extent(renderer)
            assert not any(box.overlaps(other.bbox) for other in panels)


@pytest.mark.parametrize(
    ("values", "alone"),
    [
        ([1.0], [0]),
        ([1.0, 2.0], []),
        ([np.nan, 2.0, np.nan, 3.0, 4.0, np.inf, 5.0], [1, 6]),
        ([np.nan], []),
    ],
)
def test_numbers_without_neighbors_are_points(plt, values, alone):
    _, ax = plt.subplots()
    (line,) = draw_line(ax, range(len(values)), values)
    assert line.get_marker() == ("o" if alone else "None")
    assert (line.get_markevery() or []) == alone
