"""scikit-learn's callback protocol, or a replacement for older versions.

Only this file depends on that protocol, which scikit-learn 1.9 defines.
"""

import inspect
from copy import copy
from functools import wraps

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9

    class PlainContext:
        """Task of a fit: the whole fit, or one epoch."""

        def __init__(self, estimator, task_name, task_id, max_subtasks, parent=None):
            self.estimator_name = type(estimator).__name__
            self.task_name = task_name
            self.task_id = task_id
            self.max_subtasks = max_subtasks
            self.parent = parent
            self._estimator = estimator
            self._n_children = 0

        def subcontext(self, task_name="", max_subtasks=0):
            """Return the context of the next subtask."""
            self._n_children += 1
            return PlainContext(
                self._estimator, task_name, self._n_children - 1, max_subtasks, self
            )

        def call_on_fit_task_begin(self, **arguments):
            """Call all callbacks at the start of the task."""
            self._call("on_fit_task_begin", **arguments)

        def call_on_fit_task_end(self, **arguments):
            """Call all callbacks at the end of the task; true requests a stop."""
            return self._call("on_fit_task_end", **arguments)

        def _call(self, hook, estimator, reconstruction_attributes=None, **arguments):
            def fitted_estimator():
                model = copy(estimator)
                model.__dict__.update(reconstruction_attributes())
                return model

            if reconstruction_attributes is not None:
                arguments["fitted_estimator"] = fitted_estimator
            stop = False
            for callback in estimator._skl_callbacks:
                method = getattr(callback, hook)
                wanted = {}
                for parameter in inspect.signature(method).parameters.values():
                    if parameter.kind == parameter.KEYWORD_ONLY:
                        value = arguments.get(parameter.name)
                        wanted[parameter.name] = value() if callable(value) else value
                stop |= bool(method(estimator, self, **wanted))
            return stop

    class CallbackSupportMixin:
        """Mixin for callbacks of one estimator, without propagation from others."""

        def set_callbacks(self, *callbacks):
            """Attach callbacks.

            Parameters
            ----------
            *callbacks : callback instances
                They replace those attached before.

            Returns
            -------
            self
            """
            self.__dict__.pop("_skl_callbacks", None)
            if callbacks:
                self._skl_callbacks = list(callbacks)
            return self

        def _init_callback_context(self, task_name="fit", max_subtasks=0):
            self._callback_fit_ctx = PlainContext(self, task_name, 0, max_subtasks)
            for callback in getattr(self, "_skl_callbacks", []):
                callback.setup(self, self._callback_fit_ctx)
            return self._callback_fit_ctx

    def with_callbacks(method):
        """Tear callbacks down when a method ends or fails."""

        @wraps(method)
        def managed(estimator, *args, **kwargs):
            try:
                return method(estimator, *args, **kwargs)
            finally:
                context = estimator.__dict__.pop("_callback_fit_ctx", None)
                if context is not None:
                    for callback in getattr(estimator, "_skl_callbacks", []):
                        callback.teardown(estimator, context)

        return managed


__all__ = [
    "CallbackSupportMixin",
    "EpochHooks",
    "epoch_hooks",
    "has_callbacks",
    "with_callbacks",
    "without_callbacks",
]


class EpochHooks:
    """Hooks that call callbacks at the start and end of a fit and its epochs.

    Parameters
    ----------
    estimator : estimator
        Estimator that is being fitted.
    context : CallbackContext
        Context of the whole fit.
    data : dict
        ``X``, ``y`` and ``metadata`` as passed by the user.
    attributes : callable
        ``attributes(model, state)`` returns the attributes of an estimator that can
        predict. Called only if a callback needs them.
    """

    def __init__(self, estimator, context, data, attributes):
        self.estimator = estimator
        self.context = context
        self.data = data
        self.attributes = attributes
        self.epoch = None
        context.call_on_fit_task_begin(estimator=estimator, **data)

    def epoch_begins(self, state):
        """Open the task of one epoch."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def epoch_ends(self, state, model):
        """Close the task of one epoch; true requests a stop."""
        return self.epoch.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=lambda: self.attributes(model(), state),
            **self.data,
        )

    def run_ends(self, state, model):
        """Close the task of the fit."""
        self.context.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=lambda: self.attributes(model(), state),
            **self.data,
        )

    def close(self):
        """Do nothing: scikit-learn's decorator tears callbacks down."""


def epoch_hooks(estimator, context, data, attributes):
    """Return the observers of a run: `EpochHooks`, or none without callbacks."""
    if not has_callbacks(estimator):
        return []
    return [EpochHooks(estimator, context, data, attributes)]


def has_callbacks(estimator):
    """Whether callbacks are attached to an estimator."""
    return hasattr(estimator, "_skl_callbacks")


def without_callbacks(estimator):
    """Detach all callbacks from an estimator, and return it."""
    vars(estimator).pop("_skl_callbacks", None)
    return estimator
