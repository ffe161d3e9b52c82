"""The check of a whole estimator."""

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.preprocessing import maxabs_scale
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from skjacobnet.core.rows import cast
from skjacobnet.data.columns import RawColumns, checked_table
from skjacobnet.data.table import Table
from skjacobnet.estimators.parameters import resolve
from skjacobnet.layers import Elementwise
from skjacobnet.network import Network, build_network
from skjacobnet.tasks import task_of
from skjacobnet.testing.compare import assert_close
from skjacobnet.testing.finite_differences import empirical_jacobian, finite_difference
from skjacobnet.training.objective import Objective
from skjacobnet.training.run import fitted_encoder

# Maximum numbers of weights that are checked one by one, and of rows.
N_WEIGHTS = 200
N_ROWS = 50
CLEARANCE = 1e-3


def check_gradients(estimator, X, y, sample_weight=None, *, rtol=1e-6, random_state=0):
    """Check the derivatives of a whole model on rows of a data set.

    The gradient of the objective with respect to the weights, with the model's loss and
    all its regularizers, and the Jacobian of the raw prediction with respect to the
    inputs, in all three orders of accumulation, are compared with central differences
    in float64. Nothing is trained and the estimator is not modified.

    Parameters
    ----------
    estimator : JacobianMLPClassifier or JacobianMLPRegressor
        Fitted or not. A fitted one is checked at its weights, an unfitted one at
        slightly perturbed initial weights, so that intercepts are not zero.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        At most 50 rows are used, drawn at random. Each input column of the trained
        layers is divided by its largest entry, since differences need inputs of
        ordinary size.
    y : array-like of shape (n_samples,) or (n_samples, n_columns)
    sample_weight : array-like of shape (n_samples,), optional
    rtol : float > 0, default=1e-6
        Tolerance relative to the largest derivative. Dimensionless.
    random_state : int, default=0
        Seed of the rows, the initial weights, and the weights to check if there are
        more than 200.

    Raises
    ------
    AssertionError
        If a derivative is wrong. The message names it, with both numbers.
    ValueError
        If all rows are too close to a kink, such as that of ReLU.

    See Also
    --------
    check_layer : Checks one layer.

    Notes
    -----
    Rows where an input of an elementwise layer is nearer than 0.001 to one of its kinks
    are skipped. Random layers are checked in prediction. If a regularizer is random,
    all are checked with the same draws in every evaluation.

    With an `encoding`, these checks use the encoded rows, and the Jacobian with respect
    to the numbers of the raw table is checked as well. Numbers are then shifted by a
    tenth of their standard deviation, since those of a table often lie on kinks of the
    encoding, and rows within a thousandth of a kink are skipped.

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
    if found.encoder.n_encodings:
        _check_encoded(found, name, rtol, np.random.default_rng(random_state))


def _check_encoded(found, name, rtol, rng):
    """Check the Jacobian of encodings and trained layers together."""
    encoder, theta, X = found.encoder, found.theta, found.raw
    scale = np.array([_deviation(column) for column in X.T])
    scale[found.is_category] = 0.0
    X = X + 0.1 * scale * rng.standard_normal(X.shape)
    whole = encoder.joined(found.network)
    X = X[_clear_of_encodings(encoder, X, scale)]
    X = X[_clear_rows(whole, theta, X)]
    moved = scale > 0.0
    # In units that give all columns equal weight.
    units = np.where(moved, scale, 1.0)
    jacobian = empirical_jacobian(lambda x: whole.forward(theta, x), X, scale)
    for mode in ("reverse", "forward", "auto"):
        assert_close(
            (whole.input_jacobian(theta, X, mode) * units)[..., moved],
            (jacobian * units)[..., moved],
            f"{name}: Jacobian of the raw prediction for the raw table, {mode} mode",
            rtol,
        )


def _deviation(column):
    """Return the standard deviation of numbers, zero if there are none."""
    known = column[~np.isnan(column)]
    return known.std() if known.size else 0.0


def _clear_of_encodings(encoder, X, scale):
    """Return the rows in which the slopes on both sides of each number agree."""
    clear, here = np.ones(len(X), bool), encoder.encoded(X, np.float64)
    for place in np.flatnonzero(scale):
        above, below = X.copy(), X.copy()
        above[:, place] += CLEARANCE * scale[place]
        below[:, place] -= CLEARANCE * scale[place]
        bend = encoder.encoded(above, np.float64) + encoder.encoded(below, np.float64)
        # Curvature without a kink is of the order of the clearance squared.
        clear &= (np.abs(bend - 2.0 * here) <= 0.01 * CLEARANCE).all(axis=1)
    return _any_rows(clear)


class WeightDerivatives(NamedTuple):
    """Result of `weight_derivatives`.

    Attributes
    ----------
    gradient : array of shape (n_weights,)
        Exact gradient with respect to all weights.
    trained : array of bool of shape (n_weights,)
        Mask of the trained weights.
    indices : array of int
        Indices of the measured weights, all of them trained.
    empirical : array of the length of `indices`
        Central differences of the measured weights.
    network : Network
    theta : array of shape (n_weights,)
        Weights at which the derivatives were computed.
    inputs : array or CSR matrix
        Rows at which the derivatives were computed.
    encoder : Network
        Encodings before the network, possibly none.
    raw : array of shape (n_rows, n_columns), float64
        All drawn rows, before the encodings.
    is_category : array of bool of shape (n_columns,)
        Mask of the categorical columns.
    """

    gradient: np.ndarray
    trained: np.ndarray
    indices: np.ndarray
    empirical: np.ndarray
    network: Network
    theta: np.ndarray
    inputs: Any
    encoder: Network
    raw: np.ndarray
    is_category: np.ndarray


def weight_derivatives(
    estimator, X, y, sample_weight=None, *, n_weights=N_WEIGHTS, random_state=0
):
    """Return the gradient of the objective, exact and by central differences.

    Parameters
    ----------
    estimator, X, y, sample_weight, random_state
        As in `check_gradients`, which describes the choice of rows and weights.
    n_weights : int >= 1, default=200
        Maximum number of weights to measure, drawn at random. Each takes two
        evaluations.

    Returns
    -------
    WeightDerivatives

    Raises
    ------
    ValueError
        If all rows are too close to a kink, such as that of ReLU.
    """
    rng = np.random.default_rng(random_state)
    parts = resolve(estimator)
    fitted = hasattr(estimator, "model_")
    X, y, columns = _checked(estimator, X, y, parts, fitted)
    task = estimator.task_ if fitted else task_of(y, parts.loss)
    table = Table.of(task, X, y, sample_weight, estimator.class_weight)
    if fitted:
        whole = estimator.model_.network
        encoder = whole.part(0, whole.n_encodings)
    else:
        encoder, _, _ = fitted_encoder(parts, table, columns)
    network, theta = _network_and_weights(estimator, parts, table, encoder, rng)
    rows = np.sort(rng.permutation(X.shape[0])[:N_ROWS])
    raw = cast(X[rows], np.float64, sparse=True)
    inputs = cast(encoder.encoded(raw, np.float64), np.float64, network.accepts_sparse)
    inputs = maxabs_scale(inputs)
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
        gradient,
        trained,
        indices,
        np.array(slopes),
        network,
        theta,
        inputs,
        encoder,
        cast(raw, np.float64, sparse=False),
        np.zeros(X.shape[1], bool) if columns is None else columns.is_category,
    )


def _checked(estimator, X, y, parts, fitted):
    """Return the network's inputs, the targets, and the types of columns."""
    receiver = copy(estimator)
    columns = estimator.model_.columns if fitted else None
    if not parts.encodings and columns is None:
        X, y = validate_data(
            receiver, X, y, reset=not fitted, accept_sparse="csr", multi_output=True
        )
        return X, y, None
    y = validate_data(receiver, y=y, multi_output=True)
    if fitted:
        X = estimator.checked_rows(X)
    else:
        X = checked_table(X)
        columns = RawColumns.of(X, estimator.categorical_features, parts.encodings)
        X = columns.read(X)
    check_consistent_length(X, y)
    return X, y, columns


def _network_and_weights(estimator, parts, table, encoder, rng):
    if hasattr(estimator, "model_"):
        return estimator.model_.trained, estimator.weights_.astype(np.float64)
    network = build_network(
        parts.hidden, encoder.sizes[-1], table.task.n_raw, parts.initializer
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
    return _any_rows(clear)


def _any_rows(clear):
    """Return the indices of rows away from kinks.

    Raises
    ------
    ValueError
        If there are none.
    """
    if not clear.any():
        raise ValueError(
            "Every row is within 0.001 of a kink of an activation or encoding, where "
            "differences are meaningless. Pass other rows, or more of them."
        )
    return np.flatnonzero(clear)
