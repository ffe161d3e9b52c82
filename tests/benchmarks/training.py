"""Whole fits, side by side."""

import itertools

import numpy as np
from nets import NETS
from peers import Sklearn, peers_for
from sklearn.neural_network import MLPClassifier
from timing import medians


def matrix_products(net, dtype):
    """Return a function that does the matrix products of an epoch and nothing else."""
    sizes = list(net.sizes)
    if sizes[-1] == 2:
        sizes[-1] = 1
    rng = np.random.default_rng(0)
    coefs = [
        rng.standard_normal((a, b)).astype(dtype) for a, b in itertools.pairwise(sizes)
    ]
    gradients = [np.empty_like(coef) for coef in coefs]
    values = [rng.standard_normal((net.batch_size, n)).astype(dtype) for n in sizes]
    cotangents = [value.copy() for value in values]

    def epochs():
        for _ in range(net.n_epochs * -(-net.n_rows // net.batch_size)):
            for i, coef in enumerate(coefs):
                np.dot(values[i], coef, values[i + 1])
            for i in range(len(coefs) - 1, -1, -1):
                np.dot(values[i].T, cotangents[i + 1], gradients[i])
                if i:
                    np.dot(cotangents[i + 1], coefs[i].T, cotangents[i])

    return epochs


def check_that_losses_agree(net, dtype, peers, X, y):
    """Train all from the same weights on the same batches and compare their losses.

    Raises
    ------
    AssertionError
        If one of them does other work than MLPClassifier. The tolerance leaves room
        for its variant of Adam, which adds epsilon at another place. A few batches are
        enough: after many, training amplifies rounding.
    """
    n_rows = max(500, 10 * net.batch_size)
    X, y = X[:n_rows], y[:n_rows]
    start = MLPClassifier(net.hidden, max_iter=1, random_state=0).fit(X, y)
    weights = start.coefs_, start.intercepts_
    expected = None
    for peer in sorted(peers, key=lambda peer: not isinstance(peer, Sklearn)):
        copies = ([array.copy() for array in arrays] for arrays in weights)
        losses = peer.losses(X, y, 2, *copies)
        expected = losses if expected is None else expected
        np.testing.assert_allclose(
            losses, expected, rtol=5e-3, err_msg=f"{peer.name}, {net}, {dtype}"
        )


def measure(quick):
    """Yield a record for each net, type and peer."""
    for net in NETS[:4] if quick else NETS:
        for dtype in ("float32", "float64"):
            X, y = net.table(dtype)
            peers = peers_for(net, dtype, compiled=not quick)
            check_that_losses_agree(net, dtype, peers, X, y)
            calls = {
                peer.name: lambda peer=peer, X=X, y=y, net=net: peer.fit(
                    X, y, net.n_epochs
                )
                for peer in peers
            }
            calls["matrix products alone"] = matrix_products(net, dtype)
            seconds = medians(calls, 3 if quick else net.n_rounds)
            for name, value in seconds.items():
                yield {
                    "what": "fit, per epoch",
                    "case": str(net),
                    "dtype": dtype,
                    "peer": name,
                    "seconds": value / net.n_epochs,
                }
