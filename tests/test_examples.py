"""The short examples run, without a warning, and draw something."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.mark.parametrize(("script", "picture"), [("plot_accumulation", "accumulation")])
def test_example(script, picture, tmp_path, monkeypatch, capsys):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    found = runpy.run_path(str(EXAMPLES / f"{script}.py"))
    image = matplotlib.image.imread(tmp_path / f"{picture}.png")
    assert image.min() < image.max()
    bottleneck = [p for name, p in found["profiles"].items() if "bottleneck" in name]
    costs = {mode: profile.multiplications for mode, profile in bottleneck[0].items()}
    assert 6 * costs["auto"] < min(costs["forward"], costs["reverse"])
    assert "reverse" in capsys.readouterr().out
    matplotlib.pyplot.close("all")
