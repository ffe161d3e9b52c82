"""Every example of the guide has a place in the gallery."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_all_examples_of_the_guide_are_listed_once():
    names = runpy.run_path(str(ROOT / "examples" / "gallery_order.py"))
    guide = [path.name for path in (ROOT / "examples" / "guide").glob("plot_*.py")]
    assert sorted(names["GUIDE"]) == sorted(guide)
    order = names["ChosenOrder"]("guide")
    assert sorted(guide, key=order) == names["GUIDE"]


def test_lessons_are_in_the_order_of_their_numbers():
    names = runpy.run_path(str(ROOT / "examples" / "gallery_order.py"))
    order = names["ChosenOrder"]("lessons")
    lessons = [f"plot_{number}_lesson.py" for number in (3, 1, 2)]
    assert [name[5] for name in sorted(lessons, key=order)] == ["1", "2", "3"]
