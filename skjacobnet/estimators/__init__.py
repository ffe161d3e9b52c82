"""Estimators: networks with scikit-learn's interface."""

from skjacobnet.estimators.classifier import (
    JacobianMLPClassifier as JacobianMLPClassifier,
)
from skjacobnet.estimators.regressor import JacobianMLPRegressor as JacobianMLPRegressor
