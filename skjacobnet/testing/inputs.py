"""Random inputs and weights for checks of layers."""

import numpy as np

from skjacobnet.layers.base import Elementwise


def draw_inputs(layer, shape, rng, clearance=0.1):
    """Draw inputs of both signs away from the kinks of a layer.

    Parameters
    ----------
    layer : Layer
    shape : tuple of int
    rng : numpy.random.Generator
    clearance : float > 0, default=0.1
        Least distance from a kink. Unit: that of the input.

    Returns
    -------
    array of the given shape, float64

    Raises
    ------
    ValueError
        If kinks are too dense to find inputs.
    """
    X = rng.normal(scale=2.0, size=shape)
    kinks = layer.kinks if isinstance(layer, Elementwise) else ()
    for _ in range(1000):
        near = np.zeros(shape, bool)
        for kink in kinks:
            near |= np.abs(X - kink) < clearance
        if not near.any():
            return X
        X[near] = rng.normal(scale=2.0, size=np.count_nonzero(near))
    raise ValueError(f"{layer!r}: no room for inputs between the kinks {kinks}.")


def draw_weights(layer, X, rng):
    """Draw initial weights, and perturb all of them slightly.

    The result includes the statistics of the layer.
    """
    weights = layer.init_weights(X.shape[-1], rng, X.dtype, X)
    weights |= layer.neutral_statistics(X.shape[-1])
    return {
        name: weight + rng.normal(scale=0.1, size=weight.shape)
        for name, weight in weights.items()
    }


def trained(layer, weights):
    """Return the weights of a layer without its statistics."""
    return {n: array for n, array in weights.items() if n not in layer.statistics}
