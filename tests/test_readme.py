"""The README's examples run."""

import re
from pathlib import Path

import pytest
from sklearn.datasets import load_wine

README = Path(__file__).parents[1] / "README.md"


def test_python_blocks_run(capsys, tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    # The reader's own table, with words, and with values missing.
    table = load_wine(as_frame=True).frame
    table["origin"] = table["target"].map({0: "north", 1: "south", 2: "south"})
    table.loc[::7, "ash"] = None
    table.to_csv(tmp_path / "table.csv", index=False)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})
    for line in capsys.readouterr().out.splitlines():
        assert float(line.split()[-1]) > 0.9


def test_pictures_exist():
    pictures = re.findall(r"!\[[^]]*\]\((.*?)\)", README.read_text())
    assert pictures
    for picture in pictures:
        assert (README.parent / picture).is_file()
