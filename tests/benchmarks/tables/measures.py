"""Scores of one estimator on one fold."""

import time
import warnings

import numpy as np
import rule
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, roc_auc_score

# Probabilities below it count as it, so that one sure mistake is not infinite.
LEAST = 1e-7


def classification(classes, proba, y):
    """Return error rate, log-loss, calibration error and area under the ROC curve."""
    proba = np.clip(proba, LEAST, 1.0)
    proba /= proba.sum(axis=1, keepdims=True)
    hit = classes[proba.argmax(axis=1)] == y
    binary = len(classes) == 2
    return {
        "error": 1.0 - hit.mean(),
        "log_loss": log_loss(y, proba, labels=classes),
        "calibration_error": calibration_error(hit, proba.max(axis=1)),
        "auc": roc_auc_score(
            y, proba[:, 1] if binary else proba, multi_class="ovr", labels=classes
        ),
    }


def calibration_error(hit, confidence):
    """Return the mean gap between accuracy and confidence, over bins of confidence."""
    bins = np.minimum((confidence * rule.N_BINS).astype(int), rule.N_BINS - 1)
    return sum(
        abs(hit[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    )


def regression(prediction, y):
    """Return the root mean squared error and R²."""
    squared = np.mean((np.ravel(prediction) - y) ** 2)
    return {"rmse": np.sqrt(squared), "r2": 1.0 - squared / np.var(y)}


def measure(estimator, X, y, train, test, task):
    """Return scores on test rows and CPU seconds, and a note about what went wrong."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.process_time()
        estimator.fit(X.iloc[train], y[train])
        fitted = time.process_time()
        if task == "classification":
            predicted = np.asarray(estimator.predict_proba(X.iloc[test]), float)
        else:
            predicted = np.asarray(estimator.predict(X.iloc[test]), float)
        end = time.process_time()
    scores = (
        classification(np.asarray(estimator.classes_), predicted, y[test])
        if task == "classification"
        else regression(predicted, y[test])
    )
    stopped = sum(issubclass(w.category, ConvergenceWarning) for w in caught)
    return {
        **scores,
        "fit_seconds": fitted - start,
        "predict_seconds": end - fitted,
        "note": f"{stopped} convergence warnings" if stopped else "",
    }
