r"""Links: how a raw prediction becomes what is predicted.

The network's last layer gives raw predictions, ``raw`` of shape (..., n_samples,
n_raw), any real numbers.

Of classes a link makes probabilities. Which one applies depends on the targets, not on
the loss: `SOFTMAX` when the columns are classes that exclude each other, `LOGISTIC`
when each column is a yes-or-no question of its own (a binary problem has one such
column, a multilabel problem one for each label).

Of numbers it makes predictions, and the loss decides which one applies: `IDENTITY`
where the raw prediction is the prediction, `EXPONENTIAL` where that is positive,
`MEAN_AND_DEVIATION` and `SortedQuantiles` where several raw predictions belong to one
target. These stand side by side, target by target.
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
