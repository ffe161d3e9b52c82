"""The code of every page runs, from top to bottom, and does what the page says.

Sessions with ``>>>`` are doctests, which pytest collects from the pages themselves.
"""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
GENERATED = ("docs/_build", "docs/api", "docs/auto_examples", "docs/reference.rst")


def files(pattern):
    """Return the files in the docs that somebody wrote, relative to the root."""
    found = (path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    return sorted(path for path in found if not path.startswith(GENERATED))


PAGES = ["README.md", *files("docs/**/*.rst")]
SCRIPTS = [path for path in files("docs/**/*.py") if path != "docs/conf.py"]
EXAMPLES = [path.stem for path in sorted(ROOT.glob("examples/*/plot_*.py"))]
TESTS_OF_EXAMPLES = "".join(
    path.read_text(encoding="utf-8") for path in ROOT.glob("tests/examples/test_*.py")
)
# Blocks that are shown and not run, by a line of theirs.
NOT_RUN = {
    # The page says so: Ray is not among the test requirements.
    "docs/scaling.rst": "from ray.util.joblib import register_ray",
}
# Installed by some readers only.
OPTIONAL = (
    "dask",
    "distributed",
    "onnxruntime",
    "polars",
    "skl2onnx",
    "skorch",
    "torch",
)
BLOCK = re.compile(r"( *)(\.\. code-block:: python|```python)$")
# All the ways to show Python; one that is not a `BLOCK` would not be run.
SHOWN = re.compile(
    r"\.\. (code|code-block|sourcecode)::(?! (bash|console|none|pycon|rst|text)$)"
    r"|\.\. plot::$|```(?!$|bash$)",
    re.MULTILINE,
)


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def python_blocks(text):
    """Return the Python blocks of a page: for each line its number, from 0."""
    lines = text.splitlines()
    blocks = []
    for start, line in enumerate(lines):
        if not (match := BLOCK.match(line)):
            continue
        indent = "" if "```" in line else match[1] + "   "
        block = {}
        for number, code in enumerate(lines[start + 1 :], start + 1):
            if code == "```" or (code.strip() and not code.startswith(indent)):
                break
            block[number] = code.removeprefix(indent)
        blocks.append(block)
    return blocks


def source_of(page):
    """Return the code of a page, each line where it stands on the page."""
    source = [""] * len(read(page).splitlines())
    for block in python_blocks(read(page)):
        is_session = any(code.startswith(">>> ") for code in block.values())
        if not is_session and NOT_RUN.get(page) not in block.values():
            for number, code in block.items():
                source[number] = code
    return "\n".join(source)


@pytest.fixture
def run(request, capsys, tmp_path, monkeypatch):
    """Return a function that runs a page or a script: its names, what it prints.

    It runs in a folder of its own, and all figures are looked at.
    """

    def run(path):
        source = source_of(path) if path in PAGES else read(path)
        for package in OPTIONAL:
            if re.search(rf"^ *(import|from) {package}\b", source, re.MULTILINE):
                pytest.importorskip(package)
        draws = re.search("matplotlib|Display", source)
        plt = request.getfixturevalue("plt") if draws else None
        monkeypatch.chdir(tmp_path)
        names = {"__name__": "__main__"}
        exec(compile(source, str(ROOT / path), "exec"), names)
        for number in plt.get_fignums() if draws else ():
            request.getfixturevalue("check_figure")(plt.figure(number))
        return names, capsys.readouterr().out

    return run


def readme(names, printed):
    assert names["search"].best_score_ > 0.9
    assert str(names["search"].best_score_) in printed


def index(names, printed):
    score, shape = printed.splitlines()
    assert float(score) > 0.94
    assert shape == "(450, 64)"


def explaining(names, printed):
    assert float(printed.split()[0]) < 1e-4
    assert names["model"].score(names["X_test"], names["y_test"]) > 0.94
    assert 0 < (names["norms"] > 10 * names["norms"].mean()).sum() < 10


def from_mlpclassifier(names, printed):
    model, mlp, X = names["model"], names["mlp"], names["X"]
    np.testing.assert_allclose(model.predict_proba(X), mlp.predict_proba(X), atol=1e-12)
    assert Path("model.onnx").stat().st_size > 0


def scaling(names, printed):
    assert names["search"].best_score_ > 0.9
    assert len(names["scores"]) == 5


# What else a page claims, page by page.
CLAIMS = {
    "README.md": readme,
    "docs/index.rst": index,
    "docs/explaining.rst": explaining,
    "docs/from_mlpclassifier.rst": from_mlpclassifier,
    "docs/scaling.rst": scaling,
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:(dask|distributed|tornado)")
@pytest.mark.parametrize("page", [page for page in PAGES if python_blocks(read(page))])
def test_the_code_of_a_page_runs_and_its_claims_hold(run, page):
    names, printed = run(page)
    CLAIMS.get(page, lambda *_: None)(names, printed)


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_that_pages_show_run(run, script):
    run(script)


@pytest.mark.parametrize("page", PAGES)
def test_no_python_is_overlooked(page):
    assert len(python_blocks(read(page))) == len(SHOWN.findall(read(page)))


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_shows_are_there_and_run_in_some_test(page):
    shown = re.findall(r"\.\. (\w+):: *(\S+\.py)$", read(page), re.MULTILINE)
    for directive, path in shown:
        # As Sphinx finds them, and matplotlib with `plot_basedir`.
        absolute = path.startswith("/") or directive == "plot"
        folder = ROOT / "docs" if absolute else (ROOT / page).parent
        file = (folder / path.removeprefix("/")).resolve().relative_to(ROOT)
        assert (ROOT / file).is_file()
        if file.parts[0] == "examples":
            assert file.stem in TESTS_OF_EXAMPLES
        else:
            assert (
                file.parts[0] in ("skjacobnet", "tests") or file.as_posix() in SCRIPTS
            )


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_has_a_test(example):
    assert example in TESTS_OF_EXAMPLES


def test_the_main_example_is_what_the_readme_runs():
    first, second = re.findall(r"```bash\n(.*?)```", read("README.md"), re.DOTALL)
    assert "python examples/plot_digits.py\n" in first
    assert "\npytest " in second


def test_there_are_pages_for_all_claims_and_exceptions():
    assert set(CLAIMS) <= set(PAGES)
    for page, line in NOT_RUN.items():
        assert sum(line in block.values() for block in python_blocks(read(page))) == 1
