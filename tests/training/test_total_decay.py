"""Weight decay whose total does not depend on the length of the run."""

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_iris

from skjacobnet.layers import Frozen, Linear
from skjacobnet.optimizers import OPTIMIZERS
from skjacobnet.schedules import SCHEDULES, Cosine, Plateau, Warmup
from skjacobnet.training.total_decay import TotalDecay

X, Y = load_iris(return_X_y=True)
NO_STEP = 1e-200


def kept(schedule, n_steps, total=1.7, start=0):
    """Return the decay factor of a whole run."""
    weight = np.ones(3)
    decay = TotalDecay(total, schedule, n_steps, [weight])
    for number in range(start, n_steps + 5):
        decay.step(number)
    assert (weight == weight[0]).all()
    return weight[0]


@pytest.mark.parametrize("name", SCHEDULES.names)
@pytest.mark.parametrize("n_steps", [1, 2, 7, 500])
def test_the_total_is_the_same_for_all_schedules(name, n_steps):
    found = kept(SCHEDULES.make(name), n_steps)
    np.testing.assert_allclose(found, np.exp(-1.7), rtol=1e-12)


def test_factors_that_depend_on_scores_count_as_without():
    for n_done in (0, 3, 9):
        found = kept(Plateau(), 10, start=n_done)
        np.testing.assert_allclose(found, np.exp(-1.7 * (10 - n_done) / 10))
    warmup = kept(Warmup(Plateau(), fraction=0.5), 4, start=2)
    # The factors are 1/2, 1, 1, 1.
    np.testing.assert_allclose(warmup, np.exp(-1.7 * 2.0 / 3.5))


@pytest.mark.parametrize("schedule", ["constant", "cosine", "flat_cosine", "plateau"])
@pytest.mark.parametrize(("max_iter", "batch_size"), [(1, 150), (3, 40), (20, 16)])
def test_weights_without_steps_keep_the_same_share(schedule, max_iter, batch_size):
    run = {"optimizer": "sgd", "learning_rate": NO_STEP, "schedule": schedule}
    run |= {"max_iter": max_iter, "batch_size": batch_size, "random_state": 0}
    run["tol"] = None
    start = plain_classifier((6,), **run).fit(X, Y)
    model = plain_classifier((6,), **run, total_weight_decay=2.5).fit(X, Y)
    for coef, first in zip(model.coefs_, start.coefs_, strict=True):
        np.testing.assert_allclose(coef, np.exp(-2.5) * first, rtol=1e-12)
    # Intercepts do not decay.
    for intercept, first in zip(model.intercepts_, start.intercepts_, strict=True):
        np.testing.assert_allclose(intercept, first, atol=1e-100)


def test_frozen_layers_do_not_decay():
    run = {"optimizer": "sgd", "learning_rate": NO_STEP, "max_iter": 2, "tol": None}
    layers = [Frozen(Linear(6)), "relu", Linear(4), "relu"]
    first, second = (
        plain_classifier(layers=layers, random_state=0, total_weight_decay=d, **run)
        for d in (0.0, 3.0)
    )
    coefs = zip(first.fit(X, Y).coefs_, second.fit(X, Y).coefs_, strict=True)
    ratios = [(own / start).mean() for start, own in coefs]
    np.testing.assert_allclose(ratios, [1.0, np.exp(-3.0), np.exp(-3.0)], rtol=1e-12)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_steps_by_hand(optimizer):
    """Three full batches: decay the matrices, then let the optimizer act."""
    run = {"optimizer": optimizer, "max_iter": 3, "batch_size": 150, "tol": None}
    run |= {"schedule": "cosine", "random_state": 0}
    rule, rate = OPTIMIZERS.make(optimizer), 0.02
    model = plain_classifier((), total_weight_decay=0.6, learning_rate=rate, **run)
    model.fit(X, Y)
    start = plain_classifier((), learning_rate=NO_STEP, **{**run, "optimizer": "sgd"})
    theta = start.fit(X, Y).weights_.copy()
    factors = np.array([Cosine()(step, 3) for step in range(3)])
    memory, target = rule.init(theta), np.eye(3)[Y]
    mask = np.r_[np.ones(12), np.zeros(3)]
    for factor in factors:
        coef, intercept = theta[:12].reshape(4, 3), theta[12:]
        raw = X @ coef + intercept
        proba = np.exp(raw - raw.max(axis=1, keepdims=True))
        proba /= proba.sum(axis=1, keepdims=True)
        error = (proba - target) / len(X)
        gradient = np.r_[(X.T @ error).ravel(), error.sum(axis=0)]
        theta[:12] *= np.exp(-0.6 * factor / factors.sum())
        rule.step(theta, gradient, memory, rate * factor, mask)
    np.testing.assert_allclose(model.weights_, theta, rtol=1e-9, atol=1e-12)


def test_values_that_make_no_sense():
    for value in (-1.0, np.nan, np.inf, "much"):
        with pytest.raises((TypeError, ValueError), match="total_weight_decay"):
            plain_classifier(total_weight_decay=value).fit(X, Y)
    with pytest.raises(ValueError, match="takes no total_weight_decay, got 2"):
        plain_classifier(optimizer="lbfgs", total_weight_decay=2.0).fit(X, Y)
