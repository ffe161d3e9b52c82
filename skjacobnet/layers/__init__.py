"""Layers: differentiable functions that know their Jacobians."""

from skjacobnet._component import Family
from skjacobnet.layers.activations import ReLU as ReLU
from skjacobnet.layers.base import Elementwise as Elementwise
from skjacobnet.layers.base import Layer as Layer
from skjacobnet.layers.linear import Linear as Linear

LAYERS = Family("layer", Layer, globals())
