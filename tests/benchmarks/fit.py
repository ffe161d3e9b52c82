"""Time whole fits side by side with MLPClassifier, in alternating rounds.

Run it with one BLAS thread: OPENBLAS_NUM_THREADS=1 python tests/benchmarks/fit.py
"""

import warnings
from time import perf_counter

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from skjacobnet import JacobianMLPClassifier

ROUNDS, EPOCHS = 7, 10
NETS = [(30, 4), (100, 32), (100, 200)]


def seconds(model, X, y):
    """Fit and return the time that it took."""
    start = perf_counter()
    model.fit(X, y)
    return perf_counter() - start


def main():
    """Print a table of medians per epoch and of their ratio."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, y = load_digits(return_X_y=True)
    print(
        f"{'net':<12}{'batch':>6}{'type':>9}{'ours, ms':>10}{'theirs':>8}{'ratio':>7}"
    )
    for dtype in ("float32", "float64"):
        rows = (X / 16.0).astype(dtype)
        for units, batch_size in NETS:
            params = {"batch_size": batch_size, "max_iter": EPOCHS, "random_state": 0}
            ours = JacobianMLPClassifier((units,), tol=None, **params)
            theirs = MLPClassifier((units,), tol=0.0, **params)
            times = [
                (seconds(ours, rows, y), seconds(theirs, rows, y))
                for _ in range(ROUNDS)
            ]
            mine, other = 1e3 * np.median(times, axis=0) / EPOCHS
            print(
                f"64-{units}-10".ljust(12) + f"{batch_size:>6}{dtype:>9}"
                f"{mine:>10.2f}{other:>8.2f}{other / mine:>7.2f}"
            )


if __name__ == "__main__":
    main()
