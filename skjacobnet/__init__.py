"""Neural networks for scikit-learn, built of layers that know their exact Jacobians."""

from skjacobnet.classifier import JacobianMLPClassifier as JacobianMLPClassifier

__version__ = "0.1.0"
