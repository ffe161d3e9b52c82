"""Estimators: networks behind scikit-learn's contract."""

from skjacobnet.estimators.classifier import (
    JacobianMLPClassifier as JacobianMLPClassifier,
)
from skjacobnet.estimators.regressor import JacobianMLPRegressor as JacobianMLPRegressor
