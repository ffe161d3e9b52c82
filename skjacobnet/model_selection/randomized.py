"""A randomized search that trains its candidates together."""

from sklearn.model_selection import RandomizedSearchCV

from skjacobnet.model_selection.search import LockstepSearch


class LockstepRandomizedSearchCV(LockstepSearch, RandomizedSearchCV):
    """docs."""

    @property
    def _space(self):
        return self.param_distributions
