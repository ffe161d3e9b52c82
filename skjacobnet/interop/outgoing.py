"""Conversion to scikit-learn's MLPClassifier and MLPRegressor."""

import math
from copy import deepcopy
from inspect import signature

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import check_is_fitted

from skjacobnet.core.constraints import Interval
from skjacobnet.estimators import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.estimators.parameters import resolve
from skjacobnet.interop.penalties import rows_in_a_step, warn_unknown
from skjacobnet.layers import (
    Dropout,
    Encoding,
    Identity,
    Linear,
    ReLU,
    Rescale,
    Sigmoid,
    Standardize,
    Tanh,
)
from skjacobnet.links import EXPONENTIAL, MEAN_AND_DEVIATION
from skjacobnet.model import is_average, members_of
from skjacobnet.optimizers import LBFGS, SGD, Adam
from skjacobnet.regularizers import WeightDecay
from skjacobnet.schedules import InverseScaling, Plateau
from skjacobnet.training.recipe import FULL_BATCH_TOL

ACTIVATIONS = {ReLU: "relu", Sigmoid: "logistic", Tanh: "tanh"}
# Layers that are the identity in prediction, and those folded into the first or the
# last matrix.
TRANSPARENT = (Dropout, Identity, Standardize, Rescale)
POSSIBLE = (
    "scikit-learn's networks have Linear layers with the same activation, identity, "
    "logistic (sigmoid), relu or tanh, between all of them; Dropout is dropped."
)


def to_sklearn(estimator, n_samples=None):
    r"""Convert a fitted estimator of this package to scikit-learn's counterpart.

    The result predicts without skjacobnet, and works with tools for scikit-learn's
    networks, such as the conversion to ONNX. Weight decay of the strength
    :math:`\lambda` becomes the penalty

    .. math:: \alpha = \lambda n

    with n rows in a step.

    Parameters
    ----------
    estimator : JacobianMLPClassifier or JacobianMLPRegressor
        Fitted estimator; not modified.
    n_samples : int >= 1, default=None
        Number of rows in its training set, which it does not store. Only continued
        training depends on it, through ``alpha`` and ``t_``.

    Returns
    -------
    MLPClassifier or MLPRegressor
        ``predict_proba`` or ``predict`` agrees with that of `estimator` up to rounding.

    Raises
    ------
    TypeError
        If `estimator` is not one of these, or `n_samples` is not an integer.
    NotFittedError
        If `estimator` is not fitted.
    ValueError
        If a layer or the prediction has no counterpart, or `estimator` has only one
        class or averages several networks.

    Warns
    -----
    UserWarning
        If weight decay is dropped, because the number of rows is unknown.

    See Also
    --------
    from_sklearn : Conversion from scikit-learn.

    Notes
    -----
    The network must be a sequence of `Linear` layers with the same activation between
    all of them: `Identity`, `Sigmoid`, `Tanh` or `ReLU`. `Dropout` is dropped, since it
    has no effect in prediction, and a layer without intercept gets a zero intercept. Of
    the encodings `Standardize` is folded into the first matrix and intercept;
    ``encoding=["standardize"]`` and None can be converted, ``"auto"`` cannot. The
    temperature of a classifier and the scale of a regressor's targets are folded into
    the last matrix and intercept, so continued training has another temperature or
    another target scale. A regressor's prediction is that of `predict`: the mean of
    ``"gaussian"``, a single quantile, and with an exponential link (from scikit-learn
    1.7 on) a mean with ``loss="poisson"``.

    The loss, ``class_weight``, penalties other than weight decay, optimizers other than
    `SGD`, `Adam` and `LBFGS`, and schedules of optimizers other than `SGD` have no
    counterpart: the fitted network is the same, but another `fit` would differ. Without
    `n_samples`, n is ``batch_size_``, and ``t_`` is 0.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> estimator = JacobianMLPClassifier(
    ...     (5,), "tanh", encoding=["standardize"], optimizer="lbfgs", max_iter=2000
    ... )
    >>> mlp = to_sklearn(estimator.fit(X, y))
    >>> mlp.activation, mlp.solver
    ('tanh', 'lbfgs')
    >>> bool(np.allclose(mlp.predict_proba(X), estimator.predict_proba(X), atol=1e-12))
    True
    """
    if not isinstance(estimator, JacobianMLPClassifier | JacobianMLPRegressor):
        raise TypeError(
            "estimator must be a fitted JacobianMLPClassifier or JacobianMLPRegressor, "
            f"got an object of type {type(estimator).__name__}. For a pipeline or a "
            "search pass the estimator itself, such as pipeline[-1] or "
            "search.best_estimator_."
        )
    check_is_fitted(estimator)
    if n_samples is not None:
        Interval(1, math.inf, "left", integer=True).check(n_samples, "n_samples")
    if is_average(estimator.model_):
        raise ValueError(
            "The estimator cannot be converted to scikit-learn: it averages "
            f"{len(members_of(estimator.model_))} networks, and scikit-learn's "
            "estimators have one. Convert a single network."
        )
    activation = _only_activation(estimator.network_)
    coefs, intercepts = _matrices(estimator)
    _fold_scaling(estimator, coefs, intercepts)
    if isinstance(estimator, JacobianMLPRegressor):
        coefs[-1], intercepts[-1] = _predicting(estimator, coefs[-1], intercepts[-1])
    parameters = _parameters_to(estimator, n_samples)
    sizes = tuple(coef.shape[1] for coef in coefs[:-1])
    if isinstance(estimator, JacobianMLPClassifier):
        mlp = MLPClassifier(sizes, activation, random_state=0)
    else:
        mlp = MLPRegressor(**_loss_to(estimator), random_state=0)
        mlp.set_params(hidden_layer_sizes=sizes, activation=activation)
    _fit_to_nothing(mlp, estimator)
    mlp.set_params(random_state=deepcopy(estimator.random_state), **parameters)
    mlp.coefs_, mlp.intercepts_ = coefs, intercepts
    # The initial score of early stopping, before any better epoch.
    mlp._best_coefs = [coef.copy() for coef in coefs]
    mlp._best_intercepts = [intercept.copy() for intercept in intercepts]
    # Its optimizer holds gradients of the zero table; the next step creates a new one.
    vars(mlp).pop("_optimizer", None)
    if hasattr(estimator, "feature_names_in_"):
        mlp.feature_names_in_ = estimator.feature_names_in_.copy()
    _describe_training(mlp, estimator, n_samples)
    return mlp


