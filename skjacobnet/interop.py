"""Fitted networks from scikit-learn's MLPClassifier, and back to it."""

import math
import warnings
from copy import deepcopy

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import check_is_fitted

from skjacobnet import _parameters
from skjacobnet._validation import Interval
from skjacobnet.classifier import JacobianMLPClassifier
from skjacobnet.layers import Dropout, Identity, Linear, ReLU, Sigmoid, Tanh
from skjacobnet.optimizers import LBFGS, SGD, Adam
from skjacobnet.regularizers import WeightDecay
from skjacobnet.schedules import InverseScaling, Plateau
from skjacobnet.training.stopping import Stopping
from skjacobnet.training.targets import Targets

ACTIVATIONS = {ReLU: "relu", Sigmoid: "logistic", Tanh: "tanh"}
# Layers that give what they get when they predict.
TRANSPARENT = (Dropout, Identity)
POSSIBLE = (
    "MLPClassifier has Linear layers with one and the same of identity, logistic "
    "(sigmoid), relu and tanh between all of them; Dropout is left out."
)
# What "adaptive" divides the learning rate by, and where that stops the training.
ADAPTIVE_DIVISOR, ADAPTIVE_END = 5.0, 1e-6


def from_sklearn(mlp, n_samples=None):
    r"""Turn a fitted MLPClassifier into a fitted JacobianMLPClassifier.

    The weights are the same to the bit and of the same type, and training can go on
    from them, with `partial_fit` and with `fit` and ``warm_start=True``. Parameters
    are carried over where there is a counterpart. The penalty :math:`\alpha` becomes
    weight decay with the strength

    .. math:: \lambda = \alpha / n,

    where n is the number of rows in a step: MLPClassifier divides alpha by it, here the
    strength stands for itself.

    Parameters
    ----------
    mlp : MLPClassifier
        A fitted one. It is left as it is.
    n_samples : int >= 1, default=None
        How many rows `mlp` was trained on. None reads the number off `mlp`, which is
        possible unless its solver is ``"lbfgs"``.

    Returns
    -------
    JacobianMLPClassifier
        ``predict_proba`` is that of `mlp` up to rounding. It has `training_state_`, a
        second copy of the weights, which ``del model.training_state_`` removes.

    Raises
    ------
    TypeError
        If `mlp` is not an MLPClassifier, or `n_samples` is not an integer.
    NotFittedError
        If `mlp` is not fitted.
    ValueError
        If `mlp` knows only one class, or a parameter is out of the range that is
        allowed here, such as ``momentum=1.0``.

    Warns
    -----
    UserWarning
        If alpha is left out, because the number of rows is unknown.

    See Also
    --------
    to_sklearn : The way back.

    Notes
    -----
    n is `batch_size`, or all rows where there are fewer or the solver is ``"lbfgs"``.
    The last batch of an epoch may be smaller; MLPClassifier makes the penalty stronger
    in it, and here it stays. With sample weights MLPClassifier divides by their sum in
    the batch, which is not known afterwards; n counts rows.

    The memory of the optimizer is not carried over. Neither are the rows that early
    stopping had held back: a training that goes on draws new ones.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((5,), solver="lbfgs", alpha=0.3, max_iter=2000,
    ...                     random_state=0).fit(X, y)
    >>> model = from_sklearn(mlp, n_samples=150)
    >>> bool(np.allclose(model.predict_proba(X), mlp.predict_proba(X), atol=1e-12))
    True
    >>> model.regularizers
    {'weight_decay': 0.002}
    """
    if not isinstance(mlp, MLPClassifier):
        raise TypeError(
            "mlp must be a fitted MLPClassifier, got an object of type "
            f"{type(mlp).__name__}. Of a pipeline or a search, give the classifier "
            "itself, such as pipeline[-1] or search.best_estimator_."
        )
    check_is_fitted(mlp)
    if n_samples is not None:
        Interval(1, math.inf, "left", integer=True).check(n_samples, "n_samples")
    targets = _targets(mlp)
    n_rows = _rows_trained_on(mlp) if n_samples is None else n_samples
    model = JacobianMLPClassifier(**_parameters_from(mlp, n_rows))
    # Parameters are checked before anything else, as in a fit.
    parts = _parameters.resolve(model)
    model.n_features_in_ = mlp.n_features_in_
    if hasattr(mlp, "feature_names_in_"):
        model.feature_names_in_ = mlp.feature_names_in_.copy()
    model._build(parts, targets)
    model.weights_ = _flat_weights(model.network_, mlp)
    model.history_, scores = _history(mlp)
    model.n_iter_ = len(scores)
    stopping = Stopping()
    for epoch, score in enumerate(scores, start=1):
        stopping.update(score, epoch, model.weights_)
    model.best_iter_, model.best_score_ = stopping.best_epoch, stopping.best_score
    # What schedules depend on.
    model._start(model.weights_.dtype)
    state = model.training_state_
    state.scores = scores
    if n_rows and mlp.solver != "lbfgs":
        steps_per_epoch = math.ceil(n_rows / _rows_in_a_step(mlp.batch_size, n_rows))
        state.step = len(scores) * steps_per_epoch
    return model


