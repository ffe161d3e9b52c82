"""The reference lists every public name once, two clicks from the start page."""

import ast
import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REFERENCE = runpy.run_path(str(ROOT / "docs" / "_ext" / "reference.py"))
# All public names of these are for users.
PUBLIC = [
    "skjacobnet",
    "skjacobnet.callbacks",
    "skjacobnet.core",
    "skjacobnet.initializers",
    "skjacobnet.inspection",
    "skjacobnet.interop",
    "skjacobnet.layers",
    "skjacobnet.losses",
    "skjacobnet.model",
    "skjacobnet.model_selection",
    "skjacobnet.operators",
    "skjacobnet.optimizers",
    "skjacobnet.regularizers",
    "skjacobnet.schedules",
    "skjacobnet.tasks",
    "skjacobnet.testing",
]


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """Names on the pages of the sections, by module."""
    folder = tmp_path_factory.mktemp("docs")
    REFERENCE["write_reference"](folder)
    names = {}
    for page in folder.glob("*.rst"):
        if page.stem == "index":
            continue
        for line in page.read_text(encoding="utf-8").splitlines():
            if match := re.fullmatch(r"\.\. (?:current)?module:: (\S+)", line):
                of_module = names.setdefault(match[1], [])
            elif match := re.fullmatch(r"   (\w+)|\.\. data:: (\w+)", line):
                of_module.append(match[1] or match[2])
    return names


def public_names(module):
    """Return public names from the source: ``import name as name``, or definitions.

    This is independent of `conf.exports`.
    """
    if hasattr(module, "__all__"):
        return set(module.__all__)
    found = set()
    for node in ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            found |= {name.asname for name in node.names if name.asname == name.name}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets}
    return {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_listed_once(listed, module):
    names = public_names(import_module(module)) - REFERENCE["INTERNAL"]
    assert names
    assert sorted(listed[module]) == sorted(names)


def test_no_public_module_is_forgotten(listed):
    stems = {path.stem for path in (ROOT / "skjacobnet").iterdir()}
    # Tables and loops are parts of the estimator, which the package exports.
    internal = {"data", "training", "estimators"}
    public = {stem for stem in stems if stem[0] != "_"} - internal
    assert set(listed) == {"skjacobnet", *(f"skjacobnet.{stem}" for stem in public)}


@pytest.mark.parametrize("name", sorted(REFERENCE["INTERNAL"]))
def test_internal_names_are_still_there(name):
    assert any(name in public_names(import_module(module)) for module in PUBLIC)


def test_displays_have_a_separate_section():
    inspection = import_module("skjacobnet.inspection")
    displays = {name for name in public_names(inspection) if name.endswith("Display")}
    sections = {title: names for title, _, names in REFERENCE["SECTIONS"]}
    assert set(sections["Displays"]) == displays


def test_the_start_page_leads_to_the_reference():
    start = (ROOT / "docs" / "index.rst").read_text(encoding="utf-8")
    assert re.search(r"^   reference/index$", start, re.MULTILINE)
