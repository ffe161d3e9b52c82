"""JacobianMLPClassifier: the network behind scikit-learn's estimator contract."""

import warnings
from copy import copy

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning, InconsistentVersionWarning
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from skjacobnet import _parameters
from skjacobnet._parameters import PartParamsMixin
from skjacobnet._prediction import PredictionMixin
from skjacobnet._version import __version__
from skjacobnet.callbacks import CallbackSupportMixin, EpochHooks, with_callbacks
from skjacobnet.network import complete
from skjacobnet.training import full_batch, minibatch
from skjacobnet.training.objective import Objective
from skjacobnet.training.progress import ProgressLine
from skjacobnet.training.state import TrainingState
from skjacobnet.training.stopping import Stopping, validation_patience
from skjacobnet.training.table import Table
from skjacobnet.training.targets import Targets
from skjacobnet.training.validation import Validation
from skjacobnet.training.watch import Watch


def _takes_small_steps(estimator):
    """Whether the optimizer can go on from batch to batch."""
    return not _parameters.is_full_batch(estimator.optimizer)


class JacobianMLPClassifier(
    PartParamsMixin,
    PredictionMixin,
    CallbackSupportMixin,
    ClassifierMixin,
    BaseEstimator,
):
    r"""Neural network classifier whose layers know their exact Jacobians.

    Minimizes over the weights :math:`\theta`

    .. math:: \frac{1}{n} \sum_s w_s\, \ell(y_s, z(x_s; \theta))
              + \sum_r \lambda_r P_r(\theta),

    the mean over rows of weight times loss plus each penalty times its strength,
    whatever the batch size.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int >= 1, default=(100,)
        Width of each hidden layer; ``()`` gives a linear model.
    activation : str or Layer, default="relu"
        After each hidden layer.
    layers : sequence of str or Layer, default=None
        The hidden stack itself, such as ``[Linear(30), "sigmoid", Dropout(0.2),
        Linear(20), "tanh"]``. Replaces `hidden_layer_sizes` and `activation`. The
        output layer is always added.
    initializer : str or Initializer, default="auto"
        How first weights are drawn; ``"auto"`` takes what suits each activation.
    loss : str or Loss, default="cross_entropy"
        What is measured. Multiclass problems measure it on softmax probabilities,
        binary ones and each label of multilabel ones on logistic probabilities.
    optimizer : str or Optimizer, default="adam"
        How gradients become steps. ``"lbfgs"`` uses all rows at once and ignores
        `learning_rate`, `batch_size` and `shuffle`.
    learning_rate : float > 0 or "auto", default="auto"
        The length of steps; ``"auto"`` takes the optimizer's own default.
    schedule : str or Schedule, default="constant"
        How the learning rate changes over the training.
    regularizers : dict, default=None
        Penalties: name to strength, or any label to an instance, such as
        ``{"weight_decay": 1e-4, "sparsity": 1e-3}``.
    dropout : float in [0, 1), default=0.0
        Share of hidden activations that is left out at random in each step. With
        `layers`, put `Dropout` into the list instead.
    batch_size : int >= 1 or "auto", default="auto"
        Rows in one step; ``"auto"`` is ``min(200, n_samples)``.
    max_iter : int >= 1, default=200
        The most epochs (passes over the rows), or iterations of ``"lbfgs"``.
    tol : float >= 0 or None, default=1e-4
        By how much the monitored value must improve to count as progress. None trains
        for exactly `max_iter` epochs. For ``"lbfgs"`` the largest component of the
        gradient at which to stop.
    n_iter_no_change : int >= 1, default=10
        Training stops after more than so many epochs in a row without progress. With a
        validation set the pause is at least 100 steps.
    shuffle : bool, default=True
        Whether to take the rows in a new order in each epoch.
    early_stopping : bool, default=False
        Whether to hold rows back, monitor them, and keep the best weights.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows to hold back, stratified by class where possible.
    monitor : str or callable, default="loss"
        What is monitored on the validation rows: ``"loss"`` or a scikit-learn scorer.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, multiplied with `sample_weight`.
    warm_start : bool, default=False
        Whether another `fit` goes on where the last one ended.
    dtype : None, "float32" or "float64", default=None
        What to compute in. None keeps the type of a float32 or float64 `X`; any other
        becomes float64.
    random_state : int, RandomState instance or None, default=None
        First weights, order of rows, dropout and the validation split. None draws fresh
        randomness; the global generator is never touched.
    verbose : bool or int, default=0
        Whether to print a line for each epoch.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : array of str
        Only if `X` has names for its columns.
    network_ : Network
        The chain of layers.
    weights_ : array of shape (n_weights,)
        All weights, layer by layer.
    coefs_, intercepts_ : list of array
        Views of `weights_`: a matrix (n_in, n_out) and a vector (n_out,) for each
        linear layer.
    n_iter_ : int
        Epochs trained.
    loss_ : float
        The last value of the objective on the training rows.
    loss_curve_ : list of float
        The same after each epoch, averaged over its batches.
    history_ : dict of str to list
        A column for each of ``loss, penalty, learning_rate, gradient_norm, seconds``
        (and ``validation_loss, validation_score``), an entry for each epoch.
    best_iter_ : int
        The epoch with the best monitored value, counted from 1.
    best_score_ : float
        That value; larger is better, the loss is negated.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : The same kind of network with fewer choices.

    Notes
    -----
    A binary problem has one raw prediction: `decision_function` is (n_samples,).

    Results are the same to the bit for the same `random_state`, data and number of BLAS
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
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = load_iris(return_X_y=True)
    >>> network = JacobianMLPClassifier((20,), learning_rate=0.02, max_iter=50,
    ...                                 tol=None, random_state=0)
    >>> model = make_pipeline(StandardScaler(), network)
    >>> bool(cross_val_score(model, X, y).mean() > 0.9)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        layers=None,
        initializer="auto",
        loss="cross_entropy",
        optimizer="adam",
        learning_rate="auto",
        schedule="constant",
        regularizers=None,
        dropout=0.0,
        batch_size="auto",
        max_iter=200,
        tol=1e-4,
        n_iter_no_change=10,
        shuffle=True,
        early_stopping=False,
        validation_fraction=0.1,
        monitor="loss",
        class_weight=None,
        warm_start=False,
        dtype=None,
        random_state=None,
        verbose=0,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.layers = layers
        self.initializer = initializer
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
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
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    def __getstate__(self):
        return {**super().__getstate__(), "_skjacobnet_version": __version__}

    def __setstate__(self, state):
        written_by = state.pop("_skjacobnet_version", "before 0.1")
        if written_by != __version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=__version__,
                    original_sklearn_version=written_by,
                ),
                stacklevel=2,
            )
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags

    @with_callbacks
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Train on a table.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        sample_weight : array-like of shape (n_samples,), optional
            Rows of weight zero are left out; the scale of the weights is irrelevant.
        X_val, y_val, sample_weight_val : optional
            A validation set of one's own, monitored instead of rows held back.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data are not usable, or the loss becomes infinite. The
            estimator is then as it was before.
        """
        parts = _parameters.resolve(self)
        going_on = self.warm_start and hasattr(self, "training_state_")
        # All is done on a copy, so that an error leaves this estimator alone.
        hooks = self._init_callback_context(max_subtasks=self.max_iter)
        model = copy(self)
        given = {"X": X, "y": y, "metadata": _given(sample_weight=sample_weight)}
        X, y = model._check_rows(X, y, reset=not going_on)
        table = Table.of(X, y, sample_weight, self.class_weight)
        if going_on:
            model._go_on(parts, table.targets)
        else:
            model.__dict__.pop("weights_", None)
            model._build(parts, table.targets)
            model._start(X.dtype)
        held_back = None
        if not (X_val is None and y_val is None and sample_weight_val is None):
            held_back = model._validation_table(X_val, y_val, sample_weight_val)
        elif self.early_stopping:
            table, held_back = map(
                table.only,
                model.training_state_.split_of(table, self.validation_fraction),
            )
        model._plan(table, self.max_iter)
        observers = [ProgressLine(self.max_iter)] if self.verbose else []
        if hasattr(self, "_skl_callbacks"):
            observers.append(EpochHooks(self, hooks, given, model._describe))
        stopped = model._train(parts, table, held_back, self.max_iter, observers)
        for observer in observers:
            observer.fit_ends(model.training_state_)
        if not self.warm_start:
            del model.training_state_
        self.__dict__ = model.__dict__
        if not stopped and self.tol is not None:
            warnings.warn(
                f"Training ended after max_iter={self.max_iter} before the objective "
                "stopped improving. Raise max_iter or learning_rate, scale the "
                "features, or set tol=None to train for max_iter epochs on purpose.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    @available_if(_takes_small_steps)
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
        """
        parts = _parameters.resolve(self)
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all rows at once and does "
                "not go with partial_fit. Give a dict of weights instead."
            )
        first = not hasattr(self, "classes_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        model = copy(self)
        X, y = model._check_rows(X, y, reset=first)
        targets = Targets.declared(classes, y) if first else self._targets
        if classes is not None and not np.array_equal(
            np.unique(classes), targets.classes
        ):
            raise ValueError(
                f"classes={list(classes)!r} is not the same as in the first call to "
                f"partial_fit, {targets.classes.tolist()}."
            )
        table = Table.of(X, y, sample_weight, self.class_weight, targets)
        if first:
            model._build(parts, targets)
        if hasattr(self, "training_state_"):
            model._go_on(parts, targets)
        else:
            model._start(X.dtype)
        if model.training_state_.n_steps is None:
            model._plan(table, self.max_iter)
        model._train(parts, table, None, 1, (), weight="as given")
        self.__dict__ = model.__dict__
        return self

    def _check_rows(self, X, y, reset):
        X, y = validate_data(
            self,
            X,
            y,
            reset=reset,
            accept_sparse="csr",
            dtype="numeric",
            multi_output=True,
        )
        is_column = y.ndim == 2 and y.shape[1] == 1
        return X, column_or_1d(y, warn=True) if is_column else y

    def _validation_table(self, X, y, sample_weight):
        if X is None or y is None:
            raise ValueError("X_val and y_val must be given together.")
        try:
            X, y = self._check_rows(X, y, reset=False)
        except ValueError as error:
            raise ValueError(f"The validation set X_val, y_val: {error}") from error
        names = "y_val", "sample_weight_val"
        return Table.of(X, y, sample_weight, self.class_weight, self._targets, names)

    def _build(self, parts, targets):
        """Set up the network for the classes and features of a table."""
        self._targets = targets
        self.classes_ = targets.classes
        self.network_ = complete(
            parts.hidden, self.n_features_in_, targets.n_raw, parts.initializer
        )

    def _start(self, dtype):
        """Set up the state of a training, from the present weights if there are any."""
        rng = _generator(self.random_state)
        # A stream for each use, so that one choice does not change the others.
        weight_rng, split_rng, shuffle_rng, noise_rng = rng.spawn(4)
        if hasattr(self, "weights_"):
            theta, past = self.weights_.copy(), self.history_
        else:
            dtype = _parameters.resolve_dtype(self.dtype, dtype)
            theta, past = self.network_.init_weights(weight_rng, dtype), {}
        self.training_state_ = TrainingState(
            theta,
            split_rng,
            shuffle_rng,
            noise_rng,
            epoch=len(past.get("loss", [])),
            history={name: list(column) for name, column in past.items()},
        )

    def _go_on(self, parts, targets):
        """Set up the continuation of an earlier training, with today's parameters."""
        if not np.array_equal(targets.classes, self.classes_):
            raise ValueError(
                "Training goes on with the classes of the last fit, "
                f"{self.classes_.tolist()}, but y has {targets.classes.tolist()}."
            )
        shapes = self.network_.weight_shapes
        self._build(parts, targets)
        if self.network_.weight_shapes != shapes:
            raise ValueError(
                "Training goes on with the weights of the last fit, but the layers "
                f"have changed from {shapes} to {self.network_.weight_shapes}. "
                "Set warm_start=False and call fit to start anew."
            )
        state = self.training_state_ = self.training_state_.copy()
        if state.stopping.best_theta is None:
            # The last weights are those that users see and may have edited.
            state.theta[...] = self.weights_
        if parts.full_batch:
            warnings.warn(
                "Training goes on from the weights of the last fit, but "
                f"{parts.optimizer!r} starts its memory of gradients anew.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _plan(self, table, n_epochs):
        """Spread the schedule over the steps taken and those to come."""
        state = self.training_state_
        steps_per_epoch = -(-table.n_rows // self._batch_size(table))
        state.n_steps = state.step + n_epochs * steps_per_epoch

    def _batch_size(self, table):
        if _parameters.is_full_batch(self.optimizer):
            return table.n_rows
        size = 200 if self.batch_size == "auto" else self.batch_size
        return min(size, table.n_rows)

    def _train(self, parts, table, held_back, n_epochs, observers, weight="relative"):
        """Train, and set the attributes that describe the result.

        Returns
        -------
        stopped : bool
            Whether it ended before `n_epochs` had passed.
        """
        state = self.training_state_
        dtype = state.theta.dtype
        objective = Objective(
            self.network_, parts.loss, self._targets.link, parts.regularizers
        )
        batches = table.batches(
            self._batch_size(table), dtype, self.network_.accepts_sparse, weight
        )
        validate = monitor = None
        # L-BFGS has a criterion of its own; only a validation score adds to it.
        tol, patience = None if parts.full_batch else self.tol, self.n_iter_no_change
        if held_back is not None:
            validate = Validation(held_back, objective, self.monitor, self._at, dtype)
            tol, patience = self.tol, validation_patience(patience, len(batches))
            monitor = self.monitor
        rule = Stopping(tol, patience, monitor)
        if not state.stopping.goes_on(rule):
            state.stopping = rule
        watch = Watch(validate, observers)
        try:
            if parts.full_batch:
                stopped = full_batch.train(
                    state,
                    objective,
                    parts.optimizer,
                    batches,
                    watch,
                    n_epochs=n_epochs,
                    tol=self.tol or 0.0,
                )
            else:
                state.prepare(parts.optimizer)
                stopped = minibatch.train(
                    state,
                    objective,
                    parts.optimizer,
                    batches,
                    watch,
                    learning_rate=parts.learning_rate,
                    schedule=parts.schedule,
                    n_epochs=n_epochs,
                    n_steps=state.n_steps,
                    shuffle=self.shuffle,
                )
        except KeyboardInterrupt:
            stopped = True
            warnings.warn(
                f"Training was interrupted after {state.epoch} epochs; the "
                f"{'best' if validate else 'last'} weights so far are kept.",
                stacklevel=3,
            )
        self.__dict__.update(self._describe())
        return stopped

    def _describe(self):
        """Return the fitted attributes as if training had stopped now."""
        state = self.training_state_
        attributes = {
            "_targets": self._targets,
            "classes_": self.classes_,
            "network_": self.network_,
            "training_state_": state,
            "weights_": state.stopping.kept(state.theta).copy(),
            "history_": state.history,
            "n_iter_": state.epoch,
            "best_iter_": state.stopping.best_epoch,
            "best_score_": state.stopping.best_score,
        }
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                attributes[name] = getattr(self, name)
        return attributes

    def _at(self, theta):
        """Return this classifier with other weights, for scorers during training."""
        model = copy(self)
        model.weights_ = theta
        # Scorers give it arrays without names, which is no reason for a warning.
        model.__dict__.pop("feature_names_in_", None)
        return model


def _given(**metadata):
    """Return what is not None, or None where nothing is."""
    return {
        name: value for name, value in metadata.items() if value is not None
    } or None


def _generator(random_state):
    """Return a generator of one's own; the global one is neither read nor moved."""
    if random_state is None or random_state is np.random:
        return np.random.default_rng()
    seed = check_random_state(random_state).randint(2**31 - 1, size=4)
    return np.random.default_rng(seed)
