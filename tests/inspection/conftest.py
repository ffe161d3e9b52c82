"""Regressors after a scaler, and their outputs by public methods."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
from plain import plain_regressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.losses import Quantile

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3)) * [1.0, 20.0, 0.1] + [0.0, 100.0, 0.0]
NOISE = RNG.standard_normal((60, 2))
# Positive, far from zero, and of unlike scales.
Y = np.stack(
    [
        500.0 + 60.0 * np.tanh(X[:, 0]) + 2.0 * X[:, 1] + 9.0 * NOISE[:, 0],
        0.02 + 0.004 * np.sin(X[:, 0]) + 0.02 * X[:, 2] + 0.001 * NOISE[:, 1],
    ],
    axis=1,
).clip(0.001)
LOSSES = {"quantile": Quantile((0.1, 0.5, 0.95))}


@cache
def fitted(loss, n_targets, dtype):
    network = plain_regressor(
        (6,), "tanh", loss=LOSSES.get(loss, loss), max_iter=40, tol=None,
        random_state=0, learning_rate=0.02,
    )  # fmt: skip
    inputs = X.astype(dtype)
    y = Y[:, 0] if n_targets == 1 else Y
    model = make_pipeline(StandardScaler(), network).fit(inputs, y)

    def predict(output):
        def values(X):
            if output == "prediction":
                result = model.predict(X)
            elif output == "std":
                _, result = model.predict(X, return_std=True)
            else:
                inner = model[-1], model[0].transform(X)
                if output == "quantiles":
                    result = inner[0].predict_quantiles(inner[1])
                else:
                    result = inner[0].activations(inner[1])[-1]
            return result.reshape(len(X), -1)

        return values

    return SimpleNamespace(model=model, X=inputs, y=y, predict=predict)


@pytest.fixture
def regressor():
    """Return a function that fits a pipeline to numbers, once for each choice.

    Its result has the `model`, the `X` and `y` of the fit, and `predict`, which gives
    a function from X to an output, (n_samples, n_columns).
    """
    return lambda loss="squared_error", n_targets=1, dtype="float64": fitted(
        loss, n_targets, dtype
    )
