"""Callbacks of scikit-learn's protocol, checkpoints, and interruptions."""

import importlib.util
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import joblib
import numpy as np
import pytest
from plain import PLAIN, plain_classifier
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.callbacks import Checkpoint, checkpoint
from skjacobnet.estimators.base import fitted_attributes

X, Y = load_iris(return_X_y=True)
needs_protocol = pytest.mark.skipif(
    importlib.util.find_spec("sklearn.callback") is None,
    reason="scikit-learn 1.9 brought callbacks",
)


def make(**params):
    defaults = {
        "hidden_layer_sizes": (8,),
        "max_iter": 6,
        "tol": None,
        "random_state": 0,
        "learning_rate": 0.01,
    }
    return plain_classifier(**{**defaults, **params})


class Recorder:
    """Records every call; stops after some epochs."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(f"{context.task_name} begins")

    def on_fit_task_end(self, estimator, context):
        self.calls.append(f"{context.task_name} ends")
        if context.task_name == "epoch" and self.stop_after is not None:
            return self.calls.count("epoch ends") == self.stop_after
        return False


@pytest.mark.parametrize("kind", [JacobianMLPClassifier, JacobianMLPRegressor])
def test_a_pilot_is_not_told_of(kind, capsys):
    recorder = Recorder()
    model = kind((4,), max_iter=3, random_state=0, verbose=1).set_callbacks(recorder)
    model.fit(X, Y)
    assert recorder.calls.count("epoch begins") == 3
    assert recorder.calls.count("fit begins") == recorder.calls.count("setup") == 1
    # Its progress lines have its name.
    lines = capsys.readouterr().out.splitlines()
    n_pilot = 3 if kind is JacobianMLPClassifier else 2
    found = list(dict.fromkeys(line.split(",")[0] for line in lines))
    assert found == [
        *(f"pilot epoch {n}/{n_pilot}" for n in range(1, n_pilot + 1)),
        *(f"epoch {n}/3" for n in (1, 2, 3)),
    ]


class Models(Recorder):
    """Asks for the model after each epoch."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None, X=None):
        if context.task_name == "epoch":
            self.calls.append(fitted_estimator.predict_proba(X))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_every_task_begins_and_ends(optimizer):
    recorder = Recorder()
    make(max_iter=2, optimizer=optimizer).set_callbacks(recorder).fit(X, Y)
    assert recorder.calls == [
        "setup",
        "fit begins",
        *["epoch begins", "epoch ends"] * 2,
        "fit ends",
        "teardown",
    ]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_callback_stops_the_training(optimizer):
    model = make(max_iter=50, optimizer=optimizer, tol=1e-9)
    model.set_callbacks(Recorder(stop_after=3)).fit(X, Y)
    assert model.n_iter_ == 3


def test_teardown_also_after_an_error():
    recorder = Recorder()
    model = make(optimizer="sgd", learning_rate=1e200).set_callbacks(recorder)
    with pytest.raises(ValueError, match="in epoch"):
        model.fit(X, Y)
    assert recorder.calls[-1] == "teardown"
    assert not hasattr(model, "classes_")


def test_callbacks_change_nothing_and_are_told_of_a_model_as_of_then():
    models = Models()
    model = make().set_callbacks(models).fit(X, Y)
    plain = make().fit(X, Y)
    np.testing.assert_array_equal(model.weights_, plain.weights_)
    seen = [call for call in models.calls if isinstance(call, np.ndarray)]
    assert len(seen) == 6
    np.testing.assert_array_equal(seen[-1], model.predict_proba(X))
    early = make(max_iter=2).fit(X, Y)
    np.testing.assert_array_equal(seen[1], early.predict_proba(X))


def test_models_are_built_only_when_asked_for(monkeypatch):
    built = []

    def count(model, state):
        built.append(model)
        return fitted_attributes(model, state)

    monkeypatch.setattr("skjacobnet.estimators.base.fitted_attributes", count)
    make().set_callbacks(Recorder()).fit(X, Y)
    assert len(built) == 1
    make().set_callbacks(Models()).fit(X, Y)
    assert len(built) > 6


@needs_protocol
def test_scikit_learns_own_callbacks(capsys):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar, ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    model = make(max_iter=20).set_callbacks(ProgressBar(), monitor).fit(X, Y)
    log = monitor.get_logs().data
    scores = [row["accuracy"] for row in log if row["task_name"] == "epoch"]
    assert len(scores) == 20
    assert scores[-1] == model.score(X, Y) > scores[0]
    assert "JacobianMLPClassifier" in capsys.readouterr().out


@needs_protocol
def test_in_a_pipeline():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="neg_log_loss")
    network = make(max_iter=5).set_callbacks(monitor)
    make_pipeline(StandardScaler(), network).fit(X, Y)
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    scores = [row["neg_log_loss"] for row in rows]
    assert len(scores) == 5
    assert scores[-1] > scores[0]


@needs_protocol
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_in_a_search(n_jobs):
    pytest.importorskip("rich")
    from sklearn.callback import ProgressBar, ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    search = GridSearchCV(
        make(max_iter=3).set_callbacks(monitor),
        {"learning_rate": [0.01, 0.1]},
        cv=2,
        n_jobs=n_jobs,
    ).set_callbacks(ProgressBar(max_propagation_depth=None))
    search.fit(X, Y)
    assert search.best_estimator_.n_iter_ == 3
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    # Two candidates, two folds, and the refit.
    assert len(rows) == 5 * 3


