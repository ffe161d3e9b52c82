"""Each page is in a chapter, and stands under the words that people search for."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
GENERATED = "_build", "_templates", "auto_examples", "reference"
CHAPTERS = sorted(
    path.parent
    for path in DOCS.glob("*/index.rst")
    if not path.parent.name.startswith(GENERATED)
)
# What people type into the search box, and the page that answers in its first lines.
SEARCHED = {
    "install": "getting_started/installation",
    "limits": "getting_started/limits",
    "limitations": "getting_started/limits",
    "something else": "getting_started/limits",
    "gradient boosting": "getting_started/limits",
    "LightGBM": "getting_started/limits",
    "TabPFN": "getting_started/limits",
    "first model": "getting_started/first_model",
    "defaults": "user_guide/defaults",
    "missing values": "user_guide/raw_tables",
    "categories": "user_guide/raw_tables",
    "regression": "user_guide/regression",
    "uncertainty": "user_guide/uncertainty",
    "calibrated": "user_guide/uncertainty",
    "overfitting": "user_guide/overfitting",
    "regularizer": "user_guide/regularizers",
    "learning rate": "user_guide/optimizers",
    "activation function": "user_guide/activations",
    "custom layer": "user_guide/custom_parts",
    "loss": "user_guide/custom_parts",
    "grid search": "user_guide/searching",
    "cluster": "user_guide/scaling",
    "reproducible": "user_guide/reproducibility",
    "random_state": "user_guide/reproducibility",
    "save a": "user_guide/saving_and_deploying",
    "model": "user_guide/saving_and_deploying",
    "deploy": "user_guide/saving_and_deploying",
    "ONNX": "user_guide/saving_and_deploying",
    "skops": "user_guide/saving_and_deploying",
    "feature importance": "explaining/raw_table",
    "Jacobian": "explaining/jacobians",
    "MLPClassifier": "coming_from/mlpclassifier",
    "skorch": "coming_from/skorch",
}
FIRST_SCREEN = 40  # lines


def test_no_page_is_outside_a_chapter():
    assert [path.name for path in DOCS.glob("*.rst")] == ["index.rst"]
    assert len(CHAPTERS) == 6


def test_the_start_page_leads_to_every_chapter():
    start = (DOCS / "index.rst").read_text(encoding="utf-8")
    for chapter in CHAPTERS:
        assert f"   {chapter.name}/index\n" in start


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_introduces_each_of_its_pages(chapter):
    index = (chapter / "index.rst").read_text(encoding="utf-8")
    for page in {path.stem for path in chapter.glob("*.rst")} - {"index"}:
        assert re.search(rf"^\* :doc:`{page}`: ", index, re.MULTILINE), page
        assert re.search(rf"^   {page}$", index, re.MULTILINE), page


@pytest.mark.parametrize("words", SEARCHED)
def test_pages_answer_what_people_search_for(words):
    page = (DOCS / f"{SEARCHED[words]}.rst").read_text(encoding="utf-8")
    first_screen = " ".join(" ".join(page.splitlines()[:FIRST_SCREEN]).split())
    assert words.lower() in first_screen.lower()
