"""How the tests run an example: from a folder of its own, looking at every figure."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SIZES = ((6.4, 4.8), (16.0, 12.0))


@pytest.fixture
def run_example(plt, check_figure, tmp_path, monkeypatch):
    """Return a function that runs a script and returns its names."""
    # There is no window to show figures in.
    monkeypatch.setattr(plt, "show", lambda: None)

    def run(script):
        monkeypatch.chdir(tmp_path)
        names = runpy.run_path(str(EXAMPLES / script))
        figures = [plt.figure(number) for number in plt.get_fignums()]
        assert figures, f"{script} draws nothing"
        for figure in figures:
            check_figure(figure)
        return names

    return run


@pytest.fixture
def run_in_gallery(run_example, plt, check_figure):
    """Return a function that also looks at the figures of a script in all sizes."""

    def run(script):
        names = run_example(script)
        for figure in map(plt.figure, plt.get_fignums()):
            for size in SIZES:
                figure.set_size_inches(size)
                check_figure(figure)
        return names

    return run


@pytest.fixture
def run_lesson(run_in_gallery):
    """Return a function that runs a lesson and returns its names."""
    return lambda name: run_in_gallery(f"lessons/{name}.py")


@pytest.fixture
def run_guide(run_in_gallery):
    """Return a function that runs an example of the guide and returns its names."""
    return lambda name: run_in_gallery(f"guide/{name}.py")
