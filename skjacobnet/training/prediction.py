"""Raw predictions for a whole table."""

import numpy as np

from skjacobnet.training.batches import cast

# Rows are taken in blocks with about so many numbers in the widest layer.
BLOCK_NUMBERS = 2**18


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
    raw = np.empty((n_samples, network.sizes[-1]), theta.dtype)
    block = max(1, BLOCK_NUMBERS // max(network.sizes))
    for start in range(0, n_samples, block):
        rows = slice(start, start + block)
        batch = cast(X[rows], theta.dtype, network.accepts_sparse)
        raw[rows] = network.forward(theta, batch)
    return raw
