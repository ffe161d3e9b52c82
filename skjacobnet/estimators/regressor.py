"""JacobianMLPRegressor: a neural network regressor."""

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from skjacobnet.estimators.base import JacobianNetwork
from skjacobnet.estimators.parameters import is_full_batch
from skjacobnet.losses import REGRESSION_LOSSES, RegressionLoss, SquaredError
from skjacobnet.tasks import regression_task


class JacobianMLPRegressor(RegressorMixin, JacobianNetwork):
    r"""Neural network regressor whose layers know their exact Jacobians.

    Minimizes over the weights :math:`\theta`

    .. math:: \frac{1}{n} \sum_s w_s\, \ell(t_s, z(x_s; \theta))
              + \sum_r \lambda_r P_r(\theta), \qquad t = (y - m) / s

    the weighted mean loss plus each penalty times its strength. The strength does not
    depend on the batch size. The targets y are scaled by their weighted mean m and
    standard deviation s over the rows of the fit, so that training does not depend on
    their unit. All predictions and derivatives are in the unit of y; `loss_`,
    `history_`, penalties and `tol` are in scaled units. Losses with an exponential link
    do not scale y.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int >= 1, default=(128, 128)
        Width of each hidden layer; ``()`` gives a linear model.
    activation : str or Layer, default="relu"
        Activation function applied after each hidden layer.
    layers : sequence of str or Layer, default=None
        All hidden layers, such as ``[Linear(30), "sigmoid", Dropout(0.2), Linear(20),
        "tanh"]``. Replaces `hidden_layer_sizes` and `activation`. The output layer is
        always added. Containers hold other layers: `Sequential`, `Residual`,
        `Parallel`, `Repeat`, `Frozen`.
    encoding : None, "auto", or list of str or Encoding, default="auto"
        Encoding of the columns of a raw table, which may be a data frame with strings
        and missing values. ``"auto"`` one-hot encodes categories, maps columns of two
        values to -1 and +1, imputes missing values and adds an indicator column,
        standardizes numbers, clips them smoothly, and adds at most 16 piecewise-linear
        bins of each; columns of a sparse `X` are divided by their standard deviation.
        None passes numbers on unchanged. The encodings are fitted once, to all rows of
        positive weight, by `partial_fit` to those of its first call.
    categorical_features : "from_dtype", sequence or None, default="from_dtype"
        Categorical columns, used with an `encoding`: names, indices, or a bool for each
        column. ``"from_dtype"`` takes columns of strings, objects, categories, booleans
        and enums.
    initializer : str or Initializer, default="auto"
        Distribution of the initial weights. ``"auto"`` is ``"data_driven"`` for hidden
        layers, with zeros for the weights of piecewise-linear bins, and zeros for the
        output layer, whose intercept is the best constant prediction.
    loss : str or RegressionLoss, default="auto"
        Training loss, summed over targets: ``"squared_error"`` (the value of
        ``"auto"``) for the mean, ``"absolute_error"`` for the median, ``"huber"`` for
        the mean of data with outliers, ``"quantile"`` for quantiles, ``"poisson"`` for
        counts, ``"gamma"`` for positive amounts, ``"gaussian"`` for the mean and the
        standard deviation.
    optimizer : str or Optimizer, default="adam"
        Rule that turns gradients into steps. ``"lbfgs"`` uses all rows at once and
        ignores `learning_rate`, `batch_size` and `shuffle`.
    learning_rate : float > 0 or "auto", default="auto"
        Learning rate. ``"auto"`` is ten times the optimizer's own default, 0.01 for
        ``"adam"``, and four times that of ``"sgd"`` without momentum. With the schedule
        ``"constant"`` or ``"plateau"`` it is the default itself, which needs more
        epochs than the automatic number.
    schedule : str or Schedule, default="auto"
        Schedule of the learning rate over the run: over the `max_iter` epochs of a
        `fit`, over past and coming epochs of a continued fit, or over `max_iter` calls
        of `partial_fit`. ``"auto"`` is ``"flat_cosine"``; it is ``"constant"`` for
        ``"lbfgs"``, `partial_fit` and a continued fit.
    total_weight_decay : float >= 0 or "auto", default="auto"
        Weight decay D of the matrices over the whole run: without gradients they shrink
        by the factor :math:`e^{-D}`, whatever the number of steps and the learning
        rate. Step k multiplies them by :math:`\exp(-D g_k / \sum_j g_j)` with the
        factors g of the schedule. ``"auto"`` is D₀ times a noise-to-signal ratio (see
        `calibration`), with :math:`D_0 = \min(5, 40 \sqrt{d / n})`, where n is the
        number of rows, d that of columns after encoding, without bins and constants. It
        is 0 for ``"adamw"``, ``"lbfgs"``, `partial_fit` and a continued fit. The
        penalty ``weight_decay`` and `AdamW` depend on the length of the run instead.
    regularizers : dict, default=None
        Penalties: a mapping of names to strengths, or of any label to an instance, such
        as ``{"weight_decay": 1e-4, "sparsity": 1e-3}``. Penalties on class
        probabilities raise an error.
    dropout : float in [0, 1), default=0.0
        Dropout rate: share of hidden activations set to zero at random in each step.
        With `layers`, put `Dropout` into the list instead.
    batch_size : int >= 1 or "auto", default="auto"
        Number of rows in each step. ``"auto"`` is the power of two nearest to 1.5 times
        the square root of the number of rows, from 16 to 512, and at most all rows.
    max_iter : int >= 1 or "auto", default="auto"
        Maximum number of epochs (passes over the rows), or of iterations of
        ``"lbfgs"``. ``"auto"`` is 20, or as many as give 400 steps; 200 iterations of
        ``"lbfgs"``, and 200 calls of `partial_fit` for a schedule.
    tol : float >= 0 or None, default=None
        Tolerance: least improvement of the monitored value that counts as progress.
        None trains for exactly `max_iter` epochs. ``"lbfgs"`` stops when no component
        of the gradient exceeds `tol`; None is 1e-4.
    n_iter_no_change : int >= 1, default=10
        Patience: training stops after more than this number of epochs in a row without
        progress. With a validation set the patience is at least 100 steps.
    shuffle : bool, default=True
        Whether to shuffle the rows in each epoch.
    early_stopping : bool, default=False
        Whether to split off a validation set, monitor it, and keep the best weights.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows in the validation set.
    monitor : str or callable, default="loss"
        Score monitored on the validation set: ``"loss"``, or a scikit-learn scorer by
        name or as a callable. It receives the sample weights, except for a plain
        function without the argument `sample_weight`.
    calibration : None, "noise" or "auto", default="auto"
        Calibration to the noise of the targets. ``"noise"`` first trains a pilot
        network on 80 % of the rows, for half the epochs. With v its squared error on
        the held-out rows over the variance of the targets, the total weight decay of
        the run on all rows is D₀ times the noise-to-signal ratio
        :math:`\sqrt{v / (1 - v)}`, limited to [0.1, 4]. With ``"squared_error"``
        predictions are also shrunk to the mean, by the best factor between 0.025 and 1
        for the pilot: 1 except for small or noisy tables. ``"auto"`` is ``"noise"`` for
        losses whose prediction is the mean, if `total_weight_decay` is ``"auto"`` and
        there is no validation set; else None. Fewer than 10 rows have no pilot. It has
        separate random numbers.
    warm_start : bool, default=False
        Whether another `fit` continues the last one. The result is bit-identical to one
        uninterrupted run if `schedule` and `total_weight_decay` are given; ``"auto"``
        is constant and zero in a continued fit. It keeps the location and the scale of
        the targets, except those of a constant target. L-BFGS restarts its memory of
        gradients, and warns of it.
    dtype : None, "float32" or "float64", default=None
        Floating-point type of the computation. None keeps the type of a float32 or
        float64 `X`; any other becomes float64.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, order of rows, dropout, pilot and validation split.
        None draws a fresh seed; NumPy's global generator is never used.
    verbose : bool or int, default=0
        Whether to show progress: in a terminal one line that is updated after each
        epoch, elsewhere at most about thirty lines.
    record_gradients : bool, default=False
        Whether to record the norms of gradient and step for each epoch and layer;
        `skjacobnet.inspection.GradientFlowDisplay` plots them.
    n_estimators : int >= 1, default=1
        Number of networks in the ensemble, trained side by side with separate random
        numbers. Pilots of up to five calibrated networks hold out different fifths of
        the rows. The prediction is the mean over the networks: for ``"gaussian"`` the
        mean and the standard deviation of the mixture, for ``"quantile"`` the mean of
        each quantile.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of `X`.
    feature_names_in_ : array of str
        Names of the columns, only if `X` has them.
    network_ : Network
        Network: the chain of layers. Printing it shows a table of them with their
        Jacobians, shapes and numbers of weights. The last one, `Rescale`, gives raw
        predictions in the unit of the targets; it is not trained.
    task_ : Regression
        Encoding of the targets: their number, location and scale.
    model_ : FittedModel
        Trained network with its weights and settings. All predictions and derivatives
        come from it, so parameters set after a fit do not change a fitted estimator.
    weights_ : array of shape (n_weights,)
        All weights, layer by layer, of the network for scaled targets.
    coefs_, intercepts_ : list of array
        Views of `weights_`: a matrix (n_in, n_out) and a vector (n_out,) for each
        linear layer. Assigning a list replaces `model_`.
    estimators_ : list of estimator
        Fitted networks whose average is predicted; without an ensemble a list of one.
    n_iter_ : int
        Number of epochs trained, without those of a pilot; the maximum over an
        ensemble.
    batch_size_, max_iter_ : int
        Values of the last fit, in place of ``"auto"``.
    learning_rate_ : float, or None for ``"lbfgs"``
        Value of the last fit, in place of ``"auto"``.
    total_weight_decay_ : float
        Value of the last fit, in place of ``"auto"``.
    shrinkage_ : array of shape (n_targets,)
        Factor by which the calibration shrinks predictions to the mean; 1 without
        calibration. For an ensemble it is the mean over the networks.
    loss_ : float
        Last value of the objective on the training set, in scaled units.
    loss_curve_ : list of float
        Objective after each epoch, averaged over its batches.
    history_ : dict of str to list
        History of the run with an entry for each epoch in each of the columns ``loss,
        penalty, learning_rate, gradient_norm, seconds`` (and ``validation_loss,
        validation_score``). Losses are in scaled units, scores in those of the scorer.
        With `record_gradients` also ``layer_gradient_norms, layer_update_ratios``, as
        in `JacobianMLPClassifier`.
    best_iter_ : int
        Epoch with the best monitored value, counted from 1.
    best_score_ : float
        Best monitored value; larger is better, the loss is negated.
    training_state_ : RunState
        State of training, kept with `warm_start` or after `partial_fit`: the last
        weights, the state of the optimizer and the random numbers.

    See Also
    --------
    JacobianMLPClassifier : The same network for classes.
    sklearn.neural_network.MLPRegressor : The same kind of network with fewer choices;
        it does not scale the targets.

    Notes
    -----
    If all targets of a first fit are equal, the prediction is that constant.
    `partial_fit` takes the location and the scale of the targets from its first call,
    which should therefore have typical rows.

    With ``"poisson"`` and ``"gamma"`` targets are not scaled: `tol` is in the unit of
    the loss, so a Poisson fit of rates far below one needs a smaller `tol`. The
    gradient of ``"gaussian"`` has no bound: with ``optimizer="sgd"`` and its relatives
    give a `learning_rate` of about 0.01.

    Results are bit-identical for the same `random_state`, data and number of BLAS
    threads.

    References
    ----------
    .. [1] D. A. Nix and A. S. Weigend, "Estimating the Mean and Variance of the Target
       Probability Distribution", ICNN 1994 (``loss="gaussian"``).
       https://doi.org/10.1109/ICNN.1994.374138
    .. [2] R. Koenker and G. Bassett, "Regression Quantiles", Econometrica 46(1), 1978
       (``loss="quantile"``). https://doi.org/10.2307/1913643

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = JacobianMLPRegressor(random_state=0)
    >>> bool(cross_val_score(model, X, y, cv=3).mean() > 0.4)
    True

    The derivative of the prediction with respect to blood pressure, for each row:

    >>> model.fit(X, y).input_jacobian(X)[:, 0, 3].shape
    (442,)
    """

    losses = REGRESSION_LOSSES
    auto_loss = SquaredError()

    def __init__(
        self,
        hidden_layer_sizes=(128, 128),
        activation="relu",
        *,
        layers=None,
        encoding="auto",
        categorical_features="from_dtype",
        initializer="auto",
        loss="auto",
        optimizer="adam",
        learning_rate="auto",
        schedule="auto",
        total_weight_decay="auto",
        regularizers=None,
        dropout=0.0,
        batch_size="auto",
        max_iter="auto",
        tol=None,
        n_iter_no_change=10,
        shuffle=True,
        early_stopping=False,
        validation_fraction=0.1,
        monitor="loss",
        calibration="auto",
        warm_start=False,
        dtype=None,
        random_state=None,
        verbose=0,
        record_gradients=False,
        n_estimators=1,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.layers = layers
        self.encoding = encoding
        self.categorical_features = categorical_features
        self.initializer = initializer
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.total_weight_decay = total_weight_decay
        self.regularizers = regularizers
        self.dropout = dropout
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.monitor = monitor
        self.calibration = calibration
        self.warm_start = warm_start
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose
        self.record_gradients = record_gradients
        self.n_estimators = n_estimators

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = _is_for_positive_targets(self.loss)
        return tags

    @property
    def shrinkage_(self):
        """Factor that shrinks predictions to the mean, (n_targets,)."""
        model = self._fitted_model()
        if model.calibration is None:
            return np.ones(model.task.n_targets)
        return model.calibration["factor"].copy()

    def predict(self, X, return_std=False):
        """Return the prediction of each row, in the unit of the targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        return_std : bool, default=False
            Whether to return the predicted standard deviations as well, for
            ``loss="gaussian"``.

        Returns
        -------
        prediction : array of shape (n_samples,) or (n_samples, n_targets)
            (n_samples,) if the targets were a vector or a single column. With
            several quantile levels it is the quantile of the level nearest to one half.
            float32 for a float32 `X`, else float64.
        std : array of the same shape
            Only with `return_std`.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If `X` is invalid, or the fitted loss has no standard deviation.
        """
        X = self.checked_rows(X)
        if not return_std:
            return self._answer(self._raw(X), "prediction")
        self._check_output("std", "return_std=True", "gaussian")
        raw = self._raw(X)
        return tuple(self._answer(raw, name) for name in ("prediction", "std"))

    def predict_quantiles(self, X):
        """Return the quantiles of each row for the levels of ``loss="quantile"``.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples, n_levels) or (n_samples, n_targets, n_levels)
            In the order of the levels, sorted so that they never cross; in the unit and
            the dtype of `predict`.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If `X` is invalid, or the fitted loss is another one.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skjacobnet.losses import Quantile
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = JacobianMLPRegressor(
        ...     (5,), loss=Quantile((0.1, 0.9)), max_iter=3, random_state=0
        ... )
        >>> quantiles = model.fit(X, y).predict_quantiles(X)
        >>> quantiles.shape, bool((quantiles[:, 0] <= quantiles[:, 1]).all())
        ((442, 2), True)
        """
        X = self.checked_rows(X)
        self._check_output("quantiles", "predict_quantiles", "quantile")
        return self._answer(self._raw(X), "quantiles")

    @available_if(lambda estimator: not is_full_batch(estimator.optimizer))
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one pass over a block of rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            The first call sets the location and the scale of the targets. If all are
            equal, the first call with other targets sets them.
        sample_weight : array-like of shape (n_samples,), optional
            Sample weights, not normalized, since one call does not know the others.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As in `fit`.

        Warns
        -----
        ConvergenceWarning
            Once, if `schedule` has reached a learning rate of zero after `max_iter`
            calls.
        """
        return self._train_on(X, y, sample_weight, _of_calls)

    def _check_output(self, output, what, loss):
        """Raise a ValueError if the fitted loss has no such output."""
        if output not in self.model_.link.outputs:
            raise ValueError(
                f"{what} needs loss={loss!r}, but the regressor was fitted with "
                f"{self.model_.loss!r}."
            )

    def _raw(self, X):
        """Return raw predictions for checked rows, in the dtype of predictions."""
        dtype = np.float32 if X.dtype == np.float32 else np.float64
        return self.model_.raw(X, np.dtype(dtype))

    def _answer(self, raw, output):
        """Return an output in the shape of the targets."""
        model = self.model_
        values = model.link.value(raw, output)
        # Quantiles have a separate axis.
        by_target = values.reshape(len(values), model.task.n_targets, -1)
        return model.task.shaped(
            by_target if output == "quantiles" else by_target[..., 0]
        )


def _of_calls(y, loss, earlier):
    """Return the task of a `partial_fit` with the target scale of the first call."""
    task = regression_task(y, loss, goes_on=True)
    return task if earlier is None else task.following(earlier)


def _is_for_positive_targets(loss):
    """Whether a `loss` parameter names a loss for positive targets only."""
    if isinstance(loss, str) and loss in REGRESSION_LOSSES.names:
        loss = REGRESSION_LOSSES.make(loss)
    return isinstance(loss, RegressionLoss) and loss.positive_only
