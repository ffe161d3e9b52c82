"""Coordinates of attributions: the columns of X, or the encoded columns."""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, issparse

from skjacobnet.inspection.frames import feature_names, row_as_table
from skjacobnet.inspection.pipelines import numbers


def coordinates(route, X, baseline=None, names=None):
    """Return the coordinates of attributions for rows.

    Parameters
    ----------
    route : Route
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
    baseline : row or rows, optional
        Start of the changes.
    names : sequence of str, optional
        Names of the columns, if `X` has none.

    Returns
    -------
    EncodedColumns or OwnColumns
        Encoded columns if the network has encodings, else the columns of `X`.

    Raises
    ------
    TypeError, ValueError
        If `X` does not hold numbers and is not encoded, `baseline` has the wrong shape
        or names, or steps mix columns before they are encoded.
    """
    if route.is_encoded:
        return EncodedColumns(route, baseline)
    return OwnColumns(route, X, baseline, names)


class OwnColumns:
    """Columns of X as coordinates, all of them numbers.

    Attributes
    ----------
    model : FittedModel
        Model that takes the columns after `steps`.
    output : str
        Name of its output.
    steps : list of ConstantMatrix
    vectors_per_row : int
        As that of `Route`.
    first : int
        Number of operators of a chain of the route before the columns.
    """

    first = 0

    def __init__(self, route, X, baseline=None, names=None):
        self.model, self.output, self.steps = route.model, route.output, route.steps
        self.vectors_per_row = route.vectors_per_row
        self._inputs, self._values = route.inputs, numbers(X)
        shape = self._values.shape
        if baseline is None:
            baseline = np.zeros((1, shape[1]))
        else:
            baseline = _checked_baseline(baseline, shape, feature_names(X) or names)
        self._baseline = np.broadcast_to(baseline, shape)

    def inputs(self, rows):
        """Return the inputs of `model` for some rows, after the steps."""
        inputs = self._inputs[rows]
        return inputs.toarray() if issparse(inputs) else np.asarray(inputs)

    def difference(self, rows):
        """Return the differences of some rows from the baseline."""
        return self._values[rows] - self._baseline[rows]

    def summed(self, shares):
        """Return attributions summed over the columns of X (unchanged here)."""
        return shares


class EncodedColumns:
    """Encoded columns of X as coordinates, numbers without a unit.

    Attributes
    ----------
    model, output, steps, vectors_per_row, first
        As those of `OwnColumns`. `model` starts after the encodings.
    """

    def __init__(self, route, baseline=None):
        model = route.model
        first, n_layers = model.network.n_encodings, len(model.network.layers)
        self._whole, self._inputs = model.network, route.inputs
        self.model = replace(model, network=model.network.part(first, n_layers))
        self.output, self.steps, self.vectors_per_row = route.output, [], 1
        self.first = len(route.steps) + first
        places = route.origins(range(route.inputs.shape[1]))
        sources = places[[column.source for column in model.encoded_columns]]
        # Shares with the same source column add up.
        shape = len(sources), route.n_features
        ones = np.ones(len(sources)), (np.arange(len(sources)), sources)
        self._sums = csr_array(ones, shape=shape)
        if baseline is None:
            self._baseline = model.mean_encoded[np.newaxis]
            return
        self._baseline, self._given = None, route.read(row_as_table(baseline))
        n_samples, n_given = route.inputs.shape[0], self._given.shape[0]
        if n_given == 1:
            self._baseline = self._encoded(self._given)
        elif n_given != n_samples:
            raise ValueError(
                f"baseline must be one row or one for each of the {n_samples} rows of "
                f"X, got {n_given}."
            )

    def inputs(self, rows):
        """Return the inputs of `model` for some rows: the encoded rows."""
        return self._encoded(self._inputs[rows])

    def difference(self, rows):
        """Return the differences of some encoded rows from the encoded baseline."""
        return self.inputs(rows) - self.baseline_inputs(rows)

    def summed(self, shares):
        """Return attributions of encoded columns summed over the columns of X."""
        return shares @ self._sums

    def baseline_inputs(self, rows):
        """Return the inputs of `model` at the baseline: the encoded baseline."""
        if self._baseline is None:
            return self._encoded(self._given[rows])
        return self._baseline

    def _encoded(self, inputs):
        encoded = self._whole.encoded(inputs, np.float64)
        return encoded.toarray() if issparse(encoded) else encoded


def _checked_baseline(baseline, shape, names):
    given = feature_names(baseline)
    unnamed = given is None or given == list(range(len(given)))
    if not (unnamed or names is None or given == list(names)):
        raise ValueError(
            f"baseline must have the features of X in the same order, {list(names)}, "
            f"got {given}. Reorder it with baseline[X.columns]."
        )
    baseline = np.asarray(baseline, np.float64)
    if baseline.shape not in (shape, (1, *shape[1:]), shape[1:]):
        raise ValueError(
            f"baseline must be one row of shape {shape[1:]} or one for each row of X, "
            f"{shape}, got {baseline.shape}."
        )
    return baseline
