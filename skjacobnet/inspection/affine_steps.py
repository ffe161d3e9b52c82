"""Matrices of affine pipeline steps, for derivatives through them."""

from collections import UserList

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

POSSIBLE = (
    "Derivatives pass through StandardScaler, MinMaxScaler and MaxAbsScaler "
    "without clip, RobustScaler, PCA, IncrementalPCA, TruncatedSVD, feature selectors, "
    "'passthrough', FunctionTransformer without func, samplers of imbalanced-learn, "
    "and Pipeline, FeatureUnion and ColumnTransformer of these. "
    "Transform X up to and including the last other step, and pass the transformed X "
    "to the steps after it, such as model[-1]."
)


def is_passthrough(transformer):
    """Tell whether a step of a fitted pipeline leaves rows unchanged, or drops them."""
    if hasattr(transformer, "fit_resample"):
        # A sampler of imbalanced-learn draws rows for the fit only.
        return not hasattr(transformer, "transform")
    return transformer is None or transformer in ("passthrough", "drop")


def linear_part(transformer, name, n_in):
    """Return the matrix of an affine transformer.

    Parameters
    ----------
    transformer : fitted transformer, "passthrough" or "drop"
        A sampler, which has `fit_resample` and no `transform`, passes rows through.
    name : str
        Name of the step, for errors.
    n_in : int
        Number of its input features.

    Returns
    -------
    array of shape (n_in, n_out)
        C in ``transform(x) = x C + b``.

    Raises
    ------
    TypeError
        If the transformer is not known to be affine.

    Examples
    --------
    >>> scaler = StandardScaler().fit([[0.0, 0.0], [2.0, 8.0]])
    >>> linear_part(scaler, "scale", 2)
    array([[1.  , 0.  ],
           [0.  , 0.25]])
    """
    if is_passthrough(transformer):
        return np.eye(n_in)[:, : 0 if transformer == "drop" else n_in]
    if isinstance(transformer, Pipeline):
        coef = np.eye(n_in)
        for inner, step in transformer.steps:
            coef = coef @ linear_part(step, f"{name}__{inner}", coef.shape[1])
        return coef
    if isinstance(transformer, ColumnTransformer):
        return _of_columns(transformer, name, n_in)
    if isinstance(transformer, FeatureUnion):
        return _of_union(transformer, name, n_in)
    if isinstance(transformer, SelectorMixin):
        return np.eye(n_in)[:, transformer.get_support()]
    find = MATRICES.get(type(transformer))
    coef = find(transformer, n_in) if find else None
    if coef is None:
        raise TypeError(
            f"Step {name!r}, {transformer!r} of class {type(transformer).__name__}, is "
            f"not known to be affine. {POSSIBLE}"
        )
    return coef


def _divided(scale, n_in):
    return np.eye(n_in) if scale is None else np.diag(1.0 / scale)


def _pca(pca, n_in):
    coef = pca.components_.T
    if not pca.whiten:
        return coef
    deviation = np.sqrt(pca.explained_variance_)
    # As in PCA: a bound on the scale of directions without variance.
    return coef / np.maximum(deviation, np.finfo(deviation.dtype).eps)


def _unless(refused, matrix):
    """Return `matrix`, or None for a transformer with the setting `refused`."""
    return lambda transformer, n_in: (
        None if getattr(transformer, refused, None) else matrix(transformer, n_in)
    )


# Functions that return the matrix of a fitted transformer of each class.
MATRICES = {
    StandardScaler: lambda scaler, n_in: _divided(scaler.scale_, n_in),
    RobustScaler: lambda scaler, n_in: _divided(scaler.scale_, n_in),
    MaxAbsScaler: _unless("clip", lambda scaler, n_in: _divided(scaler.scale_, n_in)),
    MinMaxScaler: _unless("clip", lambda scaler, n_in: np.diag(scaler.scale_)),
    PCA: _pca,
    IncrementalPCA: _pca,
    TruncatedSVD: lambda svd, n_in: svd.components_.T,
    FunctionTransformer: _unless("func", lambda transformer, n_in: np.eye(n_in)),
}


def _of_union(union, name, n_in):
    weights = union.transformer_weights or {}
    parts = [
        weights.get(inner, 1.0) * linear_part(step, f"{name}__{inner}", n_in)
        for inner, step in union.transformer_list
    ]
    return np.hstack(parts)


def _of_columns(transformer, name, n_in):
    weights = transformer.transformer_weights or {}
    parts = {}
    for inner, step, columns in transformer.transformers_:
        positions = _positions(columns, transformer, n_in)
        coef = np.zeros((n_in, 0))
        if len(positions):
            part = linear_part(step, f"{name}__{inner}", len(positions))
            coef = np.zeros((n_in, part.shape[1]))
            coef[positions] = weights.get(inner, 1.0) * part
        parts[inner] = coef
    # The slices give the order of the output columns.
    slices = transformer.output_indices_
    order = sorted(parts, key=lambda inner: slices[inner].start)
    return np.hstack([parts[inner] for inner in order])


def _positions(columns, transformer, n_in):
    """Return the indices of the columns that an entry of a ColumnTransformer names."""
    names = list(getattr(transformer, "feature_names_in_", range(n_in)))
    if isinstance(columns, slice):
        first, last = columns.start, columns.stop
        if isinstance(first, str) or isinstance(last, str):
            # Slices of names include their last one.
            first = None if first is None else names.index(first)
            last = None if last is None else names.index(last) + 1
        return np.arange(n_in)[first : last : columns.step]
    if isinstance(columns, UserList):  # a remainder, before scikit-learn 1.7
        columns = columns.data
    columns = np.atleast_1d(np.asarray(columns))
    if columns.dtype.kind in "OUT":
        columns = np.array([names.index(column) for column in columns], int)
    return np.arange(n_in)[columns] if len(columns) else np.arange(0)
