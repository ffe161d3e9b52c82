"""Influence of training rows on predictions."""

import warnings

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_consistent_length

from skjacobnet.accumulation import cotangents
from skjacobnet.core.blocks import rows_of, slices
from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.chosen_output import (
    most_probable,
    target_columns,
    target_cotangent,
)
from skjacobnet.inspection.pipelines import Route
from skjacobnet.model import members_of
from skjacobnet.regularizers import WeightDecay


def influence(
    estimator,
    X_train,
    y_train,
    X_test,
    y_test=None,
    *,
    target=None,
    output=None,
    damping=1e-3,
    tol=1e-4,
    max_iter=1000,
):
    r"""Estimate the influence of training rows on predictions or losses of test rows.

    With the gradient :math:`g_i` of the loss of training row i with respect to the
    weights, their mean :math:`\bar g`, and the gradient :math:`q_t` of the quantity for
    test row t,

    .. math:: I_{t,i} = \frac{1}{n - 1} \, q_t^T (G + D)^{-1} (g_i - \bar g), \qquad
              G = \frac{1}{n} \sum_{i=1}^{n} J_i^T H_i J_i,

    the change of the quantity to first order when row i is left out and the network is
    trained again. H is the Hessian of the loss with respect to the raw prediction, J
    the Jacobian of the raw prediction with respect to the weights, and D is diagonal:
    the damping, plus the strength of the weight decay for decayed weights.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, JacobianMLPRegressor or Pipeline
        Fitted. Any steps may precede the network.
    X_train : array-like, sparse matrix or data frame of shape (n_train, n_features)
        Training set of n >= 2 rows.
    y_train : array-like of shape (n_train,) or (n_train, n_columns)
        Targets of the training set.
    X_test : array-like, sparse matrix or data frame of shape (n_test, n_features)
        Test rows.
    y_test : array-like of shape (n_test,) or (n_test, n_columns), default=None
        Targets of the test rows. With them the quantity is the loss of each test row,
        for a regressor in the scaled unit of its targets; without them it is the chosen
        output.
    target : class or int, or array-like of shape (n_test,), default=None
        Without `y_test`: class of the output, one for all rows or one for each. None is
        the most probable one of each row. For a regressor the index of a column of the
        output; None is its only one.
    output : str, default=None
        Without `y_test`: name of the output. For a classifier: ``"proba"``, the
        default, ``"raw"`` or ``"log_proba"``. For a regressor: ``"prediction"``, the
        default, ``"raw"``, ``"std"`` with the loss ``"gaussian"``, or ``"quantiles"``
        with the loss ``"quantile"``.
    damping : float >= 0, default=1e-3
        Damping added to the diagonal of the curvature. More damping gives smaller
        influences that depend less on directions that the training rows do not
        determine.
    tol : float in (0, 1), default=1e-4
        Relative residual at which the conjugate gradients stop. Dimensionless; the
        relative error of the result is about as large.
    max_iter : int >= 1, default=1000
        Maximum number of conjugate gradient iterations for each test row.

    Returns
    -------
    array of shape (n_test, n_train)
        Influences, positive where leaving the row out would raise the loss, or the
        output.

    Raises
    ------
    TypeError
        If `estimator` does not end in such a network, or a numeric parameter is not a
        number.
    ValueError
        If a parameter is out of its range, `target` or `output` is unknown, both
        `y_test` and `target` are given, or the rows are invalid.

    Warns
    -----
    ConvergenceWarning
        If the conjugate gradients do not converge.

    Notes
    -----
    The curvature is the Gauss-Newton matrix, never built: a product with it is a jvp,
    the Hessian of the loss, and a vjp. The network is evaluated again for each product,
    a block of rows at a time: 5 * n_train * n_weights multiplications, and memory is
    the result, one block, and some vectors as long as the weights. Computed in float64.

    Exact only to first order, at a minimum, and in a neighborhood where the network is
    nearly linear in its weights. All rows have equal weight, and weight decay is the
    only regularizer in the curvature. The Hessian of the losses ``"brier"``,
    ``"focal"`` and ``"gaussian"`` may be indefinite, and then `damping` must outweigh
    it. It is zero for piecewise linear losses, those of the median and of quantiles;
    influences then depend only on `damping` and weight decay.

    For an ensemble each network is trained again without the row: the influence is the
    sum over the networks, each with the gradients and the curvature of its own loss and
    its part of :math:`q_t`, the gradient of the average.

    For a regressor the location and the scale of its targets are kept fixed.

    References
    ----------
    .. [1] P. W. Koh and P. Liang, "Understanding Black-box Predictions via Influence
       Functions", ICML 2017. https://arxiv.org/abs/1703.04730
    .. [2] J. Martens, "New Insights and Perspectives on the Natural Gradient Method",
       JMLR 21, 2020, Section 8. https://arxiv.org/abs/1412.1193

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier((), optimizer="lbfgs", max_iter=500, tol=1e-3)
    >>> influence(model.fit(X, y), X, y, X[:3], y[:3]).shape
    (3, 150)
    """
    Interval(0, np.inf, "left").check(damping, "damping")
    Interval(0, 1, "neither").check(tol, "tol")
    Interval(1, np.inf, "left", integer=True).check(max_iter, "max_iter")
    if y_test is not None and target is not None:
        raise ValueError(
            "y_test selects the loss and target selects an output: pass one of the two."
        )
    route = Route(estimator, X_train, through=False)
    output = route.model.output(output)
    y_train = _encoded(route, y_train)
    n_train = len(y_train)
    if n_train < 2:
        raise ValueError("X_train must have at least two rows, got one.")
    # Members of an ensemble have separate losses.
    trained = [
        _Rows(member, route.inputs, y_train) for member in members_of(route.model)
    ]
    curvatures = [train.curvature(damping) for train in trained]
    ends = np.cumsum([train.model.weights.size for train in trained])
    route = Route(estimator, X_test, through=False)
    n_test = route.inputs.shape[0]
    if y_test is None:
        columns = target_columns(route.model, output, target, n_test)
    else:
        columns, y_test = None, _encoded(route, y_test)
    result, failed = np.zeros((n_test, n_train)), np.zeros(n_test, bool)
    # A gradient and a solution for each row, of the size of the weights.
    for rows in slices(n_test, rows_of(2 * 8 * ends[-1])):
        test = _Rows(
            route.model, route.inputs[rows], None if y_test is None else y_test[rows]
        )
        gradients = (
            test.output_gradients(None if columns is None else columns[rows], output)
            if y_test is None
            else test.loss_gradients()
        )
        for train, curvature, own in zip(
            trained, curvatures, np.split(gradients, ends[:-1], axis=1), strict=True
        ):
            solutions, has_failed = _solved(curvature, own, tol, max_iter)
            failed[rows] |= has_failed
            # g_i^T s is the cotangent of the loss times the change of the raw
            # prediction along s: no gradient of a training row is built.
            result[rows] += train.loss_products(solutions)
    if failed.any():
        warnings.warn(
            f"The conjugate gradients of {failed.sum()} test rows have not converged "
            f"to tol={tol} in {max_iter} iterations. Raise damping, tol or max_iter.",
            ConvergenceWarning,
            stacklevel=2,
        )
    result -= result.mean(axis=1, keepdims=True)
    result /= n_train - 1
    return result


