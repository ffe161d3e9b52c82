"""JacobianMLPRegressor: a network that predicts numbers."""

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

    the mean over rows of weight times loss plus each penalty times its strength,
    whatever the batch size. The targets y are scaled by their weighted mean m and
    standard deviation s over the rows of the fit, so that their unit changes nothing in
    training. All predictions and derivatives are in the unit of y; `loss_`, `history_`,
    penalties and `tol` are in scaled units. Losses with an exponential link take y as
    it is.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int >= 1, default=(128, 128)
        Width of each hidden layer; ``()`` gives a linear model.
    activation : str or Layer, default="relu"
        Activation function after each hidden layer.
    layers : sequence of str or Layer, default=None
        The hidden stack itself, such as ``[Linear(30), "sigmoid", Dropout(0.2),
        Linear(20), "tanh"]``. Replaces `hidden_layer_sizes` and `activation`. The
        output layer is always added. Layers may consist of layers: `Sequential`,
        `Residual`, `Parallel`, `Repeat`, `Frozen`.
    encoding : None, "auto", or list of str or Encoding, default="auto"
        What makes inputs of the columns of a raw table, which may be a data frame with
        strings and missing values. ``"auto"`` one-hot encodes categories, turns columns
        of two values into -1 and +1, fills in and marks what is missing, standardizes
        numbers, clips them smoothly, and adds at most 16 piecewise-linear bins of
        each; of a sparse `X` it divides columns by their standard deviation. None takes
        numbers as they come. The encodings are fitted once to all rows of positive
        weight, by `partial_fit` to those of its first call.
    categorical_features : "from_dtype", sequence or None, default="from_dtype"
        Which columns hold categories, with an `encoding`: their names, their numbers,
        or a bool for each. ``"from_dtype"`` takes columns of strings, objects,
        categories, booleans and enums.
    initializer : str or Initializer, default="auto"
        Distribution of the first weights. ``"auto"`` is ``"data_driven"`` for hidden
        layers, with zeros for what bins of numbers are multiplied by, and zeros for the
        output layer, whose intercept is that of the best constant prediction.
    loss : str or RegressionLoss, default="auto"
        Training loss, summed over targets: ``"squared_error"``, which is ``"auto"``,
        for the mean,
        ``"absolute_error"`` for the median, ``"huber"`` for the mean of data with
        outliers, ``"quantile"`` for quantiles, ``"poisson"`` for counts, ``"gamma"``
        for positive amounts, ``"gaussian"`` for the mean and the standard deviation.
    optimizer : str or Optimizer, default="adam"
        Rule that turns gradients into steps. ``"lbfgs"`` uses all rows at once and
        ignores `learning_rate`, `batch_size` and `shuffle`.
    learning_rate : float > 0 or "auto", default="auto"
        Length of steps. ``"auto"`` is ten times the optimizer's own default, 0.01 for
        ``"adam"``, and four times that of ``"sgd"`` without momentum. With the schedule
        ``"constant"`` or ``"plateau"`` it is the default itself, which wants more
        epochs than the automatic ones.
    schedule : str or Schedule, default="auto"
        Change of the learning rate over the run: over the `max_iter` epochs of a
        `fit`, over what is done and what is to come of one that goes on, or over
        `max_iter` calls of `partial_fit`. ``"auto"`` is ``"flat_cosine"``; it is
        ``"constant"`` for ``"lbfgs"``, `partial_fit` and a fit that goes on.
    total_weight_decay : float >= 0 or "auto", default="auto"
        Decay of the matrices over the whole run, D: without gradients they end at
        :math:`e^{-D}` of what they were, whatever the number of steps and the learning
        rate. Step k multiplies them by :math:`\exp(-D g_k / \sum_j g_j)` with the
        factors g of the schedule. ``"auto"`` is
        D₀ times a ratio of noise to signal, see `calibration`, with
        :math:`D_0 = \min(5, 40 \sqrt{d / n})`,
        where n is the number of rows, d that of columns after encoding, without bins
        and constants. It is 0 for ``"adamw"``,
        ``"lbfgs"``, `partial_fit` and a fit that goes on. The penalty ``weight_decay``
        and `AdamW` depend on the length of the run instead.
    regularizers : dict, default=None
        Penalties as a mapping of name to strength, or any label to an instance, such as
        ``{"weight_decay": 1e-4, "sparsity": 1e-3}``. Those on class probabilities are
        refused.
    dropout : float in [0, 1), default=0.0
        Share of hidden activations that is left out at random in each step. With
        `layers`, put `Dropout` into the list instead.
    batch_size : int >= 1 or "auto", default="auto"
        Rows in one step. ``"auto"`` is the power of two nearest to 1.5 times the root
        of the number of rows, from 16 to 512, and at most all rows.
    max_iter : int >= 1 or "auto", default="auto"
        The most epochs (passes over the rows), or iterations of ``"lbfgs"``. ``"auto"``
        is 20, or as many as give 400 steps; 200 iterations of ``"lbfgs"``, and 200
        calls of `partial_fit` for a schedule.
    tol : float >= 0 or None, default=None
        Least improvement of the monitored value that counts as progress. None trains
        for exactly `max_iter` epochs. For ``"lbfgs"`` the largest component of the
        gradient at which to stop; None is 1e-4.
    n_iter_no_change : int >= 1, default=10
        Training stops after more than so many epochs in a row without progress. With a
        validation set the pause is at least 100 steps.
    shuffle : bool, default=True
        Whether to take the rows in a new order in each epoch.
    early_stopping : bool, default=False
        Whether to split a validation set off, monitor it, and keep the best weights.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows in the validation set.
    monitor : str or callable, default="loss"
        What is monitored on the validation set: ``"loss"``, or a scikit-learn scorer
        by name or as a callable. It is given the weights of the rows, except for a
        plain function without the argument `sample_weight`.
    calibration : None, "noise" or "auto", default="auto"
        ``"noise"`` first trains a pilot on 80 % of the rows, for half the epochs. With
        v its squared error on the others over the variance of the targets, the run on
        all rows has D₀ times :math:`\sqrt{v / (1 - v)}`, between 0.1 and 4, for total
        decay. With ``"squared_error"`` predictions are also drawn to the mean, by the
        factor between 0.025 and 1 that suits those of the pilot: 1 but for small or
        noisy tables. ``"auto"`` is ``"noise"`` for losses whose prediction is the mean,
        if `total_weight_decay` is ``"auto"`` and nothing gives a validation set; else
        None. Fewer than 10 rows have no pilot. It has random numbers of its own.
    warm_start : bool, default=False
        Whether another `fit` goes on where the last one ended, bit-identical to a run
        that did not end where `schedule` and `total_weight_decay` are given; automatic
        ones are constant and zero in a fit that goes on. It keeps the location and the
        scale of the targets, except those of a constant target. L-BFGS starts its
        memory of gradients anew, and warns of it.
    dtype : None, "float32" or "float64", default=None
        What to compute in. None keeps the type of a float32 or float64 `X`; any other
        becomes float64.
    random_state : int, RandomState instance or None, default=None
        First weights, order of rows, dropout, the pilot and the validation split.
        None draws fresh randomness; the global generator is never touched.
    verbose : bool or int, default=0
        Whether to show the progress: in a terminal in one line that is written over
        after each epoch, elsewhere in at most some thirty lines.
    record_gradients : bool, default=False
        Whether to keep, for each epoch and each layer, how large the gradient and the
        step were; `skjacobnet.inspection.GradientFlowDisplay` draws them.
    n_estimators : int >= 1, default=1
        Networks that are trained side by side, from streams of random numbers of their
        own. Up to five that are calibrated leave out different fifths of the rows in
        their pilots.
        The mean of their predictions is predicted, of ``"gaussian"`` the mean and the
        standard deviation of the mixture, of ``"quantile"`` each quantile's mean.

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : array of str
        Only if `X` has names for its columns.
    network_ : Network
        The chain of layers. Printing it shows a table of them with their Jacobians,
        shapes and numbers of weights. The last one, `Rescale`, gives raw predictions in
        the unit of the targets; it is not trained.
    task_ : Regression
        How targets are encoded: their number, location and scale.
    model_ : FittedModel
        The network with its weights and what it was trained with. All predictions and
        derivatives come from it, so that parameters which are set after a fit change
        nothing that was fitted.
    weights_ : array of shape (n_weights,)
        All weights, layer by layer, of the network for scaled targets.
    coefs_, intercepts_ : list of array
        Views of `weights_`: a matrix (n_in, n_out) and a vector (n_out,) for each
        linear layer. Assigning a list replaces `model_`.
    estimators_ : list of estimator
        The networks whose average is predicted, each a fitted estimator; a single
        network is a list of itself.
    n_iter_ : int
        Epochs trained, without those of a pilot. Of an ensemble the most of a member.
    batch_size_, max_iter_ : int
    learning_rate_ : float, or None for ``"lbfgs"``
    total_weight_decay_ : float
        What ``"auto"`` stood for in the last fit.
    shrinkage_ : array of shape (n_targets,)
        The factor by which the calibration draws predictions to the mean; 1 without.
        Of an ensemble the mean of those of its members.
    loss_ : float
        The last value of the objective on the training rows, in scaled units.
    loss_curve_ : list of float
        The same after each epoch, averaged over its batches.
    history_ : dict of str to list
        A column for each of ``loss, penalty, learning_rate, gradient_norm, seconds``
        (and ``validation_loss, validation_score``), an entry for each epoch; losses are
        in scaled units, scores in those of the scorer. With `record_gradients` also
        ``layer_gradient_norms, layer_update_ratios``, as in `JacobianMLPClassifier`.
    best_iter_ : int
        The epoch with the best monitored value, counted from 1.
    best_score_ : float
        That value; larger is better, the loss is negated.
    training_state_ : RunState
        With `warm_start` or after `partial_fit`: the last weights and everything else
        that training changes.

    See Also
    --------
    JacobianMLPClassifier : The same network for classes.
    sklearn.neural_network.MLPRegressor : The same kind of network with fewer choices;
        it does not scale the targets.

    Notes
    -----
    Where all targets of a first fit are equal, the prediction is that constant.

    `partial_fit` takes the location and the scale of the targets from its first call,
    which therefore should have typical rows.

    With ``"poisson"`` and ``"gamma"`` targets are not scaled: `tol` is in the unit of
    the loss, so that a poisson fit of rates far below one needs a smaller `tol`. The
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

    A change of blood pressure by one unit changes the prediction by so much, row by
    row:

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
        """What predictions are multiplied by around the mean, (n_targets,)."""
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
            Whether to return the predicted standard deviations too, for
            ``loss="gaussian"``.

        Returns
        -------
        prediction : array of shape (n_samples,) or (n_samples, n_targets)
            (n_samples,) where the targets were a vector or a single column. With
            several quantile levels it is the quantile of the level nearest to one half.
            float32 for a float32 `X`, else float64.
        std : array of the same shape
            Only with `return_std`.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If `X` does not fit, or the fitted loss has no standard deviation.
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
            In the order of the levels, ascending, so that they never cross; in the unit
            and the type of `predict`.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If `X` does not fit, or the fitted loss is another one.

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
        """Train for one pass over some rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            The first call also gives the location and the scale of the targets, those
            of its rows; where all are equal, the first call in which they differ from
            that constant.
        sample_weight : array-like of shape (n_samples,), optional
            Taken as they are, since one call cannot see the others.

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
            Once, if `schedule` has come to a learning rate of zero after `max_iter`
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
        """Return raw predictions for checked rows, in the type of predictions."""
        dtype = np.float32 if X.dtype == np.float32 else np.float64
        return self.model_.raw(X, np.dtype(dtype))

    def _answer(self, raw, output):
        """Return an output in the shape of the targets."""
        model = self.model_
        values = model.link.value(raw, output)
        # Quantiles have an axis of their own.
        by_target = values.reshape(len(values), model.task.n_targets, -1)
        return model.task.shaped(
            by_target if output == "quantiles" else by_target[..., 0]
        )


def _of_calls(y, loss, earlier):
    """Return the task of a `partial_fit`, with the scale of the first call."""
    task = regression_task(y, loss, goes_on=True)
    return task if earlier is None else task.following(earlier)


def _is_for_positive_targets(loss):
    """Whether a `loss` parameter stands for one that refuses negative targets."""
    if isinstance(loss, str) and loss in REGRESSION_LOSSES.names:
        loss = REGRESSION_LOSSES.make(loss)
    return isinstance(loss, RegressionLoss) and loss.positive_only
