"""Error for functions that need a classifier but get a regressor."""

from sklearn.base import RegressorMixin
from sklearn.pipeline import Pipeline


def require_classes(estimator, what, instead):
    """Raise an error for a regressor.

    Parameters
    ----------
    estimator : estimator or Pipeline
    what : str
        Name of the called function.
    instead : str
        Sentence that names the alternative for a regressor.

    Raises
    ------
    TypeError
        If `estimator` is a regressor, or a pipeline that ends in one.
    """
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    if isinstance(estimator, RegressorMixin):
        raise TypeError(
            f"{what} needs an estimator that predicts classes, got "
            f"{type(estimator).__name__}, which predicts numbers. {instead}"
        )
