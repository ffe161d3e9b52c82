"""Base class of the searches: scikit-learn's class with fits from a `Lockstep`."""

from functools import partial

from skjacobnet.model_selection.lockstep import Lockstep, concerns


class LockstepSearch:
    """Mixin that precedes a search of scikit-learn in the bases of a class.

    A subclass has the property `_space`, the searched parameters.
    """

    _fits = Lockstep

    def fit(self, X, y=None, **params):
        """Fit all candidates to all splits, and the best one to all rows.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
        **params : dict
            Arguments of ``fit`` of the estimator, of the splitter and of the scorer, as
            in `sklearn.model_selection.GridSearchCV`.

        Returns
        -------
        self

        Raises
        ------
        KeyboardInterrupt
            If the search is interrupted. The search is then unfitted.
        """
        if not concerns(self, self._space):
            return super().fit(X, y, **params)
        self._lockstep = self._fits(self)
        try:
            with self._lockstep.at_work(X, y):
                return super().fit(X, y, **params)
        finally:
            del self._lockstep

    def _run_search(self, evaluate_candidates, callback_ctx=None):
        lockstep = vars(self).get("_lockstep")
        if lockstep is not None:
            evaluate_candidates = partial(lockstep.evaluate, evaluate_candidates)
        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}
        super()._run_search(evaluate_candidates, **context)
