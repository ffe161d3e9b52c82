"""A search by successive halving whose candidates go on instead of starting anew."""

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV

from skjacobnet.estimators.base import JacobianNetwork
from skjacobnet.model_selection.fitting import last_step
from skjacobnet.model_selection.rungs import Rungs
from skjacobnet.model_selection.search import LockstepSearch


class LockstepHalvingGridSearchCV(LockstepSearch, HalvingGridSearchCV):
    """docs."""

    _fits = Rungs

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        factor=3,
        max_resources="auto",
        min_resources="exhaust",
        aggressive_elimination=False,
        cv=5,
        scoring=None,
        refit=True,
        error_score=np.nan,
        return_train_score=True,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        super().__init__(
            estimator,
            param_grid,
            factor=factor,
            max_resources=max_resources,
            min_resources=min_resources,
            aggressive_elimination=aggressive_elimination,
            cv=cv,
            scoring=scoring,
            refit=refit,
            error_score=error_score,
            return_train_score=return_train_score,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        # The epochs of the last step, whatever it is called.
        del self.resource

    def fit(self, X, y=None, **params):
        if not isinstance(last_step(self.estimator), JacobianNetwork):
            raise TypeError(
                "estimator must be a JacobianMLPClassifier, a JacobianMLPRegressor or a "
                f"Pipeline that ends in one, got {self.estimator!r}."
            )
        return super().fit(X, y, **params)

    @property
    def _space(self):
        return self.param_grid
