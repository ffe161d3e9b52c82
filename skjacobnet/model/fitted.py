"""Raw predictions for a whole table."""

import numpy as np

from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.data.batches import cast
from skjacobnet.network.workspace import NetworkWorkspace


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
    block = row_blocks(network, 0, theta.itemsize)
    if n_samples <= block:
        return network.forward(theta, cast(X, theta.dtype, network.accepts_sparse))
    raw = np.empty((n_samples, network.sizes[-1]), theta.dtype)
    workspace = NetworkWorkspace(network)
    for rows in slices(n_samples, block):
        batch = cast(X[rows], theta.dtype, network.accepts_sparse)
        network.forward(theta, batch, raw[rows], workspace)
    return raw
