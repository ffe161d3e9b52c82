"""Buffers that outlive a batch."""

import numpy as np


class Workspace(dict):
    """Arrays that one part uses again from batch to batch.

    Without one a part allocates what it needs. A workspace belongs to one part, one
    batch size and one data type, and to one thread at a time.
    """

    def array(self, name, shape, dtype):
        """Return the array of that name, made anew when its shape has changed."""
        array = self.get(name)
        if array is None or array.shape != shape:
            array = self[name] = np.empty(shape, dtype)
        return array

    def ones(self, n, dtype):
        """Return a vector of n ones."""
        array = self.get("ones")
        if array is None or array.shape != (n,):
            array = self["ones"] = np.ones(n, dtype)
        return array
