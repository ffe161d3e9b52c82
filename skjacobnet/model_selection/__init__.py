"""Searches over parameters that train their candidates together.

Each class does what scikit-learn's of the same name does, with the same arguments and
the same attributes; candidates that are networks of one shape are trained side by side.
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
