"""Plain networks: nothing is encoded, smoothed, decayed or calibrated.

Tests of one part want all others out of the way, and short runs.
"""

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor

PLAIN = {
    "encoding": None,
    "initializer": "he_uniform",
    "loss": "cross_entropy",
    "schedule": "constant",
    "total_weight_decay": 0.0,
    "batch_size": 200,
    "max_iter": 200,
    "tol": 1e-4,
    "calibration": None,
}
PLAIN_REGRESSION = {
    **PLAIN,
    "initializer": "glorot_uniform",
    "loss": "squared_error",
}


def plain_classifier(hidden_layer_sizes=(100,), activation="relu", **parameters):
    """Return a classifier with plain parameters, but for those that are given."""
    return JacobianMLPClassifier(
        hidden_layer_sizes, activation, **{**PLAIN, **parameters}
    )


def plain_regressor(hidden_layer_sizes=(100,), activation="relu", **parameters):
    """Return a regressor with plain parameters, but for those that are given."""
    return JacobianMLPRegressor(
        hidden_layer_sizes, activation, **{**PLAIN_REGRESSION, **parameters}
    )
