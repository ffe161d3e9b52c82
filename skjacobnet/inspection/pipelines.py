r"""Derivatives in the units of what a user has: through the affine steps of a pipeline.

A pipeline of affine steps gives the network :math:`x C + b`, so that its Jacobian for
:math:`x` is that of the network times :math:`C^T`: one more `ConstantMatrix` in the
chain.
"""

from collections import UserList

import numpy as np
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from skjacobnet.accumulation import accumulate
from skjacobnet.core.constraints import OneOf
from skjacobnet.estimators import JacobianMLPClassifier
from skjacobnet.inspection.frames import feature_names
from skjacobnet.operators import ConstantMatrix

POSSIBLE = (
    "Derivatives go back through StandardScaler, MinMaxScaler and MaxAbsScaler "
    "without clip, RobustScaler, PCA, TruncatedSVD, feature selectors, 'passthrough', "
    "FunctionTransformer without func, samplers of imbalanced-learn, and Pipeline and "
    "ColumnTransformer of these. "
    "Transform X up to and with the last step that is not among them, and give what "
    "comes after it, such as model[-1], with the transformed X."
)


def steps_and_classifier(estimator):
    """Take a pipeline apart.

    Parameters
    ----------
    estimator : JacobianMLPClassifier or Pipeline
        Fitted.

    Returns
    -------
    steps : list of (str, transformer)
        What comes before the classifier, also in pipelines at the end of pipelines.
    classifier : JacobianMLPClassifier

    Raises
    ------
    TypeError
        If `estimator` is neither.
    NotFittedError
        If it is not fitted.
    """
    steps = []
    while isinstance(estimator, Pipeline):
        steps += estimator.steps[:-1]
        estimator = estimator.steps[-1][1]
    if not isinstance(estimator, JacobianMLPClassifier):
        found = hasattr(estimator, "best_estimator_")
        hint = " Of a search pass search.best_estimator_." if found else ""
        raise TypeError(
            "estimator must be a JacobianMLPClassifier or a Pipeline that ends in "
            f"one, got {type(estimator).__name__}.{hint}"
        )
    check_is_fitted(estimator)
    return steps, estimator


def transformed(steps, X):
    """Return what the steps of a fitted pipeline make of rows.

    Parameters
    ----------
    steps : list of (str, transformer)
        As from `steps_and_classifier`.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
    """
    for _, transformer in steps:
        if not _is_passthrough(transformer):
            X = transformer.transform(X)
    return X


