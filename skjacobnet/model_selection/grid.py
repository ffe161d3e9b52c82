"""A grid search that trains its candidates together."""

from sklearn.model_selection import GridSearchCV

from skjacobnet.model_selection.search import LockstepSearch


class LockstepGridSearchCV(LockstepSearch, GridSearchCV):
    """Search over a grid of parameters, with candidates trained side by side.

    It takes the place of `sklearn.model_selection.GridSearchCV`: the same parameters,
    the same attributes and, with an integer ``random_state`` of the estimator, the same
    scores. Candidates that differ in learning rate, strengths, dropout rate, total
    decay, class weights, seeds, patience, epochs or numbers of the optimizer are
    trained with stacked weights, so that the calls of a step are paid once for all.

    Parameters
    ----------
    estimator : estimator
        A `skjacobnet.JacobianMLPClassifier`, a `skjacobnet.JacobianMLPRegressor`, or a
        `Pipeline` that ends in one. Of a pipeline the other steps are fitted once for
        each split and each setting of their own parameters. Any other estimator is
        searched as `GridSearchCV` does.
    param_grid : dict of str to list, or list of dict
        Names of parameters and the values to try.
    scoring : str, callable, list, tuple or dict, default=None
        One metric or several; by default ``estimator.score``.
    n_jobs : int, default=None
        Workers that the candidates of a split are spread over, at least eight to each:
        threads, with one BLAS thread each, or what `joblib.parallel_config` names.
        Scores are computed by one.
    refit : bool, str or callable, default=True
        Whether and by which metric the best candidate is fitted to all rows.
    cv : int, splitter or iterable, default=None
        The splits; by default five folds.
    verbose : int, default=0
        With 1 a line shows fits done and running, epochs, and in the end the best
        score. Larger numbers are those of scikit-learn, which shows single fits.
    pre_dispatch : int or str, default="2*n_jobs"
        Without meaning, since fits of a split are dispatched at once.
    error_score : "raise" or number, default=nan
        The score of a candidate whose fit fails; those beside it go on.
    return_train_score : bool, default=False
        Whether to score the rows of the fit as well.

    Attributes
    ----------
    cv_results_ : dict of str to array
        As in scikit-learn. ``mean_fit_time`` is a candidate's share of the time of its
        group. A further column ``n_together`` has the number of candidates that were
        trained together, 1 where one was trained alone. It is missing where the search
        has no networks of this package.
    best_estimator_, best_params_, best_score_, best_index_ : object
    scorer_, n_splits_, refit_time_, multimetric_ : object
    classes_, n_features_in_, feature_names_in_ : object
        As in scikit-learn.

    See Also
    --------
    LockstepRandomizedSearchCV : Draws candidates from distributions.
    LockstepHalvingGridSearchCV : Trains only the best ones to the end.

    Notes
    -----
    One by one, within the same call, are fitted: other estimators in the grid, two
    candidates of a kind or fewer, networks so large that stacking does not pay (about
    200,000 weights), L-BFGS, sparse tables, ensembles, whose networks are trained
    together instead, estimators with callbacks, `verbose` or `record_gradients`,
    subclasses with a `fit` of their own, and parts that declare ``stackable = False``.
    Different layers, losses, optimizers or batch sizes make different groups.
    ``n_together`` shows it.

    A candidate that diverges changes nothing of the others. On one BLAS thread weights
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
