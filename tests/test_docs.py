"""The code on the pages of the docs runs, page by page, from top to bottom."""

import re
from pathlib import Path
from textwrap import dedent

DOCS = Path(__file__).parents[1] / "docs"


def test_explaining(capsys):
    text = (DOCS / "explaining.rst").read_text()
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", text)
    assert len(blocks) == text.count("code-block:: python")
    names = {}
    for block in blocks:
        exec(dedent(block), names)
    error, *_ = capsys.readouterr().out.split()
    assert float(error) < 1e-4
    assert names["model"].score(names["X_test"], names["y_test"]) > 0.94
    assert 0 < (names["norms"] > 10 * names["norms"].mean()).sum() < 10
