r"""Links: maps from raw predictions to predictions.

The network's last layer gives raw predictions, ``raw`` of shape (..., n_samples,
n_raw), any real numbers.

For classification a link returns probabilities. It depends on the targets, not on the
loss: `SOFTMAX` for mutually exclusive classes, `LOGISTIC` if each column is a separate
binary outcome (a binary problem has one such column, a multilabel problem one for each
label).

For regression the link depends on the loss: `IDENTITY` if the raw prediction is the
prediction, `EXPONENTIAL` for positive predictions, `MEAN_AND_DEVIATION` and
`SortedQuantiles` for several raw predictions per target. These are side by side, target
by target.
"""

from skjacobnet.links.base import Link as Link
from skjacobnet.links.base import RegressionLink as RegressionLink
from skjacobnet.links.exponential import EXPONENTIAL as EXPONENTIAL
from skjacobnet.links.exponential import ExponentialLink as ExponentialLink
from skjacobnet.links.identity import IDENTITY as IDENTITY
from skjacobnet.links.identity import IdentityLink as IdentityLink
from skjacobnet.links.layout import per_target as per_target
from skjacobnet.links.mean_and_deviation import MEAN_AND_DEVIATION as MEAN_AND_DEVIATION
from skjacobnet.links.mean_and_deviation import MeanAndDeviation as MeanAndDeviation
from skjacobnet.links.probability import LOGISTIC as LOGISTIC
from skjacobnet.links.probability import SOFTMAX as SOFTMAX
from skjacobnet.links.probability import Logistic as Logistic
from skjacobnet.links.probability import ProbabilityLink as ProbabilityLink
from skjacobnet.links.probability import Softmax as Softmax
from skjacobnet.links.probability import default_link as default_link
from skjacobnet.links.probability import exponentials as exponentials
from skjacobnet.links.probability import row_maximum as row_maximum
from skjacobnet.links.quantiles import SortedQuantiles as SortedQuantiles
