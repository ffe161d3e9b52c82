"""Estimators that average networks of several seeds."""

from copy import copy

from sklearn.base import clone

from skjacobnet.model import average_of


def averaged(estimator, X, y, n_members=3):
    """Fit networks with different seeds, and average them.

    Parameters
    ----------
    estimator : JacobianMLPClassifier or JacobianMLPRegressor
        Not modified.
    X, y : array-like
    n_members : int, default=3

    Returns
    -------
    estimator : JacobianMLPClassifier or JacobianMLPRegressor
        Estimator that predicts the average.
    members : list of estimators
        Single estimators.
    """
    members = [
        clone(estimator).set_params(random_state=seed).fit(X, y)
        for seed in range(n_members)
    ]
    ensemble = copy(members[0])
    ensemble.model_ = average_of([member.model_ for member in members])
    return ensemble, members
