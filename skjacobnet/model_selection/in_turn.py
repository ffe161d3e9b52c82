"""Estimators whose fits, called one by one by scikit-learn, are done by a function."""

from functools import wraps

from sklearn.base import clone


def in_turn(estimator, fit):
    """Return a copy of an estimator whose fits are done by a function.

    scikit-learn's searches clone an estimator for each candidate and split, set its
    parameters and fit it. A clone of the returned estimator has a special class until
    then; fitted, it is an estimator of the usual class.

    Parameters
    ----------
    estimator : estimator
    fit : callable
        ``fit(estimator, X, y, **params)`` leaves the estimator fitted.

    Returns
    -------
    estimator
        Not fitted.
    """
    kind = type(estimator)

    class InTurn(kind):
        @wraps(kind.fit)
        def fit(self, X, y=None, **params):
            self.__class__ = kind
            fit(self, X, y, **params)
            return self

    InTurn.__name__, InTurn.__qualname__ = kind.__name__, kind.__qualname__
    found = clone(estimator)
    found.__class__ = InTurn
    return found
