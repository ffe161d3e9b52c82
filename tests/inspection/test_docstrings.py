"""All public functions have the same sections in their docstrings."""

import inspect

import pytest
from numpydoc.validate import validate

from skjacobnet import JacobianMLPClassifier, inspection
from skjacobnet.model import derivatives

FUNCTIONS = {
    f"skjacobnet.inspection.{name}": function
    for name, function in vars(inspection).items()
    if inspect.isfunction(function)
}
METHODS = {
    f"skjacobnet.JacobianMLPClassifier.{name}": getattr(JacobianMLPClassifier, name)
    for name, function in vars(derivatives).items()
    if getattr(function, "__module__", None) == derivatives.__name__
}


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_docstrings(name):
    doc = {**FUNCTIONS, **METHODS}[name].__doc__
    for section in ("Parameters\n", "Returns\n", "Raises\n", "Examples\n"):
        assert section in doc
    assert ">>> " in doc
    ignored = {"SA01", "EX01", "ES01", "GL01", "SA04", "RT03"}
    errors = validate(name)["errors"]
    assert [error for error in errors if error[0] not in ignored] == []


def test_there_are_as_many_as_the_pages_say():
    assert len(FUNCTIONS) == 14
    assert len(METHODS) == 5
