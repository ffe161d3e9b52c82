"""Callbacks: scikit-learn's protocol, and a checkpoint that follows it.

scikit-learn 1.9 defines what a callback is and offers `ProgressBar` and
`ScoringMonitor`; ``estimator.set_callbacks(...)`` attaches them. This is the only file
that touches that protocol. For older versions it holds the part of it that callbacks
attached to the classifier itself need.
"""

import inspect
import os
import pickle
import uuid
from copy import copy
from functools import wraps
from pathlib import Path

from skjacobnet._validation import Interval

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9

    class PlainContext:
        """One task of a fit: the whole of it, or one epoch."""

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
            """Tell all callbacks that the task begins."""
            self._call("on_fit_task_begin", **arguments)

        def call_on_fit_task_end(self, **arguments):
            """Tell all callbacks that the task has ended; true asks to stop."""
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
        """Callbacks for one estimator, without propagation from others."""

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
        """Tear callbacks down when a method ends, in whatever way."""

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


__all__ = ["CallbackSupportMixin", "Checkpoint", "EpochHooks", "with_callbacks"]

# Attributes that exist while a fit runs and mean nothing to a model on disk.
OF_THE_RUN = (
    "_skl_callbacks",
    "_skl_callbacks_to_teardown",
    "_callback_fit_ctx",
    "_parent_callback_ctx",
)


class EpochHooks:
    """Tells the callbacks of a fit when it and its epochs begin and end.

    Parameters
    ----------
    estimator : estimator
        The one that is being fitted.
    context : CallbackContext
        That of the whole fit.
    data : dict
        ``X``, ``y`` and ``metadata`` as the user gave them.
    reconstruct : callable
        Gives the attributes of a model that is ready to predict. Called only if a
        callback asks for it.
    """

    def __init__(self, estimator, context, data, reconstruct):
        self.estimator = estimator
        self.context = context
        self.data = data
        self.reconstruct = reconstruct
        self.epoch = None
        context.call_on_fit_task_begin(estimator=estimator, **data)

    def epoch_begins(self, state):
        """Open the task of one epoch."""
        self.epoch = self.context.subcontext(task_name="epoch")
        self.epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def epoch_ends(self, state):
        """Close it; true asks to stop."""
        return self.epoch.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=self.reconstruct,
            **self.data,
        )

    def fit_ends(self, state):
        """Close the task of the fit."""
        self.context.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=self.reconstruct,
            **self.data,
        )


class Checkpoint:
    """Write the model to disk while it trains.

    The file is replaced as a whole once a new one is complete, so there is always one
    that loads. It holds an estimator that predicts, with the state of its training:
    after ``model.set_params(warm_start=True)`` another `fit` goes on where it stands.

    Parameters
    ----------
    path : str or path-like
        The file. A process that is killed may leave a second one beside it, with
        ``.part`` at the end of its name.
    every : int >= 1, default=1
        Write after every so many epochs, and at the end.

    Notes
    -----
    A plain pickle, for ``joblib.load`` or ``pickle.load``; as with any pickle, load
    only files that you trust.

    Examples
    --------
    >>> import joblib, tempfile, os
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> path = os.path.join(tempfile.mkdtemp(), "model.pickle")
    >>> model = JacobianMLPClassifier(max_iter=3, tol=None)
    >>> model = model.set_callbacks(Checkpoint(path)).fit(X, y)
    >>> joblib.load(path).n_iter_
    3
    """

    def __init__(self, path, every=1):
        self.path = path
        self.every = every

    def setup(self, estimator, context):
        """Check the arguments before training begins."""
        Interval(1, float("inf"), "left", integer=True).check(self.every, "every")
        folder = Path(self.path).parent
        if not folder.is_dir():
            raise FileNotFoundError(
                f"Checkpoint: path={os.fspath(self.path)!r} is in a folder that does "
                "not exist. Make it first."
            )
        try:
            pickle.dumps(_for_disk(estimator))
        except Exception as error:
            raise TypeError(
                f"Checkpoint: the estimator cannot be pickled: {error}. A function "
                "among its parameters must be defined at the top level of a module."
            ) from error

    def on_fit_task_begin(self, estimator, context):
        """Do nothing."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Write the model after the last epoch of so many, and after the fit."""
        of_an_epoch = context.task_name == "epoch"
        if of_an_epoch and (context.task_id + 1) % self.every:
            return
        replace_file(self.path, _for_disk(fitted_estimator))

    def teardown(self, estimator, context):
        """Do nothing."""


def _for_disk(estimator):
    """Return a copy without what belongs to a fit that is going on."""
    model = copy(estimator)
    for name in OF_THE_RUN:
        model.__dict__.pop(name, None)
    return model


def replace_file(path, content):
    """Pickle `content` to a new file, then let it take the place of `path`."""
    path = Path(path)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb") as file:
            pickle.dump(content, file, protocol=pickle.HIGHEST_PROTOCOL)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
