"""A network from its hidden layers."""

from skjacobnet.layers import Linear
from skjacobnet.network.network import Network


def build_network(hidden, n_in, n_raw, initializer="auto"):
    """Build a network from its hidden layers.

    Adds the output layer, and gives each `Linear` the initializer that suits the
    activation after it.

    Parameters
    ----------
    hidden : sequence of Layer
    n_in, n_raw : int
        Numbers of input features and of raw predictions.
    initializer : str or Initializer, default="auto"
        For linear layers that name none; ``"auto"`` asks the activation.

    Returns
    -------
    Network
    """
    layers, activation = [], None
    for layer in [Linear(n_raw), *reversed(hidden)]:
        layer, activation = layer.settled(initializer, activation)
        layers.append(layer)
    return Network(reversed(layers), n_in)
