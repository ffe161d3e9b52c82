"""What is said where classes are needed, but numbers are predicted."""

from sklearn.base import RegressorMixin
from sklearn.pipeline import Pipeline


def require_classes(estimator, what, instead):
    """Raise an error for an estimator that predicts numbers.

    Parameters
    ----------
    estimator : estimator or Pipeline
    what : str
        The name of the function that was called.
    instead : str
        A sentence that says what to do with numbers.

    Raises
    ------
    TypeError
        If it is a regressor, or a pipeline that ends in one.
    """
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    if isinstance(estimator, RegressorMixin):
        raise TypeError(
            f"{what} needs an estimator that predicts classes, got "
            f"{type(estimator).__name__}, which predicts numbers. {instead}"
        )
