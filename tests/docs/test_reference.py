"""The reference lists every public name once, two clicks from the start page."""

import ast
import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONF = runpy.run_path(str(ROOT / "docs" / "conf.py"))
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
    """Names on the page, by module."""
    page = tmp_path_factory.mktemp("docs") / "reference.rst"
    CONF["write_api"](page)
    names = {}
    for line in page.read_text().splitlines():
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
    names = public_names(import_module(module)) - CONF["INTERNAL"]
    assert names
    assert sorted(listed[module]) == sorted(names)


def test_no_public_module_is_forgotten(listed):
    stems = {path.stem for path in (ROOT / "skjacobnet").iterdir()}
    # Tables and loops are parts of the estimator, which the package exports.
    internal = {"data", "training", "estimators"}
    public = {stem for stem in stems if stem[0] != "_"} - internal
    assert set(listed) == {"skjacobnet", *(f"skjacobnet.{stem}" for stem in public)}


@pytest.mark.parametrize("name", sorted(CONF["INTERNAL"]))
def test_internal_names_are_still_there(name):
    assert any(name in public_names(import_module(module)) for module in PUBLIC)


def test_displays_have_a_separate_section():
    inspection = import_module("skjacobnet.inspection")
    displays = {name for name in public_names(inspection) if name.endswith("Display")}
    sections = {title: names for title, _, names in CONF["SECTIONS"]}
    assert set(sections["Inspection in pictures"]) == displays


def test_the_start_page_leads_to_the_reference():
    start = (ROOT / "docs" / "index.rst").read_text(encoding="utf-8")
    assert re.search(r"^   reference$", start, re.MULTILINE)