def to_sklearn(classifier, n_samples=None):
    r"""Turn a fitted JacobianMLPClassifier into a fitted MLPClassifier.

    It predicts without skjacobnet, and all that is made for MLPClassifier, such as the
    conversion to ONNX, takes it. Weight decay of the strength :math:`\lambda` becomes
    the penalty

    .. math:: \alpha = \lambda n

    with n rows in a step.

    Parameters
    ----------
    classifier : JacobianMLPClassifier
        A fitted one. It is left as it is.
    n_samples : int >= 1, default=None
        How many rows it was trained on, which it does not keep. Only training that
        goes on depends on it, through ``alpha`` and ``t_``.

    Returns
    -------
    MLPClassifier
        ``predict_proba`` is that of `classifier` up to rounding.

    Raises
    ------
    TypeError
        If `classifier` is not a JacobianMLPClassifier, or `n_samples` is not an
        integer.
    NotFittedError
        If `classifier` is not fitted.
    ValueError
        If a layer has no counterpart, or it knows only one class.

    Warns
    -----
    UserWarning
        If weight decay is left out, because the number of rows is unknown.

    See Also
    --------
    from_sklearn : The other direction.

    Notes
    -----
    The network must be a sequence of `Linear` layers with one and the same of
    `Identity`, `Sigmoid`, `Tanh` and `ReLU` between all of them. `Dropout` is left out,
    since it does nothing when predicting, and a layer without intercept gets one of
    zeros.

    The loss, penalties other than weight decay, optimizers other than `SGD`, `Adam` and
    `LBFGS`, and schedules for others than `SGD` have no counterpart: the fitted network
    is the same, another `fit` would not be. Where `n_samples` is not given, n is
    `batch_size`, 200 for ``"auto"``, and ``t_`` is 0.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = JacobianMLPClassifier((5,), "tanh", optimizer="lbfgs",
    ...                                    max_iter=2000, random_state=0).fit(X, y)
    >>> mlp = to_sklearn(classifier)
    >>> mlp.activation, mlp.solver
    ('tanh', 'lbfgs')
    >>> bool(np.allclose(mlp.predict_proba(X), classifier.predict_proba(X), atol=1e-12))
    True
    """
    if not isinstance(classifier, JacobianMLPClassifier):
        raise TypeError(
            "classifier must be a fitted JacobianMLPClassifier, got an object of type "
            f"{type(classifier).__name__}. Of a pipeline or a search, give the "
            "classifier itself, such as pipeline[-1] or search.best_estimator_."
        )
    check_is_fitted(classifier)
    if n_samples is not None:
        Interval(1, math.inf, "left", integer=True).check(n_samples, "n_samples")
    if len(classifier.classes_) < 2:
        raise ValueError(
            f"The classifier knows only one class, {classifier.classes_.tolist()}; an "
            "MLPClassifier needs two."
        )
    activation = _only_activation(classifier.network_)
    coefs, intercepts = _matrices(classifier)
    parameters = _parameters_to(classifier, n_samples)
    sizes = tuple(coef.shape[1] for coef in coefs[:-1])
    mlp = MLPClassifier(sizes, activation, random_state=0)
    _fit_to_nothing(mlp, classifier)
    mlp.set_params(random_state=deepcopy(classifier.random_state), **parameters)
    mlp.coefs_, mlp.intercepts_ = coefs, intercepts
    # The start that early stopping returns to when no epoch is better.
    mlp._best_coefs = [coef.copy() for coef in coefs]
    mlp._best_intercepts = [intercept.copy() for intercept in intercepts]
    # It remembers the gradients of a table that does not exist; the next step makes
    # another one.
    vars(mlp).pop("_optimizer", None)
    if hasattr(classifier, "feature_names_in_"):
        mlp.feature_names_in_ = classifier.feature_names_in_.copy()
    _describe_training(mlp, classifier, n_samples)
    return mlp


def _targets(mlp):
    """Return what an MLPClassifier predicts."""
    if mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1:
        return Targets(np.arange(mlp.n_outputs_), multilabel=True)
    if len(mlp.classes_) < 2:
        raise ValueError(
            f"mlp knows only one class, {mlp.classes_.tolist()}; a "
            "JacobianMLPClassifier needs two."
        )
    return Targets(mlp.classes_.copy())


