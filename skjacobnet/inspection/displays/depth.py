"""Names of layers, for the displays of a network's depth."""

from skjacobnet.inspection.displays.names import shortened_names, thinned

# More names than this would cover one another.
MOST_NAMES = 25
# Longer ones, upright, would leave no height for the axes.
LONGEST_LAYER = 24


def layer_names(network):
    """Return a name for each layer: its place from 1, its kind, its widths.

    Widths are named where there are weights between them.

    Examples
    --------
    >>> from skjacobnet.layers import Linear, ReLU
    >>> from skjacobnet.network import Network
    >>> layer_names(Network([Linear(30), ReLU(), Linear(10)], n_in=64))
    ['1 Linear(64 -> 30)', '2 ReLU', '3 Linear(30 -> 10)']
    """
    names = []
    for place, (layer, shapes) in enumerate(
        zip(network.layers, network.weight_shapes, strict=True)
    ):
        n_in, n_out = network.sizes[place : place + 2]
        widths = f"({n_in} -> {n_out})" if shapes else ""
        names.append(f"{place + 1} {type(layer).__name__}{widths}")
    return names


def name_layers(ax, names):
    """Write names under the axes, the last and some others where there are many."""
    shown = thinned(len(names), MOST_NAMES)
    names = shortened_names([names[i] for i in shown], LONGEST_LAYER)
    ax.set_xticks(shown, names, rotation=90)
