"""The monitored value on a validation set."""

import inspect

import numpy as np

from skjacobnet.core.blocks import row_blocks
from skjacobnet.network.workspace import NetworkWorkspace


class Monitor:
    """Scores weights on a validation set.

    The loss is evaluated in blocks of rows. A scorer wants all rows that count at once;
    where they are a part of the table, that takes a copy.

    Parameters
    ----------
    table : Table
    objective : Objective
        Gives the network, the loss and the link.
    monitor : "loss", str or callable
        What is monitored: the weighted mean loss, or a scikit-learn scorer.
    model_at : callable
        ``model_at(theta)`` gives an estimator that predicts with these weights.
    theta : array of shape (n_weights,)
        The weights to begin with, for which the scorer is tried out.

    Raises
    ------
    ValueError
        If the scorer cannot score these rows.
    """

    def __init__(self, table, objective, monitor, model_at, theta):
        self.key = monitor, table.shape_key()
        self.objective = objective
        self.model_at = model_at
        self.scorer = self._scorer(monitor)
        if self.scorer is not None:
            self.table = table = table.taken()
            self.weight = table.relative_weight()
        network = objective.network
        self.batches = table.batches(
            row_blocks(network, 1, theta.itemsize), theta.dtype, network.accepts_sparse
        )
        self.workspace = NetworkWorkspace(network)
        if self.scorer is not None:
            self._try_out(monitor, theta)

    def __call__(self, theta):
        """Return the monitored value, larger is better, and columns for the history."""
        # Weights that grow without bound are met by an error of the loop.
        with np.errstate(all="ignore"):
            loss = self._loss(theta)
        if self.scorer is None or not np.isfinite(loss):
            return -loss, {"validation_loss": loss}
        score = self._score(theta)
        return score, {"validation_loss": loss, "validation_score": score}

    def _loss(self, theta):
        """Return the mean over all rows, to which blocks of rows add up."""
        objective, total = self.objective, 0.0
        for X, y, sample_weight in self.batches.epoch():
            raw = objective.network.forward(theta, X, workspace=self.workspace)
            value = objective.loss.value(y, raw, sample_weight, objective.link)
            total += y.shape[0] * float(value)
        return total / self.batches.n_rows

    @staticmethod
    def _scorer(monitor):
        if callable(monitor):
            return monitor
        if monitor == "loss":
            return None
        # Loaded when needed: it takes longer to import than all of this package.
        from sklearn.metrics import get_scorer

        return get_scorer(monitor)

    def _score(self, theta):
        weights = {}
        if self.weight is not None and _takes_weights(self.scorer):
            weights["sample_weight"] = self.weight
        model = self.model_at(theta)
        return float(self.scorer(model, self.table.X, self.table.y, **weights))

    def _try_out(self, monitor, theta):
        """Meet a scorer that does not suit the rows before any training."""
        try:
            self._score(theta)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(
                f"monitor={monitor!r} cannot score the validation set."
                f"{self._absent()} {self._way_out(monitor, error)} It says: {error}"
            ) from error

    def _absent(self):
        absent = self.table.absent_classes()
        return f" The rows have none of the classes {absent}." if absent else ""

    def _way_out(self, monitor, error):
        """Return what to do about a scorer that failed."""
        if inspect.isroutine(monitor):
            return (
                "A callable is called as (estimator, X, y). If it is a metric, give "
                f"make_scorer({monitor.__name__})."
            )
        # Loaded when needed, as above.
        from sklearn.metrics import get_scorer_names

        others, metric = f"'loss' or {self.table.task.scorer!r}", "metric"
        for several in (f"{monitor}_macro", f"{monitor}_ovr"):
            if several in get_scorer_names():
                others, metric = f"{several!r}, {others}", f"{monitor}_score"
        if "pos_label" in str(error):
            positive = self.table.task.classes.tolist()[-1]
            return (
                "Say which class counts as positive, as in "
                f"make_scorer({metric}, pos_label={positive!r}), or choose another "
                f"monitor, such as {others}."
            )
        return (
            f"Choose another monitor, such as {others}, or give X_val and y_val that "
            "suit it."
        )


def _takes_weights(scorer):
    """Whether a scorer knows of weights; a plain function may not, and is spared."""
    plain = inspect.isfunction(scorer)
    return not plain or "sample_weight" in inspect.signature(scorer).parameters
