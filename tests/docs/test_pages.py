"""The code of every page runs, from top to bottom, and prints the shown output.

Sessions with ``>>>`` are doctests, which pytest collects from the pages themselves.
"""

import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.metrics import r2_score

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "pyproject.toml"
URLS = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["urls"]
RAW = "raw.githubusercontent.com"
GENERATED = ("docs/_build", "docs/auto_examples", "docs/reference")


def files(pattern):
    """Return the files of the docs that are not generated, relative to the root."""
    found = (path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    return sorted(path for path in found if not path.startswith(GENERATED))


PAGES = ["README.md", *files("docs/**/*.rst")]
# Sphinx runs its configuration, and a test of the examples the figure.
OTHERS = ("docs/conf.py", "docs/overview.py", "docs/_ext/")
SCRIPTS = [path for path in files("docs/**/*.py") if not path.startswith(OTHERS)]
EXAMPLES = [path.stem for path in sorted(ROOT.glob("examples/*/plot_*.py"))]
TESTS_OF_EXAMPLES = "".join(
    path.read_text(encoding="utf-8") for path in ROOT.glob("tests/examples/test_*.py")
)
# Optional packages.
OPTIONAL = (
    "dask",
    "distributed",
    "onnxruntime",
    "polars",
    "skl2onnx",
    "skops",
    "skorch",
    "torch",
)
# The block that needs such a package is skipped without it.
OPTIONAL_IN_A_BLOCK = ("skrub",)
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
    """Return the code of a page, each line at its place on the page."""
    source = [""] * len(read(page).splitlines())
    for block in python_blocks(read(page)):
        is_session = any(code.startswith(">>> ") for code in block.values())
        if not is_session and not lacks_a_package("\n".join(block.values())):
            for number, code in block.items():
                source[number] = code
    return "\n".join(source)


def lacks_a_package(code):
    """Whether code imports an optional package that is not installed."""
    return any(
        re.search(rf"^ *(import|from) {package}\b", code, re.MULTILINE)
        and find_spec(package) is None
        for package in OPTIONAL_IN_A_BLOCK
    )


def shown_output(page):
    """Return the words of each block of output on a page."""
    blocks = re.findall(
        r"^\.\. code-block:: text\n\n((?:   .*\n|\n)+)", read(page), re.MULTILINE
    )
    return [words(block) for block in blocks]


def words(text):
    """Split at spaces and brackets, and convert numbers."""
    return [as_number(word) for word in re.split(r"[\s{}()\[\],:]+", text) if word]


def as_number(word):
    try:
        return float(word)
    except ValueError:
        return word


def alike(shown, printed):
    """Whether strings are equal and numbers close, as on another machine."""
    if isinstance(shown, str) or isinstance(printed, str):
        return shown == printed
    if np.isnan(shown) or np.isnan(printed):
        return bool(np.isnan(shown) and np.isnan(printed))
    floor = 0.02 if abs(shown) >= 0.1 else 0.002
    return abs(shown - printed) <= floor + 0.05 * abs(shown)


def occurs(shown, printed):
    """Whether words occur in what was printed, in a row."""
    return any(
        all(map(alike, shown, printed[start:]))
        for start in range(len(printed) - len(shown) + 1)
    )


def own_table():
    """Write the table of a reader of the README: strings, and missing values."""
    table = load_wine(as_frame=True).frame
    table["origin"] = table["target"].map({0: "north", 1: "south", 2: "south"})
    table.loc[::7, "ash"] = None
    table.to_csv("table.csv", index=False)


# Files required by the code of a page.
PREPARED = {"README.md": own_table}


@pytest.fixture
def run(request, capsys, tmp_path, monkeypatch):
    """Return a function that runs a page or a script: its names, what it prints.

    It runs in a separate folder, and all figures are checked.
    """

    def run(path):
        source = source_of(path) if path in PAGES else read(path)
        for package in OPTIONAL:
            if re.search(rf"^ *(import|from) {package}\b", source, re.MULTILINE):
                pytest.importorskip(package)
        draws = re.search("matplotlib|Display", source)
        plt = request.getfixturevalue("plt") if draws else None
        monkeypatch.chdir(tmp_path)
        PREPARED.get(path, lambda: None)()
        names = {"__name__": "__main__"}
        exec(compile(source, str(ROOT / path), "exec"), names)
        for number in plt.get_fignums() if draws else ():
            request.getfixturevalue("check_figure")(plt.figure(number))
        return names, capsys.readouterr().out

    return run


def readme(names, printed):
    score, *_, search = printed.splitlines()
    assert float(score) > 0.9
    assert float(search.split()[-1]) > 0.9
    assert names["error"].max() <= 1e-4
    assert list(names["shares"].columns) == list(names["X"].columns)
    first = python_blocks(read("README.md"))[0].values()
    assert sum(bool(line.strip()) for line in first) <= 12


def index(names, printed):
    score = printed.splitlines()[0]
    assert float(score) > 0.94
    assert names["shares"].shape == (1, 64)
    assert names["error"].max() <= 1e-4


def overfitting(names, printed):
    held_out = pd.DataFrame(names["losses"]).T["held-out rows"]
    assert held_out["nothing against it"] > 1.2
    assert held_out["the defaults"] < 0.55
    assert held_out["weight decay"] < held_out["early stopping"] < 0.69
    assert names["model"].best_iter_ < names["model"].n_iter_ / 2


def uncertainty(names, printed):
    rows = pd.DataFrame(names["rows"])
    gap = (rows.loc["mean probability of the prediction"] - rows.loc["accuracy"]).abs()
    assert gap["auto"] < 0.05 < gap["None"]
    assert rows.loc["log-loss", "auto"] < rows.loc["log-loss", "None"] - 0.05


def raw_table(names, printed):
    sizes = names["shares"].abs().mean()
    assert sizes.idxmax() == "city"
    columns = names["X"].columns
    assert columns[names["falls"].importances_mean.argmin()] == "day"
    assert sizes.idxmin() == "day"


def saving(names, printed):
    assert names["resumed"].n_iter_ == names["model"].n_iter_ + 5
    assert Path("model.onnx").stat().st_size > 0


def explaining(names, printed):
    assert names["error"].max() < 1e-4
    assert names["shares"].iloc[0].sum() == pytest.approx(0.71, abs=0.01)
    assert names["model"].score(names["X_test"], names["y_test"]) > 0.94
    assert 0 < (names["norms"] > 10 * names["norms"].mean()).sum() < 10


def from_mlpclassifier(names, printed):
    model, mlp, X = names["model"], names["mlp"], names["X"]
    np.testing.assert_allclose(model.predict_proba(X), mlp.predict_proba(X), atol=1e-12)
    assert Path("model.onnx").stat().st_size > 0


def scaling(names, printed):
    assert names["search"].best_score_ > 0.9
    assert len(names["scores"]) == 5


def custom_parts(names, printed):
    assert float(printed.split()[0]) > 0.95
    assert "Wrong(): Jacobian of the output for the input: exact" in printed


def first_model(names, printed):
    assert float(printed.split()[0]) > 0.93
    assert float(printed.split()[-1]) > 0.95


def notebook(names, printed):
    assert float(printed) > 0.93


def optimizers(names, printed):
    losses, schedules = names["losses"], names["schedules"]
    best, worst = losses.min(axis=1), losses.max(axis=1)
    assert best.max() < 2 * best.min()
    assert (worst > 4 * best).all()
    assert names["search"].best_params_ == {"learning_rate": 1e-2}
    best = schedules.min(axis=1)
    assert (best.drop("constant") < 0.95 * best["constant"]).all()
    assert names["nesterov"] < best["constant"]
    assert names["small"] < best["constant"]
    assert names["batches"].idxmin(axis=1).is_monotonic_increasing


def activations(names, printed):
    numbers, rings, depth = names["numbers"], names["on_rings"], names["by_depth"]
    assert 1e-7 < numbers.loc["sigmoid", "slope"] ** 10 < 3e-7
    assert numbers.loc["relu", "flat"] == pytest.approx(0.5, abs=0.01)
    assert (numbers["mean"].abs()[["tanh", "selu"]] < 0.01).all()
    assert numbers.loc["selu", "spread"] == pytest.approx(1.0, abs=0.01)
    assert rings.loc["identity"].max() < 0.6
    assert rings.drop("identity")[60].min() > 0.94
    assert rings.loc[["relu", "elu", "gelu"], 15].min() > rings.loc["sigmoid", 15] + 0.2
    assert depth.loc["sigmoid", "10"] < 0.3
    assert depth["10, isometric"].min() > 0.88
    assert depth["10, data_driven"].min() > 0.84
    started = names["started"]
    assert started["data_driven"].min() > 0.96
    assert started["glorot_uniform"][["sigmoid", "tanh"]].max() < 0.85


def regularizers(names, printed):
    table, shares = names["table"], names["shares"]
    grows = table["with"] > table["without"]
    assert set(grows.index[grows]) == {"l1", "confidence_penalty"}
    for name in ("weight_decay", "jacobian_norm"):
        assert max(shares[name]) < 1.0
        assert np.mean(shares[name]) == pytest.approx(0.86, abs=0.04)
    for name in ("l1", "sparsity", "confidence_penalty", "input_gradient"):
        assert 0.86 < np.mean(shares[name]) < 1.0
    assert np.mean(shares["certainty"]) > 1.0
    assert min(shares["orthogonality"]) > 1.3
    assert names["search"].best_params_ == {"regularizers__weight_decay": 1e-3}
    defaults = list(names["defaults"].values())
    assert np.ptp(defaults) < 0.01
    assert max(defaults) < 0.85 * names["without"][:3].mean()


def jacobians(names, printed):
    assert not set(names["per_unit"].nlargest(2).index) & set(
        names["per_spread"].nlargest(2).index
    )
    strengths, sure = names["strengths"], names["sure"]
    proba, raw = (
        np.median(strengths[output][sure]) / np.median(strengths[output][~sure])
        for output in ("proba", "raw")
    )
    assert proba < 0.2 < 0.7 < raw
    errors = [names["error"](length) for length in (0.01, 0.1, 0.3, 3.0)]
    assert errors[0] < 0.01
    assert errors[2] < 0.2
    assert errors[3] > 0.5
    alone, shared = (names[name]["flavanoids"].mean() for name in ("alone", "twice"))
    assert shared / alone == pytest.approx(2 / 3, abs=0.12)
    assert names["positive"]["proline"] == 0.0
    assert 0.2 < names["positive"]["flavanoids"] < 0.8


def regression(names, printed):
    errors = names["errors"]
    for number in ("median", "mean"):
        clean, spoiled = errors[number]["clean"], errors[number]["spoiled"]
        assert clean.max() < 1.1 * clean.min()
        assert spoiled["squared_error"] > 1.3 * spoiled["huber"]
        assert spoiled["huber"] > spoiled["absolute_error"]
    model, large, X = names["model"], names["large"], names["X_test"]
    np.testing.assert_allclose(large.predict(X), 1e6 * model.predict(X))
    own = 1.0 - 2.0 * model.loss_
    X_train, y_train = names["X_train"], names["y_train"]
    # The loss is that of predictions which are not yet drawn to the mean.
    mean, factor = model.task_.location, model.shrinkage_
    trained = mean + (model.predict(X_train) - mean) / factor
    assert r2_score(y_train, trained) == pytest.approx(own, abs=0.02)
    promised = model.predict(X[:1]) - model.predict(
        names["X_train"].mean().to_frame().T
    )
    sums = names["differences"].sum(axis=1)
    assert sums.iloc[0] == pytest.approx(promised[0], abs=1e-2)
    coverages = names["coverages"].unstack()
    assert coverages["training"].min(axis=None) > 0.87
    short, usual, stopped = (
        coverages["test"][name] for name in ("10 epochs", "37 epochs", "early stopping")
    )
    assert (usual < short - 0.02).all()
    assert (usual < stopped - 0.02).all()


def raw_tables(names, printed):
    assert np.isnan(names["jacobian"]).any(axis=(0, 1)).tolist() == [
        *(False, False, True, True, False)
    ]
    X, y = names["X_test"], names["y_test"]
    for model in ("model", "coded", "custom", "fitted"):
        assert names[model].score(X, y) > 0.8, model
    assert names["change"].mean() / 0.01 == pytest.approx(
        names["slopes"]["age"].mean(), rel=0.01
    )
    assert names["mean"].idxmax() == ("city", "Rome")
    assert float(names["mean"]["plan"].idxmax()) == 20.0
    assert names["importance"].notna().all()
    assert names["importance"].idxmin() == "member"
    assert np.ptp(names["start"]) < 1e-3


# Further claims of pages.
CLAIMS = {
    "README.md": readme,
    "docs/index.rst": index,
    "docs/explaining/prediction.rst": explaining,
    "docs/coming_from/mlpclassifier.rst": from_mlpclassifier,
    "docs/user_guide/scaling.rst": scaling,
    "docs/user_guide/custom_parts.rst": custom_parts,
    "docs/getting_started/first_model.rst": first_model,
    "docs/explaining/raw_table.rst": raw_table,
    "docs/user_guide/overfitting.rst": overfitting,
    "docs/user_guide/saving_and_deploying.rst": saving,
    "docs/user_guide/uncertainty.rst": uncertainty,
    "docs/coming_from/notebook.rst": notebook,
    "docs/user_guide/optimizers.rst": optimizers,
    "docs/user_guide/activations.rst": activations,
    "docs/user_guide/regularizers.rst": regularizers,
    "docs/explaining/jacobians.rst": jacobians,
    "docs/user_guide/regression.rst": regression,
    "docs/user_guide/raw_tables.rst": raw_tables,
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:(dask|distributed|tornado)")
@pytest.mark.parametrize("page", [page for page in PAGES if python_blocks(read(page))])
def test_the_code_of_a_page_runs_and_its_claims_hold(run, page):
    names, printed = run(page)
    for shown in shown_output(page):
        assert occurs(shown, words(printed)), shown
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
            in_readme = f"python {file.as_posix()}\n" in read("README.md")
            assert in_readme or file.stem in TESTS_OF_EXAMPLES
        else:
            assert (
                file.parts[0] in ("skjacobnet", "tests") or file.as_posix() in SCRIPTS
            )


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_has_a_test(example):
    assert example in TESTS_OF_EXAMPLES


def test_pictures_are_there():
    pictures = re.findall(r"!\[[^]]*\]\((.*?)\)", read("README.md"))
    # Absolute, since the README is also shown elsewhere.
    sources = f"{URLS['Repository']}/main/".replace("github.com", RAW)
    found = [ROOT / path.removeprefix(sources) for path in pictures]
    for page in PAGES[1:]:
        shown = re.findall(r"\.\. image:: *(\S+)", read(page))
        found += [(ROOT / page).parent / path for path in shown]
    assert len(found) >= 2
    for path in found:
        assert path.is_file()


def test_addresses_are_those_of_the_project():
    known = tuple(URLS.values())
    for page in PAGES:
        for address in re.findall(
            r"https?://[^\s)`>\"]*skjacobnet[^\s)`>\"]*", read(page)
        ):
            address = address.replace(RAW, "github.com").removesuffix(".git")
            assert address.startswith(known), (page, address)


def test_links_to_the_site_have_a_page():
    links = re.findall(rf"{URLS['Documentation']}(\S+?)\.html", read("README.md"))
    links += re.findall(rf"{URLS['Documentation']}(\S+?)\.html", PROJECT.read_text())
    generated = {"reference/index", "auto_examples/lessons/index"}
    assert links
    for link in set(links) - generated:
        assert (ROOT / "docs" / f"{link}.rst").is_file(), link


def test_links_to_sources_have_a_file():
    sources = f"{URLS['Repository']}/blob/main/"
    links = re.findall(rf"{sources}(\S+)", read("README.md"))
    for page in PAGES[1:]:
        links += re.findall(r":source:`([^`]+)`", read(page))
    assert len(links) > 9
    for link in links:
        assert (ROOT / link).exists(), link


def test_the_main_example_is_what_the_readme_runs():
    first, second = re.findall(r"```bash\n(.*?)```", read("README.md"), re.DOTALL)
    assert "python examples/plot_digits.py\n" in first
    assert "\nOMP_NUM_THREADS=1 pytest " in second


def test_there_are_pages_for_all_claims():
    assert set(CLAIMS) <= set(PAGES)


def test_output_that_was_not_printed_is_noticed():
    printed = words("        rate  loss\nsgd     0.10  0.33\nadam  0.01  {1: 0.24}\n")
    assert occurs(words("sgd 0.1 0.34"), printed)
    assert not occurs(words("sgd 0.1 0.38"), printed)
    assert not occurs(words("adam 0.1 0.33"), printed)
    assert not occurs(words("sgd 0.1 0.33 0.01"), printed)
    assert not occurs(words("1 0.24 0.24"), printed)
    assert occurs(words("a NaN b"), words("a NaN b"))
    assert not occurs(words("a NaN b"), words("a 0.1 b"))