def _only_activation(network):
    """Return the name of the activation between all linear layers.

    Raises
    ------
    ValueError
        If a layer has no counterpart in scikit-learn's networks.
    """
    names, name, is_inside = [], None, False
    for index, layer in enumerate(network.layers):
        kind = type(layer)
        if kind in TRANSPARENT:
            continue
        if kind is Linear:
            if is_inside:
                names.append(name or "identity")
            if len(set(names)) > 1:
                _refuse(index, layer, f"follows {names[-1]}, earlier ones {names[0]}")
            name, is_inside = None, True
        elif issubclass(kind, Encoding):
            _refuse(
                index,
                layer,
                "is an encoding that is not linear. Fit with "
                "encoding=['standardize'] or encoding=None",
            )
        elif kind not in ACTIVATIONS:
            _refuse(index, layer, "has no counterpart")
        elif name is not None or not is_inside:
            _refuse(index, layer, "does not follow a Linear layer")
        else:
            name = ACTIVATIONS[kind]
            if names and name != names[0]:
                _refuse(index, layer, f"differs from {names[0]} between earlier layers")
    return names[0] if names else "relu"


def _refuse(index, layer, reason):
    raise ValueError(
        "The network cannot be converted to scikit-learn: "
        f"network_.layers[{index}], {layer!r}, {reason}. {POSSIBLE}"
    )


def _matrices(estimator):
    """Return copies of all matrices and intercepts, zeros for missing ones."""
    coefs, intercepts = [], []
    for weights in estimator.network_.split(estimator.weights_):
        if weights:
            coef = weights["coef"].copy()
            zeros = np.zeros(coef.shape[1], coef.dtype)
            coefs.append(coef)
            intercepts.append(weights.get("intercept", zeros).copy())
    return coefs, intercepts


def _fold_scaling(estimator, coefs, intercepts):
    """Fold layers without weights into the first and the last matrix.

    The last matrix then gives raw predictions in the unit of the targets, or
    calibrated.
    """
    network = estimator.network_
    known = network.arrays(estimator.weights_, np.float64)
    pairs = [*zip(network.layers, known, strict=True)]
    # The last encoding first, since it is next to the matrix.
    for layer, numbers in reversed(pairs[: network.n_encodings]):
        divisor = np.ones(coefs[0].shape[0])
        divisor[list(layer.acts_on)] = numbers["deviation"]
        factor = np.divide(1.0, divisor, np.zeros_like(divisor), where=divisor > 0.0)
        shift = np.zeros_like(divisor)
        shift[list(layer.acts_on)] = numbers["mean"]
        scaled = factor[:, np.newaxis] * coefs[0]
        intercepts[0] = (intercepts[0] - shift @ scaled).astype(coefs[0].dtype)
        coefs[0] = scaled.astype(coefs[0].dtype)
    layer, numbers = pairs[-1]
    if isinstance(layer, Rescale):
        coefs[-1] = (coefs[-1] * numbers["factor"]).astype(coefs[-1].dtype)
        shifted = intercepts[-1] * numbers["factor"] + numbers["shift"]
        intercepts[-1] = shifted.astype(coefs[-1].dtype)


