"""Initial weights of a run."""

import numpy as np

from skjacobnet.core.rows import cast
from skjacobnet.initializers import DataDriven, Zeros
from skjacobnet.network import Network, build_network

# Rows for data-driven initializers: for those of a user, and the automatic one.
# With 1,024 the error on the fifteen tables is .805 of that of MLPClassifier, with 256
# .811 (three seeds).
START_ROWS, AUTOMATIC_ROWS = 256, 1024
# Factor of the drawn matrix of the output layer if a run starts at the best constant.
# On diabetes and Friedman's three functions R² is .476, .867, .938, .798 with it, .470,
# .860, .937, .790 without.
START_OF_OUTPUT = 0.3


def network_to_train(parts, n_in, task):
    """Return the network of the trained layers.

    Parameters
    ----------
    parts : Parts
    n_in : int
        Number of its input columns.
    task : Task

    Returns
    -------
    Network
    """
    if parts.initializer == "auto":
        return build_network(parts.hidden, n_in, task.n_raw, DataDriven(), Zeros())
    return build_network(parts.hidden, n_in, task.n_raw, parts.initializer)


def draw_weights(parts, network, state, table, encoded_columns):
    """Draw the initial weights; some initializers use training rows.

    Parameters
    ----------
    parts : Parts
    network : Network
    state : RunState
        State, whose weights are set.
    table : Table
    encoded_columns : tuple of Column
        Input columns of the network; empty if unknown.
    """
    theta, automatic = state.theta, parts.initializer == "auto"
    rows = table.some_inputs(AUTOMATIC_ROWS if automatic else START_ROWS)
    rows = cast(rows, theta.dtype, network.accepts_sparse)
    bins = [column.kind == "bin" for column in encoded_columns]
    kept = np.flatnonzero(np.logical_not(bins)) if automatic and any(bins) else None
    # Too large numbers raise an error in the training loop.
    with np.errstate(all="ignore"):
        if kept is None or not _draw_without(network, state, rows, kept):
            theta[...] = network.init_weights(state.weight_rng, theta.dtype, rows)
    if automatic or table.task.starts_at_constant:
        output = network.split(theta)[-1]
        if not automatic:
            output["coef"] *= START_OF_OUTPUT
        output["intercept"][...] = table.first_raw(parts.loss)


def _draw_without(network, state, rows, kept):
    """Draw weights as for some columns only, with zeros for the weights of others.

    Returns
    -------
    bool
        Whether this is possible; it is not if a layer processes columns separately.
    """
    n_in = network.sizes[0]
    try:
        narrow = Network(network.layers, len(kept))
    except ValueError:
        return False
    wanted, found = network.weight_shapes, narrow.weight_shapes
    for shapes, others in zip(wanted, found, strict=True):
        for name, shape in shapes.items():
            widened = (n_in, *others[name][1:]) if others[name] != shape else shape
            if widened != shape or (others[name] != shape and len(shape) != 2):
                return False
    drawn = narrow.init_weights(state.weight_rng, state.theta.dtype, rows[:, kept])
    pairs = zip(network.split(state.theta), narrow.split(drawn), strict=True)
    for own, others in pairs:
        for name, array in own.items():
            if array.shape == others[name].shape:
                array[...] = others[name]
            else:
                array[...] = 0.0
                array[kept] = others[name]
    return True
