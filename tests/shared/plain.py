"""Plain networks: no encodings, label smoothing, decay or calibration.

Tests of one part need all others switched off, and short runs.
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
    """Return a classifier with plain parameters, except for the given ones."""
    return JacobianMLPClassifier(
        hidden_layer_sizes, activation, **{**PLAIN, **parameters}
    )


def plain_regressor(hidden_layer_sizes=(100,), activation="relu", **parameters):
    """Return a regressor with plain parameters, except for the given ones."""
    return JacobianMLPRegressor(
        hidden_layer_sizes, activation, **{**PLAIN_REGRESSION, **parameters}
    )
