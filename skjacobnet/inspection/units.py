"""Units of the changes of columns."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.data.columns import checked_table
from skjacobnet.data.frames import column, column_names, numbers_of
from skjacobnet.layers import (
    Binary,
    MissingIndicator,
    OneHot,
    PiecewiseLinear,
    Standardize,
)

UNITS = Interval(0, np.inf, "left")


def units_of(route, X, units=None):
    """Return the size of a unit change of each column.

    Parameters
    ----------
    route : Route
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
    units : float >= 0 or array-like of shape (n_features,), optional
        Units given by the user. By default those of `X`; with encodings the standard
        deviations of its columns, and half the distance of the two values of a column
        encoded by `Binary`.

    Returns
    -------
    array of shape (n_features,), float64
        Zero for categorical columns.

    Raises
    ------
    TypeError
        If `units` are not numbers, or a step mixes a categorical column with others
        before it is encoded.
    ValueError
        If `units` are negative, or there are not as many as columns.
    """
    if units is None and route.is_encoded:
        found = _deviations(route, X)
    else:
        found = checked_units(units, route.n_features)
    found[route.of_categories] = 0.0
    return found


def checked_units(units, n_features):
    """Return the units of a user, (n_features,), ones if there are none.

    Raises
    ------
    TypeError, ValueError
        As in `units_of`.

    Examples
    --------
    >>> checked_units(None, 2), checked_units([0, 3.0], 2)
    (array([1., 1.]), array([0., 3.]))
    """
    found = np.asarray(1.0 if units is None else units)
    for unit in found.ravel().tolist():
        UNITS.check(unit, "units")
    if found.shape not in ((), (n_features,)):
        raise ValueError(
            f"units must be one number or one for each of the {n_features} columns of "
            f"X, got an array of shape {found.shape}."
        )
    return np.broadcast_to(found, n_features).astype(np.float64)


def _deviations(route, X):
    """Return the standard deviation of each numeric column: of the fit, or of X."""
    deviations = standardized_deviations(route.model.network)
    if deviations is not None and route.matrix is None:
        return deviations
    used = np.ones(route.n_features, bool)
    if route.matrix is not None:
        factors = np.abs(route.matrix)
        if deviations is not None and (np.count_nonzero(factors, axis=0) <= 1).all():
            sizes = np.zeros_like(factors)
            np.divide(deviations, factors, sizes, where=factors > 0.0)
            return sizes.max(axis=1)
        used = factors.any(axis=1)
    used[route.of_categories] = False
    table, found = checked_table(X), np.zeros(route.n_features)
    names = column_names(table) or range(route.n_features)
    for place, name in enumerate(names):
        if used[place]:
            values = numbers_of(column(table, place), name).astype(np.float64)
            values = values[~np.isnan(values)]
            found[place] = values.std() if values.size else 0.0
    return found


def standardized_deviations(network):
    """Return the units of a network's inputs from its encodings.

    These are the standard deviations of `Standardize`, and half the distance of the two
    values of a column encoded by `Binary`.

    Parameters
    ----------
    network : Network

    Returns
    -------
    array of shape (n_inputs,) or None
        Zero for other inputs. None if there is no such layer, or a layer before it
        changes numbers.
    """
    sources = np.arange(network.sizes[0])
    halves = np.ones(network.sizes[0])
    known = network.part(0, network.n_encodings)
    statistics = known.arrays(np.empty(0))
    for layer, own, width in zip(known.layers, statistics, known.sizes, strict=False):
        if isinstance(layer, Standardize):
            found = np.zeros(network.sizes[0])
            found[sources[list(layer.columns)]] = own["deviation"]
            return found * halves
        if isinstance(layer, Binary):
            halves[sources[list(layer.columns)]] = own["half"]
        elif not isinstance(layer, OneHot | PiecewiseLinear | MissingIndicator):
            return None
        sources = sources[layer.sources(width)]
    return None
