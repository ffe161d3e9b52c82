"""Order of the gallery, and what every lesson begins with."""

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
ORDER = ROOT / "docs" / "_ext" / "gallery_order.py"


def test_all_examples_of_the_guide_are_listed_once():
    names = runpy.run_path(str(ORDER))
    guide = [path.name for path in (ROOT / "examples" / "guide").glob("plot_*.py")]
    assert sorted(names["GUIDE"]) == sorted(guide)
    order = names["ChosenOrder"]("guide")
    assert sorted(guide, key=order) == names["GUIDE"]


def test_lessons_are_in_the_order_of_their_numbers():
    names = runpy.run_path(str(ORDER))
    order = names["ChosenOrder"]("lessons")
    lessons = [f"plot_{number}_lesson.py" for number in (3, 1, 2)]
    assert [name[5] for name in sorted(lessons, key=order)] == ["1", "2", "3"]


def test_lessons_begin_with_goals_and_their_reading_time():
    for path in sorted((ROOT / "examples" / "lessons").glob("plot_*.py")):
        text = path.read_text(encoding="utf-8")
        assert ".. admonition:: Goals" in text, path.name
        stated = int(re.search(r"About (\d+) minutes to read, \d+ seconds", text)[1])
        # 200 words a minute, as the header of the gallery says.
        assert abs(stated - len(text.split()) / 200) < 1.0, path.name
