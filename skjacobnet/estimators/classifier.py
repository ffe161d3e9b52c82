"""JacobianMLPClassifier: the network behind scikit-learn's estimator contract."""

import warnings
from copy import copy

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning, InconsistentVersionWarning
from sklearn.utils.metaestimators import available_if

from skjacobnet.callbacks import CallbackSupportMixin, EpochHooks, with_callbacks
from skjacobnet.callbacks.progress import ProgressLine
from skjacobnet.core.version import __version__
from skjacobnet.data.table import Table
from skjacobnet.estimators import parameters
from skjacobnet.estimators.fitting import FittingMixin
from skjacobnet.estimators.parameters import PartParamsMixin
from skjacobnet.estimators.prediction import PredictionMixin
from skjacobnet.model.derivatives import DerivativesMixin
from skjacobnet.network.layer_table import LayerTableMixin
from skjacobnet.tasks.classes import Targets


def _takes_small_steps(estimator):
    """Whether the optimizer can go on from batch to batch."""
    return not parameters.is_full_batch(estimator.optimizer)


class JacobianMLPClassifier(
    PartParamsMixin,
    FittingMixin,
    PredictionMixin,
    DerivativesMixin,
    CallbackSupportMixin,
    LayerTableMixin,
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
        output layer is always added. Layers may consist of layers: `Sequential`,
        `Residual`, `Parallel`, `Repeat`, `Frozen`.
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
        How the learning rate changes over the training: over the `max_iter` epochs of a
        `fit`, over what is done and what is to come of one that goes on, or over
        `max_iter` calls of `partial_fit`.
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
        What is monitored on the validation rows: ``"loss"``, or a scikit-learn scorer
        by name or as a callable. It is given the weights of the rows, except for a
        plain function without the argument `sample_weight`.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight of each class, multiplied with `sample_weight`. ``"balanced"`` gives all
        classes the same total. For labels, a dict has the weights of 0 and 1, one for
        all labels or a list of one for each. Validation rows are weighed by the same
        factors.
    warm_start : bool, default=False
        Whether another `fit` goes on where the last one ended, to the bit as if it had
        not ended. L-BFGS starts its memory of gradients anew, and warns of it.
    dtype : None, "float32" or "float64", default=None
        What to compute in. None keeps the type of a float32 or float64 `X`; any other
        becomes float64.
    random_state : int, RandomState instance or None, default=None
        First weights, order of rows, dropout and the validation split. None draws fresh
        randomness; the global generator is never touched.
    verbose : bool or int, default=0
        Whether to show the progress, in one line that is written over after each epoch.
    record_gradients : bool, default=False
        Whether to keep, for each epoch and each layer, how large the gradient and the
        step were; `skjacobnet.inspection.GradientFlowDisplay` draws them.

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
    targets_ : Targets
        How classes are encoded, and the link from raw predictions to probabilities.
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
        (and ``validation_loss, validation_score``), an entry for each epoch. With
        `record_gradients` also ``layer_gradient_norms, layer_update_ratios``, whose
        entries are arrays with a number for each layer that has weights, in the order
        of ``network_.layers``: the norm of the gradient of the objective for its
        weights in the last step of the epoch, and the norm of that step over the norm
        of the weights before it. Entries are NaN for epochs that did not record.
    best_iter_ : int
        The epoch with the best monitored value, counted from 1.
    best_score_ : float
        That value; larger is better, the loss is negated.
    training_state_ : TrainingState
        With `warm_start` or after `partial_fit`: the last weights and everything else
        that training changes. A training that is continued starts from `weights_`, and
        only one with validation, whose `weights_` are the best and not the last, from
        the last weights kept here.

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
        record_gradients=False,
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
        self.record_gradients = record_gradients

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

    @classmethod
    def from_sklearn(cls, mlp, n_samples=None):
        """Turn a fitted MLPClassifier into a fitted JacobianMLPClassifier.

        The same as `skjacobnet.interop.from_sklearn`.
        """
        from skjacobnet.interop import from_sklearn

        return from_sklearn(mlp, n_samples)

    def to_sklearn(self, n_samples=None):
        """Turn this fitted classifier into a fitted MLPClassifier.

        The same as `skjacobnet.interop.to_sklearn`.
        """
        from skjacobnet.interop import to_sklearn

        return to_sklearn(self, n_samples)

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
            A validation set of one's own, monitored instead of rows held back. It must
            be scaled as `X` is: a `Pipeline` passes it on as it is, unless it is made
            with ``transform_input=["X_val"]`` (and metadata routing is enabled).

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data are not usable, or the loss becomes infinite. The
            estimator is then as it was before.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` epochs were not enough (never with ``tol=None``), or training
            ended with a loss far above that of predicting the shares of the classes.
        UserWarning
            If the rows held back for early stopping lack a class.
        """
        parts = parameters.resolve(self)
        going_on = self.warm_start and hasattr(self, "weights_")
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
            weight_rng = model._start(X.dtype)
        held_back = None
        if not (X_val is None and y_val is None and sample_weight_val is None):
            held_back = model._validation_table(
                X_val, y_val, sample_weight_val, table.factors
            )
        elif self.early_stopping:
            table, held_back = map(
                table.only,
                model.training_state_.split_of(table, self.validation_fraction),
            )
        if not going_on:
            model._draw_weights(weight_rng, table)
        model._plan(parts, table, self.max_iter)
        observers = [ProgressLine(self.max_iter)] if self.verbose else []
        if hasattr(self, "_skl_callbacks"):
            observers.append(EpochHooks(self, hooks, given, model._describe))
        try:
            stopped = model._train(parts, table, held_back, self.max_iter, observers)
        except BaseException:
            if self.verbose:
                observers[0].leave()
            raise
        for observer in observers:
            observer.fit_ends(model.training_state_)
        ended_by_itself = model.training_state_.stopping.out_of_patience
        if not self.warm_start:
            del model.training_state_
        self.__dict__ = model.__dict__
        if ended_by_itself:
            self._warn_if_worse_than_shares(parts.loss, table, held_back)
        elif not stopped and self.tol is not None:
            warnings.warn(
                f"Training ended after max_iter={self.max_iter} before the objective "
                "stopped improving. Raise max_iter or learning_rate, scale the "
                "features, or set tol=None to train for max_iter epochs on purpose.",
                ConvergenceWarning,
                stacklevel=3,
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
        parts = parameters.resolve(self)
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
            model._draw_weights(model._start(X.dtype), table)
        else:
            model._go_on(parts, targets, from_kept=True)
        if model.training_state_.n_steps is None:
            model._plan(parts, table, self.max_iter)
        model._train(parts, table, None, 1, (), weight="as given")
        self.__dict__ = model.__dict__
        return self


def _given(**metadata):
    """Return what is not None, or None where nothing is."""
    return {
        name: value for name, value in metadata.items() if value is not None
    } or None
