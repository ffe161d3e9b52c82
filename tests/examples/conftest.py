"""How the tests run an example: from a separate folder, looking at every figure."""

import re
import runpy
from pathlib import Path
from textwrap import dedent

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
    """Return a function that runs a lesson and its solutions and returns its names."""

    def run(name):
        names = run_in_gallery(f"lessons/{name}.py")
        found = solutions(EXAMPLES / "lessons" / f"{name}.py")
        assert len(found) >= 2, f"{name} needs exercises with solutions"
        for code in found:
            # Each starts from the names of the lesson, not from those of the others.
            exec(code, dict(names))
        return names

    return run


def solutions(script):
    """Return the code of the solution of each exercise of a lesson."""
    _, _, exercises = script.read_text().partition("# Exercises\n# ---------\n")
    lines = [line.removeprefix("#")[1:] for line in exercises.splitlines()]
    text = "\n".join(lines) + "\n"
    blocks = re.findall(r" +\.\. code-block:: python\n\n((?: {9}.*\n|\n)+)", text)
    assert len(blocks) == text.count(".. dropdown:: Solution")
    assert all("assert " in block for block in blocks), "a solution checks itself"
    return [dedent(block) for block in blocks]


@pytest.fixture
def run_guide(run_in_gallery):
    """Return a function that runs an example of the guide and returns its names."""
    return lambda name: run_in_gallery(f"guide/{name}.py")