class Route:
    """The way from the X of a user to a network, affine up to there.

    Parameters
    ----------
    estimator : JacobianMLPClassifier or Pipeline
        Fitted. All steps of a pipeline but the last must be affine.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Rows as the pipeline is given them.
    output : {"proba", "raw", "log_proba"}, default="raw"
        What the classifier is asked for.
    through : bool, default=True
        Whether derivatives are to go back to `X`. Otherwise any step will do.

    Attributes
    ----------
    classifier : JacobianMLPClassifier
    model : FittedModel
        That of the classifier.
    inputs : array or CSR matrix of shape (n_samples, n_inputs)
        What `classifier` is given.
    n_features : int
        Number of columns of `X`.
    steps : list of ConstantMatrix
        The Jacobian of `inputs` for `X`; empty without a pipeline.

    Raises
    ------
    TypeError
        If `estimator` is neither, or a step is not affine.
    NotFittedError
        If it is not fitted.
    ValueError
        If `output` is unknown, or `X` does not fit.
    """

    def __init__(self, estimator, X, output="raw", through=True):
        transformers, estimator = steps_and_classifier(estimator)
        self.classifier = estimator
        self.output = output
        coef, n_features = None, _n_features(X)
        for name, transformer in transformers if through else ():
            n_in = n_features if coef is None else coef.shape[1]
            step = linear_part(transformer, name, n_in)
            coef = step if coef is None else coef @ step
        self.model = estimator.model_
        OneOf(*self.model.task.outputs).check(output, "output")
        self.inputs = validate_data(
            estimator,
            transformed(transformers, X),
            reset=False,
            accept_sparse="csr",
            dtype="numeric",
        )
        self.steps = []
        self.n_features = self.inputs.shape[1]
        if coef is not None:
            dtype = self.model.dtype
            self.steps = [ConstantMatrix(coef.astype(dtype, copy=False))]
            self.n_features = coef.shape[0]

    @property
    def n_outputs(self):
        """Number of columns of the output."""
        return self.model.task.n_outputs(self.output)

    @property
    def vectors_per_row(self):
        """Vectors of the network's widest array that one for `X` takes as much as."""
        return max(1, -(-self.n_features // max(self.model.network.widths)))

    def chains(self, n_vectors=1):
        """Linearize the way from `X` to the output, some rows at a time.

        Parameters
        ----------
        n_vectors : int, default=1
            How many vectors are to be carried through for each row.

        Yields
        ------
        rows : slice
        linearization : Linearization
            Of the network alone.
        operators : list of JacobianOperator
            From `X` to the output.
        """
        n_vectors *= self.vectors_per_row
        for rows, at in self.model.linearizations(self.inputs, n_vectors):
            operators = self.model.operators(at, self.output)
            yield rows, at, [*self.steps, *operators]

    def jacobians(self):
        """Yield ``(rows, linearization, jacobian)``, some rows at a time."""
        n_vectors = min(self.n_outputs, self.n_features)
        for rows, at, operators in self.chains(n_vectors):
            n_rows = at.value.shape[0]
            yield rows, at, accumulate(operators).todense(n_rows)


def numbers(X):
    """Return the X of a user as a dense array of numbers.

    Raises
    ------
    ValueError
        If it holds something else; the message names the first column that does.
    """
    try:
        values = check_array(X, accept_sparse="csr", dtype="numeric")
    except ValueError as error:
        where = _not_a_number(X)
        if where is None:
            raise
        raise ValueError(
            f"X must hold numbers alone, but {where}. Transform X up to and with the "
            "step that makes numbers of it, and give what comes after that step, such "
            "as model[-1], with the transformed X."
        ) from error
    return values.toarray() if issparse(values) else values


def _not_a_number(X):
    """Return in words what in a table is no number, or None."""
    values = np.asarray(X, dtype=object)
    if values.ndim != 2:
        return None
    names = feature_names(X) or range(values.shape[1])
    for name, column in zip(names, values.T, strict=True):
        for value in column:
            try:
                float(value)
            except (TypeError, ValueError):
                return f"column {name!r} holds {value!r}"
    return None


def _n_features(X):
    """Return the number of columns; complain of what is no table as scikit-learn does.

    What is in the columns is for the first step to judge.
    """
    shape = X.shape if hasattr(X, "shape") else np.shape(X)
    if len(shape) != 2:
        check_array(np.asarray(X), dtype=None)
    return shape[1]


def _is_passthrough(transformer):
    if hasattr(transformer, "fit_resample"):
        # A sampler of imbalanced-learn draws rows for the fit, and rests afterwards.
        return not hasattr(transformer, "transform")
    return transformer is None or transformer in ("passthrough", "drop")


def linear_part(transformer, name, n_in):
    """Return the matrix of an affine transformer.

    Parameters
    ----------
    transformer : fitted transformer, "passthrough" or "drop"
        A sampler, which has `fit_resample` and no `transform`, passes rows through.
    name : str
        That of the step, for errors.
    n_in : int
        Number of features that it takes.

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
    if _is_passthrough(transformer):
        return np.eye(n_in)[:, : 0 if transformer == "drop" else n_in]
    if isinstance(transformer, Pipeline):
        coef = np.eye(n_in)
        for inner, step in transformer.steps:
            coef = coef @ linear_part(step, f"{name}__{inner}", coef.shape[1])
        return coef
    if isinstance(transformer, ColumnTransformer):
        return _of_columns(transformer, name, n_in)
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
    # As in PCA: directions without variance are not blown up beyond this.
    return coef / np.maximum(deviation, np.finfo(deviation.dtype).eps)


def _unless(refused, matrix):
    """Return `matrix`, with None for transformers that are not affine by a choice."""
    return lambda transformer, n_in: (
        None if getattr(transformer, refused, None) else matrix(transformer, n_in)
    )


# How to find the matrix of a fitted transformer of each class.
MATRICES = {
    StandardScaler: lambda scaler, n_in: _divided(scaler.scale_, n_in),
    RobustScaler: lambda scaler, n_in: _divided(scaler.scale_, n_in),
    MaxAbsScaler: _unless("clip", lambda scaler, n_in: _divided(scaler.scale_, n_in)),
    MinMaxScaler: _unless("clip", lambda scaler, n_in: np.diag(scaler.scale_)),
    PCA: _pca,
    TruncatedSVD: lambda svd, n_in: svd.components_.T,
    FunctionTransformer: _unless("func", lambda transformer, n_in: np.eye(n_in)),
}


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
    # The slices say in which order the columns come out.
    slices = transformer.output_indices_
    order = sorted(parts, key=lambda inner: slices[inner].start)
    return np.hstack([parts[inner] for inner in order])


def _positions(columns, transformer, n_in):
    """Return the numbers of the columns that an entry of a ColumnTransformer names."""
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