def test_a_checkpoint_resumes_where_it_stands(tmp_path):
    path = tmp_path / "model.pickle"
    params = {"dropout": 0.2, "batch_size": 20}
    whole = make(**params, max_iter=8).fit(X, Y)
    partial = make(**params, max_iter=8)
    partial.set_callbacks(Checkpoint(path, every=2), Recorder(stop_after=5)).fit(X, Y)
    loaded = joblib.load(path)
    assert loaded.n_iter_ == 5
    np.testing.assert_array_equal(loaded.weights_, partial.weights_)
    assert not hasattr(loaded, "_skl_callbacks")
    loaded.set_params(warm_start=True, max_iter=3).fit(X, Y)
    np.testing.assert_array_equal(loaded.weights_, whole.weights_)
    assert [p.name for p in tmp_path.iterdir()] == ["model.pickle"]


def test_a_checkpoint_is_written_every_so_many_epochs(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(
        checkpoint, "replace_file", lambda path, model: written.append(model.n_iter_)
    )
    make(max_iter=7).set_callbacks(Checkpoint(tmp_path / "m", every=3)).fit(X, Y)
    assert written == [3, 6, 7]


def test_a_write_that_fails_leaves_the_older_checkpoint_whole(tmp_path, monkeypatch):
    path = tmp_path / "model.pickle"
    make(max_iter=2).set_callbacks(Checkpoint(path)).fit(X, Y)
    before = path.read_bytes()

    def fails_half_way(content, file, protocol):
        file.write(before[: len(before) // 2])
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoint.pickle, "dump", fails_half_way)
    with pytest.raises(OSError, match="No space left"):
        make(max_iter=4).set_callbacks(Checkpoint(path)).fit(X, Y)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.pickle"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"path": "model.pickle", "every": 0}, ValueError, "every must be an integer"),
        ({"path": "nowhere/model.pickle"}, FileNotFoundError, "does not exist"),
    ],
)
def test_bad_checkpoints_are_refused_before_training(arguments, error, message):
    model = make().set_callbacks(Checkpoint(**arguments))
    with pytest.raises(error, match=message):
        model.fit(X, Y)
    assert not hasattr(model, "classes_")


def test_a_checkpoint_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "other").write_text("")
    path = tmp_path / "model.pickle"
    make(max_iter=1).set_callbacks(Checkpoint(path)).fit(X, Y)
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_what_cannot_be_pickled_is_refused_before_training(tmp_path):
    model = make(monitor=lambda estimator, X, y: 0.0)
    model.set_callbacks(Checkpoint(tmp_path / "model.pickle"))
    with pytest.raises(TypeError, match="cannot be pickled"):
        model.fit(X, Y)
    assert not hasattr(model, "classes_")


def test_a_killed_process_leaves_a_checkpoint_that_resumes(tmp_path):
    path = tmp_path / "model.pickle"
    parameters = {**PLAIN, "max_iter": 10**6, "tol": None, "random_state": 0}
    script = textwrap.dedent(
        f"""
        from sklearn.datasets import load_iris
        from skjacobnet import JacobianMLPClassifier
        from skjacobnet.callbacks import Checkpoint

        model = JacobianMLPClassifier((8,), learning_rate=0.01, **{parameters})
        model.set_callbacks(Checkpoint({str(path)!r})).fit(*load_iris(return_X_y=True))
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script])
    try:
        deadline = time.monotonic() + 60.0
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with open(path, "rb") as file:
        model = pickle.load(file)
    epochs = model.n_iter_
    assert epochs > 0
    np.testing.assert_array_equal(
        model.weights_, make(max_iter=epochs).fit(X, Y).weights_
    )
    model.set_params(warm_start=True, max_iter=5).fit(X, Y)
    assert model.n_iter_ == epochs + 5


class Interrupts(Recorder):
    """Presses Ctrl-C in the third epoch."""

    def on_fit_task_begin(self, estimator, context):
        super().on_fit_task_begin(estimator, context)
        if self.calls.count("epoch begins") == 3:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def heeds_interrupts():
    """Enable interrupts, which a background process ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_interrupts")
@pytest.mark.parametrize("validated", [False, True])
def test_an_interruption_keeps_the_weights_so_far(validated):
    model = make(early_stopping=validated).set_callbacks(Interrupts())
    with pytest.raises(KeyboardInterrupt, match="interrupted after 2 epochs"):
        model.fit(X, Y)
    assert model.n_iter_ == 2
    early = make(max_iter=2, early_stopping=validated).fit(X, Y)
    np.testing.assert_array_equal(model.weights_, early.weights_)


def test_an_interruption_before_the_first_epoch_leaves_the_estimator_as_it_was():
    class AtOnce(Recorder):
        def on_fit_task_begin(self, estimator, context):
            if context.task_name == "epoch":
                raise KeyboardInterrupt

    model = make(verbose=1).set_callbacks(AtOnce())
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert vars(model) == before


def test_set_callbacks_refuses_what_is_no_callback():
    if importlib.util.find_spec("sklearn.callback"):
        with pytest.raises(TypeError, match="callbacks"):
            make().set_callbacks("progress")
    assert make().set_callbacks(Recorder()).set_callbacks().fit(X, Y).n_iter_ == 6
