r"""Derivatives with respect to the X of a pipeline, through its affine steps.

A pipeline of affine steps passes :math:`x C + b` to the network, so its Jacobian with
respect to :math:`x` is that of the network times :math:`C^T`: one more `ConstantMatrix`
in the chain.
"""

import numpy as np
from scipy.sparse import issparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from skjacobnet.accumulation import accumulate
from skjacobnet.estimators.base import JacobianNetwork
from skjacobnet.inspection.affine_steps import is_passthrough, linear_part
from skjacobnet.inspection.frames import feature_names
from skjacobnet.operators import ConstantMatrix


def steps_and_network(estimator):
    """Split a pipeline into its first steps and its network.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted.

    Returns
    -------
    steps : list of (str, transformer)
        Steps before the network, also in nested pipelines.
    estimator : JacobianMLPClassifier or JacobianMLPRegressor

    Raises
    ------
    TypeError
        If `estimator` is something else.
    NotFittedError
        If it is not fitted.
    """
    steps = []
    while isinstance(estimator, Pipeline):
        steps += estimator.steps[:-1]
        estimator = estimator.steps[-1][1]
    if not isinstance(estimator, JacobianNetwork):
        raise TypeError(
            "estimator must be a JacobianMLPClassifier or JacobianMLPRegressor, or a "
            f"Pipeline that ends in one, got {type(estimator).__name__}."
            f"{_way_to_the_network(estimator)}"
        )
    check_is_fitted(estimator)
    return steps, estimator


