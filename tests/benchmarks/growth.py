"""How time and memory grow with rows and with weights, over two decades."""

import tracemalloc
import warnings

import numpy as np
from nets import plain
from sklearn.exceptions import ConvergenceWarning
from timing import medians

from skjacobnet import JacobianMLPClassifier

BATCH = 200

# Fits whose memory is measured, and tables that have many times the rows of a batch.
FITS = {
    "plain": {},
    "sample_weight in float32": {"weights": np.float32},
    'class_weight="balanced"': {"class_weight": "balanced"},
    "early_stopping=True": {"early_stopping": True},
    "all three": {
        "weights": np.float32,
        "class_weight": "balanced",
        "early_stopping": True,
    },
    'optimizer="lbfgs"': {"optimizer": "lbfgs"},
}
FEW_ROWS, MANY_ROWS = 60_000, 160_000


def fit(n_rows, n_hidden, n_epochs):
    """Return a function that fits, and the model."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 64)).astype(np.float32)
    y = np.arange(n_rows) % 10
    model = plain(
        JacobianMLPClassifier,
        (n_hidden,),
        batch_size=BATCH,
        max_iter=n_epochs,
        random_state=0,
    )
    return lambda: model.fit(X, y), model


def peak_bytes(call):
    """Return the most memory that a call held on top of what was there."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def bytes_a_row(weights=None, **parameters):
    """Return by how much the peak of a fit grows with each row of a table."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((MANY_ROWS, 20)).astype(np.float32)
    y = np.arange(MANY_ROWS) % 5
    sample_weight = None if weights is None else rng.random(MANY_ROWS).astype(weights)
    model = plain(
        JacobianMLPClassifier, (50,), max_iter=2, random_state=0, **parameters
    )

    def peak(n_rows):
        weight = None if weights is None else sample_weight[:n_rows]
        return peak_bytes(lambda: model.fit(X[:n_rows], y[:n_rows], weight))

    with warnings.catch_warnings():
        # Two iterations of L-BFGS are not enough, and are not meant to be.
        warnings.simplefilter("ignore", ConvergenceWarning)
        peak(1000)
        return (peak(MANY_ROWS) - peak(FEW_ROWS)) / (MANY_ROWS - FEW_ROWS)


def slope(sizes, values):
    """Return the exponent of growth, from a straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def measure(quick):
    """Yield seconds per epoch and peak bytes beyond X, for rows and for weights.

    And bytes for each row of fits of several kinds.
    """
    for case, parameters in FITS.items():
        yield {
            "what": "memory of a fit, bytes a row",
            "case": case,
            "dtype": "float32",
            "peer": "skjacobnet",
            "bytes": bytes_a_row(**parameters),
        }
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
            peak = peak_bytes(short)
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
