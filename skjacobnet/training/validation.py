"""The score on rows that are not trained on."""

import numpy as np

from skjacobnet.training.prediction import predict_raw


class Validation:
    """Scores weights on a validation table.

    Parameters
    ----------
    table : Table
    objective : Objective
        Gives the network, the loss and the link.
    monitor : "loss", str or callable
        What is monitored: the weighted mean loss, or a scikit-learn scorer.
    model_at : callable
        ``model_at(theta)`` gives an estimator that predicts with these weights.
    dtype : data-type
        Of the network.

    Raises
    ------
    ValueError
        If there is no scorer of that name.
    """

    def __init__(self, table, objective, monitor, model_at, dtype):
        table = table.taken()
        self.table = table
        self.y = table.targets.encode(table.codes, dtype)
        self.weight = table.relative_weight()
        self.objective = objective
        self.model_at = model_at
        self.scorer = None
        if callable(monitor):
            self.scorer = monitor
        elif monitor != "loss":
            from sklearn.metrics import get_scorer

            self.scorer = get_scorer(monitor)

    def __call__(self, theta):
        """Return the monitored value, larger is better, and columns for the history."""
        objective, table = self.objective, self.table
        # Weights that grow without bound are met by an error of the loop.
        with np.errstate(all="ignore"):
            raw = predict_raw(objective.network, theta, table.X)
            loss = float(objective.loss.value(self.y, raw, self.weight, objective.link))
        if self.scorer is None or not np.isfinite(loss):
            return -loss, {"validation_loss": loss}
        weights = {} if self.weight is None else {"sample_weight": self.weight}
        score = float(self.scorer(self.model_at(theta), table.X, table.y, **weights))
        return score, {"validation_loss": loss, "validation_score": score}
