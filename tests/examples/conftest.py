"""How the tests run an example: from a folder of its own, looking at every figure."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run_example(plt, check_figure, tmp_path, monkeypatch):
    """Return a function that runs a script and returns its names."""

    def run(script):
        monkeypatch.chdir(tmp_path)
        names = runpy.run_path(str(EXAMPLES / script))
        figures = [plt.figure(number) for number in plt.get_fignums()]
        assert figures, f"{script} draws nothing"
        for figure in figures:
            check_figure(figure)
        return names

    return run
