"""Layers: differentiable functions that know their Jacobians."""

from skjacobnet.core.component import Family
from skjacobnet.layers.average import Average as Average
from skjacobnet.layers.base import Elementwise as Elementwise
from skjacobnet.layers.base import Layer as Layer
from skjacobnet.layers.containers import Frozen as Frozen
from skjacobnet.layers.containers import Parallel as Parallel
from skjacobnet.layers.containers import Repeat as Repeat
from skjacobnet.layers.containers import Residual as Residual
from skjacobnet.layers.containers import Sequential as Sequential
from skjacobnet.layers.dropout import Dropout as Dropout
from skjacobnet.layers.encodings import ENCODINGS as ENCODINGS
from skjacobnet.layers.encodings import Binary as Binary
from skjacobnet.layers.encodings import Column as Column
from skjacobnet.layers.encodings import EncodedRows as EncodedRows
from skjacobnet.layers.encodings import Encoding as Encoding
from skjacobnet.layers.encodings import MissingIndicator as MissingIndicator
from skjacobnet.layers.encodings import OneHot as OneHot
from skjacobnet.layers.encodings import PiecewiseLinear as PiecewiseLinear
from skjacobnet.layers.encodings import SmoothClip as SmoothClip
from skjacobnet.layers.encodings import Standardize as Standardize
from skjacobnet.layers.encodings import automatic_encodings as automatic_encodings
from skjacobnet.layers.encodings import fit_encodings as fit_encodings
from skjacobnet.layers.exponential_units import ELU as ELU
from skjacobnet.layers.exponential_units import SELU as SELU
from skjacobnet.layers.identity import Identity as Identity
from skjacobnet.layers.linear import Linear as Linear
from skjacobnet.layers.rectifiers import LeakyReLU as LeakyReLU
from skjacobnet.layers.rectifiers import ReLU as ReLU
from skjacobnet.layers.rescale import Rescale as Rescale
from skjacobnet.layers.saturating import HardTanh as HardTanh
from skjacobnet.layers.saturating import Sigmoid as Sigmoid
from skjacobnet.layers.saturating import Tanh as Tanh
from skjacobnet.layers.smooth import GELU as GELU
from skjacobnet.layers.smooth import Mish as Mish
from skjacobnet.layers.smooth import SiLU as SiLU
from skjacobnet.layers.smooth import Softplus as Softplus
from skjacobnet.layers.softmax import Softmax as Softmax

LAYERS = Family("layer", Layer, globals(), without=Encoding)
# Containers have a property instead, which depends on their inner layers.
ACTIVATIONS = Family(
    "activation",
    Layer,
    {cls.__name__: cls for cls in LAYERS.classes if cls.is_activation is True},
    elsewhere={"linear": "identity"},
)