def _flat_weights(network, mlp):
    """Return the weights of an MLPClassifier as one vector."""
    dtype = np.result_type(*mlp.coefs_, *mlp.intercepts_)
    theta = np.empty(network.n_weights, _parameters.resolve_dtype(None, dtype))
    for name, arrays in (("coef", mlp.coefs_), ("intercept", mlp.intercepts_)):
        for view, array in zip(network.weights(theta, name), arrays, strict=True):
            view[...] = array
    return theta


def _rows_trained_on(mlp):
    """Return the mean number of rows in a pass, or None where that is unknown."""
    n_epochs = len(getattr(mlp, "loss_curve_", ()))
    return mlp.t_ / n_epochs if mlp.t_ and n_epochs else None


def _rows_in_a_step(batch_size, n_rows):
    """Return the rows in a mini-batch; `n_rows` may be None."""
    rows = 200 if batch_size == "auto" else batch_size
    return rows if n_rows is None else min(rows, n_rows)


def _warn_unknown(penalty, rule):
    warnings.warn(
        f"{penalty} is left out: {rule} the number of rows, which is not known after a "
        "fit with L-BFGS. Give n_samples to carry it over; predictions do not depend "
        "on it.",
        UserWarning,
        stacklevel=5,
    )


def _history(mlp):
    """Return the columns of the history, NaN where unknown, and the scores."""
    if hasattr(mlp, "loss_curve_"):
        losses = [float(loss) for loss in mlp.loss_curve_]
    else:  # L-BFGS tells of the last iteration only.
        losses = [math.nan] * mlp.n_iter_
        losses[-1:] = [float(mlp.loss_)] * len(losses[-1:])
    unknown = "learning_rate", "gradient_norm", "seconds"
    history = {
        "loss": losses,
        # Part of the loss, and a finite number so that their sum is the loss curve.
        "penalty": [0.0] * len(losses),
        **{column: [math.nan] * len(losses) for column in unknown},
    }
    validation = getattr(mlp, "validation_scores_", None)
    if not validation or len(validation) != len(losses):
        return history, [-loss for loss in losses]
    scores = [float(score) for score in validation]
    return {**history, "validation_score": scores}, list(scores)


def _parameters_from(mlp, n_rows):
    """Return the parameters of a JacobianMLPClassifier that mean the same."""
    full_batch = mlp.solver == "lbfgs"
    early_stopping = bool(mlp.early_stopping) and not full_batch
    schedule, n_iter_no_change = "constant", mlp.n_iter_no_change
    if mlp.solver == "sgd" and mlp.learning_rate == "invscaling":
        schedule = InverseScaling(mlp.power_t)
    elif mlp.solver == "sgd" and mlp.learning_rate == "adaptive":
        schedule, n_iter_no_change = _adaptive(mlp)
    parameters = {
        "hidden_layer_sizes": tuple(coef.shape[1] for coef in mlp.coefs_[:-1]),
        "activation": mlp.activation,
        "optimizer": _optimizer_from(mlp),
        "learning_rate": mlp.learning_rate_init,
        "schedule": schedule,
        "regularizers": _regularizers_from(mlp, n_rows),
        "batch_size": mlp.batch_size,
        "max_iter": mlp.max_iter,
        "tol": mlp.tol,
        "n_iter_no_change": n_iter_no_change,
        "shuffle": bool(mlp.shuffle),
        "early_stopping": early_stopping,
        "monitor": "accuracy" if early_stopping else "loss",
        "warm_start": bool(mlp.warm_start),
        "random_state": deepcopy(mlp.random_state),
        "verbose": int(mlp.verbose),
    }
    if mlp.validation_fraction > 0.0:
        parameters["validation_fraction"] = mlp.validation_fraction
    return parameters


def _optimizer_from(mlp):
    if mlp.solver == "lbfgs":
        return LBFGS()
    if mlp.solver == "adam":
        return Adam(mlp.beta_1, mlp.beta_2, mlp.epsilon)
    return SGD(mlp.momentum, bool(mlp.nesterovs_momentum and mlp.momentum > 0.0))


def _regularizers_from(mlp, n_rows):
    if not mlp.alpha:
        return None
    rows = n_rows
    if mlp.solver != "lbfgs":
        rows = _rows_in_a_step(mlp.batch_size, n_rows)
    if rows is None:
        _warn_unknown(f"alpha={mlp.alpha}", "MLPClassifier divides it by")
        return None
    return {"weight_decay": float(mlp.alpha / rows)}


def _adaptive(mlp):
    """Return the schedule, and the pause after which MLPClassifier would stop.

    It stops at the end of the first pause that finds the rate at the lower end, which
    is a pause of many times the length where no epoch between brings progress.
    """
    pause = mlp.n_iter_no_change + 1
    if pause == math.inf:
        return "constant", math.inf
    rate, n_pauses = mlp.learning_rate_init, 1
    while rate > ADAPTIVE_END:
        rate /= ADAPTIVE_DIVISOR
        n_pauses += 1
    return Plateau(ADAPTIVE_DIVISOR, pause, mlp.tol), n_pauses * pause - 1


