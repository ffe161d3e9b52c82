"""Neural networks for scikit-learn, built of layers that know their exact Jacobians."""

from skjacobnet._version import __version__ as __version__
from skjacobnet.classifier import JacobianMLPClassifier as JacobianMLPClassifier
