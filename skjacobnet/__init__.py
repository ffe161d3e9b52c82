"""Neural networks for scikit-learn, built of layers that know their exact Jacobians."""

from skjacobnet.core.version import __version__ as __version__
from skjacobnet.estimators.classifier import (
    JacobianMLPClassifier as JacobianMLPClassifier,
)
