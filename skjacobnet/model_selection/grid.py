"""A grid search that trains its candidates together."""

from sklearn.model_selection import GridSearchCV

from skjacobnet.model_selection.search import LockstepSearch


class LockstepGridSearchCV(LockstepSearch, GridSearchCV):
    """docs."""

    @property
    def _space(self):
        return self.param_grid
