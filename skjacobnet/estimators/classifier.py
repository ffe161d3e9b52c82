"""JacobianMLPClassifier: a network that predicts classes or labels."""

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

    the mean over rows of weight times loss plus each penalty times its strength,
    whatever the batch size.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int >= 1, default=(128, 128)
        Width of each hidden layer; ``()`` gives a linear model.
    activation : str or Layer, default="relu"
        Activation function applied after each hidden layer.
    layers : sequence of str or Layer, default=None
        The hidden stack itself, such as ``[Linear(30), "sigmoid", Dropout(0.2),
        Linear(20), "tanh"]``. Replaces `hidden_layer_sizes` and `activation`. The
        output layer is always added. Layers may consist of layers: `Sequential`,
        `Residual`, `Parallel`, `Repeat`, `Frozen`.
    encoding : None, "auto", or list of str or Encoding, default="auto"
        What makes inputs of the columns of a raw table, which may be a data frame with
        strings and missing values. ``"auto"`` one-hot encodes categories, turns columns
        of two values into -1 and +1, fills in and marks what is missing, standardizes
        numbers, clips them smoothly, and adds at most 8 piecewise-linear bins of
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
        output layer, whose intercept is that of the class shares (see `calibration`).
    loss : str or Loss, default="auto"
        Training loss. ``"auto"`` is cross-entropy with a label smoothing of 0.05;
        ``"cross_entropy"`` is without. Multiclass problems take it of softmax
        probabilities, binary ones and each label of multilabel ones of logistic
        probabilities.
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
        :math:`\min(5, 40 \sqrt{d / (n \log_2 C)})`,
        where n is the number of rows, d that of columns after encoding, without bins
        and constants, and C that of classes, 2 for labels. It is 0 for ``"adamw"``,
        ``"lbfgs"``, `partial_fit` and a fit that goes on. The penalty ``weight_decay``
        and `AdamW` depend on the length of the run instead.
    regularizers : dict, default=None
        Penalties as a mapping of name to strength, or any label to an instance, such as
        ``{"weight_decay": 1e-4, "sparsity": 1e-3}``.
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
        Share of the rows in the validation set, stratified by class where possible.
    monitor : str or callable, default="loss"
        What is monitored on the validation set: ``"loss"``, or a scikit-learn scorer
        by name or as a callable. It is given the weights of the rows, except for a
        plain function without the argument `sample_weight`.
    calibration : None, "temperature" or "auto", default="auto"
        ``"temperature"`` first trains a pilot like the run itself on 80 % of the rows.
        The number a, between 0.025 and 2.5, that gives its predictions of the others
        the least log-loss then calibrates those of the run on all rows: raw predictions
        are :math:`a z + \max(0, 1 - a) \log \pi`, with the shares
        :math:`\pi_k = (n_k + 1) / (n + C)` of the classes. A prior keeps a small where
        few rows tell. A validation set takes the place of the pilot. ``"auto"`` is
        ``"temperature"`` for cross-entropy, else None; fewer than 10 rows are not
        calibrated. A pilot has its own random numbers: the weights are the same with
        and without.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight of each class, multiplied with `sample_weight`. ``"balanced"`` gives all
        classes the same total. For labels, a dict has the weights of 0 and 1, one for
        all labels or a list of one for each. Validation rows are weighed by the same
        factors.
    warm_start : bool, default=False
        Whether another `fit` goes on where the last one ended, bit-identical to a run
        that did not end where `schedule` and `total_weight_decay` are given; automatic
        ones are constant and zero in a fit that goes on. L-BFGS starts its memory of
        gradients anew, and warns of it.
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
        The mean of an ensemble's probabilities is predicted. `decision_function` is its
        logit where there is one column or several labels, else its logarithm.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : array of str
        Only if `X` has names for its columns.
    network_ : Network
        The chain of layers. Printing it shows a table of them with their Jacobians,
        shapes and numbers of weights, as the HTML of a fitted classifier does (in a
        pipeline, that of its last step).
    task_ : Classes or Labels
        How targets are encoded and decided.
    model_ : FittedModel
        The network with its weights and what it was trained with. All predictions and
        derivatives come from it, so that parameters which are set after a fit change
        nothing that was fitted.
    weights_ : array of shape (n_weights,)
        All weights, layer by layer, of an ensemble network by network.
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
    temperature_ : float
        1/a of the calibration; 1 without. Of an ensemble that of the mean a.
    loss_ : float
        The last value of the objective on the training rows.
    loss_curve_ : list of float
        The same after each epoch, averaged over its batches.
    history_ : dict of str to list
        A column for each of ``loss, penalty, learning_rate, gradient_norm, seconds``
        (and ``validation_loss, validation_score``), an entry for each epoch. With
        `record_gradients` also ``layer_gradient_norms, layer_update_ratios``, whose
        entries are arrays with a number for each layer that has weights, in the order
        of ``network_.layers``: the norm of the gradient of the objective for its
        weights in the last step of the epoch, and the norm of that step over the norm
        of the weights before it. Entries are NaN for epochs that did not record. Of an
        ensemble all are means over the members that still trained, seconds sums.
    best_iter_ : int
        The epoch with the best monitored value, counted from 1.
    best_score_ : float
        That value; larger is better, the loss is negated.
    training_state_ : RunState
        With `warm_start` or after `partial_fit`: the last weights and everything else
        that training changes. A run that goes on starts from `weights_`, and
        only one with validation, whose `weights_` are the best and not the last, from
        the last weights kept here.

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
        """What raw predictions are divided by for probabilities that are honest."""
        calibration = self._fitted_model().calibration
        return 1.0 if calibration is None else 1.0 / float(calibration["factor"][0])

    def decision_function(self, X):
        """Return the raw prediction, calibrated.

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
        """Return the most probable class of each row, or the labels that are likely.

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
        """Return the logarithm of `predict_proba`, accurate where that rounds to one.

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
        """Train for one pass over some rows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), optional
            All classes that will ever come; required in the first call.
        sample_weight : array-like of shape (n_samples,), optional
            Taken as they are, since one call cannot see the others.

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
            Once, if `schedule` has come to a learning rate of zero after `max_iter`
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
    """Return the task of a `partial_fit`: that of the first call, where it is."""
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
