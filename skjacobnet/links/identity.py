"""Raw predictions that are predictions."""

from skjacobnet.links.base import RegressionLink


class IdentityLink(RegressionLink):
    """The raw prediction itself, for each target alone.

    Notes
    -----
    A value is the argument itself, not a copy.

    Examples
    --------
    >>> import numpy as np
    >>> IDENTITY.value(np.array([[-1.5]]), "prediction")
    array([[-1.5]])
    """

    outputs = ("prediction", "raw")

    def n_outputs(self, output, n_raw):
        return n_raw

    def value(self, raw, output):
        return raw

    def operators(self, raw, output):
        return []

    def rescaling(self, location, scale):
        return scale, location

    def certain(self, value):
        return value


IDENTITY = IdentityLink()
