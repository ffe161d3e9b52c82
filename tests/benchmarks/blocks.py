"""The size of a block of rows: predictions on free cores and on busy ones, Jacobians.

``python tests/benchmarks/blocks.py`` prints, for several sizes, how long predictions of
100,000 rows take beside those of MLPClassifier, with all threads, first on free cores
and then while another process keeps one of them busy, and how long Jacobians take with
one thread.
"""

import subprocess
import sys
import time
import warnings

import numpy as np
from nets import plain
from threadpoolctl import threadpool_limits
from timing import medians

from skjacobnet import JacobianMLPClassifier
from skjacobnet.core import blocks

SIZES = range(20, 26)
SPIN = "while True: pass"


def predictions(dtype):
    """Print the time of each size and its ratio to that of MLPClassifier."""
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((100_000, 64)).astype(dtype), np.arange(2000) % 10
    ours = plain(JacobianMLPClassifier, max_iter=1).fit(X[:2000], y)
    theirs = MLPClassifier((100,), max_iter=1).fit(X[:2000], y)
    for size in SIZES:
        blocks.BLOCK_BYTES = 2**size
        seconds = medians(
            {
                "ours": lambda: ours.predict_proba(X),
                "theirs": lambda: theirs.predict_proba(X),
            },
            15,
        )
        ratio = seconds["ours"] / seconds["theirs"]
        print(f"  2^{size}: {seconds['ours'] * 1e3:.0f} ms, ratio {ratio:.2f}")


def jacobians(sizes, n_rows):
    """Print the time of each size."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n_rows, sizes[0])), np.arange(n_rows) % sizes[-1]
    model = plain(JacobianMLPClassifier, sizes[1:-1], max_iter=1).fit(X, y)
    for size in SIZES:
        blocks.BLOCK_BYTES = 2**size
        seconds = medians({"ours": lambda: model.input_jacobian(X)}, 9)["ours"]
        print(f"  2^{size}: {seconds * 1e3:.0f} ms")


def main():
    """Print all of them."""
    warnings.simplefilter("ignore")
    for where in ("free", "busy"):
        spinning = None
        if where == "busy":
            spinning = subprocess.Popen([sys.executable, "-c", SPIN])
            time.sleep(1.0)
        try:
            for dtype in ("float32", "float64"):
                print(f"predict_proba, 100,000 rows, {dtype}, {where} cores")
                predictions(dtype)
        finally:
            if spinning is not None:
                spinning.kill()
    with threadpool_limits(1):
        for sizes, n_rows in (((64, 100, 10), 2000), ((784, 256, 128, 10), 500)):
            print(f"input_jacobian, {n_rows} rows, {'-'.join(map(str, sizes))}")
            jacobians(sizes, n_rows)


if __name__ == "__main__":
    main()
