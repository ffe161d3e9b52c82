"""Randomized search that trains its candidates together."""

from sklearn.model_selection import RandomizedSearchCV

from skjacobnet.model_selection.search import LockstepSearch


class LockstepRandomizedSearchCV(LockstepSearch, RandomizedSearchCV):
    """Randomized search with candidates trained side by side.

    It replaces `sklearn.model_selection.RandomizedSearchCV` as `LockstepGridSearchCV`
    replaces `GridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        As in `LockstepGridSearchCV`.
    param_distributions : dict of str to list or distribution, or list of dict
        Names of parameters, and lists or distributions to draw from, such as
        ``scipy.stats.loguniform(1e-4, 1e-1)``.
    n_iter : int, default=10
        Number of candidates.
    scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, return_train_score
        As in `LockstepGridSearchCV`.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws.

    Attributes
    ----------
    cv_results_ : dict of str to array
        As in `LockstepGridSearchCV`, with ``n_together``.
    best_estimator_, best_params_, best_score_, best_index_ : object
    scorer_, n_splits_, refit_time_, multimetric_ : object
    classes_, n_features_in_, feature_names_in_ : object
        As in scikit-learn.

    See Also
    --------
    LockstepGridSearchCV : Grid search; says what is trained together.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> from skjacobnet.model_selection import LockstepRandomizedSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((8,), max_iter=10, random_state=0)
    >>> space = {"learning_rate": loguniform(1e-3, 1e-1)}
    >>> search = LockstepRandomizedSearchCV(
    ...     model, space, n_iter=5, cv=3, random_state=0
    ... )
    >>> search.fit(X, y).cv_results_["n_together"]
    array([5, 5, 5, 5, 5])
    """

    @property
    def _space(self):
        return self.param_distributions
