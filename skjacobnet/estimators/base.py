"""Base class of the estimators: training, derivatives and fitted attributes."""

import warnings
from copy import copy
from dataclasses import replace
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data

from skjacobnet.accumulation import MODES
from skjacobnet.callbacks import (
    CallbackSupportMixin,
    ProgressLine,
    epoch_hooks,
    has_callbacks,
    with_callbacks,
)
from skjacobnet.core.constraints import OneOf
from skjacobnet.core.shared import Shared
from skjacobnet.core.version import __version__
from skjacobnet.data.columns import RawColumns, checked_table
from skjacobnet.data.table import Table
from skjacobnet.estimators.ensemble import (
    Interrupted,
    check_number,
    continued_members,
    fit_members,
    new_members,
)
from skjacobnet.estimators.nested import changed_params, entries_of
from skjacobnet.estimators.parameters import resolve, taken_tables
from skjacobnet.model import derivatives
from skjacobnet.model.average import members_of
from skjacobnet.network.layer_table import as_html
from skjacobnet.tasks import task_of
from skjacobnet.training.drive import alone
from skjacobnet.training.outcome import warn_of
from skjacobnet.training.run import run
from skjacobnet.training.state import RunState

NAMES_OF_FEATURES = "n_features_in_", "feature_names_in_"


