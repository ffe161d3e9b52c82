"""To scikit-learn's MLPClassifier."""

import math
from copy import deepcopy

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.neural_network import MLPClassifier
from sklearn.utils.validation import check_is_fitted

from skjacobnet.core.constraints import Interval
from skjacobnet.estimators import JacobianMLPClassifier
from skjacobnet.estimators.parameters import resolve
from skjacobnet.interop.penalties import rows_in_a_step, warn_unknown
from skjacobnet.layers import Dropout, Identity, Linear, ReLU, Sigmoid, Tanh
from skjacobnet.optimizers import LBFGS, SGD, Adam
from skjacobnet.regularizers import WeightDecay
from skjacobnet.schedules import InverseScaling, Plateau

ACTIVATIONS = {ReLU: "relu", Sigmoid: "logistic", Tanh: "tanh"}
# Layers that give what they get when they predict.
TRANSPARENT = (Dropout, Identity)
POSSIBLE = (
    "MLPClassifier has Linear layers with one and the same of identity, logistic "
    "(sigmoid), relu and tanh between all of them; Dropout is left out."
)


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

    The loss, ``class_weight``, penalties other than weight decay, optimizers other than
    `SGD`, `Adam` and `LBFGS`, and schedules for others than `SGD` have no counterpart:
    the fitted network is the same, another `fit` would not be. Where `n_samples` is not
    given, n is `batch_size`, 200 for ``"auto"``, and ``t_`` is 0.

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
    if classifier.task_.multilabel:
        y = np.eye(len(classes), dtype=int)
    X = csr_matrix((len(classes), classifier.n_features_in_))
    mlp.partial_fit(X, y, classes=classes)


def _parameters_to(classifier, n_samples):
    """Return the parameters of an MLPClassifier that mean the same."""
    parts = resolve(classifier)
    never = classifier.tol is None
    found = {
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
        found["learning_rate_init"] = parts.learning_rate
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


def _alpha(classifier, parts, n_samples):
    strength = sum(
        float(part.strength)
        for part in parts.regularizers
        if isinstance(part, WeightDecay)
    )
    rows = n_samples
    if not parts.full_batch:
        rows = rows_in_a_step(classifier.batch_size, n_samples)
    if strength and rows is None:
        warn_unknown(
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
