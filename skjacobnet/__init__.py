"""Neural networks for scikit-learn: raw tables in, predictions and derivatives out."""

from importlib import import_module

from skjacobnet.core.version import __version__ as __version__
from skjacobnet.estimators.classifier import (
    JacobianMLPClassifier as JacobianMLPClassifier,
)
from skjacobnet.estimators.regressor import JacobianMLPRegressor as JacobianMLPRegressor

# Loaded on first access.
_SUBMODULES = ("inspection", "interop", "model_selection", "testing")


def __getattr__(name):
    if name in _SUBMODULES:
        return import_module(f"skjacobnet.{name}")
    raise AttributeError(f"module 'skjacobnet' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_SUBMODULES})
