"""Hyperparameter searches that train their candidates together.

Each class takes the place of scikit-learn's class of the same name, with the same
arguments and attributes. Candidates that are networks of one shape are trained side by
side.
"""

from skjacobnet.model_selection.grid import (
    LockstepGridSearchCV as LockstepGridSearchCV,
)
from skjacobnet.model_selection.halving import (
    LockstepHalvingGridSearchCV as LockstepHalvingGridSearchCV,
)
from skjacobnet.model_selection.randomized import (
    LockstepRandomizedSearchCV as LockstepRandomizedSearchCV,
)
