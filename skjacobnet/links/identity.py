"""The identity link."""

from skjacobnet.links.base import RegressionLink
from skjacobnet.links.members import mean_of_members
from skjacobnet.operators import BlockRow


class IdentityLink(RegressionLink):
    """Identity link: the prediction is the raw prediction.

    Notes
    -----
    The output is the argument itself, not a copy.

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

    def average(self, raw):
        return raw.mean(axis=-2)

    def average_jacobian(self, raw):
        return BlockRow(mean_of_members(*raw.shape[-2:], raw.dtype))

    def average_second_vjp(self, raw, tangent, cotangent):
        return None


IDENTITY = IdentityLink()
