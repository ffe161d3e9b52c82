"""Distances to the decision boundary."""

from typing import NamedTuple

import numpy as np

from skjacobnet.inspection.need_of_classes import require_classes
from skjacobnet.inspection.pipelines import Route
from skjacobnet.inspection.units import units_of


class BoundaryDistance(NamedTuple):
    """Result of `boundary_distance`.

    Attributes
    ----------
    distance : array of shape (n_samples,)
        Distances in the units of `X`, or in the `units` passed to `boundary_distance`.
    direction : array of shape (n_samples, n_features)
        Direction toward the boundary, in the units of `X`: the row plus the distance
        times the direction lies on it. Its norm is one in the units of the distance,
        and zero where no feature changes the decision.
    other : array of shape (n_samples,)
        Class on the other side; for labels the index of the label that changes.
    """

    distance: np.ndarray
    direction: np.ndarray
    other: np.ndarray


def boundary_distance(estimator, X, *, units=None):
    r"""Estimate the distance of each row to the nearest decision boundary.

    With the raw predictions f, the predicted class a and the gradient for the row,

    .. math:: d = \min_{b \ne a} \frac{|f_a - f_b|}{\|\nabla (f_a - f_b)\|_2}

    and the direction is that of :math:`-\nabla (f_a - f_b)` for the nearest class b.

    Parameters
    ----------
    estimator : JacobianMLPClassifier, or Pipeline that ends in one
        Fitted; the steps before it must be affine, such as scalers and PCA.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Rows as passed to the pipeline.
    units : float >= 0 or array-like of shape (n_features,), default=None
        Size of a unit change of each column, in the units of `X`; zero holds a column
        fixed. None is one; with an `encoding` it is the standard deviation of each
        column of numbers.

    Returns
    -------
    BoundaryDistance
        A tuple of ``distance``, ``direction`` and ``other``. Each label of a multilabel
        problem, and a binary problem, has one boundary, where its raw prediction is
        zero.

    Raises
    ------
    TypeError
        If a step before the network is not affine, or `estimator` is a regressor.
    ValueError
        If `X` or `units` is invalid.

    Notes
    -----
    Exact for a linear network, and for a ReLU network if the path to the boundary
    crosses no kink; elsewhere it is the first step of the iteration in [1]_. Where
    activations saturate, as in a confident prediction, slopes are flat and the estimate
    is often too long: check whether a smaller move already changes the class. The
    distance is infinite where no feature changes the difference. Distances are in the
    units of `X`: standardize features of unlike scales, or pass `units` u, which
    measure distances of x / u.

    With an `encoding` only numbers change, and missing values do not. Units are
    standard deviations of the fit if the encoding has them, else those of the rows in
    `X`.

    References
    ----------
    .. [1] S. Moosavi-Dezfooli, A. Fawzi and P. Frossard, "DeepFool: a simple and
       accurate method to fool deep neural networks", CVPR 2016, Equations 8 and 9.
       https://arxiv.org/abs/1511.04599

    Examples
    --------
    The line x + y = 0 is the square root of two away from (1, 1):

    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = [[1.0, 1.0], [-1.0, -2.0]]
    >>> model = JacobianMLPClassifier((), encoding=None, max_iter=1).fit(X, ["a", "b"])
    >>> model.coefs_, model.intercepts_ = [[[-1.0], [-1.0]]], [[0.0]]
    >>> distance, direction, other = boundary_distance(model, X[:1])
    >>> distance, direction, other
    (array([1.414]), array([[-0.707, -0.707]]), array(['b'], dtype='<U1'))
    """
    require_classes(
        estimator,
        "boundary_distance",
        "For the effect of X on a predicted number use saliency or sensitivity.",
    )
    route = Route(estimator, X)
    units = units_of(route, X, units)
    task, dtype, n_samples = route.model.task, route.model.dtype, route.inputs.shape[0]
    distance = np.empty(n_samples, dtype)
    direction = np.empty((n_samples, route.n_features), dtype)
    place = np.empty(n_samples, int)
    exclusive = route.n_outputs > 1 and not task.multilabel
    find = _between_classes if exclusive else _of_columns
    units = units.astype(dtype)
    for rows, at, jacobian in route.jacobians():
        margins, gradients, places = find(at.value, jacobian * units)
        lengths = np.linalg.norm(gradients, axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            distances = np.where(lengths > 0.0, margins / lengths, np.inf)
        nearest = np.arange(len(distances)), np.argmin(distances, axis=1)
        distance[rows] = distances[nearest]
        length = lengths[nearest][:, np.newaxis]
        toward = -gradients[nearest] / np.where(length > 0.0, length, 1.0)
        direction[rows] = toward * units
        place[rows] = places[nearest]
    return BoundaryDistance(distance, direction, task.classes[place])


def _between_classes(raw, jacobian):
    """Return the margin to each other class, its gradient, and that class."""
    n_samples, n_classes = raw.shape
    every, first = np.arange(n_samples), np.argmax(raw, axis=1)
    others = np.arange(n_classes) != first[:, np.newaxis]
    places = np.nonzero(others)[1].reshape(n_samples, n_classes - 1)
    margins = raw[every, first][:, np.newaxis] - raw[others].reshape(places.shape)
    rest = jacobian[others].reshape(*places.shape, -1)
    return margins, jacobian[every, first][:, np.newaxis] - rest, places


def _of_columns(raw, jacobian):
    """Return the size of each raw prediction, its gradient, and the class or label."""
    positive = raw > 0.0
    sign = np.where(positive, 1.0, -1.0).astype(raw.dtype)
    if raw.shape[1] == 1:
        places = 1 - positive.astype(int)
    else:
        places = np.broadcast_to(np.arange(raw.shape[1]), raw.shape)
    return np.abs(raw), sign[..., np.newaxis] * jacobian, places
