"""Fits of a sequence of encodings."""

from skjacobnet.layers.encodings.rows import EncodedRows


def fit_encodings(encodings, columns, X, sample_weight=None):
    """Fit encodings to a table, each to the output of the preceding ones.

    Parameters
    ----------
    encodings : sequence of Encoding
        Encodings in the order of application.
    columns : list of Column
        Columns of `X`.
    X : array or CSR matrix of shape (n_samples, n_columns)
    sample_weight : array of shape (n_samples,), optional
        Rows of weight 0 are left out.

    Returns
    -------
    layers : list of Encoding
    statistics : list of dict of str to array
        Statistics in float64, one dict for each layer.
    columns_out : list of Column
        Columns of the last output.

    Examples
    --------
    >>> import numpy as np
    >>> from skjacobnet.layers import Column, MissingIndicator, Standardize
    >>> X = np.array([[1.0], [3.0], [np.nan]])
    >>> layers, statistics, columns = fit_encodings(
    ...     [MissingIndicator(), Standardize()], [Column(0, "number")], X
    ... )
    >>> statistics[0], [column.kind for column in columns]
    ({'mean': array([2.])}, ['number', 'indicator'])
    """
    rows, found = EncodedRows(X, sample_weight), []
    for encoding in encodings:
        layer, statistics, columns = encoding.fitted(columns, rows)
        found.append((layer, statistics))
        rows = rows.followed_by(layer, statistics)
    return [layer for layer, _ in found], [known for _, known in found], list(columns)
