"""Random streams of networks that are trained side by side."""


class Streams:
    def __init__(self, generators):
        self.generators = list(generators)

    def random(self, size=None, dtype=float, out=None, axis=0):
        for g, o in zip(self.generators, out, strict=True):
            g.random(dtype=dtype, out=o)
        return out
