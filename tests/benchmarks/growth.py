"""How time and memory grow with rows and with weights, over two decades."""

import tracemalloc

import numpy as np
from timing import medians

from skjacobnet import JacobianMLPClassifier

BATCH = 200


def fit(n_rows, n_hidden, n_epochs):
    """Return a function that fits, and the model."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 64)).astype(np.float32)
    y = np.arange(n_rows) % 10
    model = JacobianMLPClassifier(
        (n_hidden,), batch_size=BATCH, max_iter=n_epochs, tol=None, random_state=0
    )
    return lambda: model.fit(X, y), model


def slope(sizes, values):
    """Return the exponent of growth, from a straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def measure(quick):
    """Yield seconds per epoch and peak bytes beyond X, for rows and for weights."""
    rows = (2_000, 20_000) if quick else (2_000, 6_000, 20_000, 60_000, 200_000)
    widths = (30, 300) if quick else (30, 100, 300, 1000, 3000)
    series = {
        "rows": [(n, 100) for n in rows],
        "weights": [(4_000, n) for n in widths],
    }
    for what, cases in series.items():
        sizes, times = [], []
        for n_rows, n_hidden in cases:
            # What is not repeated in each epoch cancels out.
            short, model = fit(n_rows, n_hidden, 1)
            long, _ = fit(n_rows, n_hidden, 4)
            seconds = medians({"short": short, "long": long}, 5)
            epoch = (seconds["long"] - seconds["short"]) / 3
            tracemalloc.start()
            short()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            n_weights = model.weights_.size
            sizes.append(n_rows if what == "rows" else n_weights)
            times.append(epoch)
            yield {
                "what": f"growth with {what}",
                "case": f"{n_rows:,} rows, {n_weights:,} weights",
                "dtype": "float32",
                "peer": "skjacobnet",
                "seconds": epoch,
                "peak_bytes": peak,
            }
        yield {
            "what": f"growth with {what}",
            "case": "exponent of growth",
            "dtype": "float32",
            "peer": "skjacobnet",
            "exponent": slope(sizes, times),
        }