def is_encoded(estimator):
    """Tell whether an estimator is, or ends in, a fitted network with an encoding."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    model = getattr(estimator, "model_", None)
    return getattr(model, "columns", None) is not None


def _way_to_the_network(estimator):
    """Return a hint for an estimator that contains a network."""
    if hasattr(estimator, "best_estimator_"):
        return " For a search pass search.best_estimator_."
    if isinstance(estimator, TransformedTargetRegressor):
        return (
            " Pass its .regressor_, whose results are in the unit of the transformed "
            "targets. JacobianMLPRegressor scales its targets itself, so it "
            "needs no TransformedTargetRegressor."
        )
    return ""


def transformed(steps, X):
    """Transform rows by the steps of a fitted pipeline.

    Parameters
    ----------
    steps : list of (str, transformer)
        As from `steps_and_network`.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
    """
    for _, transformer in steps:
        if not is_passthrough(transformer):
            X = transformer.transform(X)
    return X


class Route:
    """Route from the X of a pipeline through affine steps to its network.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted. All steps of a pipeline except the last must be affine.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    output : str or None, default="raw"
        Name of the output. None is ``"proba"`` for a classifier and ``"prediction"``
        for a regressor.
    through : bool, default=True
        Whether derivatives with respect to `X` are needed. Otherwise steps need not be
        affine.

    Attributes
    ----------
    estimator : JacobianMLPClassifier or JacobianMLPRegressor
    model : FittedModel
        Model of the estimator.
    output : str
        Name of the output.
    inputs : array or CSR matrix of shape (n_samples, n_inputs)
        Inputs of the network: numbers, and codes of categories.
    n_features : int
        Number of columns of `X`.
    matrix : array of shape (n_features, n_inputs) or None
        Matrix of the steps; None without a pipeline.
    names : list or None
        Names of the columns of `X`, from a frame or an encoding.
    steps : list of ConstantMatrix
        Jacobian of `inputs` with respect to `X`; empty without a pipeline.

    Raises
    ------
    TypeError
        If `estimator` is something else, or a step is not affine.
    NotFittedError
        If it is not fitted.
    ValueError
        If `output` is unknown, or `X` is invalid.
    """

    def __init__(self, estimator, X, output="raw", through=True):
        self.transformers, self.estimator = steps_and_network(estimator)
        self.n_features, coef = _n_features(X), None
        for name, transformer in self.transformers if through else ():
            n_in = self.n_features if coef is None else coef.shape[1]
            step = linear_part(transformer, name, n_in)
            coef = step if coef is None else coef @ step
        self.model = self.estimator.model_
        self.output = self.model.output(output)
        self.inputs = self.read(X)
        self.names = feature_names(X)
        if self.names is None and self.is_encoded and not self.transformers:
            known = self.model.columns.names
            self.names = known if isinstance(known[0], str) else None
        self.matrix, self.steps = coef, []
        if coef is not None:
            dtype = self.model.dtype
            self.steps = [ConstantMatrix(coef.astype(dtype, copy=False))]

    def read(self, X):
        """Return the inputs of the network for rows of `X`."""
        return self.estimator.checked_rows(transformed(self.transformers, X))

    @property
    def is_encoded(self):
        """Whether the network has encodings."""
        return self.model.columns is not None

    def origins(self, inputs):
        """Return the column of `X` from which each of some inputs of the network comes.

        Parameters
        ----------
        inputs : sequence of int

        Returns
        -------
        array of int of the length of `inputs`

        Raises
        ------
        TypeError
            If an input mixes columns.
        """
        inputs = np.asarray(inputs, np.intp)
        if self.matrix is None:
            return inputs
        used = self.matrix[:, inputs] != 0.0
        mixed = used.sum(axis=0) > 1
        if mixed.any():
            name = self.model.columns.names[inputs[np.argmax(mixed)]]
            raise TypeError(
                f"The steps of the pipeline mix several columns of X in {name!r}, "
                "which the network encodes, so no result can be assigned to a single "
                "column. Pass model[-1] and the X transformed by the steps before it."
            )
        return used.argmax(axis=0)

    @property
    def of_categories(self):
        """Indices of the categorical columns of `X`, an array of int."""
        if not self.is_encoded:
            return np.empty(0, np.intp)
        return self.origins(np.flatnonzero(self.model.columns.is_category))

    @property
    def n_outputs(self):
        """Number of columns of the output."""
        return self.model.task.n_outputs(self.output)

    @property
    def vectors_per_row(self):
        """Memory of one vector for `X`, in vectors of the network's widest array."""
        return max(1, -(-self.n_features // max(self.model.network.widths)))

    def to_trained(self, rows):
        """Return the Jacobians from `X` to the trained layers at rows."""
        network, none = self.model.network, np.empty(0, self.model.dtype)
        if not network.n_encodings:
            return self.steps
        encoder = network.part(0, network.n_encodings)
        at = encoder.linearize(none, self.inputs[rows])
        return [*self.steps, *at.operators]

    def chains(self, n_vectors=1):
        """Linearize the route from `X` to the output, in blocks of rows.

        Parameters
        ----------
        n_vectors : int, default=1
            Number of vectors multiplied through for each row.

        Yields
        ------
        rows : slice
        linearization : Linearization
            Linearization of the network only.
        operators : list of JacobianOperator
            Operators from `X` to the output.
        """
        n_vectors *= self.vectors_per_row
        for rows, at in self.model.linearizations(self.inputs, n_vectors):
            operators = self.model.operators(at, self.output)
            yield rows, at, [*self.steps, *operators]

    def jacobians(self):
        """Yield ``(rows, linearization, jacobian)``, in blocks of rows."""
        n_vectors = min(self.n_outputs, self.n_features)
        for rows, at, operators in self.chains(n_vectors):
            n_rows = at.value.shape[0]
            yield rows, at, accumulate(operators).todense(n_rows)


def numbers(X):
    """Return X as a dense array of numbers.

    Raises
    ------
    ValueError
        If it holds something else; the message names the first such column.
    """
    try:
        values = check_array(X, accept_sparse="csr", dtype="numeric")
    except ValueError as error:
        where = _not_a_number(X)
        if where is None:
            raise
        raise ValueError(
            f"X must hold only numbers, but {where}. Transform X up to and with the "
            "step that converts it to numbers, and pass the transformed X to the steps "
            "after it, such as model[-1]."
        ) from error
    return values.toarray() if issparse(values) else values


def _not_a_number(X):
    """Describe the first cell of a table that is not a number, or return None."""
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
    """Return the number of columns; raise scikit-learn's error for invalid tables.

    The content of the columns is checked by the first step.
    """
    shape = X.shape if hasattr(X, "shape") else np.shape(X)
    if len(shape) != 2:
        check_array(np.asarray(X), dtype=None)
    return shape[1]
