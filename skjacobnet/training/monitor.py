"""The monitored value on a validation set."""

import inspect

import numpy as np

from skjacobnet.core.blocks import row_blocks
from skjacobnet.network.workspace import NetworkWorkspace


class Monitor:
    """Monitor: scores of weights on a validation set.

    The loss is evaluated in blocks of rows. A scorer needs all rows of positive weight
    at once, which takes a copy if they are only a part of the table.

    Parameters
    ----------
    table : Table
    objective : Objective
        Objective with the network, the loss and the link.
    monitor : "loss", str or callable
        Monitored value: the weighted mean loss, or a scikit-learn scorer.
    model_at : callable
        ``model_at(theta)`` returns an estimator that predicts with these weights.
    theta : array of shape (n_weights,)
        Initial weights, with which the scorer is tested.

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
        # Diverging weights raise an error in the training loop.
        with np.errstate(all="ignore"):
            loss = self._loss(theta)
        if self.scorer is None or not np.isfinite(loss):
            return -loss, {"validation_loss": loss}
        score = self._score(theta)
        return score, {"validation_loss": loss, "validation_score": score}

    def _loss(self, theta):
        """Return the mean over all rows, as a sum over blocks of rows."""
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
        # Imported when needed: its import takes longer than that of this package.
        from sklearn.metrics import get_scorer

        return get_scorer(monitor)

    def _score(self, theta):
        weights = {}
        if self.weight is not None and _takes_weights(self.scorer):
            weights["sample_weight"] = self.weight
        model = self.model_at(theta)
        return float(self.scorer(model, self.table.X, self.table.y, **weights))

    def _try_out(self, monitor, theta):
        """Raise an error before training if the scorer cannot score the rows."""
        try:
            self._score(theta)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(
                f"monitor={monitor!r} cannot score the validation set."
                f"{self._absent()} {self._way_out(monitor, error)} Error: {error}"
            ) from error

    def _absent(self):
        absent = self.table.absent_classes()
        return f" The rows have none of the classes {absent}." if absent else ""

    def _way_out(self, monitor, error):
        """Return the remedy for a scorer that failed."""
        if inspect.isroutine(monitor):
            return (
                "A callable is called as (estimator, X, y). If it is a metric, pass "
                f"make_scorer({monitor.__name__})."
            )
        # Imported when needed, as above.
        from sklearn.metrics import get_scorer_names

        others, metric = f"'loss' or {self.table.task.scorer!r}", "metric"
        for several in (f"{monitor}_macro", f"{monitor}_ovr"):
            if several in get_scorer_names():
                others, metric = f"{several!r}, {others}", f"{monitor}_score"
        if "pos_label" in str(error):
            positive = self.table.task.classes.tolist()[-1]
            return (
                "Set the positive class, as in "
                f"make_scorer({metric}, pos_label={positive!r}), or choose another "
                f"monitor, such as {others}."
            )
        return (
            f"Choose another monitor, such as {others}, or pass X_val and y_val that "
            "suit it."
        )


def _takes_weights(scorer):
    """Whether a scorer accepts weights; a plain function may not."""
    plain = inspect.isfunction(scorer)
    return not plain or "sample_weight" in inspect.signature(scorer).parameters
