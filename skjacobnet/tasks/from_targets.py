"""The task that targets and a loss stand for."""

from skjacobnet.losses import RegressionLoss
from skjacobnet.tasks.classification import classification_task
from skjacobnet.tasks.regression import regression_task


def task_of(y, loss):
    """Read the task off the targets of a fit.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_columns)
    loss : Loss
        One of numbers makes it a regression, any other one a classification.

    Returns
    -------
    Task

    Raises
    ------
    ValueError
        If the targets are not of that kind.

    Examples
    --------
    >>> from skjacobnet.losses import CrossEntropy, SquaredError
    >>> print(task_of([0, 1, 1], CrossEntropy()))
    [0, 1]
    >>> print(task_of([0, 1, 1], SquaredError()))
    1 column for loss=SquaredError()
    """
    if isinstance(loss, RegressionLoss):
        return regression_task(y, loss)
    return classification_task(y)
