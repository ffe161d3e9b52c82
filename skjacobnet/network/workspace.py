"""Workspace of a network between batches: buffers, views and prepared layers."""

import numpy as np

from skjacobnet.core.workspace import Workspace
from skjacobnet.layers.prepared import Cast


class NetworkWorkspace:
    """Buffers of a network, and its layers prepared for batches.

    A training loop passes the same vectors again and again, so views into them are
    cached as well. Only one thread at a time may use it.
    """

    def __init__(self, network):
        self.network = network
        self._last_split = None, None
        self._workspaces = {}
        self._prepared = {}
        self._hidden = {}

    def split(self, vector):
        """Return the result of `Network.split`, cached for the last vector."""
        known, views = self._last_split
        if known is not vector:
            views = self.network.split(vector)
            self._last_split = vector, views
        return views

    def prepared(self, theta, X):
        """Return the layers prepared for batches such as X.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        X : array or CSR matrix of shape (..., n_samples, n_in)

        Returns
        -------
        PreparedChain
        """
        kind = type(X), theta.shape, X.shape, X.dtype
        known, chain = self._prepared.get(kind, (None, None))
        if known is not theta:
            # Buffers are kept when the vector of weights changes.
            workspace = self._workspaces.setdefault(kind, Workspace())
            network = self.network
            weights = network.arrays(theta, X.dtype)
            chain = network.chain.prepare(weights, X.shape[-2], workspace)
            if network.n_encodings and X.dtype != theta.dtype:
                last = network.n_encodings - 1
                chain.layers[last] = Cast(chain.layers[last], theta.dtype)
            self._prepared[kind] = theta, chain
        return chain

    def hidden(self, shape, dtype):
        """Return an array for each hidden output, in the order of the layers.

        An in-place layer shares the array of the preceding layer.

        Parameters
        ----------
        shape : tuple of int
            Shape without the width.
        dtype : data-type

        Returns
        -------
        list of array
            One less than the number of layers.
        """
        found = self._hidden.get(shape)
        if found is None:
            found = []
            for layer, width in zip(
                self.network.layers, self.network.sizes[1:-1], strict=False
            ):
                if found and vars(type(layer)).get("in_place"):
                    found.append(found[-1])
                else:
                    found.append(np.empty((*shape, width), dtype))
            self._hidden[shape] = found
        return found