class JacobianNetwork(CallbackSupportMixin, BaseEstimator):
    """Base class of the classifier and the regressor.

    A subclass has the constructor, `losses`, `partial_fit` and the methods that
    predict. All predictions and derivatives come from `model_`, so parameters set after
    a fit do not change a fitted estimator.

    Attributes
    ----------
    losses : Family
        Losses available for the task.
    auto_loss : Loss
        Loss chosen by ``loss="auto"``.
    """

    # The default of tasks without classes.
    class_weight = None

    def get_params(self, deep=True):
        """Get the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include parameters of parts and the entries of `regularizers`.

        Returns
        -------
        dict
        """
        params = super().get_params(deep=deep)
        return {**params, **entries_of(self.regularizers)} if deep else params

    def set_params(self, **params):
        """Set parameters; those of parts are named ``part__parameter``.

        Returns
        -------
        self
        """
        own = super().get_params(deep=False)
        for key in params:
            if key.partition("__")[0] not in own:
                super().set_params(**{key: None})  # raises, and lists the valid names
        for name, value in changed_params(params, own, self.losses).items():
            setattr(self, name, value)
        return self

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
        """Fit the network to training data.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
        sample_weight : array-like of shape (n_samples,), optional
            Rows of weight zero are left out; the scale of the weights is irrelevant.
        X_val, y_val, sample_weight_val : optional
            Custom validation set, monitored instead of one split off `X`. It must be
            scaled as `X` is: a `Pipeline` does not transform it, unless it is made with
            ``transform_input=["X_val"]`` (and metadata routing is enabled).

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a parameter or the data are invalid, or the loss becomes infinite. The
            estimator is then unchanged.
        KeyboardInterrupt
            If the run is interrupted. The weights of the last complete epoch are kept.

        Warns
        -----
        ConvergenceWarning
            If the final loss is far above the baseline loss (of the best constant
            prediction), the validation loss is no better than the baseline, or
            `max_iter` epochs were not enough (never with ``tol=None``).
        UserWarning
            If the validation split lacks a class.
        """
        return alone(
            self.fit_steps(
                X,
                y,
                sample_weight,
                X_val=X_val,
                y_val=y_val,
                sample_weight_val=sample_weight_val,
            )
        )

    def fit_steps(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        shared=None,
        pilot_rows=None,
        outcomes=None,
    ):
        """Fit as `fit` does, but leave each optimization to the caller.

        Searches and ensembles use it to train several estimators side by side, with
        ``skjacobnet.training.drive.together``.

        Parameters
        ----------
        X, y, sample_weight, X_val, y_val, sample_weight_val
            As in `fit`.
        shared : Shared, optional
            Results that fits on the same arrays share.
        pilot_rows : callable, optional
            Function that gives the rows of a pilot; see ``skjacobnet.training.pilot``.
        outcomes : list, optional
            List to which the outcome of the run is appended, instead of a warning.

        Yields
        ------
        Job
            The optimization to run. The caller sends its end back.

        Returns
        -------
        self
        """
        parts = resolve(self)
        if self.n_estimators > 1:
            validation = {
                "X_val": X_val,
                "y_val": y_val,
                "sample_weight_val": sample_weight_val,
            }

            ends = []

            def steps(member, shared, pilot_rows):
                return member.fit_steps(
                    X,
                    y,
                    sample_weight,
                    **validation,
                    shared=shared,
                    pilot_rows=pilot_rows,
                    outcomes=ends,
                )

            goes_on = self.warm_start and self.__sklearn_is_fitted__()
            metadata = (
                None if sample_weight is None else {"sample_weight": sample_weight}
            )
            self._fit_members(goes_on, steps, {"X": X, "y": y, "metadata": metadata})
            worst = max(ends, key=lambda end: (end.far_worse, not end.beats_constant))
            warn_of(worst, self.max_iter_, self.tol, stacklevel=5)
            return self
        earlier = self._earlier() if self.warm_start else None
        if earlier is not None:
            check_number(self, self.estimators_)
        if shared is None or earlier is not None:
            shared = Shared()
        categories = self.categorical_features
        if isinstance(categories, np.ndarray):  # compared by value
            categories = categories.tolist()
        given = shared.get(
            ("rows", X, y, parts.encodings, categories),
            lambda: self._checked_table(X, y, parts, earlier),
        )
        inputs, targets, features, columns = given
        task = shared.get(
            ("task", targets, parts.loss), lambda: task_of(targets, parts.loss)
        )
        if earlier is not None:
            task = task.following(earlier[0].task)
        class_weight = self.class_weight
        table = shared.get(
            ("table", task, inputs, targets, sample_weight, class_weight),
            lambda: Table.of(task, inputs, targets, sample_weight, class_weight),
        )
        validation = None
        if not (X_val is None and y_val is None and sample_weight_val is None):
            validation = self._validation_table(
                table, features, columns, X_val, y_val, sample_weight_val
            )
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        data = {"X": X, "y": y, "metadata": metadata}

        def attributes(model, state):
            return {**fitted_attributes(model, state), **features}

        def progress_of(parts, name=""):
            return [ProgressLine(parts.max_iter, name)] if self.verbose else []

        def observers_of(parts):
            context = self._init_callback_context(max_subtasks=parts.max_iter)
            hooks = epoch_hooks(self, context, data, attributes)
            return [*progress_of(parts), *hooks]

        model, state, parts = yield from run(
            parts,
            table.task,
            table,
            validation,
            columns=columns,
            earlier=earlier,
            estimator_of=self._predicting_like,
            observers_of_pilot=partial(progress_of, name="pilot"),
            observers_of=observers_of,
            attributes=attributes,
            pilot_rows=pilot_rows,
            shared=shared,
        )
        self._assign(attributes(model, state), keep_state=self.warm_start)
        if state.outcome.ended_by == "interrupt":
            raise KeyboardInterrupt(
                f"Training was interrupted after {state.epoch} epochs, whose "
                f"{'last' if validation is None else 'best'} weights are kept."
            )
        if outcomes is None:
            warn_of(state.outcome, parts.max_iter, self.tol, stacklevel=5)
        else:
            outcomes.append(state.outcome)
        return self

    def _fit_members(self, goes_on, steps, data=None):
        """Fit the networks of an ensemble.

        Parameters
        ----------
        goes_on : bool
            Whether to continue the members of the last fit.
        steps : callable
            As in `fit_members`.
        data : dict, optional
            Arguments of the callbacks of a fit.
        """
        if goes_on:
            members = continued_members(self, self.estimators_)
        else:
            members = new_members(self)
        callbacks = None
        if data is not None and has_callbacks(self):
            callbacks = self._init_callback_context(max_subtasks=0)
            callbacks.call_on_fit_task_begin(estimator=self, **data)
        try:
            attributes, interrupt = fit_members(self, members, steps), None
        except Interrupted as error:
            attributes, interrupt = error.attributes, error
        self._assign({**attributes, **_features_of(members[0])}, keep_state=False)
        if interrupt is not None:
            raise interrupt
        if callbacks is not None:
            callbacks.call_on_fit_task_end(
                estimator=self, reconstruction_attributes=lambda: attributes, **data
            )
        return self

    def _train_on(self, X, y, sample_weight, find_task):
        """Train each network for one pass over a block of rows.

        Parameters
        ----------
        X, y, sample_weight, find_task
            As in `pass_steps`.
        """
        resolve(self)
        if self.n_estimators > 1:

            def steps(member, shared, pilot_rows):
                return member.pass_steps(X, y, sample_weight, find_task)

            return self._fit_members(self.__sklearn_is_fitted__(), steps)
        return alone(self.pass_steps(X, y, sample_weight, find_task))

    def pass_steps(self, X, y, sample_weight, find_task):
        """Train for one pass over a block of rows; `fit_steps` is the same for a fit.

        Parameters
        ----------
        X, y, sample_weight
            As in `partial_fit`.
        find_task : callable
            ``find_task(y, loss, earlier)`` gives the task for checked targets, where
            `earlier` is the task of the previous calls, or None.

        Yields
        ------
        Job

        Returns
        -------
        self
        """
        parts = replace(resolve(self), early_stopping=False)
        earlier = self._earlier()
        if earlier is not None:
            check_number(self, self.estimators_)
        given = self._checked_table(X, y, parts, earlier)
        inputs, targets, features, columns = given
        known = None if earlier is None else earlier[0].task
        task = find_task(targets, parts.loss, known)
        table = Table.of(task, inputs, targets, sample_weight, self.class_weight)
        model, state, _ = yield from run(
            parts,
            table.task,
            table,
            columns=columns,
            earlier=earlier,
            n_epochs=1,
            relative=False,
        )
        self._assign({**fitted_attributes(model, state), **features}, keep_state=True)
        return self

    def input_jacobian(self, X, *, output=None, mode="auto"):
        r"""Return the Jacobian of an output with respect to the features of each row.

        .. math:: J_{s,o,i} = \partial f_o(x_s) / \partial x_{s,i}

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs of the network, after the scalers of a pipeline.
        output : str, default=None
            Output to differentiate. For a classifier: ``"proba"``, the default,
            ``"raw"``, or ``"log_proba"``, whose derivatives stay exact where
            probabilities underflow. For a regressor: ``"prediction"``, the default,
            ``"raw"``, ``"std"`` with the loss ``"gaussian"``, or ``"quantiles"`` with
            the loss ``"quantile"``: sorted, with all levels of one target after
            another.
        mode : {"auto", "forward", "reverse"}, default="auto"
            Order in which the layers' Jacobians are multiplied; see
            `skjacobnet.accumulation`. All give the same result up to rounding.

        Returns
        -------
        array of shape (n_samples, n_outputs, n_features)
            In units of the output per unit of each feature of `X`, in the dtype of
            ``weights_``. For binary problems n_outputs is 1 for the raw prediction and
            2 for probabilities. It is 1 for a single target, also where `predict`
            returns shape (n_samples,).

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `output` or `mode` is unknown, or `X` is invalid.

        See Also
        --------
        skjacobnet.inspection : Explanations from it, also after scalers in a pipeline.

        Notes
        -----
        Computed in blocks of rows: memory is the result plus one block. At a kink, such
        as that of ReLU at zero, it is the Jacobian of one side.

        References
        ----------
        .. [1] A. Griewank and A. Walther, "Evaluating Derivatives", 2nd edition, SIAM
           2008, Chapter 3. https://doi.org/10.1137/1.9780898717761

        Examples
        --------
        The probabilities of a row always sum to one, so their derivatives sum to zero:

        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), max_iter=3, random_state=0)
        >>> jacobian = model.fit(X, y).input_jacobian(X)
        >>> jacobian.shape
        (150, 3, 4)
        >>> bool(abs(jacobian.sum(axis=1)).max() < 1e-12)
        True
        """
        X = self.checked_rows(X)
        output = self.model_.output(output)
        OneOf(*MODES).check(mode, "mode")
        return derivatives.input_jacobian(self.model_, X, output, mode)

    def weight_jacobian(self, X, *, output="raw"):
        r"""Return the Jacobian of an output with respect to all weights, for each row.

        .. math:: J_{s,o,w} = \partial f_o(x_s; \theta) / \partial \theta_w

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs of the network, after the scalers of a pipeline.
        output : str, default="raw"
            As in `input_jacobian`.

        Returns
        -------
        array of shape (n_samples, n_outputs, n_weights)
            In the order of ``weights_``.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `output` is unknown, or `X` is invalid.

        Notes
        -----
        Computed in blocks of rows, but the result itself is large: n_samples *
        n_outputs * n_weights numbers.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), encoding=None, max_iter=3)
        >>> model.fit(X, y).weight_jacobian(X).shape
        (150, 3, 43)
        """
        X = self.checked_rows(X)
        return derivatives.weight_jacobian(self.model_, X, self.model_.output(output))

    def per_sample_gradients(self, X, y):
        r"""Return the gradient of each row's loss with respect to all weights.

        .. math:: g_s = \partial \ell(y_s, z(x_s; \theta)) / \partial \theta

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs of the network, after the scalers of a pipeline.
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
            The true classes or numbers.

        Returns
        -------
        array of shape (n_samples, n_weights)
            Without sample weights and penalties. Their mean over the rows is the
            gradient of the training loss; for a regressor it is in the scaled unit of
            the targets.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `X` is invalid, or `y` has an unknown class or another length.

        See Also
        --------
        per_sample_gradient_norms : Their norms, without the gradients in memory.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), encoding=None, max_iter=3)
        >>> model.fit(X, y).per_sample_gradients(X, y).shape
        (150, 43)
        """
        X = self.checked_rows(X)
        return derivatives.per_sample_gradients(self.model_, X, y)

    def per_sample_gradient_norms(self, X, y):
        r"""Return the norm of each row's gradient of the loss.

        .. math:: \|g_s\|_2 \quad \text{with} \quad
                  \|x_s \delta_s^T\|^2 = \|x_s\|^2 \, \|\delta_s\|^2

        for a linear layer with input x and cotangent :math:`\delta`, so the gradients
        themselves are never computed.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs of the network, after the scalers of a pipeline.
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
            The true classes or numbers.

        Returns
        -------
        array of shape (n_samples,)

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `X` is invalid, or `y` has an unknown class or another length.

        See Also
        --------
        per_sample_gradients : The gradients.

        References
        ----------
        .. [1] I. Goodfellow, "Efficient Per-Example Gradient Computations", 2015.
           https://arxiv.org/abs/1510.01799

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier((5,), max_iter=3, random_state=0)
        >>> model.fit(X, y).per_sample_gradient_norms(X, y).shape
        (150,)
        """
        X = self.checked_rows(X)
        return derivatives.per_sample_gradient_norms(self.model_, X, y)

    def activations(self, X):
        """Return the output of every layer.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs of the network, after the scalers of a pipeline.

        Returns
        -------
        list of array of shape (n_samples, width)
            One for each of ``network_.layers``; the last is the raw prediction.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `X` is invalid.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skjacobnet import JacobianMLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = JacobianMLPClassifier(
        ...     (5,), encoding=None, calibration=None, max_iter=3
        ... )
        >>> [output.shape for output in model.fit(X, y).activations(X)]
        [(150, 5), (150, 5), (150, 3)]
        """
        return derivatives.activations(self.model_, self.checked_rows(X))

    def _checked_table(self, X, y, parts, earlier):
        """Return checked inputs, targets, names of features and types of columns."""
        columns = None if earlier is None else earlier[0].columns
        if parts.encodings or columns is not None:
            return self._read_table(X, y, parts, columns)
        # On a copy, so that an error leaves this estimator unchanged.
        receiver = copy(self)
        X, y = validate_data(
            receiver,
            X,
            y,
            reset=earlier is None,
            accept_sparse="csr",
            dtype="numeric",
            multi_output=True,
        )
        return X, y, _features_of(receiver), None

    def _read_table(self, X, y, parts, columns):
        """Check a raw table, and find the types of its columns in a first fit."""
        receiver, reset = copy(self), columns is None
        X = checked_table(X)
        validate_data(receiver, X, y, reset=reset, skip_check_array=True)
        y = _checked_targets(X, y)
        if reset:
            columns = RawColumns.of(X, self.categorical_features, parts.encodings)
        return columns.read(X), y, _features_of(receiver), columns

    def _validation_table(self, table, features, columns, X, y, sample_weight):
        if X is None or y is None:
            raise ValueError("X_val and y_val must be given together.")
        receiver = copy(self)
        vars(receiver).update(features)
        try:
            X = _checked_rows(receiver, X, columns)
            y = _checked_targets(X, y)
        except ValueError as error:
            raise ValueError(f"The validation set X_val, y_val: {error}") from error
        names = "y_val", "sample_weight_val"
        return Table.of(
            table.task, X, y, sample_weight, factors=table.factors, names=names
        )

    def _earlier(self):
        """Return the model and the state to continue from, or None."""
        if not self.__sklearn_is_fitted__():
            return None
        model = self.model_
        if hasattr(self, "training_state_"):
            return model, self.training_state_
        theta = model.weights.copy()
        return model, RunState.begun(theta, self.random_state, self.history_)

    def _assign(self, attributes, keep_state):
        """Set all attributes of a fit at once, and delete those of an earlier fit."""
        fitted = {*attributes, *NAMES_OF_FEATURES, "training_state_", "_members"}
        kept = {name: v for name, v in vars(self).items() if name not in fitted}
        if not keep_state:
            attributes = {k: v for k, v in attributes.items() if k != "training_state_"}
        self.__dict__ = {**kept, **attributes}

    def _predicting_like(self, model):
        """Return a copy that predicts as `model` does, for scorers during training."""
        estimator = copy(self)
        if model.columns is not None:
            model = replace(model, columns=replace(model.columns, is_read=True))
        estimator.model_ = model
        estimator.n_features_in_ = model.network.sizes[0]
        # Scorers pass arrays without names, which needs no warning.
        vars(estimator).pop("feature_names_in_", None)
        return estimator

    def checked_rows(self, X):
        """Return checked rows as network inputs: numbers, and codes of categories.

        Parameters
        ----------
        X : data frame, array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        array or CSR matrix of shape (n_samples, n_features)

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError, ValueError
            If `X` is invalid.
        """
        check_is_fitted(self)
        return _checked_rows(self, X, self.model_.columns)

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
        sparse, missing = taken_tables(self.encoding)
        tags.input_tags.sparse, tags.input_tags.allow_nan = sparse, missing
        return tags

    @property
    def _repr_html_(self):
        # Some notebooks use only this method. It is missing if estimators are shown
        # as text.
        diagram = super()._repr_html_
        return lambda: self._with_layers(diagram())

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._with_layers(bundle["text/html"])
        return bundle

    def _with_layers(self, diagram):
        """Return scikit-learn's diagram followed by the table of layers."""
        if not self.__sklearn_is_fitted__():
            return diagram
        return diagram + as_html(self.network_, self.weights_.dtype)

    def __sklearn_is_fitted__(self):
        return "model_" in vars(self)

    @property
    def network_(self):
        """Network: the chain of layers."""
        return self._fitted_model().network

    @property
    def task_(self):
        """Task: encoding of the targets and decision rule."""
        return self._fitted_model().task

    @property
    def estimators_(self):
        """Fitted networks whose average is predicted, as a list of estimators.

        Without an ensemble, the list holds one copy of the estimator.
        """
        models, found = members_of(self._fitted_model()), []
        members = vars(self).get("_members", [self] * len(models))
        for member, own in zip(members, models, strict=True):
            member = copy(member)
            member.model_ = own
            found.append(member)
        return found

    @property
    def weights_(self):
        """All weights in one vector, (n_weights,), layer by layer."""
        return self._fitted_model().weights

    @weights_.setter
    def weights_(self, weights):
        self.model_ = self._fitted_model().with_all_weights(weights)

    @property
    def coefs_(self):
        """The matrix of each linear layer, as views of `weights_`."""
        return self.network_.weights(self.weights_, "coef")

    @coefs_.setter
    def coefs_(self, coefs):
        self.model_ = self._fitted_model().with_weights("coef", coefs)

    @property
    def intercepts_(self):
        """The intercept of each linear layer, as views of `weights_`."""
        return self.network_.weights(self.weights_, "intercept")

    @intercepts_.setter
    def intercepts_(self, intercepts):
        self.model_ = self._fitted_model().with_weights("intercept", intercepts)

    @property
    def loss_curve_(self):
        """Objective after each epoch: loss plus penalty."""
        check_is_fitted(self)
        columns = self.history_.get("loss", []), self.history_.get("penalty", [])
        return [loss + penalty for loss, penalty in zip(*columns, strict=True)]

    @property
    def loss_(self):
        """Last value of `loss_curve_`; NaN before the end of the first epoch."""
        curve = self.loss_curve_
        return curve[-1] if curve else np.nan

    def _fitted_model(self):
        check_is_fitted(self)
        return self.model_


def _checked_rows(estimator, X, columns):
    if columns is None:
        return validate_data(
            estimator, X, reset=False, accept_sparse="csr", dtype="numeric"
        )
    X = checked_table(X)
    validate_data(estimator, X, reset=False, skip_check_array=True)
    return columns.read(X)


def _checked_targets(X, y):
    y = check_array(y, accept_sparse="csr", ensure_2d=False, dtype=None, input_name="y")
    check_consistent_length(X, y)
    return y


def _features_of(receiver):
    """Return the attributes with the feature names, as set by scikit-learn."""
    found = vars(receiver)
    return {name: found[name] for name in NAMES_OF_FEATURES if name in found}


def fitted_attributes(model, state):
    """Return the attributes of a fitted estimator, by name.

    Parameters
    ----------
    model : FittedModel
    state : RunState

    Returns
    -------
    dict
    """
    return {
        **state.settings,
        "model_": model,
        "training_state_": state,
        "history_": state.history,
        "n_iter_": state.epoch,
        "best_iter_": state.stopping.best_epoch,
        "best_score_": state.stopping.best_score,
    }
