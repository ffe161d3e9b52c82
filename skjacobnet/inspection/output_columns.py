"""Columns of an output: their meaning and their names."""

from typing import NamedTuple

import numpy as np


class OutputColumns(NamedTuple):
    """Columns of one output of a fitted model.

    Attributes
    ----------
    kind : {"class", "output", "level", "target", "column"}
        Meaning of a column. For a regressor: the output itself, if it has only one
        column; the level of a quantile, for a single target; else a target, if each has
        one column; else a column.
    names : sequence of length n_columns
        Classes, the name of the output, levels, or the indices of the columns.
    targets : array
        Possible values of `target`: the classes, or the indices of the columns. A
        binary problem has two for its one raw prediction.
    """

    kind: str
    names: tuple
    targets: np.ndarray

    @classmethod
    def of(cls, model, output):
        """Return the columns of an output.

        Parameters
        ----------
        model : FittedModel
        output : str

        Examples
        --------
        >>> from skjacobnet import JacobianMLPRegressor
        >>> model = JacobianMLPRegressor((2,), max_iter=1)
        >>> model = model.fit([[0.0], [1.0]], [3.0, 4.0]).model_
        >>> OutputColumns.of(model, "prediction")
        OutputColumns(kind='output', names=('prediction',), targets=array([0]))
        """
        task, n_columns = model.task, model.task.n_outputs(output)
        if has_classes(model):
            return cls("class", task.classes[-n_columns:], task.classes)
        numbers = np.arange(n_columns)
        levels = getattr(model.link, "levels", ())
        if output == "quantiles" and n_columns == len(levels):
            return cls("level", levels, numbers)
        if n_columns == 1:
            return cls("output", (output,), numbers)
        kind = "target" if n_columns == task.n_targets else "column"
        return cls(kind, tuple(numbers.tolist()), numbers)


def output_units(model, output):
    """Return the typical size of changes of each column of an output.

    Parameters
    ----------
    model : FittedModel
    output : str

    Returns
    -------
    array, one number for each of `OutputColumns.targets`
        One for classes. For a regressor the effect of one standard deviation of the
        target.
    """
    n_targets = len(OutputColumns.of(model, output).targets)
    if has_classes(model):
        return np.ones(n_targets)
    task = model.task
    if output != "raw":
        return np.repeat(task.scale, n_targets // task.n_targets)
    factor = np.abs(task.rescaling()["factor"])
    return np.where(factor > 0.0, factor, 1.0)  # zero for a constant target


def has_classes(model):
    """Tell whether a fitted model predicts classes or labels."""
    return hasattr(model.task, "classes")
