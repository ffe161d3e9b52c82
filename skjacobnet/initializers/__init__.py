r"""Initializers: distributions of the initial weights.

An initializer is called as ``initializer(shape, rng, dtype)`` with the shape ``(...,
n_in, n_out)`` of the weights of linear layers. Numbers are drawn in float64 and rounded
to `dtype`, so initial weights in float32 and float64 agree to rounding.
``adapt(weights, X, rng)`` may then fit the weights to a batch of inputs.
"""

from skjacobnet.core.component import Family
from skjacobnet.initializers.base import Initializer as Initializer
from skjacobnet.initializers.data_driven import DataDriven as DataDriven
from skjacobnet.initializers.isometric import Isometric as Isometric
from skjacobnet.initializers.orthogonal import Orthogonal as Orthogonal
from skjacobnet.initializers.scaled import GlorotNormal as GlorotNormal
from skjacobnet.initializers.scaled import GlorotUniform as GlorotUniform
from skjacobnet.initializers.scaled import HeNormal as HeNormal
from skjacobnet.initializers.scaled import HeUniform as HeUniform
from skjacobnet.initializers.scaled import LecunNormal as LecunNormal
from skjacobnet.initializers.scaled import Zeros as Zeros

INITIALIZERS = Family(
    "initializer",
    Initializer,
    globals(),
    elsewhere={
        "glorot": "glorot_uniform",
        "he": "he_uniform",
        "kaiming": "he_uniform",
        "kaiming_normal": "he_normal",
        "kaiming_uniform": "he_uniform",
        "xavier": "glorot_uniform",
        "xavier_normal": "glorot_normal",
        "xavier_uniform": "glorot_uniform",
    },
)
