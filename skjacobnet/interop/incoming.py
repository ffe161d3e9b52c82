"""Conversion from scikit-learn's MLPClassifier and MLPRegressor."""

import math
from copy import deepcopy

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skjacobnet.core.constraints import Interval
from skjacobnet.estimators import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.estimators.base import NAMES_OF_FEATURES, fitted_attributes
from skjacobnet.estimators.parameters import resolve
from skjacobnet.interop.penalties import rows_in_a_step, warn_unknown
from skjacobnet.model import FittedModel
from skjacobnet.network import build_network
from skjacobnet.optimizers import LBFGS, SGD, Adam
from skjacobnet.schedules import InverseScaling, Plateau
from skjacobnet.tasks import Classes, Labels, Regression
from skjacobnet.training.recipe import settings
from skjacobnet.training.run import compute_dtype, predicting_network
from skjacobnet.training.state import RunState
from skjacobnet.training.stopping import Stopping

# Settings that switch off what scikit-learn's networks lack.
PLAIN = {
    "encoding": None,
    "initializer": "glorot_uniform",
    "total_weight_decay": 0.0,
    "calibration": None,
}
# Divisor of the learning rate of "adaptive", and the rate at which training stops.
ADAPTIVE_DIVISOR, ADAPTIVE_END = 5.0, 1e-6


