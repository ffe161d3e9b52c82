"""Losses of raw predictions, with first and second derivatives.

`LOSSES` are the classification losses, `REGRESSION_LOSSES` the regression losses.
"""

from skjacobnet.core.component import Family
from skjacobnet.losses.base import Loss as Loss
from skjacobnet.losses.classification.brier import Brier as Brier
from skjacobnet.losses.classification.cross_entropy import CrossEntropy as CrossEntropy
from skjacobnet.losses.classification.focal import Focal as Focal
from skjacobnet.losses.regression.absolute_error import AbsoluteError as AbsoluteError
from skjacobnet.losses.regression.base import RegressionLoss as RegressionLoss
from skjacobnet.losses.regression.gamma import Gamma as Gamma
from skjacobnet.losses.regression.gaussian import Gaussian as Gaussian
from skjacobnet.losses.regression.huber import Huber as Huber
from skjacobnet.losses.regression.poisson import Poisson as Poisson
from skjacobnet.losses.regression.quantile import Quantile as Quantile
from skjacobnet.losses.regression.squared_error import SquaredError as SquaredError

LOSSES = Family(
    "loss",
    Loss,
    globals(),
    elsewhere={"log_loss": "cross_entropy", "nll_loss": "cross_entropy"},
    without=RegressionLoss,
)
REGRESSION_LOSSES = Family(
    "loss",
    RegressionLoss,
    globals(),
    elsewhere={
        "mse": "squared_error",
        "mean_squared_error": "squared_error",
        "mse_loss": "squared_error",
        "l2": "squared_error",
        "mae": "absolute_error",
        "mean_absolute_error": "absolute_error",
        "l1": "absolute_error",
        "l1_loss": "absolute_error",
        "lad": "absolute_error",
        "smooth_l1": "huber",
        "huber_loss": "huber",
        "pinball": "quantile",
        "pinball_loss": "quantile",
        "poisson_nll": "poisson",
        "nll": "gaussian",
        "gaussian_nll": "gaussian",
        "normal": "gaussian",
    },
)
