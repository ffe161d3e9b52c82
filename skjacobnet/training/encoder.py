"""Encodings of a run: fitted to its table, or those of an earlier fit."""

from scipy.sparse import issparse

from skjacobnet.layers import EncodedRows, automatic_encodings, fit_encodings
from skjacobnet.network import Network


def fitted_encoder(parts, table, columns, shared=None):
    """Return encodings fitted to all rows of positive weight, columns and mean row.

    Sample weights are used; class weights and splits are not: encodings are the same
    for all networks trained on the table.

    Parameters
    ----------
    parts : Parts
    table : Table
    columns : RawColumns or None
    shared : Shared, optional
        Results shared with other runs on the table.

    Returns
    -------
    encoder : Network
        Network of the encodings only, possibly none.
    encoded_columns : tuple of Column
    mean_encoded : array of shape (n_encoded,) or None
        The weighted mean encoded row; None without encodings.
    """
    encoder = Network((), table.X.shape[1])
    if not parts.encodings:
        return encoder, (), None
    encodings = _encodings(parts, table.task, issparse(table.X))
    X, weight, raw_columns = table.X, table.sample_weight, columns.raw_columns

    def fitted():
        layers, statistics, known = fit_encodings(encodings, raw_columns, X, weight)
        rows = EncodedRows(X, weight, zip(layers, statistics, strict=True))
        return encoder.followed_by(layers, statistics), tuple(known), rows.mean()

    if shared is None:
        return fitted()
    return shared.get(("encoder", encodings, X, weight), fitted)


def encoder_of(model, parts, sparse):
    """Return the encodings of a fitted model, for a continued run.

    Raises
    ------
    ValueError
        If they differ from the current parameter `encoding`.
    """
    encoder = model.network.part(0, model.network.n_encodings)
    wanted = _encodings(parts, model.task, sparse)
    same = len(wanted) == len(encoder.layers) and all(
        type(layer) is type(encoding)
        and all(
            getattr(layer, name) == value
            for name, value in encoding.get_params().items()
            if value is not None
        )
        for layer, encoding in zip(encoder.layers, wanted, strict=True)
    )
    if not same:
        raise ValueError(
            "Training continues with the encodings of the last fit, "
            f"{_names(encoder.layers)}, but encoding is {_names(wanted)} or has "
            "other arguments. Set warm_start=False and call fit to start anew."
        )
    return encoder


def _encodings(parts, task, sparse):
    automatic = parts.encodings == "auto"
    return automatic_encodings(sparse, task.n_bins) if automatic else parts.encodings


def _names(layers):
    return [type(layer).__name__ for layer in layers]
