"""The encodings of ``encoding="auto"``."""

from skjacobnet.layers.encodings.binary import Binary
from skjacobnet.layers.encodings.missing_indicator import MissingIndicator
from skjacobnet.layers.encodings.one_hot import OneHot
from skjacobnet.layers.encodings.piecewise_linear import PiecewiseLinear
from skjacobnet.layers.encodings.smooth_clip import SmoothClip
from skjacobnet.layers.encodings.standardize import Standardize


def automatic_encodings(sparse, n_bins=8):
    """Return default encodings for columns of any type, as a tuple.

    Parameters
    ----------
    sparse : bool
        Whether the table is a sparse matrix, which is only scaled, so zeros stay zeros.
    n_bins : int, default=8
        Maximum number of bins of a column.

    Examples
    --------
    >>> automatic_encodings(sparse=True)
    (Standardize(center=False),)
    """
    if sparse:
        return (Standardize(center=False),)
    # Bins come before imputation, scaling after it.
    return (
        OneHot(),
        Binary(),
        PiecewiseLinear(n_bins),
        MissingIndicator(),
        Standardize(),
        SmoothClip(),
    )
