"""With full batches and fixed numbers of steps, integer weights are repeated rows."""

import numpy as np
import pandas as pd
import pytest

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor

# Initial weights that do not depend on rows, since repeated rows are other rows.
FIXED = {"initializer": "glorot_uniform", "max_iter": 30, "random_state": 0}


def table(rng, n=60):
    """Return a frame with numbers, gaps, two values and categories, and a number."""
    X = pd.DataFrame(rng.standard_normal((n, 3)), columns=list("abc"))
    y = X["a"] - X["b"] ** 2 + 3.0 * rng.standard_normal(n)
    X.loc[rng.random(n) < 0.2, "b"] = np.nan
    X["two"] = rng.integers(2, size=n) * 7.0
    X["word"] = rng.choice(["red", "green", "blue", None], n)
    return X, y.to_numpy()


@pytest.mark.parametrize("kind", ["classes", "two", "number"])
def test_weights_equal_repeated_rows(kind):
    rng = np.random.default_rng(3)
    (X, y), (X_val, y_val) = table(rng), table(rng)
    weight = rng.integers(0, 4, size=60)
    # All categories and the largest numbers count.
    weight[:5] = 1
    if kind != "number":
        edges = [0.0] if kind == "two" else [-1.0, 0.0]
        y, y_val = np.digitize(y, edges), np.digitize(y_val, edges)
        model = JacobianMLPClassifier
    else:
        model = JacobianMLPRegressor
    fixed = {**FIXED, "total_weight_decay": 1.0}
    rows, validation = (
        np.repeat(np.arange(60), weight),
        {"X_val": X_val, "y_val": y_val},
    )
    weighted = model(batch_size=60, **fixed).fit(X, y, weight, **validation)
    repeated = model(batch_size=len(rows), **fixed)
    repeated.fit(X.iloc[rows], y[rows], **validation)
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, rtol=1e-7)
    np.testing.assert_allclose(
        weighted.network_.statistics, repeated.network_.statistics, rtol=1e-6
    )
    if kind != "number":
        assert weighted.temperature_ == pytest.approx(repeated.temperature_, rel=1e-6)
        assert weighted.temperature_ > 1.0
    predict = "predict" if kind == "number" else "predict_proba"
    found, expected = (getattr(m, predict)(X) for m in (weighted, repeated))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
