"""Containers of layers, which form computation graphs."""

from skjacobnet.layers.containers.frozen import Frozen as Frozen
from skjacobnet.layers.containers.parallel import Parallel as Parallel
from skjacobnet.layers.containers.residual import Residual as Residual
from skjacobnet.layers.containers.sequence import Repeat as Repeat
from skjacobnet.layers.containers.sequence import Sequential as Sequential
