"""Errors for targets outside the domain of a loss."""

import numpy as np


def require(inside, y, loss, name, domain):
    """Raise an error if a target is outside the domain of a loss.

    Parameters
    ----------
    inside : array of bool, shape of `y`
    y : array of shape (n_samples,) or (n_samples, n_targets)
    loss : RegressionLoss
    name : str
        Name of the targets in messages.
    domain : str
        Adjective for the domain, such as ``"positive"``.

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
        f"{float(y[row, *column])!r} in {where}. Drop or correct such rows, or "
        "choose a loss for all numbers, such as 'squared_error'."
    )
