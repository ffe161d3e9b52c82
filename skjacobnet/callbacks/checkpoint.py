"""Checkpoints: the model on disk during training."""

import os
import pickle
import uuid
from copy import copy
from pathlib import Path

from skjacobnet.core.constraints import Interval

# Attributes that exist only while a fit runs, and are not saved.
OF_THE_RUN = (
    "_skl_callbacks",
    "_skl_callbacks_to_teardown",
    "_callback_fit_ctx",
    "_parent_callback_ctx",
)


class Checkpoint:
    """Checkpoint: save the model to disk during training.

    The file is replaced once a new one is complete, so it can always be loaded. It
    holds a fitted estimator with the state of training: after
    ``model.set_params(warm_start=True)`` another `fit` continues the run.

    Parameters
    ----------
    path : str or path-like
        Path of the file. A killed process may leave a second file next to it, with
        ``.part`` at the end of its name.
    every : int >= 1, default=1
        Number of epochs between two checkpoints; one more is saved at the end.

    Notes
    -----
    A plain pickle, for ``joblib.load`` or ``pickle.load``; as with any pickle, load
    only trusted files.

    Examples
    --------
    >>> import joblib, tempfile, os
    >>> from sklearn.datasets import load_iris
    >>> from skjacobnet import JacobianMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> path = os.path.join(tempfile.mkdtemp(), "model.pickle")
    >>> model = JacobianMLPClassifier(max_iter=3)
    >>> model = model.set_callbacks(Checkpoint(path)).fit(X, y)
    >>> joblib.load(path).n_iter_
    3
    """

    def __init__(self, path, every=1):
        self.path = path
        self.every = every

    def setup(self, estimator, context):
        """Check the arguments before training starts."""
        Interval(1, float("inf"), "left", integer=True).check(self.every, "every")
        folder = Path(self.path).parent
        if not folder.is_dir():
            raise FileNotFoundError(
                f"Checkpoint: path={os.fspath(self.path)!r} is in a folder that does "
                "not exist. Create it first."
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
        """Save the model after each `every` epochs, and after the fit."""
        of_an_epoch = context.task_name == "epoch"
        if of_an_epoch and (context.task_id + 1) % self.every:
            return
        replace_file(self.path, _for_disk(fitted_estimator))

    def teardown(self, estimator, context):
        """Do nothing."""


def _for_disk(estimator):
    """Return a copy without the attributes of a running fit."""
    model = copy(estimator)
    for name in OF_THE_RUN:
        model.__dict__.pop(name, None)
    return model


def replace_file(path, content):
    """Pickle `content` to a new file, then move it to `path`."""
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
