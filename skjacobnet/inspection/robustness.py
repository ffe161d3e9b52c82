"""Robustness of predictions to perturbed rows."""

import numpy as np
from sklearn.utils import check_random_state

from skjacobnet.accumulation import cotangents
from skjacobnet.core.constraints import Interval, OneOf
from skjacobnet.inspection.moved import moved
from skjacobnet.inspection.need_of_classes import require_classes
from skjacobnet.inspection.pipelines import Route, is_encoded, numbers
from skjacobnet.inspection.units import checked_units, units_of

SIZES = Interval(0, np.inf, "left")


def fast_gradient_attack(estimator, X, y, epsilon, *, units=None):
    r"""Perturb each row by a small step that raises its loss fastest.

    .. math:: x' = x + \epsilon \operatorname{sign}
              \left( \nabla_x \, \ell(y, z(x)) \right)

    Parameters
    ----------
    estimator : JacobianMLPClassifier, or Pipeline that ends in one
        Fitted; the steps before it must be affine, such as scalers and PCA.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Numbers only, except for an estimator with an `encoding`.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        The true classes.
    epsilon : float >= 0, or array-like of shape (n_features,)
        Size of the change of each feature, in `units`.
    units : float >= 0 or array-like of shape (n_features,), default=None
        Size of a unit change of each column, in the units of `X`; zero holds a column
        fixed. None is one; with an `encoding` it is the standard deviation of each
        column of numbers.

    Returns
    -------
    array or data frame of shape (n_samples, n_features)
        Perturbed rows, in the dtype of the weights, except for an estimator with an
        `encoding`. A frame if `X` is one. Features without influence on the loss are
        unchanged.

    Raises
    ------
    TypeError
        If a step before the network is not affine, `estimator` is a regressor, or
        `epsilon` is not a number.
    ValueError
        If `epsilon` is negative, `y` has an unknown class, or `X` or `units` is
        invalid.

    See Also
    --------
    robustness_curve : Accuracy on rows with several sizes of perturbation.

    Notes
    -----
    For a linear binary model it is the worst of all changes of at most epsilon in each
    feature.

    With an `encoding` only numbers change; categories and missing values are unchanged.
    Units are standard deviations of the fit if the encoding has them, else those of the
    rows in `X`.

    References
    ----------
    .. [1] I. Goodfellow, J. Shlens and C. Szegedy, "Explaining and Harnessing
       Adversarial Examples", ICLR 2015. https://arxiv.org/abs/1412.6572

    Examples
    --------
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X = [[1.0, 1.0], [-1.0, -2.0]]
    >>> model = JacobianMLPClassifier((), encoding=None, max_iter=1).fit(X, ["a", "b"])
    >>> model.coefs_ = [[[-1.0], [-1.0]]]
    >>> fast_gradient_attack(model, X, ["a", "b"], epsilon=0.25)
    array([[ 0.75,  0.75],
           [-0.75, -1.75]])
    """
    require_classes(
        estimator,
        "fast_gradient_attack",
        "For the effect of X on a predicted number use saliency or sensitivity.",
    )
    sizes = np.asarray(epsilon)
    for size in sizes.ravel().tolist():
        SIZES.check(size, "epsilon")
    route = Route(estimator, X)
    units, moves = _units_and_moves(route, X, units)
    signs = _worst_signs(route, y)
    if sizes.shape not in ((), signs.shape[1:]):
        raise ValueError(
            f"epsilon must be one number or one for each of the {signs.shape[1]} "
            f"features, got an array of shape {sizes.shape}."
        )
    change = sizes.astype(signs.dtype) * signs * units.astype(signs.dtype)
    return moved(X, change, moves, signs.dtype)


def _units_and_moves(route, X, units):
    """Return the unit of each column, and a mask of columns with units for `moved`."""
    units = units_of(route, X, units)
    return units, units > 0.0 if route.is_encoded else None


def _worst_signs(route, y):
    """Return the signs of the gradient of each row's loss with respect to X."""
    dtype, n_samples = route.model.dtype, route.inputs.shape[0]
    signs = np.empty((n_samples, route.n_features), dtype)
    for rows, at, cotangent in route.model.loss_linearizations(route.inputs, y):
        operators = [*route.to_trained(rows), *at.operators]
        *_, gradient = cotangents(operators, cotangent)
        np.sign(gradient, out=signs[rows])
    return signs