def _solved(matrix, vectors, tol, max_iter):
    """Solve a system for some right-hand sides.

    Returns
    -------
    solutions : array of the shape of `vectors`
    has_failed : array of bool of shape (n_vectors,)
    """
    solutions, has_failed = np.empty_like(vectors), np.empty(len(vectors), bool)
    for place, vector in enumerate(vectors):
        solutions[place], info = cg(matrix, vector, rtol=tol, maxiter=max_iter)
        has_failed[place] = info > 0
    return solutions, has_failed


def _encoded(route, y):
    """Return encoded targets for the loss."""
    check_consistent_length(route.inputs, y)
    task = route.model.task
    return task.encode(task.codes(y), np.float64)


class _Rows:
    """Rows of a table at a fitted network, in float64."""

    def __init__(self, model, inputs, y):
        self.model = model.astype(np.float64)
        self.inputs, self.y, self.n_samples = inputs, y, inputs.shape[0]

    def blocks(self, trained):
        """Linearize the network, or its trained layers, in blocks of rows."""
        return self.model.linearizations(self.inputs, trained=trained)

    def loss_cotangents(self, raw, rows):
        """Return each row's gradient of the loss with respect to the raw prediction."""
        return self.model.loss.sample_gradients(self.y[rows], raw, self.model.link)

    def loss_gradients(self):
        """Return each row's gradient of the loss, (n_samples, n_weights)."""
        return self.sample_gradients(self.loss_cotangents, trained=True)

    def output_gradients(self, given, output):
        """Return each row's gradient of the chosen output, (n_samples, n_weights)."""
        model = self.model

        def cotangent_of(raw, rows):
            columns = most_probable(model, raw) if given is None else given[rows]
            chosen = target_cotangent(model, columns, output)
            *_, result = cotangents(model.link.operators(raw, output), chosen)
            return result

        return self.sample_gradients(cotangent_of, trained=False)

    def sample_gradients(self, cotangent_of, trained):
        """Return each row's gradient for the weights, (n_samples, n_weights)."""
        theta = self.model.weights
        network = self.model.trained if trained else self.model.network
        gradients = np.empty((self.n_samples, theta.size))
        for rows, at in self.blocks(trained):
            cotangent = cotangent_of(at.value, rows)
            network.sample_gradients(theta, at, cotangent, gradients[rows])
        return gradients

    def loss_products(self, vectors):
        """Return the products of vectors with each row's gradient of the loss.

        Parameters
        ----------
        vectors : array of shape (n_vectors, n_weights)

        Returns
        -------
        array of shape (n_vectors, n_samples)
        """
        network, theta = self.model.trained, self.model.weights
        products = np.empty((len(vectors), self.n_samples))
        for rows, at in self.blocks(trained=True):
            cotangent = self.loss_cotangents(at.value, rows)
            for product, vector in zip(products, vectors, strict=True):
                change = network.weight_jvp(theta, at, vector)
                product[rows] = np.vecdot(change, cotangent)
        return products

    def curvature(self, damping):
        """Return the damped Gauss-Newton matrix of the mean loss as an operator."""
        model, network, theta = self.model, self.model.trained, self.model.weights
        diagonal = np.full(theta.size, float(damping))
        for regularizer in model.regularizers:
            if isinstance(regularizer, WeightDecay):
                mask = network.decay_mask(np.float64)
                diagonal += float(regularizer.strength) * mask

        def matvec(vector):
            vector = vector.ravel()
            result = diagonal * vector
            for rows, at in self.blocks(trained=True):
                hessian = model.loss.hessian(self.y[rows], at.value, link=model.link)
                change = network.weight_jvp(theta, at, vector)
                # The Hessian of a block is that of the mean over the block.
                share = change.shape[0] / self.n_samples
                cotangent = hessian.jvp(change) * share
                result += network.gradient(theta, at, cotangent)
            return result

        return LinearOperator((theta.size, theta.size), matvec, dtype=np.float64)
