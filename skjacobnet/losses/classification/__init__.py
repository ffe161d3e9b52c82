"""Classification losses."""

from skjacobnet.losses.classification.brier import Brier as Brier
from skjacobnet.losses.classification.cross_entropy import CrossEntropy as CrossEntropy
from skjacobnet.losses.classification.focal import Focal as Focal
