"""Networks: chains of layers with one flat vector of weights."""

from skjacobnet.network.build import build_network as build_network
from skjacobnet.network.linearization import Linearization as Linearization
from skjacobnet.network.network import Network as Network
from skjacobnet.network.network import as_type as as_type
from skjacobnet.network.workspace import NetworkWorkspace as NetworkWorkspace
