"""Construction of a network from its hidden layers."""

from skjacobnet.layers import Linear
from skjacobnet.network.network import Network


def build_network(hidden, n_in, n_raw, initializer="auto", output_initializer="auto"):
    """Build a network from its hidden layers.

    Adds the output layer, and sets the initializer of each `Linear` by the next
    activation.

    Parameters
    ----------
    hidden : sequence of Layer
    n_in, n_raw : int
        Number of input features and of raw predictions.
    initializer : str or Initializer, default="auto"
        Initializer of linear layers with ``"auto"``; ``"auto"`` takes that of the
        activation.
    output_initializer : str or Initializer, default="auto"
        Initializer of the output layer; ``"auto"`` is `initializer`.

    Returns
    -------
    Network
    """
    layers, activation = [], None
    output = Linear(n_raw, initializer=output_initializer)
    for layer in [output, *reversed(hidden)]:
        layer, activation = layer.settled(initializer, activation)
        layers.append(layer)
    return Network(reversed(layers), n_in)
