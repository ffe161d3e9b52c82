"""Contrasts of categories, computed in blocks of rows."""

from typing import NamedTuple

import numpy as np

from skjacobnet.core.blocks import row_blocks, slices
from skjacobnet.layers import OneHot
from skjacobnet.layers.encodings.columns import of_kind


class Categories(NamedTuple):
    """Encoded categories of one column.

    Attributes
    ----------
    input : int
        Index of the column in the table passed to the network.
    codes : tuple of int
        Codes of the categories in the column.
    shares : array of shape (n_categories,)
        Frequency of each category in the fit, as a share of the total weight of the
        rows. Where two categories have one encoded column, a missing value counts half
        to each.
    """

    input: int
    codes: tuple
    shares: np.ndarray


def categories_of(model):
    """Return the `Categories` of each column that has any, a list.

    Parameters
    ----------
    model : FittedModel

    Examples
    --------
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = np.array([["red"], ["red"], ["blue"], ["green"]], dtype=object)
    >>> model = JacobianMLPClassifier((), max_iter=1)
    >>> categories_of(model.fit(X, [0, 0, 1, 1]).model_)
    [Categories(input=0, codes=(0, 1, 2), shares=array([0.25, 0.25, 0.5 ]))]
    """
    network, found = model.network, []
    sources = np.arange(network.sizes[0])
    layers = network.layers[: network.n_encodings]
    encoded = of_kind(model.encoded_columns, "one_hot")
    for layer, width in zip(layers, network.sizes, strict=False):
        if isinstance(layer, OneHot):
            for column, codes in zip(layer.columns, layer.codes, strict=True):
                source = int(sources[column])
                places = [
                    place
                    for place in encoded
                    if model.encoded_columns[place].source == source
                ]
                if codes:
                    shares = _shares(model, source, codes, places)
                    found.append(Categories(source, codes, shares))
        sources = sources[layer.sources(width)]
    return found


def _shares(model, source, codes, places):
    """Return the share of each category, from the mean of the encoded rows.

    An encoded column has one number for its category and one for all others.
    """
    rows = np.full((len(codes), model.network.sizes[0]), np.nan)
    rows[:, source] = codes
    encoded = model.network.encoded(rows, np.float64)[:, places]
    # Two categories may have one column, that of the second.
    first = len(codes) - len(places)
    own = np.arange(first, len(codes))
    on, off = encoded[own, own - first], encoded[own - 1, own - first]
    shares = (model.mean_encoded[places] - off) / (on - off)
    return np.append(1.0 - shares, shares) if first else shares


def contrast_blocks(route, columns):
    """Yield the changes of the output under other categories.

    Parameters
    ----------
    route : Route
    columns : list of Categories
        Columns to change, one at a time.

    Yields
    ------
    rows : slice
    raw : array of shape (n_rows, n_raw)
        The raw prediction.
    contrasts : iterator of (int, int, array, array)
        Index of the column in `columns`, index of the category in it, change of all
        columns of the output, (n_rows, n_outputs), and a mask of the rows with another
        category, (n_rows,). Must be exhausted before the next block.

    Notes
    -----
    One evaluation of the network for each category and block.
    """
    model, inputs = route.model, route.inputs
    block = row_blocks(model.network, 0, model.dtype.itemsize)
    for rows in slices(inputs.shape[0] if columns else 0, block):
        X = inputs[rows].copy()
        raw = model.raw(X)
        yield rows, raw, _contrasts(route, columns, X, raw)


def _contrasts(route, columns, X, raw):
    model, output = route.model, route.output
    here = model.link.value(raw, output)
    for number, column in enumerate(columns):
        own = X[:, column.input].copy()
        for place, code in enumerate(column.codes):
            X[:, column.input] = code
            other = own != code
            change = model.link.value(model.raw(X), output) - here
            # Sums in another order differ by rounding, also without a change.
            change[~other] = 0.0
            yield number, place, change, other
        X[:, column.input] = own


def mean_absolute_contrasts(route):
    r"""Yield the mean absolute contrast of each categorical column for each row.

    .. math:: S_{s,o,j} = \frac{\sum_{k \ne x_{s,j}} p_{jk} \, |f_o(x_s; x_j = k)
              - f_o(x_s)|}{\sum_{k \ne x_{s,j}} p_{jk}}

    Parameters
    ----------
    route : Route

    Yields
    ------
    rows : slice
    raw : array of shape (n_rows, n_raw)
        The raw prediction.
    column : int
        The column of the user's X.
    strength : array of shape (n_rows, n_outputs)
        Mean over the other encoded categories k, weighted by their frequencies p in the
        fit; zero where there is no other one.
    """
    columns = categories_of(route.model) if route.is_encoded else []
    origins = route.origins([column.input for column in columns])
    for rows, raw, contrasts in contrast_blocks(route, columns):
        n_rows = rows.stop - rows.start
        total = np.zeros((len(columns), n_rows, route.n_outputs))
        weight = np.zeros((len(columns), n_rows, 1))
        for number, place, change, other in contrasts:
            share = columns[number].shares[place]
            total[number] += share * np.abs(change)
            weight[number, :, 0] += share * other
        strengths = np.divide(total, weight, np.zeros_like(total), where=weight > 0.0)
        for column, strength in zip(origins, strengths, strict=True):
            yield rows, raw, column, strength
