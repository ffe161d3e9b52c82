"""Encodings: untrained first layers, fitted to a table with columns of any type."""

from skjacobnet.core.component import Family
from skjacobnet.layers.encodings.auto import automatic_encodings as automatic_encodings
from skjacobnet.layers.encodings.base import Encoding as Encoding
from skjacobnet.layers.encodings.binary import Binary as Binary
from skjacobnet.layers.encodings.columns import Column as Column
from skjacobnet.layers.encodings.fit import fit_encodings as fit_encodings
from skjacobnet.layers.encodings.missing_indicator import (
    MissingIndicator as MissingIndicator,
)
from skjacobnet.layers.encodings.one_hot import OneHot as OneHot
from skjacobnet.layers.encodings.piecewise_linear import (
    PiecewiseLinear as PiecewiseLinear,
)
from skjacobnet.layers.encodings.rows import EncodedRows as EncodedRows
from skjacobnet.layers.encodings.smooth_clip import SmoothClip as SmoothClip
from skjacobnet.layers.encodings.standardize import Standardize as Standardize

ENCODINGS = Family("encoding", Encoding, globals())