def robustness_curve(
    estimator,
    X,
    y,
    epsilons,
    *,
    perturbation="attack",
    n_repeats=5,
    random_state=None,
    units=None,
):
    r"""Measure the accuracy on perturbed rows for several sizes of perturbation.

    .. math:: a(\epsilon) = \frac{1}{n} \sum_s
              \left[ \hat y(x_s + \epsilon \, v_s) = y_s \right]

    Parameters
    ----------
    estimator : JacobianMLPClassifier, or Pipeline that ends in one
        Fitted; for an attack, and before an estimator with an `encoding`, steps must be
        affine.
    X : array-like, sparse matrix or data frame of shape (n_samples, n_features)
        Numbers only, except for an estimator with an `encoding`.
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        The true classes.
    epsilons : array-like of float >= 0 of shape (n_sizes,)
        Sizes of the perturbation, in `units`.
    perturbation : {"attack", "noise"}, default="attack"
        Direction v: the signs of `fast_gradient_attack`, or independent standard
        normal numbers.
    n_repeats : int >= 1, default=5
        Number of draws of noise to average over. An attack is deterministic.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise.
    units : float >= 0 or array-like of shape (n_features,), default=None
        Size of a unit change of each column, in the units of `X`; zero holds a column
        fixed. None is one; with an `encoding` it is the standard deviation of each
        column of numbers.

    Returns
    -------
    array of shape (n_sizes,)
        Accuracy ``estimator.score`` for each size, between 0 and 1.

    Raises
    ------
    TypeError
        If a step before the network is not affine, `estimator` is a regressor, or a
        size is not a number.
    ValueError
        If a size is negative, `perturbation` is unknown, `y` has an unknown class, or
        `X` or `units` is invalid.

    See Also
    --------
    boundary_distance : Distance of each row to the decision boundary.

    Notes
    -----
    All sizes share their directions, so the curve has no random jumps. The attack is a
    single step from the original row: a large step may do less harm than a smaller one.

    With an `encoding` only numbers are perturbed, as by `fast_gradient_attack`.

    References
    ----------
    .. [1] D. Hendrycks and T. Dietterich, "Benchmarking Neural Network Robustness to
       Common Corruptions and Perturbations", ICLR 2019.
       https://arxiv.org/abs/1903.12261

    Examples
    --------
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = [[1.0, 1.0], [-1.0, -2.0]], ["a", "b"]
    >>> model = JacobianMLPClassifier((), encoding=None, max_iter=1).fit(X, y)
    >>> model.coefs_, model.intercepts_ = [[[-1.0], [-1.0]]], [[0.0]]
    >>> robustness_curve(model, X, y, [0.0, 1.2, 2.0])
    array([1. , 0.5, 0. ])
    """
    require_classes(
        estimator,
        "robustness_curve",
        "For the effect of noise on a score call estimator.score with perturbed rows.",
    )
    OneOf("attack", "noise").check(perturbation, "perturbation")
    Interval(1, np.inf, "left", integer=True).check(n_repeats, "n_repeats")
    sizes = np.asarray(epsilons).ravel().tolist()
    for size in sizes:
        SIZES.check(size, "epsilons")
    attack = perturbation == "attack"
    if attack or is_encoded(estimator):
        route = Route(estimator, X)
        units, moves = _units_and_moves(route, X, units)
        shape = route.inputs.shape[0], route.n_features
    else:
        # Noise needs no derivatives: any classifier and any steps will do.
        shape = numbers(X).shape
        units, moves = checked_units(units, shape[1]), None
    if attack:
        directions = [_worst_signs(route, y)]
    else:
        draw = check_random_state(random_state).standard_normal
        directions = (draw(shape) for _ in range(n_repeats))
    scores = [
        [estimator.score(moved(X, size * v, moves), y) for size in sizes]
        for v in (v * units.astype(v.dtype) for v in directions)
    ]
    return np.mean(scores, axis=0)
