"""JacobianMLPClassifier: a neural network classifier."""

from functools import partial

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skjacobnet.estimators.base import JacobianNetwork
from skjacobnet.estimators.parameters import is_full_batch
from skjacobnet.losses import LOSSES, CrossEntropy
from skjacobnet.tasks import declared_task


class JacobianMLPClassifier(ClassifierMixin, JacobianNetwork):
    r"""Neural network classifier whose layers know their exact Jacobians.

    Minimizes over the weights :math:`\theta`

    .. math:: \frac{1}{n} \sum_s w_s\, \ell(y_s, z(x_s; \theta))
              + \sum_r \lambda_r P_r(\theta),

    the weighted mean loss plus each penalty times its strength. The strength does not
    depend on the batch size.

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
        standardizes numbers, clips them smoothly, and adds at most 8 piecewise-linear
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
        output layer, whose intercept is that of the class frequencies (see
        `calibration`).
    loss : str or Loss, default="auto"
        Training loss. ``"auto"`` is cross-entropy with a label smoothing of 0.05;
        ``"cross_entropy"`` has no smoothing. Multiclass problems use softmax
        probabilities; binary problems and each label of multilabel problems use
        logistic probabilities.
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
        factors g of the schedule. ``"auto"`` is
        :math:`\min(5, 40 \sqrt{d / (n \log_2 C)})`, where n is the number of rows, d
        that of columns after encoding, without bins and constants, and C that of
        classes, 2 for labels. It is 0 for ``"adamw"``, ``"lbfgs"``, `partial_fit` and a
        continued fit. The penalty ``weight_decay`` and `AdamW` depend on the length of
        the run instead.
    regularizers : dict, default=None
        Penalties: a mapping of names to strengths, or of any label to an instance, such
        as ``{"weight_decay": 1e-4, "sparsity": 1e-3}``.
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
        Share of the rows in the validation set, stratified by class where possible.
    monitor : str or callable, default="loss"
        Score monitored on the validation set: ``"loss"``, or a scikit-learn scorer by
        name or as a callable. It receives the sample weights, except for a plain
        function without the argument `sample_weight`.
    calibration : None, "temperature" or "auto", default="auto"
        Calibration of the probabilities. ``"temperature"`` first trains a pilot network
        with the same settings on 80 % of the rows. The factor a, between 0.025 and 2.5,
        with the least log-loss of the pilot on the held-out rows then calibrates the
        network trained on all rows: raw predictions are
        :math:`a z + \max(0, 1 - a) \log \pi`, with the frequencies
        :math:`\pi_k = (n_k + 1) / (n + C)` of the classes. A prior keeps a small where
        rows are few. A validation set replaces the pilot. ``"auto"`` is
        ``"temperature"`` for cross-entropy, else None; fewer than 10 rows are not
        calibrated. A pilot has its own random numbers: the weights are the same with
        and without calibration.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight of each class, multiplied with `sample_weight`. ``"balanced"`` gives all
        classes the same total weight. For labels, a dict holds the weights of 0 and 1:
        one dict for all labels or a list of one for each. Validation rows are weighted
        by the same factors.
    warm_start : bool, default=False
        Whether another `fit` continues the last one. The result is bit-identical to one
        uninterrupted run if `schedule` and `total_weight_decay` are given; ``"auto"``
        is constant and zero in a continued fit. L-BFGS restarts its memory of
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
        the rows. The prediction is the mean of the networks' probabilities.
        `decision_function` is the logit of the mean for binary and multilabel problems,
        else its logarithm.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        Sorted classes; for labels their indices.
    n_features_in_ : int
        Number of columns of `X`.
    feature_names_in_ : array of str
        Names of the columns, only if `X` has them.
    network_ : Network
        Network: the chain of layers. Printing it shows a table of them with their
        Jacobians, shapes and numbers of weights, as the HTML of a fitted classifier
        does (in a pipeline, that of its last step).
    task_ : Classes or Labels
        Encoding of the targets and decision rule.
    model_ : FittedModel
        Trained network with its weights and settings. All predictions and derivatives
        come from it, so parameters set after a fit do not change a fitted estimator.
    weights_ : array of shape (n_weights,)
        All weights, layer by layer, of an ensemble network by network.
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
    temperature_ : float
        Temperature 1/a of the calibration; 1 without calibration. For an ensemble a is
        the mean over the networks.
    loss_ : float
        Last value of the objective on the training set.
    loss_curve_ : list of float
        Objective after each epoch, averaged over its batches.
    history_ : dict of str to list
        History of the run with an entry for each epoch in each of the columns ``loss,
        penalty, learning_rate, gradient_norm, seconds`` (and ``validation_loss,
        validation_score``). With `record_gradients` also ``layer_gradient_norms,
        layer_update_ratios``, whose entries are arrays with a number for each layer
        that has weights, in the order of ``network_.layers``: the norm of the gradient
        of the objective for its weights in the last step of the epoch, and the norm of
        that step over the norm of the weights before it. Entries are NaN for epochs
        without recording. For an ensemble all entries are means over the networks still
        in training; seconds are sums.
    best_iter_ : int
        Epoch with the best monitored value, counted from 1.
    best_score_ : float
        Best monitored value; larger is better, the loss is negated.
    training_state_ : RunState
        State of training, kept with `warm_start` or after `partial_fit`. A continued
        run starts from `weights_`; with a validation set, where `weights_` are the best
        and not the last weights, it starts from the last weights kept here.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : The same kind of network with fewer choices.

    Notes
    -----
    A binary problem has one raw prediction: `decision_function` is (n_samples,).

    Results are bit-identical for the same `random_state`, data and number of BLAS
    threads.

    References
    ----------
    .. [1] D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations
       by back-propagating errors", Nature 323, 533-536, 1986.
       https://doi.org/10.1038/323533a0

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_iris(return_X_y=True)
    >>> model = JacobianMLPClassifier(random_state=0)
    >>> bool(cross_val_score(model, X, y, cv=3).mean() > 0.9)
    True
    """

    losses = LOSSES
    auto_loss = CrossEntropy(label_smoothing=0.05)

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
        class_weight=None,
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
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose
        self.record_gradients = record_gradients
        self.n_estimators = n_estimators

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def classes_(self):
        """The classes, sorted; for labels their numbers."""
        return self.task_.classes

    @property
    def temperature_(self):
        """Temperature: calibrated raw predictions are divided by it."""
        calibration = self._fitted_model().calibration
        return 1.0 if calibration is None else 1.0 / float(calibration["factor"][0])

    def decision_function(self, X):
        """Return the calibrated raw prediction.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples,) for binary problems, else (n_samples, n_raw)
        """
        raw = self._raw(X)
        return raw[:, 0] if raw.shape[1] == 1 else raw

    def predict(self, X):
        """Return the most probable class of each row, or its likely labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_labels)
        """
        raw = self._raw(X)
        return self.task_.decide(raw)

    def predict_proba(self, X):
        """Return the probability of each class, in the order of `classes_`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        raw = self._raw(X)
        return self.model_.link.predict_proba(raw)

    def predict_log_proba(self, X):
        """Return the logarithm of `predict_proba`, accurate where it rounds to one.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples, n_classes) or (n_samples, n_labels)
        """
        raw = self._raw(X)
        return self.model_.link.predict_log_proba(raw)

    @available_if(lambda estimator: not is_full_batch(estimator.optimizer))
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one pass over a block of rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), optional
            All classes that can occur; required in the first call.
        sample_weight : array-like of shape (n_samples,), optional
            Sample weights, not normalized, since one call does not know the others.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As in `fit`; also if `y` has a class that was not declared.

        Warns
        -----
        ConvergenceWarning
            Once, if `schedule` has reached a learning rate of zero after `max_iter`
            calls.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all rows at once and does "
                "not go with partial_fit. Give a dict of weights instead."
            )
        return self._train_on(X, y, sample_weight, partial(_declared, classes))

    def _raw(self, X):
        X = self.checked_rows(X)
        return self.model_.raw(X)


def _declared(classes, y, loss, earlier):
    """Return the task of a `partial_fit`: that of the first call, if there was one."""
    if earlier is None:
        if classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return declared_task(classes, y)
    if classes is not None and not np.array_equal(np.unique(classes), earlier.classes):
        raise ValueError(
            f"classes={list(classes)!r} is not the same as in the first call to "
            f"partial_fit, {earlier.classes.tolist()}."
        )
    return earlier
