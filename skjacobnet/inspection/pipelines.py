r"""Derivatives in the units of what a user has: through the affine steps of a pipeline.

A pipeline of affine steps gives the network :math:`x C + b`, so that its Jacobian for
:math:`x` is that of the network times :math:`C^T`: one more `ConstantMatrix` in the
chain.
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
    """Take a pipeline apart.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted.

    Returns
    -------
    steps : list of (str, transformer)
        What comes before the network, also in pipelines at the end of pipelines.
    estimator : JacobianMLPClassifier or JacobianMLPRegressor

    Raises
    ------
    TypeError
        If `estimator` is none of them.
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
    """Return what to pass in place of an estimator that has a network inside."""
    if hasattr(estimator, "best_estimator_"):
        return " Of a search pass search.best_estimator_."
    if isinstance(estimator, TransformedTargetRegressor):
        return (
            " Pass its .regressor_, which answers in the unit of the transformed "
            "targets. JacobianMLPRegressor scales its targets by itself, so that it "
            "needs no scaler around it."
        )
    return ""


def transformed(steps, X):
    """Return what the steps of a fitted pipeline make of rows.

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
    """The way from the X of a user to a network, affine up to there.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted. All steps of a pipeline but the last must be affine.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    output : str or None, default="raw"
        What the network is asked for. None is the usual one: ``"proba"`` of a
        classifier, ``"prediction"`` of a regressor.
    through : bool, default=True
        Whether derivatives are to go back to `X`. Otherwise any step will do.

    Attributes
    ----------
    estimator : JacobianMLPClassifier or JacobianMLPRegressor
    model : FittedModel
        That of the estimator.
    output : str
        The name of the output.
    inputs : array or CSR matrix of shape (n_samples, n_inputs)
        What the network is given: numbers, and codes of categories.
    n_features : int
        Number of columns of `X`.
    matrix : array of shape (n_features, n_inputs) or None
        That of the steps; None without a pipeline.
    names : list or None
        Of the columns of `X`: those of a frame, or those that an encoding knows.
    steps : list of ConstantMatrix
        The Jacobian of `inputs` for `X`; empty without a pipeline.

    Raises
    ------
    TypeError
        If `estimator` is none of them, or a step is not affine.
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
        """Return what the network is given for rows of the user."""
        return self.estimator.checked_rows(transformed(self.transformers, X))

    @property
    def is_encoded(self):
        """Whether the network encodes what it is given."""
        return self.model.columns is not None

    def origins(self, inputs):
        """Return the column of `X` that each of some inputs of the network comes from.

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
                "which the network encodes, so that nothing can be given back to each "
                "of them. Give model[-1] and what the steps before it make of X."
            )
        return used.argmax(axis=0)

    @property
    def of_categories(self):
        """The columns of `X` that hold categories, an array of int."""
        if not self.is_encoded:
            return np.empty(0, np.intp)
        return self.origins(np.flatnonzero(self.model.columns.is_category))

    @property
    def n_outputs(self):
        """Number of columns of the output."""
        return self.model.task.n_outputs(self.output)

    @property
    def vectors_per_row(self):
        """Vectors of the network's widest array that one for `X` takes as much as."""
        return max(1, -(-self.n_features // max(self.model.network.widths)))

    def to_trained(self, rows):
        """Return the Jacobians from `X` to the trained layers at some rows."""
        network, none = self.model.network, np.empty(0, self.model.dtype)
        if not network.n_encodings:
            return self.steps
        encoder = network.part(0, network.n_encodings)
        at = encoder.linearize(none, self.inputs[rows])
        return [*self.steps, *at.operators]

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