def _only_activation(network):
    """Return the name of the activation between all linear layers.

    Raises
    ------
    ValueError
        If a layer has no counterpart in an MLPClassifier.
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
        elif kind not in ACTIVATIONS:
            _refuse(index, layer, "has no counterpart")
        elif name is not None or not is_inside:
            _refuse(index, layer, "does not stand behind a Linear layer")
        else:
            name = ACTIVATIONS[kind]
            if names and name != names[0]:
                _refuse(index, layer, f"differs from {names[0]} between earlier layers")
    return names[0] if names else "relu"


def _refuse(index, layer, reason):
    raise ValueError(
        "The network cannot become an MLPClassifier: "
        f"network_.layers[{index}], {layer!r}, {reason}. {POSSIBLE}"
    )


def _matrices(classifier):
    """Return copies of all matrices and intercepts, zeros where there is none."""
    coefs, intercepts = [], []
    for weights in classifier.network_.split(classifier.weights_):
        if weights:
            coef = weights["coef"].copy()
            zeros = np.zeros(coef.shape[1], coef.dtype)
            coefs.append(coef)
            intercepts.append(weights.get("intercept", zeros).copy())
    return coefs, intercepts


def _fit_to_nothing(mlp, classifier):
    """Let an MLPClassifier set itself up, with a row of zeros for each class.

    Its own method does that in all versions; the weights are replaced afterwards.
    """
    y = classes = classifier.classes_
    if classifier._targets.multilabel:
        y = np.eye(len(classes), dtype=int)
    X = csr_matrix((len(classes), classifier.n_features_in_))
    mlp.partial_fit(X, y, classes=classes)


def _parameters_to(classifier, n_samples):
    """Return the parameters of an MLPClassifier that mean the same."""
    parts = _parameters.resolve(classifier)
    never = classifier.tol is None
    parameters = {
        "batch_size": classifier.batch_size,
        "max_iter": classifier.max_iter,
        "tol": 0.0 if never else classifier.tol,
        "n_iter_no_change": np.inf if never else classifier.n_iter_no_change,
        "shuffle": classifier.shuffle,
        "early_stopping": classifier.early_stopping,
        "validation_fraction": classifier.validation_fraction,
        "warm_start": classifier.warm_start,
        "verbose": classifier.verbose,
        "alpha": _alpha(classifier, parts, n_samples),
    }
    if parts.learning_rate is not None:
        parameters["learning_rate_init"] = parts.learning_rate
    optimizer, schedule = parts.optimizer, parts.schedule
    if isinstance(optimizer, LBFGS):
        parameters["solver"] = "lbfgs"
    elif isinstance(optimizer, SGD):
        parameters["solver"] = "sgd"
        parameters["momentum"] = optimizer.momentum
        parameters["nesterovs_momentum"] = optimizer.nesterov
        if isinstance(schedule, InverseScaling):
            parameters["learning_rate"] = "invscaling"
            parameters["power_t"] = schedule.power
        elif isinstance(schedule, Plateau):
            parameters["learning_rate"] = "adaptive"
            parameters["n_iter_no_change"] = max(1, schedule.patience - 1)
            parameters["tol"] = schedule.tol
    elif isinstance(optimizer, Adam):
        parameters["beta_1"] = optimizer.beta_1
        parameters["beta_2"] = optimizer.beta_2
        parameters["epsilon"] = optimizer.epsilon
    return parameters


def _alpha(classifier, parts, n_samples):
    strength = sum(
        float(part.strength)
        for part in parts.regularizers
        if isinstance(part, WeightDecay)
    )
    rows = n_samples
    if not parts.full_batch:
        rows = _rows_in_a_step(classifier.batch_size, n_samples)
    if strength and rows is None:
        _warn_unknown(
            f"Weight decay of {strength}", "MLPClassifier's alpha is that times"
        )
        return 0.0
    return strength * rows if strength else 0.0


def _describe_training(mlp, classifier, n_samples):
    """Set the attributes that tell of the training."""
    mlp.n_iter_ = classifier.n_iter_
    mlp.loss_curve_ = list(classifier.loss_curve_)
    mlp.loss_ = classifier.loss_
    mlp.t_ = 0 if n_samples is None else n_samples * classifier.n_iter_
    mlp.best_loss_ = min(mlp.loss_curve_, default=np.inf)
    mlp.validation_scores_ = mlp.best_validation_score_ = None
    if mlp.early_stopping:
        mlp.best_loss_ = None
        mlp.validation_scores_, mlp.best_validation_score_ = [], -np.inf
        if classifier.monitor == "accuracy":
            scores = classifier.history_.get("validation_score", [])
            mlp.validation_scores_ = list(scores)
            mlp.best_validation_score_ = classifier.best_score_