def _predicting(estimator, coef, intercept):
    """Return the last matrix and intercept of an MLPRegressor.

    Their output is the prediction, or with an exponential link its logarithm.

    Raises
    ------
    ValueError
        If the prediction depends on the raw prediction in another way.
    """
    model = estimator.model_
    link, n_per_target = model.link, model.loss.n_per_target
    if n_per_target == 1:
        return coef, intercept
    if link is MEAN_AND_DEVIATION:
        return coef[:, ::2].copy(), intercept[::2].copy()
    raise ValueError(
        f"The prediction of {model.loss!r} is one of several sorted raw predictions, "
        "which an MLPRegressor does not support. Use a single level."
    )


def _loss_to(estimator):
    """Return the loss of an MLPRegressor, which determines its output function."""
    if estimator.model_.link is not EXPONENTIAL:
        return {}
    if "loss" not in signature(MLPRegressor).parameters:
        raise ValueError(
            f"{estimator.model_.loss!r} has an exponential link, which MLPRegressor "
            "has from scikit-learn 1.7 on."
        )
    return {"loss": "poisson"}


def _fit_to_nothing(mlp, estimator):
    """Initialize scikit-learn's estimator by a fit to rows of zeros for all targets.

    This works in all versions; the weights are replaced afterwards.
    """
    if isinstance(estimator, JacobianMLPRegressor):
        task = estimator.task_
        X = csr_matrix((1, estimator.n_features_in_))
        mlp.partial_fit(X, task.shaped(np.zeros((1, task.n_targets))))
        return
    y = classes = estimator.classes_
    if estimator.task_.multilabel:
        y = np.eye(len(classes), dtype=int)
    X = csr_matrix((len(classes), estimator.n_features_in_))
    mlp.partial_fit(X, y, classes=classes)


def _parameters_to(estimator, n_samples):
    """Return the equivalent parameters of scikit-learn's estimator."""
    parts = resolve(estimator)
    never, tol = estimator.tol is None, estimator.tol
    if never:
        tol = FULL_BATCH_TOL if parts.full_batch else 0.0
    found = {
        "batch_size": estimator.batch_size_,
        "max_iter": estimator.max_iter_,
        "tol": tol,
        "n_iter_no_change": np.inf if never else estimator.n_iter_no_change,
        "shuffle": estimator.shuffle,
        "early_stopping": estimator.early_stopping,
        "validation_fraction": estimator.validation_fraction,
        "warm_start": estimator.warm_start,
        "verbose": estimator.verbose,
        "alpha": _alpha(estimator, parts, n_samples),
    }
    if estimator.learning_rate_ is not None:
        found["learning_rate_init"] = estimator.learning_rate_
    optimizer, schedule = parts.optimizer, parts.schedule
    if isinstance(optimizer, LBFGS):
        found["solver"] = "lbfgs"
    elif isinstance(optimizer, SGD):
        found["solver"] = "sgd"
        found["momentum"] = optimizer.momentum
        found["nesterovs_momentum"] = optimizer.nesterov
        if isinstance(schedule, InverseScaling):
            found["learning_rate"] = "invscaling"
            found["power_t"] = schedule.power
        elif isinstance(schedule, Plateau):
            found["learning_rate"] = "adaptive"
            found["n_iter_no_change"] = max(1, schedule.patience - 1)
            found["tol"] = schedule.tol
    elif isinstance(optimizer, Adam):
        found["beta_1"] = optimizer.beta_1
        found["beta_2"] = optimizer.beta_2
        found["epsilon"] = optimizer.epsilon
    return found


def _alpha(estimator, parts, n_samples):
    strength = sum(
        float(part.strength)
        for part in parts.regularizers
        if isinstance(part, WeightDecay)
    )
    rows = n_samples
    if not parts.full_batch:
        rows = rows_in_a_step(estimator.batch_size_, n_samples)
    if strength and rows is None:
        warn_unknown(
            f"Weight decay of {strength}", "scikit-learn's alpha is that times"
        )
        return 0.0
    return strength * rows if strength else 0.0


def _describe_training(mlp, estimator, n_samples):
    """Set the attributes that describe training."""
    mlp.n_iter_ = estimator.n_iter_
    mlp.loss_curve_ = list(estimator.loss_curve_)
    mlp.loss_ = estimator.loss_
    mlp.t_ = 0 if n_samples is None else n_samples * estimator.n_iter_
    mlp.best_loss_ = min(mlp.loss_curve_, default=np.inf)
    mlp.validation_scores_ = mlp.best_validation_score_ = None
    if mlp.early_stopping:
        mlp.best_loss_ = None
        mlp.validation_scores_, mlp.best_validation_score_ = [], -np.inf
        if estimator.monitor == estimator.task_.scorer:
            scores = estimator.history_.get("validation_score", [])
            mlp.validation_scores_ = list(scores)
            mlp.best_validation_score_ = estimator.best_score_
