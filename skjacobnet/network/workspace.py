"""What a network keeps from batch to batch: buffers, views and prepared layers."""

import numpy as np

from skjacobnet.core.workspace import Workspace


class NetworkWorkspace:
    """Buffers of a network, and its layers prepared for the batches it is given.

    A training loop gives the same vectors again and again, so the views into them are
    remembered, too. One thread at a time may use it.
    """

    def __init__(self, network):
        self.network = network
        self._last_split = None, None
        self._workspaces = {}
        self._prepared = {}
        self._hidden = {}

    def split(self, vector):
        """Return what `Network.split` does, remembered for the vector last given."""
        known, views = self._last_split
        if known is not vector:
            views = self.network.split(vector)
            self._last_split = vector, views
        return views

    def prepared(self, theta, n_samples):
        """Return the layers prepared for batches of that size.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        n_samples : int

        Returns
        -------
        list of PreparedLayer
        """
        known, layers = self._prepared.get(n_samples, (None, None))
        if known is not theta:
            arrays = self._workspaces.get(n_samples)
            if arrays is None:
                arrays = [Workspace() for _ in self.network.layers]
                self._workspaces[n_samples] = arrays
            layers = [
                layer.prepare(weights, n_samples, workspace)
                for layer, weights, workspace in zip(
                    self.network.layers, self.network.split(theta), arrays, strict=True
                )
            ]
            self._prepared[n_samples] = theta, layers
        return layers

    def hidden(self, name, shape, dtype):
        """Return an array for each hidden value, in the order of the layers.

        Parameters
        ----------
        name : str
            What is to be kept there, such as cotangents.
        shape : tuple of int
            All of it but the width.
        dtype : data-type

        Returns
        -------
        list of array
            One less than there are layers.
        """
        found = self._hidden.get((name, shape))
        if found is None:
            widths = self.network.sizes[1:-1]
            found = [np.empty((*shape, width), dtype) for width in widths]
            self._hidden[name, shape] = found
        return found
