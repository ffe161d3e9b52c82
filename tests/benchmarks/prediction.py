"""predict_proba of one row, of a thousand and of very many."""

import numpy as np
from nets import Net
from peers import peers_for
from timing import medians

from skjacobnet.layers import Linear, ReLU
from skjacobnet.network import build_network

NET = Net((64, 100, 10), n_rows=400, batch_size=200, n_epochs=1, n_rounds=1)
# How many rounds for so many rows.
N_ROUNDS = {1: 301, 1000: 31, 100_000: 7, 1_000_000: 3}


def weights(dtype):
    """Return the same coefficients and intercepts for all."""
    network = build_network(
        [Linear(NET.hidden[0]), ReLU()], NET.sizes[0], NET.sizes[-1]
    )
    theta = network.init_weights(np.random.default_rng(0), np.dtype(dtype))
    return [
        [np.array(part) for part in network.weights(theta, name)]
        for name in ("coef", "intercept")
    ]


def check_that_probabilities_agree(predictors, X):
    """Compare the probabilities of all on some rows.

    Raises
    ------
    AssertionError
        If one of them predicts something else.
    """
    ours, *others = (predict(X) for predict in predictors.values())
    for name, proba in zip(list(predictors)[1:], others, strict=True):
        np.testing.assert_allclose(proba, ours, rtol=1e-4, atol=1e-6, err_msg=name)


def measure(quick):
    """Yield a record for each number of rows, type and peer."""
    rng = np.random.default_rng(0)
    counts = [n for n in N_ROUNDS if n <= 1000 or not quick]
    for dtype in ("float32", "float64"):
        X, y = NET.table(dtype)
        predictors = {
            peer.name: peer.predictor(X, y, *weights(dtype))
            for peer in peers_for(NET, dtype, compiled=not quick)
        }
        # It trains with another optimizer, and predicts in the same way.
        predictors.pop("PyTorch, fused Adam", None)
        X = rng.standard_normal((max(counts), NET.sizes[0])).astype(dtype)
        check_that_probabilities_agree(predictors, X[:1000])
        for n in counts:
            if n > 100_000:
                # Its loader takes rows one by one: a million take it 13 seconds.
                predictors.pop("skorch", None)
            calls = {
                name: lambda predict=predict, rows=X[:n]: predict(rows)
                for name, predict in predictors.items()
            }
            for name, seconds in medians(calls, N_ROUNDS[n]).items():
                yield {
                    "what": "predict_proba",
                    "case": f"64-100-10, {n:,} rows",
                    "dtype": dtype,
                    "peer": name,
                    "seconds": seconds,
                }
