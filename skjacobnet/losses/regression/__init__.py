"""Regression losses."""

from skjacobnet.losses.regression.absolute_error import AbsoluteError as AbsoluteError
from skjacobnet.losses.regression.base import RegressionLoss as RegressionLoss
from skjacobnet.losses.regression.gamma import Gamma as Gamma
from skjacobnet.losses.regression.gaussian import Gaussian as Gaussian
from skjacobnet.losses.regression.huber import Huber as Huber
from skjacobnet.losses.regression.poisson import Poisson as Poisson
from skjacobnet.losses.regression.quantile import Quantile as Quantile
from skjacobnet.losses.regression.squared_error import SquaredError as SquaredError
