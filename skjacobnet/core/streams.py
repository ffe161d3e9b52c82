"""Random numbers of networks trained side by side."""

import numpy as np


class Streams:
    """Generators of a stack of networks, one for each.

    Random parts of a network receive a `numpy.random.Generator`. Those of a stack of
    networks receive this object, and each network draws exactly the same numbers as
    alone. The caller passes the axis of the networks.

    Parameters
    ----------
    generators : sequence of numpy.random.Generator
        Generators, one for each network, each with a separate stream.

    Raises
    ------
    ValueError
        If two of them share a stream.

    Examples
    --------
    >>> streams = Streams([np.random.default_rng(seed) for seed in range(3)])
    >>> draws = streams.random((3, 5), axis=0)
    >>> bool(np.all(draws[1] == np.random.default_rng(1).random(5)))
    True
    """

    def __init__(self, generators):
        self.generators = tuple(generators)
        sources = {id(generator.bit_generator) for generator in self.generators}
        if len(sources) < len(self.generators):
            raise ValueError(
                "Each network of a stack needs a separate generator, but two of "
                f"the {len(self.generators)} share a stream."
            )

    def __len__(self):
        return len(self.generators)

    def __getattr__(self, name):
        raise AttributeError(
            f"The random streams of networks side by side have no {name!r}. A "
            "random part may call random(size, dtype, out, axis=...) and "
            "standard_normal(size, dtype, out, axis=...), where axis is that of the "
            "networks. Set stackable = False in a part that needs other methods."
        )

    def random(self, size=None, dtype=np.float64, out=None, *, axis=None):
        """Draw uniform numbers in [0, 1).

        Parameters
        ----------
        size : tuple of int, optional
            Shape of the result, with an entry for each network on one axis. Not needed
            with `out`.
        dtype : data-type, default=float64
        out : array, optional
            Where to write the numbers.
        axis : int
            Axis of the networks.

        Returns
        -------
        array of shape `size`
        """
        return self._draw("random", size, dtype, out, axis)

    def standard_normal(self, size=None, dtype=np.float64, out=None, *, axis=None):
        """Draw standard normal numbers.

        Parameters
        ----------
        size, dtype, out, axis
            As in `random`.

        Returns
        -------
        array of shape `size`
        """
        return self._draw("standard_normal", size, dtype, out, axis)

    def _draw(self, method, size, dtype, out, axis):
        if axis is None or (size is None and out is None):
            raise TypeError(
                f"{method} of networks side by side needs a shape and the axis of the "
                f"networks in it, such as {method}((n_networks, n), axis=0)."
            )
        out = np.empty(size, dtype) if out is None else out
        of_each = np.moveaxis(out, axis, 0)
        if len(of_each) != len(self):
            raise ValueError(
                f"There are {len(self)} networks side by side, but axis {axis} of the "
                f"shape {out.shape} has {len(of_each)} entries."
            )
        for member, generator in enumerate(self.generators):
            own, draw = of_each[member, ...], getattr(generator, method)
            if own.flags.c_contiguous:
                draw(dtype=dtype, out=own)
            else:
                own[...] = draw(own.shape, dtype)
        return out
