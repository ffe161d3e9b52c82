"""The task of targets and a loss."""

from skjacobnet.losses import RegressionLoss
from skjacobnet.tasks.classification import classification_task
from skjacobnet.tasks.regression import regression_task


def task_of(y, loss):
    """Return the task for the targets of a fit.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_columns)
    loss : Loss
        A regression loss selects regression, any other loss classification.

    Returns
    -------
    Task

    Raises
    ------
    ValueError
        If the targets are invalid for the task.

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
