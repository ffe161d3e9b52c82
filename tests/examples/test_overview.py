"""The figure of the README is what its script draws."""

from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_overview(run_example):
    names = run_example(DOCS / "overview.py")
    accuracy = {line.get_label(): line.get_ydata() for line in names["right"].lines}
    firm, plain = accuracy["penalty on the Jacobian"], accuracy["no penalty"]
    assert firm[0] > 0.95
    assert plain[0] > 0.95
    assert firm[4] > plain[4] + 0.2  # at a tenth of the range
    assert (DOCS / "images" / "overview.png").stat().st_size < 200_000
