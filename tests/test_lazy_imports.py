"""Submodules load on first access, as those of scikit-learn do."""

import subprocess
import sys

import pytest

import skjacobnet


@pytest.mark.parametrize("name", ["inspection", "interop", "testing"])
def test_a_submodule_is_an_attribute_without_an_import(name):
    program = (
        "import sys, skjacobnet\n"
        f"assert 'skjacobnet.{name}' not in sys.modules\n"
        f"assert {name!r} in dir(skjacobnet)\n"
        f"print(skjacobnet.{name}.__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == f"skjacobnet.{name}"


def test_other_names_are_still_errors():
    with pytest.raises(AttributeError, match="no attribute 'inspektion'"):
        _ = skjacobnet.inspektion
