"""Buffers that outlive a batch."""

import numpy as np


class Workspace(dict):
    """Workspace: arrays that a part reuses for each batch.

    Without one a part allocates its arrays. A workspace belongs to one part, one batch
    size and one dtype, and to one thread at a time.
    """

    def array(self, name, shape, dtype):
        """Return the array of a name, newly allocated if its shape has changed."""
        array = self.get(name)
        if array is None or array.shape != shape:
            array = self[name] = np.empty(shape, dtype)
        return array

    def arrays(self, names, shape, dtype):
        """Return several arrays of one shape for a tuple of names."""
        found = self.get(names)
        if found is None or found[0].shape != shape:
            found = self[names] = tuple(np.empty(shape, dtype) for _ in names)
        return found

    def made(self, make, shape, dtype):
        """Return ``make(shape, dtype)``, called again if the shape has changed."""
        known, value = self.get(make, (None, None))
        if known != shape:
            value = make(shape, dtype)
            self[make] = shape, value
        return value

    def part(self, index):
        """Return the workspace of an inner part."""
        found = self.get(("part", index))
        if found is None:
            found = self["part", index] = Workspace()
        return found

    def ones(self, n, dtype):
        """Return a read-only vector of n ones."""
        array = self.get(n)
        if array is None:
            array = self[n] = np.ones(n, dtype)
        return array

    def zeros(self, shape, dtype):
        """Return a read-only array of zeros."""
        array = self.get(shape)
        if array is None:
            array = self[shape] = np.zeros(shape, dtype)
        return array


def count_up(out, step=1):
    """Write ``0, step, 2 * step, ...`` to an array, like `numpy.arange` in place."""
    out.fill(step)
    out[:1] = 0
    return np.cumsum(out, out=out)
