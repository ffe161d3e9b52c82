"""How the first weights are drawn."""

from abc import abstractmethod

import numpy as np

from skjacobnet._component import Component, Family


class Initializer(Component):
    """A distribution of weight matrices, called as ``initializer(shape, rng, dtype)``."""

    @abstractmethod
    def __call__(self, shape, rng, dtype):
        """Draw a matrix.

        Parameters
        ----------
        shape : tuple of int
            (n_in, n_out).
        rng : numpy.random.Generator
        dtype : data-type

        Returns
        -------
        array of that shape and type
        """


class GlorotUniform(Initializer):
    r"""Uniform with variance 2 / (n_in + n_out)."""

    name = "glorot_uniform"

    def __call__(self, shape, rng, dtype):
        limit = np.sqrt(6.0 / sum(shape))
        return rng.uniform(-limit, limit, shape).astype(dtype)


class HeUniform(Initializer):
    r"""Uniform with variance 2 / n_in."""

    name = "he_uniform"

    def __call__(self, shape, rng, dtype):
        limit = np.sqrt(6.0 / shape[0])
        return rng.uniform(-limit, limit, shape).astype(dtype)


INITIALIZERS = Family("initializer", Initializer, globals())
