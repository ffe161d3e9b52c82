import sys

import numpy as np
import pytest

from skjacobnet.inspection import LossCurveDisplay, RegularizerFlowDisplay
from skjacobnet.inspection.displays.drawing import figure_and_panels


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


@pytest.mark.parametrize(("n_panels", "n_columns"), [(1, 1), (3, 3), (5, 2)])
def test_panels_of_a_place_in_a_figure(plt, n_panels, n_columns):
    figure, places = plt.subplots(2, 2)
    place = places[0, 1]
    before = place.get_position()
    found, panels = figure_and_panels(None, place, n_panels, n_columns)
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
