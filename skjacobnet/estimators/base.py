"""What estimators share: training, derivatives, and views of what was fitted."""

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
    """A network behind scikit-learn's contract, whatever its task.

    A subclass has the constructor, `losses`, `partial_fit` and the methods that
    predict. Whatever a fitted estimator answers comes from `model_`, so that parameters
    which are set after a fit change nothing that was fitted.

    Attributes
    ----------
    losses : Family
        The losses that suit its task.
    auto_loss : Loss
        What ``loss="auto"`` stands for.
    """

    # That of tasks without classes.
    class_weight = None

    def get_params(self, deep=True):
        """Get the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include those of parts and the entries of `regularizers`.

        Returns
        -------
        dict
        """
        params = super().get_params(deep=deep)
        return {**params, **entries_of(self.regularizers)} if deep else params

    def set_params(self, **params):
        """Set parameters, those of parts with ``part__parameter``.

        Returns
        -------
        self
        """
        own = super().get_params(deep=False)
        for key in params:
            if key.partition("__")[0] not in own:
                super().set_params(**{key: None})  # raises, and says what is valid
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
        """Train on a table.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
        sample_weight : array-like of shape (n_samples,), optional
            Rows of weight zero are left out; the scale of the weights is irrelevant.
        X_val, y_val, sample_weight_val : optional
            A custom validation set, monitored instead of one that is split off. It must
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
        KeyboardInterrupt
            If the run is interrupted. The weights of the last complete epoch are kept.

        Warns
        -----
        ConvergenceWarning
            If training ended with a loss far above that of the best constant
            prediction, rows that were not trained on are predicted no better than by a
            constant, or `max_iter` epochs were not enough (never with ``tol=None``).
        UserWarning
            If the validation set that is split off lacks a class.
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
        """Train as `fit` does, but leave each optimization to the caller.

        Searches and ensembles train several estimators side by side with it, by
        ``skjacobnet.training.drive.together``.

        Parameters
        ----------
        X, y, sample_weight, X_val, y_val, sample_weight_val
            As in `fit`.
        shared : Shared, optional
            What other fits on the same arrays have found.
        pilot_rows : callable, optional
            Rows of a pilot; see ``skjacobnet.training.pilot``.
        outcomes : list, optional
            How the run has ended is put there, and no warning is given.

        Yields
        ------
        Job
            Is sent back how it has ended.

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
        """Train several networks, and take their average.

        Parameters
        ----------
        goes_on : bool
            Whether the members of the last fit go on.
        steps : callable
            As in `fit_members`.
        data : dict, optional
            What callbacks are told of a fit.
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
        """Train for one pass over some rows, each member of an ensemble.

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
        """Train for one pass over some rows, as `fit_steps` does for a fit.

        Parameters
        ----------
        X, y, sample_weight
            As in `partial_fit`.
        find_task : callable
            ``find_task(y, loss, earlier)`` gives the task for checked targets, where
            `earlier` is that of the calls before, or None.

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
        r"""Return the Jacobian of an output for the features of each row.

        .. math:: J_{s,o,i} = \partial f_o(x_s) / \partial x_{s,i}

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
        output : str, default=None
            What is differentiated. Of a classifier: ``"proba"``, the default,
            ``"raw"``, or ``"log_proba"``, whose derivatives stay exact where
            probabilities underflow. Of a regressor: ``"prediction"``, the default,
            ``"raw"``, ``"std"`` where the loss is ``"gaussian"``, or ``"quantiles"``
            where it is ``"quantile"``: the sorted ones, all levels of a target after
            each other.
        mode : {"auto", "forward", "reverse"}, default="auto"
            The order in which the layers' Jacobians are multiplied; see
            `skjacobnet.accumulation`. All give the same up to rounding.

        Returns
        -------
        array of shape (n_samples, n_outputs, n_features)
            In the units of the output per unit of each feature of `X`, in the type of
            ``weights_``. For binary problems the raw prediction has one row, the
            probabilities have two; a number has one row, also where `predict` has the
            shape (n_samples,).

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `output` or `mode` is unknown, or `X` does not fit.

        See Also
        --------
        skjacobnet.inspection : What to read from it, also behind scalers in a pipeline.

        Notes
        -----
        Works on blocks of rows: memory is the result plus one block. At a kink, such as
        that of ReLU at zero, it is the Jacobian of one side.

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
        r"""Return the Jacobian of an output for all weights, row by row.

        .. math:: J_{s,o,w} = \partial f_o(x_s; \theta) / \partial \theta_w

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
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
            If `output` is unknown, or `X` does not fit.

        Notes
        -----
        Works on blocks of rows, but the result itself is large: n_samples * n_outputs *
        n_weights numbers.

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
        r"""Return the gradient of each row's loss for all weights.

        .. math:: g_s = \partial \ell(y_s, z(x_s; \theta)) / \partial \theta

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
            The true classes or numbers.

        Returns
        -------
        array of shape (n_samples, n_weights)
            Without weights of samples and without penalties. Their mean over the rows
            is the gradient of the loss that training uses, of a regressor in the scaled
            unit of its targets.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `X` does not fit, or `y` has an unknown class or another length.

        See Also
        --------
        per_sample_gradient_norms : Their lengths, without building them.

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
        r"""Return the length of each row's gradient of the loss for all weights.

        .. math:: \|g_s\|_2 \quad \text{with} \quad
                  \|x_s \delta_s^T\|^2 = \|x_s\|^2 \, \|\delta_s\|^2

        for a linear layer with input x and cotangent :math:`\delta`, so that the
        gradients themselves are never built.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            In the units that the network is given, after the scalers of a pipeline.
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
            If `X` does not fit, or `y` has an unknown class or another length.

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
            In the units that the network is given, after the scalers of a pipeline.

        Returns
        -------
        list of array of shape (n_samples, width)
            One for each of ``network_.layers``; the last is the raw prediction.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `X` does not fit.

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
        """Return inputs, targets, names of features, and how the table is read."""
        columns = None if earlier is None else earlier[0].columns
        if parts.encodings or columns is not None:
            return self._read_table(X, y, parts, columns)
        # On a copy, so that an error leaves this estimator alone.
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
        """Do so for a raw table, whose columns become known where they are not."""
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
        """Return the model and the state to go on from, None without any."""
        if not self.__sklearn_is_fitted__():
            return None
        model = self.model_
        if hasattr(self, "training_state_"):
            return model, self.training_state_
        theta = model.weights.copy()
        return model, RunState.begun(theta, self.random_state, self.history_)

    def _assign(self, attributes, keep_state):
        """Set the attributes of a fit, all at once and none of an earlier one."""
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
        # Scorers give it arrays without names, which is no reason for a warning.
        vars(estimator).pop("feature_names_in_", None)
        return estimator

    def checked_rows(self, X):
        """Return rows as the network takes them: numbers, and codes of categories.

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
            If `X` does not fit.
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
        # Some notebooks ask for this alone. It is missing where estimators are shown
        # as text.
        diagram = super()._repr_html_
        return lambda: self._with_layers(diagram())

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._with_layers(bundle["text/html"])
        return bundle

    def _with_layers(self, diagram):
        """Return scikit-learn's diagram with the table of layers behind it."""
        if not self.__sklearn_is_fitted__():
            return diagram
        return diagram + as_html(self.network_, self.weights_.dtype)

    def __sklearn_is_fitted__(self):
        return "model_" in vars(self)

    @property
    def network_(self):
        """The chain of layers."""
        return self._fitted_model().network

    @property
    def task_(self):
        """What is predicted: how targets are encoded and decided."""
        return self._fitted_model().task

    @property
    def estimators_(self):
        """The fitted networks whose average is predicted, a list of estimators.

        A single network is a list of itself, copied.
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
        """The objective after each epoch: loss and penalty together."""
        check_is_fitted(self)
        columns = self.history_.get("loss", []), self.history_.get("penalty", [])
        return [loss + penalty for loss, penalty in zip(*columns, strict=True)]

    @property
    def loss_(self):
        """The last value of `loss_curve_`, NaN before the first epoch has ended."""
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
    """Return the attributes that name the features, as scikit-learn has set them."""
    found = vars(receiver)
    return {name: found[name] for name in NAMES_OF_FEATURES if name in found}


def fitted_attributes(model, state):
    """Return the attributes of an estimator that was fitted, by name.

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
