"""Search by successive halving whose candidates continue instead of starting anew."""

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV

from skjacobnet.estimators.base import JacobianNetwork
from skjacobnet.model_selection.fitting import last_step
from skjacobnet.model_selection.rungs import Rungs
from skjacobnet.model_selection.search import LockstepSearch


class LockstepHalvingGridSearchCV(LockstepSearch, HalvingGridSearchCV):
    r"""Grid search by successive halving, with epochs as the resource.

    All candidates are trained for a few epochs; the best third of them (with
    ``factor=3``) *continues* to three times as many, and so on. scikit-learn's
    `HalvingGridSearchCV` fits them anew at each rung instead. On each rung candidates
    are trained side by side, as in `LockstepGridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        A `skjacobnet.JacobianMLPClassifier`, a `skjacobnet.JacobianMLPRegressor`, or a
        `Pipeline` that ends in one.
    param_grid : dict of str to list, or list of dict
        Names of parameters and the values to try; `max_iter` is not allowed.
    factor : int or float > 1, default=3
        Factor by which each rung has fewer candidates and more epochs than the one
        before.
    max_resources : int or "auto", default="auto"
        Maximum number of epochs of a candidate, by default `max_iter` of the estimator,
        or the value of its ``"auto"`` with all rows.
    min_resources : int, "smallest" or "exhaust", default="exhaust"
        Number of epochs of the first rung. ``"exhaust"`` chooses it so that the last
        rung comes close to `max_resources`, ``"smallest"`` is 1.
    aggressive_elimination : bool, default=False
        Whether to repeat the first rung until few enough candidates are left for the
        last rung to have `max_resources`.
    cv, scoring, refit, error_score, n_jobs, verbose
        As in `LockstepGridSearchCV`, with a single metric. Workers are threads.
    return_train_score : bool, default=True
        As in scikit-learn's class.
    random_state : int, RandomState instance or None, default=None
        Ignored; it is a parameter of scikit-learn's class.

    Attributes
    ----------
    n_resources_, n_candidates_ : list of int
        Epochs and candidates of each rung.
    n_remaining_candidates_ : int
        Number of candidates that would continue after the last rung.
    max_resources_, min_resources_, n_iterations_ : int
    n_possible_iterations_, n_required_iterations_ : int
        As in scikit-learn; iterations are rungs.
    cv_results_ : dict of str to array
        A row for each candidate on each rung, with ``iter``, ``n_resources`` and
        ``n_together``.
    best_estimator_, best_params_, best_score_, best_index_ : object
        The best candidate of the last rung, ``max_iter`` among its parameters.
    scorer_, n_splits_, refit_time_, classes_, n_features_in_ : object
        As in scikit-learn.

    Raises
    ------
    TypeError
        By `fit`, for any other estimator.

    See Also
    --------
    LockstepGridSearchCV : Trains all candidates to the end.

    Notes
    -----
    The rungs are parts of one run, whose schedule and total decay end at the last rung:
    the weights of a candidate that reaches it are bit-identical to those of a single
    fit with that `max_iter`. Rungs are scored without calibration, which changes no
    decision of a classifier, and with one network per candidate. The best estimator is
    calibrated and has its `n_estimators`; a grid over these two has no effect. L-BFGS
    keeps its weights from rung to rung, but not its memory of curvature.

    From the second rung on, few candidates are left in each split, so those of all
    splits are trained together.

    Rankings after few epochs favor fast learners. The method is that of [1]_.

    References
    ----------
    .. [1] K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and
       Hyperparameter Optimization", AISTATS 2016, Algorithm 1.
       https://proceedings.mlr.press/v51/jamieson16.html

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> from skjacobnet.model_selection import LockstepHalvingGridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((8,), max_iter=27, random_state=0)
    >>> grid = {"learning_rate": np.geomspace(0.001, 0.2, 9)}
    >>> search = LockstepHalvingGridSearchCV(model, grid, cv=3).fit(X, y)
    >>> search.n_candidates_, search.n_resources_
    ([9, 3, 1], [3, 9, 27])
    """

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
        # The parameter with the epochs of the last step, whatever its name.
        del self.resource

    def fit(self, X, y=None, **params):
        if not isinstance(last_step(self.estimator), JacobianNetwork):
            raise TypeError(
                "estimator must be a JacobianMLPClassifier, JacobianMLPRegressor or "
                f"a Pipeline that ends in one, got {self.estimator!r}."
            )
        return super().fit(X, y, **params)

    @property
    def _space(self):
        return self.param_grid