def from_sklearn(mlp, n_samples=None):
    r"""Convert an MLPClassifier or MLPRegressor to an estimator of this package.

    An unfitted one is converted to its unfitted equivalent: parameters with a
    counterpart are copied, and there is no encoding, label smoothing, total decay or
    calibration. For a fitted one the weights are bit-identical and of the same dtype,
    and training can continue from them, with `partial_fit` or with `fit` and
    ``warm_start=True``. The penalty :math:`\alpha` becomes weight decay with the
    strength

    .. math:: \lambda = \alpha / n,

    where n is the number of rows in a step: scikit-learn divides alpha by it, while the
    strength here does not depend on it. An MLPRegressor does not scale its targets, so
    a continued run keeps location 0 and scale 1.

    Parameters
    ----------
    mlp : MLPClassifier or MLPRegressor
        Estimator to convert; not modified.
    n_samples : int >= 1, default=None
        Number of rows in the training set of `mlp`. With None it is read from a fitted
        `mlp`, unless its solver is ``"lbfgs"``; for an unfitted one it is assumed to be
        at least the batch size.

    Returns
    -------
    JacobianMLPClassifier or JacobianMLPRegressor
        If `mlp` is fitted, ``predict_proba`` or ``predict`` agrees with that of `mlp`
        up to rounding. `training_state_` is a second copy of the weights; ``del
        model.training_state_`` removes it.

    Raises
    ------
    TypeError
        If `mlp` is neither, or `n_samples` is not an integer.
    ValueError
        If `mlp` has only one class, or a parameter is outside the range allowed here,
        such as ``momentum=1.0``.

    Warns
    -----
    UserWarning
        If alpha is dropped, because the number of rows is unknown.

    See Also
    --------
    to_sklearn : Conversion to scikit-learn.

    Notes
    -----
    n is `batch_size`, or all rows if there are fewer or the solver is ``"lbfgs"``. The
    last batch of an epoch may be smaller; scikit-learn's penalty is stronger in it, and
    here it is constant. With sample weights scikit-learn divides by their sum in the
    batch, which is not known afterwards; n counts rows.

    An unfitted equivalent draws other initial weights: ``"glorot_uniform"``, with zero
    intercepts, where scikit-learn draws them at random. A regressor scales its targets,
    an MLPRegressor does not; with targets of mean zero and standard deviation one they
    are the same.

    The state of the optimizer is not copied. Neither is the validation set of early
    stopping: a continued run draws a new one.

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
    if not isinstance(mlp, MLPClassifier | MLPRegressor):
        raise TypeError(
            "mlp must be an MLPClassifier or MLPRegressor, got an object of type "
            f"{type(mlp).__name__}. For a pipeline or a search pass the estimator "
            "itself, such as pipeline[-1] or search.best_estimator_."
        )
    if n_samples is not None:
        Interval(1, math.inf, "left", integer=True).check(n_samples, "n_samples")
    is_fitted = hasattr(mlp, "coefs_")
    n_rows = n_samples
    if is_fitted and n_samples is None:
        n_rows = _rows_trained_on(mlp)
    parameters = _parameters_from(mlp, n_rows)
    if isinstance(mlp, MLPClassifier):
        estimator = JacobianMLPClassifier(loss="cross_entropy", **parameters)
    else:
        # Before scikit-learn 1.7 there is only one loss.
        loss = getattr(mlp, "loss", "squared_error")
        estimator = JacobianMLPRegressor(loss=loss, **parameters)
    # Parameters are checked first, as in a fit.
    parts = resolve(estimator)
    return _with_weights(estimator, parts, mlp, n_rows) if is_fitted else estimator


def _with_weights(estimator, parts, mlp, n_rows):
    """Return the estimator with the fitted attributes of `mlp`."""
    if isinstance(mlp, MLPRegressor):
        task = _numbers_of(mlp, parts.loss)
    else:
        task = _classes_of(mlp)
    network = build_network(
        parts.hidden, mlp.n_features_in_, task.n_raw, parts.initializer
    )
    weights = _flat_weights(network, mlp)
    network = predicting_network(network, task)
    model = FittedModel(network, weights, task, parts.loss, parts.regularizers)
    history, scores = _history(mlp)
    state = RunState.begun(weights.copy(), estimator.random_state, history)
    best = Stopping()
    for epoch, score in enumerate(scores, start=1):
        best.update(score, epoch, weights)
    # The scores that schedules depend on.
    state.scores = scores
    state.settings = settings(parts)
    if n_rows and mlp.solver != "lbfgs":
        steps_per_epoch = math.ceil(n_rows / rows_in_a_step(mlp.batch_size, n_rows))
        state.step = len(scores) * steps_per_epoch
    fitted = fitted_attributes(model, state)
    fitted |= {"best_iter_": best.best_epoch, "best_score_": best.best_score}
    for name in NAMES_OF_FEATURES:
        if hasattr(mlp, name):
            fitted[name] = deepcopy(getattr(mlp, name))
    vars(estimator).update(fitted)
    return estimator


def _classes_of(mlp):
    """Return the task of an MLPClassifier."""
    if mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1:
        return Labels(mlp.n_outputs_)
    if len(mlp.classes_) < 2:
        raise ValueError(
            f"mlp has only one class, {mlp.classes_.tolist()}; a "
            "JacobianMLPClassifier needs at least two. Fit it to rows of two classes."
        )
    return Classes(mlp.classes_.copy())


def _numbers_of(mlp, loss):
    """Return the task of an MLPRegressor, in the unit of the targets."""
    n_targets = mlp.n_outputs_
    return Regression(
        n_targets,
        loss,
        is_column=n_targets == 1,
        location=np.zeros(n_targets),
        scale=np.ones(n_targets),
        constant=np.zeros(n_targets, bool),
    )


def _flat_weights(network, mlp):
    """Return the weights of an MLPClassifier as one vector."""
    dtype = np.result_type(*mlp.coefs_, *mlp.intercepts_)
    theta = np.empty(network.n_weights, compute_dtype(None, dtype))
    for name, arrays in (("coef", mlp.coefs_), ("intercept", mlp.intercepts_)):
        for view, array in zip(network.weights(theta, name), arrays, strict=True):
            view[...] = array
    return theta


def _rows_trained_on(mlp):
    """Return the mean number of rows in an epoch, or None if unknown."""
    n_epochs = len(getattr(mlp, "loss_curve_", ()))
    return mlp.t_ / n_epochs if mlp.t_ and n_epochs else None


def _history(mlp):
    """Return the columns of the history, NaN where unknown, and the scores."""
    if hasattr(mlp, "loss_curve_"):
        losses = [float(loss) for loss in mlp.loss_curve_]
    else:  # L-BFGS records the last iteration only.
        losses = [math.nan] * mlp.n_iter_
        losses[-1:] = [float(mlp.loss_)] * len(losses[-1:])
    unknown = "learning_rate", "gradient_norm", "seconds"
    history = {
        "loss": losses,
        # Part of the loss; finite, so that the sum of both is the loss curve.
        "penalty": [0.0] * len(losses),
        **{column: [math.nan] * len(losses) for column in unknown},
    }
    validation = getattr(mlp, "validation_scores_", None)
    if not validation or len(validation) != len(losses):
        return history, [-loss for loss in losses]
    scores = [float(score) for score in validation]
    return {**history, "validation_score": scores}, list(scores)


def _parameters_from(mlp, n_rows):
    """Return the equivalent parameters of an estimator of this package."""
    full_batch = mlp.solver == "lbfgs"
    early_stopping = bool(mlp.early_stopping) and not full_batch
    schedule, n_iter_no_change = "constant", mlp.n_iter_no_change
    if mlp.solver == "sgd" and mlp.learning_rate == "invscaling":
        schedule = InverseScaling(mlp.power_t)
    elif mlp.solver == "sgd" and mlp.learning_rate == "adaptive":
        schedule, n_iter_no_change = _adaptive(mlp)
    batch_size = 200 if mlp.batch_size == "auto" else mlp.batch_size
    sizes = deepcopy(mlp.hidden_layer_sizes)
    if hasattr(mlp, "coefs_"):
        sizes = tuple(coef.shape[1] for coef in mlp.coefs_[:-1])
    parameters = {
        **PLAIN,
        "hidden_layer_sizes": sizes,
        "activation": mlp.activation,
        "optimizer": _optimizer_from(mlp),
        "learning_rate": mlp.learning_rate_init,
        "schedule": schedule,
        "regularizers": _regularizers_from(mlp, n_rows),
        "batch_size": batch_size,
        "max_iter": mlp.max_iter,
        "tol": mlp.tol,
        "n_iter_no_change": n_iter_no_change,
        "shuffle": bool(mlp.shuffle),
        "early_stopping": early_stopping,
        "monitor": _scorer_of(mlp) if early_stopping else "loss",
        "warm_start": bool(mlp.warm_start),
        "random_state": deepcopy(mlp.random_state),
        "verbose": int(mlp.verbose),
    }
    if mlp.validation_fraction > 0.0:
        parameters["validation_fraction"] = mlp.validation_fraction
    return parameters


def _scorer_of(mlp):
    return "accuracy" if isinstance(mlp, MLPClassifier) else "r2"


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
        rows = rows_in_a_step(mlp.batch_size, n_rows)
    if rows is None:
        warn_unknown(f"alpha={mlp.alpha}", "scikit-learn divides it by")
        return None
    return {"weight_decay": float(mlp.alpha / rows)}


def _adaptive(mlp):
    """Return the schedule, and the patience after which scikit-learn would stop.

    scikit-learn stops at the end of the first pause at the minimum rate. Without any
    progress this is a pause of many times the length.
    """
    pause = mlp.n_iter_no_change + 1
    if pause == math.inf:
        return "constant", math.inf
    rate, n_pauses = mlp.learning_rate_init, 1
    while rate > ADAPTIVE_END:
        rate /= ADAPTIVE_DIVISOR
        n_pauses += 1
    return Plateau(ADAPTIVE_DIVISOR, pause, mlp.tol), n_pauses * pause - 1
