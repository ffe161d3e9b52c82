"""Losses: how wrong raw predictions are, with first and second derivatives."""

from skjacobnet.core.component import Family
from skjacobnet.losses.base import Loss as Loss
from skjacobnet.losses.classification.brier import Brier as Brier
from skjacobnet.losses.classification.cross_entropy import CrossEntropy as CrossEntropy
from skjacobnet.losses.classification.focal import Focal as Focal

LOSSES = Family(
    "loss",
    Loss,
    globals(),
    elsewhere={"log_loss": "cross_entropy", "nll_loss": "cross_entropy"},
)
