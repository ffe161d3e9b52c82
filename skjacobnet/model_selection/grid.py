"""Grid search that trains its candidates together."""

from sklearn.model_selection import GridSearchCV

from skjacobnet.model_selection.search import LockstepSearch


class LockstepGridSearchCV(LockstepSearch, GridSearchCV):
    """Grid search with candidates trained side by side.

    It replaces `sklearn.model_selection.GridSearchCV`, with the same parameters and
    attributes and, if the estimator has an integer ``random_state``, the same scores.
    Candidates that differ in learning rate, penalty strengths, dropout rate, total
    decay, class weights, seeds, patience, epochs or numbers of the optimizer are
    trained with stacked weights, so that each NumPy call serves all of them.

    Parameters
    ----------
    estimator : estimator
        A `skjacobnet.JacobianMLPClassifier`, a `skjacobnet.JacobianMLPRegressor`, or a
        `Pipeline` that ends in one. The other steps of a pipeline are fitted once for
        each split and each setting of their parameters. Any other estimator is searched
        as `GridSearchCV` does.
    param_grid : dict of str to list, or list of dict
        Names of parameters and the values to try.
    scoring : str, callable, list, tuple or dict, default=None
        One metric or several; by default ``estimator.score``.
    n_jobs : int, default=None
        Number of workers for the candidates of a split, with at least eight candidates
        each: threads, with one BLAS thread each, or the backend of
        `joblib.parallel_config`. Scores are computed by one worker.
    refit : bool, str or callable, default=True
        Whether and by which metric the best candidate is fitted to all rows.
    cv : int, splitter or iterable, default=None
        Cross-validation splits; by default five folds.
    verbose : int, default=0
        1 shows a progress line with fits done and running, epochs, and at the end the
        best score. Larger numbers have scikit-learn's meaning and show single fits.
    pre_dispatch : int or str, default="2*n_jobs"
        Ignored: fits of a split are dispatched at once.
    error_score : "raise" or number, default=nan
        Score of a candidate whose fit fails; the other candidates continue.
    return_train_score : bool, default=False
        Whether to compute scores on the training set as well.

    Attributes
    ----------
    cv_results_ : dict of str to array
        As in scikit-learn. ``mean_fit_time`` is a candidate's share of the time of its
        group. The additional column ``n_together`` has the number of candidates trained
        together, 1 for one trained alone. It is missing if the search has no networks
        of this package.
    best_estimator_, best_params_, best_score_, best_index_ : object
    scorer_, n_splits_, refit_time_, multimetric_ : object
    classes_, n_features_in_, feature_names_in_ : object
        As in scikit-learn.

    See Also
    --------
    LockstepRandomizedSearchCV : Randomized search; draws candidates from distributions.
    LockstepHalvingGridSearchCV : Trains only the best candidates to the end.

    Notes
    -----
    Some candidates are fitted one by one within the same call: other estimators in the
    grid, groups of one or two candidates, networks too large for stacking to pay (about
    200,000 weights), L-BFGS, sparse tables, ensembles (whose networks are trained
    together instead), estimators with callbacks, `verbose` or `record_gradients`,
    subclasses that override `fit`, and parts that declare ``stackable = False``.
    Candidates with different layers, losses, optimizers or batch sizes form separate
    groups. ``n_together`` shows the size of each group.

    A diverging candidate does not affect the others. On one BLAS thread weights
    and scores are bit-identical to those of `GridSearchCV`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> from skjacobnet.model_selection import LockstepGridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((8,), max_iter=10, random_state=0)
    >>> grid = {"learning_rate": [0.001, 0.01, 0.03, 0.1]}
    >>> search = LockstepGridSearchCV(model, grid, cv=3).fit(X, y)
    >>> search.cv_results_["n_together"]
    array([4, 4, 4, 4])
    >>> bool(search.best_score_ > 0.9)
    True
    """

    @property
    def _space(self):
        return self.param_grid
