"""The check of a whole model."""

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.preprocessing import maxabs_scale
from sklearn.utils.validation import validate_data

from skjacobnet.core.rows import cast
from skjacobnet.data.table import Table
from skjacobnet.estimators.parameters import resolve
from skjacobnet.layers import Elementwise
from skjacobnet.network import Network, build_network
from skjacobnet.tasks import task_of
from skjacobnet.testing.compare import assert_close
from skjacobnet.testing.finite_differences import empirical_jacobian, finite_difference
from skjacobnet.training.objective import Objective

# At most so many weights are checked one by one, and so many rows are used.
N_WEIGHTS = 200
N_ROWS = 50
CLEARANCE = 1e-3


def check_gradients(estimator, X, y, sample_weight=None, *, rtol=1e-6, random_state=0):
    """Check the derivatives of a whole model on rows of a data set.

    The gradient of the objective for the weights, with the model's loss and all its
    regularizers, and the Jacobian of the raw prediction for the inputs, in all three
    orders of accumulation, are compared with central differences in float64. Nothing is
    trained and the estimator is left as it is.

    Parameters
    ----------
    estimator : JacobianMLPClassifier or JacobianMLPRegressor
        Fitted or not. A fitted one is checked at its weights, an unfitted one at first
        weights that are moved a little, so that intercepts are not zero.
    X : array-like or sparse matrix of shape (n_samples, n_features)
        At most 50 rows are used, drawn at random. Each column is divided by its
        largest entry, since differences need inputs of ordinary size.
    y : array-like of shape (n_samples,) or (n_samples, n_columns)
    sample_weight : array-like of shape (n_samples,), optional
    rtol : float > 0, default=1e-6
        The tolerance, relative to the largest derivative. Dimensionless.
    random_state : int, default=0
        Draws rows, first weights, and the weights to look at where there are more than
        200.

    Raises
    ------
    AssertionError
        If a derivative is wrong. The message says which, with both numbers.
    ValueError
        If all rows are too near a kink, such as that of ReLU, to measure anything.

    See Also
    --------
    check_layer : Checks one layer.

    Notes
    -----
    Rows where an input of an elementwise layer is nearer than 0.001 to one of its kinks
    are passed over. Layers that draw random numbers are checked as they predict. Where
    a regularizer draws, all do, and get the same draws in every evaluation.

    Examples
    --------
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = np.array([[0.0, 1.0], [1.0, 0.5], [0.3, -1.0]])
    >>> model = JacobianMLPClassifier((3,), "tanh", regularizers={"l1": 0.1})
    >>> check_gradients(model, X, ["a", "b", "c"])
    """
    found = weight_derivatives(
        estimator, X, y, sample_weight, random_state=random_state
    )
    network, theta, chosen = found.network, found.theta, found.indices
    if np.any(found.gradient[~found.trained]):
        raise AssertionError(
            f"{network!r}: the gradient for fixed weights is not zero."
        )
    name = type(estimator).__name__
    what = f"{name}: gradient of the objective for the weights"
    if len(chosen) < len(theta):
        what += f" (of those numbered {chosen[0]}, {chosen[1]}, ... {chosen[-1]})"
    assert_close(found.gradient[chosen], found.empirical, what, rtol)
    dense = cast(found.inputs, np.float64, sparse=False)
    jacobian = empirical_jacobian(lambda x: network.forward(theta, x), dense)
    for mode in ("reverse", "forward", "auto"):
        assert_close(
            network.input_jacobian(theta, dense, mode),
            jacobian,
            f"{name}: Jacobian of the raw prediction for the inputs, {mode} mode",
            rtol,
        )


