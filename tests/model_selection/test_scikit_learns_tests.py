"""scikit-learn's own tests of its searches, run with the lockstep classes."""

import importlib.util
import sys

import pytest
import sklearn.model_selection

from skjacobnet.model_selection import (
    LockstepGridSearchCV,
    LockstepRandomizedSearchCV,
)

NAME = "sklearn.model_selection.tests.test_search"
REPLACED = {
    "GridSearchCV": LockstepGridSearchCV,
    "RandomizedSearchCV": LockstepRandomizedSearchCV,
}
LEFT_OUT = {
    "test_array_api_search_cv_classifier": "needs array-api-strict, and its parameters "
    "are a generator, which pytest no longer takes",
}

# They rely on the warning filters of scikit-learn's pytest configuration.
pytestmark = pytest.mark.filterwarnings("default")


def _with_lockstep(name):
    """Load a copy of a module of tests that imports our searches."""
    path = importlib.util.find_spec(name).origin
    spec = importlib.util.spec_from_file_location("tests_with_lockstep", path)
    module = importlib.util.module_from_spec(spec)
    # So that its classes can be pickled.
    sys.modules[spec.name] = module
    with pytest.MonkeyPatch.context() as patch:
        for name, search in REPLACED.items():
            patch.setattr(sklearn.model_selection, name, search)
        spec.loader.exec_module(module)
    return module


_tests = _with_lockstep(NAME)
globals().update(
    {
        name: test
        for name, test in vars(_tests).items()
        if name.startswith("test_") and name not in LEFT_OUT
    }
)
