"""The refusal of targets that a loss is not for."""

import numpy as np


def require(inside, y, loss, name, domain):
    """Refuse targets of which one is outside the domain of a loss.

    Parameters
    ----------
    inside : array of bool, shape of `y`
    y : array of shape (n_samples,) or (n_samples, n_targets)
    loss : RegressionLoss
    name : str
        What messages call the targets.
    domain : str
        What the targets of the loss are, such as ``"positive"``.

    Raises
    ------
    ValueError
        If an entry of `inside` is false.
    """
    if np.all(inside):
        return
    row, *column = map(int, np.argwhere(~inside)[0])
    where = f"row {row}" + (f", column {column[0]}" if column else "")
    raise ValueError(
        f"{type(loss).__name__} is for {domain} targets, but {name} has "
        f"{float(y[row, *column])!r} in {where}. Leave out or correct such rows, or "
        "choose a loss for all numbers, such as 'squared_error'."
    )
