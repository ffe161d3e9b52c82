"""Ends of runs, and the kept weights."""

import warnings

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import scale

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import Linear

X, Y = load_iris(return_X_y=True)
X = scale(X)


def make(**params):
    settings = {"max_iter": 5, "tol": None, "random_state": 0, **params}
    return plain_classifier((6,), **settings)


class InterruptsIn:
    """A monitor that is interrupted in an epoch."""

    def __init__(self, epoch):
        self.calls, self.epoch = 0, epoch

    def __call__(self, estimator, X, y):
        self.calls += 1
        if self.calls == self.epoch + 1:  # the first call only tries it out
            raise KeyboardInterrupt
        return estimator.score(X, y)


def interrupted_in_a_step(monkeypatch, step):
    """Interrupt in a step, after the weights have changed."""
    from skjacobnet.optimizers import Adam

    original, steps = Adam.step, []

    def interrupted(self, theta, *args, **kwargs):
        original(self, theta, *args, **kwargs)
        steps.append(1)
        if len(steps) == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(Adam, "step", interrupted)


@pytest.mark.parametrize("warm_start", [False, True])
def test_an_interrupt_keeps_the_last_complete_epoch(monkeypatch, warm_start):
    expected = make(batch_size=30, max_iter=2).fit(X, Y)
    with monkeypatch.context() as patched:
        interrupted_in_a_step(patched, 13)
        model = make(batch_size=30, warm_start=warm_start)
        with pytest.raises(KeyboardInterrupt, match="after 2 epochs"):
            model.fit(X, Y)
    np.testing.assert_array_equal(model.weights_, expected.weights_)
    assert model.n_iter_ == len(model.loss_curve_) == 2
    assert {len(column) for column in model.history_.values()} == {2}
    if warm_start:
        state = model.training_state_
        assert (state.step, state.epoch, len(state.scores)) == (10, 2, 2)
        assert model.fit(X, Y).n_iter_ == 7


def test_an_interrupt_at_the_end_of_an_epoch_leaves_a_whole_record(monkeypatch):
    from skjacobnet.training.stopping import Stopping

    original, calls = Stopping.update, []

    def update(self, *args):
        stop = original(self, *args)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return stop

    expected = make(max_iter=2, early_stopping=True).fit(X, Y)
    monkeypatch.setattr(Stopping, "update", update)
    model = make(early_stopping=True)
    with pytest.raises(KeyboardInterrupt, match="after 2 epochs"):
        model.fit(X, Y)
    assert model.best_iter_ == expected.best_iter_
    assert {len(column) for column in model.history_.values()} == {2}
    np.testing.assert_array_equal(model.weights_, expected.weights_)


def test_an_interrupt_in_the_first_epoch_leaves_the_estimator_as_it_was(monkeypatch):
    interrupted_in_a_step(monkeypatch, 3)
    model = make(batch_size=30)
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert vars(model) == before


@pytest.mark.parametrize("step", [3, 100])
def test_an_interrupt_in_a_pilot_leaves_the_estimator_as_it_was(monkeypatch, step):
    model = JacobianMLPClassifier((4,), random_state=0)
    before = dict(vars(model))
    with monkeypatch.context() as patched:
        interrupted_in_a_step(patched, step)
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, Y)
    assert vars(model) == before
    # After the 320 steps of the pilot it is the run itself, whose epochs are kept.
    interrupted_in_a_step(monkeypatch, 350)
    with pytest.raises(KeyboardInterrupt, match="after 2 epochs"):
        model.fit(X, Y)
    assert model.temperature_ != 1.0
    assert model.predict_proba(X).shape == (150, 3)


def test_an_interrupt_ends_a_search():
    """A half-trained candidate must not be scored as a complete one."""
    fits = []

    class Counted(JacobianMLPClassifier):
        def fit(self, X, y):
            fits.append(1)
            return super().fit(X, y)

    model = Counted(
        (6,), max_iter=5, tol=None, early_stopping=True, monitor=InterruptsIn(3)
    )
    search = GridSearchCV(model, {"tol": [None, 1e-3]})
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert len(fits) == 1


def test_partial_fit_beyond_a_schedule_is_warned_of_once():
    model = make(schedule="cosine", max_iter=3, batch_size=200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            model.partial_fit(X, Y, classes=[0, 1, 2])
    weights = model.weights_.copy()
    with pytest.warns(ConvergenceWarning, match="max_iter=3 calls of partial_fit"):
        model.partial_fit(X, Y)
    np.testing.assert_allclose(model.weights_, weights, atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            model.partial_fit(X, Y)
        constant = make(max_iter=1, batch_size=200)
        for _ in range(4):
            constant.partial_fit(X, Y, classes=[0, 1, 2])


@pytest.mark.parametrize("rows", [1e200 * X, np.where(X > 2, 1e308, X)])
def test_lbfgs_names_what_was_not_finite(rows):
    with pytest.raises(ValueError, match=r"not finite.*Scale the features") as error:
        make(optimizer="lbfgs", max_iter=50).fit(rows, Y)
    found = str(error.value)
    assert (
        "gradient that is not finite" in found or ", nan" in found or ", inf" in found
    )


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16])
def test_small_integers_do_not_overflow(kind):
    rows, targets = np.tile(X, (4, 1)), np.tile(Y, 4)
    given = make(max_iter=kind(100), batch_size=kind(100), n_iter_no_change=kind(100))
    plain = make(max_iter=100, batch_size=100, n_iter_no_change=100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given.set_params(schedule="cosine").fit(rows, targets)
    plain.set_params(schedule="cosine").fit(rows, targets)
    np.testing.assert_array_equal(given.weights_, plain.weights_)
    sizes = plain_classifier((kind(100), kind(90)), max_iter=1, tol=None)
    assert sizes.fit(X, Y).weights_.size == 5 * 100 + 101 * 90 + 91 * 3
    sizes.set_params(layers=[Linear(kind(100)), "relu", Linear(kind(90)), "relu"])
    assert sizes.fit(X, Y).weights_.size == 5 * 100 + 101 * 90 + 91 * 3
