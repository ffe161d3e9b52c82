"""predict_proba of one row, of a thousand and of very many."""

import numpy as np
from sklearn.neural_network import MLPClassifier
from timing import medians

from skjacobnet import JacobianMLPClassifier

N_ROWS = {1: 301, 1000: 31, 100_000: 7, 1_000_000: 3}


def measure(quick):
    """Yield a record for each number of rows, type and peer."""
    rng = np.random.default_rng(0)
    counts = [n for n in N_ROWS if n <= 1000 or not quick]
    for dtype in ("float32", "float64"):
        X = rng.standard_normal((max(counts), 64)).astype(dtype)
        y = np.arange(400) % 10
        models = {
            "skjacobnet": JacobianMLPClassifier((100,), max_iter=1, tol=None),
            "MLPClassifier": MLPClassifier((100,), max_iter=1),
        }
        for model in models.values():
            model.fit(X[:400], y)
        for n in counts:
            calls = {
                name: lambda model=model, rows=X[:n]: model.predict_proba(rows)
                for name, model in models.items()
            }
            for name, seconds in medians(calls, N_ROWS[n]).items():
                yield {
                    "what": "predict_proba",
                    "case": f"64-100-10, {n:,} rows",
                    "dtype": dtype,
                    "peer": name,
                    "seconds": seconds,
                }