class WeightDerivatives(NamedTuple):
    """What `weight_derivatives` returns.

    Attributes
    ----------
    gradient : array of shape (n_weights,)
        The exact one, of all weights.
    trained : array of bool of shape (n_weights,)
        Which of them are ever changed.
    indices : array of int
        The weights that were measured, all of them trained ones.
    empirical : array of the length of `indices`
        Their central differences.
    network : Network
    theta : array of shape (n_weights,)
        The weights at which all this was taken.
    inputs : array or CSR matrix
        The rows at which it was.
    """

    gradient: np.ndarray
    trained: np.ndarray
    indices: np.ndarray
    empirical: np.ndarray
    network: Network
    theta: np.ndarray
    inputs: Any


def weight_derivatives(
    estimator, X, y, sample_weight=None, *, n_weights=N_WEIGHTS, random_state=0
):
    """Return the gradient of the objective, exact and by central differences.

    Parameters
    ----------
    estimator, X, y, sample_weight, random_state
        As in `check_gradients`, which says what rows and weights are used.
    n_weights : int >= 1, default=200
        The most weights to measure, drawn at random. Each takes two evaluations.

    Returns
    -------
    WeightDerivatives

    Raises
    ------
    ValueError
        If all rows are too near a kink, such as that of ReLU, to measure anything.
    """
    rng = np.random.default_rng(random_state)
    parts = resolve(estimator)
    fitted = hasattr(estimator, "model_")
    X, y = validate_data(
        copy(estimator),
        X,
        y,
        reset=not fitted,
        accept_sparse="csr",
        multi_output=True,
    )
    task = estimator.task_ if fitted else task_of(y, parts.loss)
    table = Table.of(task, X, y, sample_weight, estimator.class_weight)
    network, theta = _network_and_weights(estimator, parts, table, rng)
    rows = np.sort(rng.permutation(X.shape[0])[:N_ROWS])
    inputs = maxabs_scale(cast(X[rows], np.float64, network.accepts_sparse))
    clear = _clear_rows(network, theta, inputs)
    rows, inputs = rows[clear], inputs[clear]
    encoded = table.task.encode(table.codes[rows], np.float64)
    weight = None if table.weight is None else table.weight[rows]
    objective = Objective(
        network, parts.loss, task.link(parts.loss), parts.regularizers
    )

    random = any(regularizer.draws for regularizer in parts.regularizers)

    def evaluate(t):
        draws = np.random.default_rng(random_state) if random else None
        return objective(t, inputs, encoded, weight, draws)

    def value(t):
        loss, penalty, _ = evaluate(t)
        return loss + penalty

    gradient = evaluate(theta)[2].copy()
    trained = np.ones(len(theta), bool)
    for view in network.fixed(trained):
        view[...] = False
    indices = np.flatnonzero(trained)
    if len(indices) > n_weights:
        indices = np.sort(rng.choice(indices, n_weights, replace=False))
    slopes = []
    for index in indices:
        direction = np.zeros_like(theta)
        direction[index] = 1.0
        slopes.append(finite_difference(value, theta, direction))
    return WeightDerivatives(
        gradient, trained, indices, np.array(slopes), network, theta, inputs
    )


def _network_and_weights(estimator, parts, table, rng):
    if hasattr(estimator, "model_"):
        return estimator.model_.trained, estimator.weights_.astype(np.float64)
    network = build_network(
        parts.hidden, table.X.shape[1], table.task.n_raw, parts.initializer
    )
    theta = network.init_weights(rng, np.float64)
    return network, theta + 0.1 * rng.standard_normal(theta.shape)


def _clear_rows(network, theta, inputs):
    """Return the rows in which no elementwise layer is near a kink."""
    at = network.linearize(theta, inputs)
    steps = list(zip(network.layers, at.outputs[:-1], at.operators, strict=True))
    clear = np.ones(inputs.shape[0], bool)
    while steps:
        layer, received, operator = steps.pop()
        steps += layer.inner(operator, received)
        for kink in layer.kinks if isinstance(layer, Elementwise) else ():
            clear &= (np.abs(received - kink) > CLEARANCE).all(axis=1)
    if not clear.any():
        raise ValueError(
            "Every row is within 0.001 of a kink of an activation, where differences "
            "measure nothing. Give other rows, or more of them."
        )
    return np.flatnonzero(clear)
