"""Raw predictions for a whole table."""

import numpy as np

from skjacobnet._network_workspace import NetworkWorkspace
from skjacobnet.training.batches import cast

# Rows are taken in blocks whose arrays have about so many bytes together, so that they
# stay in the processor's cache.
BLOCK_BYTES = 2**20
# Matrix products of fewer rows are slow.
MIN_BLOCK_ROWS = 128


def block_rows(network, itemsize):
    """Return how many rows a block has."""
    return max(MIN_BLOCK_ROWS, BLOCK_BYTES // (sum(network.sizes) * itemsize))


def predict_raw(network, theta, X):
    """Return the raw prediction for every row.

    Parameters
    ----------
    network : Network
    theta : array of shape (n_weights,)
    X : array or CSR matrix of shape (n_samples, n_features)
        Of any numeric type; blocks of it are cast to that of `theta`.

    Returns
    -------
    array of shape (n_samples, n_raw)
    """
    n_samples = X.shape[0]
    block = block_rows(network, theta.itemsize)
    if n_samples <= block:
        return network.forward(theta, cast(X, theta.dtype, network.accepts_sparse))
    raw = np.empty((n_samples, network.sizes[-1]), theta.dtype)
    workspace = NetworkWorkspace(network)
    for start in range(0, n_samples, block):
        rows = slice(start, start + block)
        batch = cast(X[rows], theta.dtype, network.accepts_sparse)
        network.forward(theta, batch, raw[rows], workspace)
    return raw
