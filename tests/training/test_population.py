"""A member of a population is bit-identical to its own fit."""

import numpy as np
import pytest
from plain import plain_classifier, plain_regressor
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from threadpoolctl import threadpool_limits

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.core.shared import Shared
from skjacobnet.layers import (
    Dropout,
    Identity,
    Linear,
    Parallel,
    Residual,
    Sequential,
)
from skjacobnet.losses import CrossEntropy
from skjacobnet.operators import Diagonal
from skjacobnet.optimizers import OPTIMIZERS, SGD, Adam, AdamW, NAdam, Optimizer
from skjacobnet.schedules import Cosine, Plateau, Warmup
from skjacobnet.training import population
from skjacobnet.training.drive import together

DIGITS = load_digits(return_X_y=True)
X, Y = DIGITS[0][:301] / 16.0, DIGITS[1][:301]
LABELS = np.stack([Y % 2, Y % 3 == 0, Y > 4], axis=1).astype(int)
NUMBERS = load_diabetes(return_X_y=True)
RATES = [1e-3, 3e-3, 1e-2, 3e-2]
STEPPING = [
    name for name in OPTIMIZERS.names if isinstance(OPTIMIZERS.resolve(name), Optimizer)
]


@pytest.fixture(autouse=True)
def _one_thread():
    with threadpool_limits(1, "blas"):
        yield


def small(**params):
    defaults = {"batch_size": 32, "max_iter": 4, "random_state": 0, "tol": None}
    return plain_classifier((9,), **{**defaults, **params})


def check(estimators, X=X, y=Y, n_together=None, **params):
    """Fit estimators together, and each alone; compare them."""
    n_together = len(estimators) if n_together is None else n_together
    shared, found = Shared(), [clone(estimator) for estimator in estimators]
    ended = together([one.fit_steps(X, y, shared=shared, **params) for one in found])
    assert [one.n_together for one in ended] == [n_together] * len(found)
    for estimator, one, end in zip(estimators, found, ended, strict=True):
        if end.error is not None:
            with pytest.raises(type(end.error)) as caught:
                clone(estimator).fit(X, y, **params)
            assert str(caught.value) == str(end.error)
            continue
        alone = clone(estimator).fit(X, y, **params)
        assert one.n_iter_ == alone.n_iter_
        assert one.best_iter_ == alone.best_iter_
        np.testing.assert_array_equal(one.weights_, alone.weights_)
        assert one.weights_.dtype == alone.weights_.dtype
        assert one.history_.keys() == alone.history_.keys()
        for name in set(alone.history_) - {"seconds"}:
            np.testing.assert_array_equal(one.history_[name], alone.history_[name])
        np.testing.assert_array_equal(one.predict(X), alone.predict(X))
    return [end.error for end in ended]


def each(name, values, **params):
    return [small(**params, **{name: value}) for value in values]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", STEPPING)
def test_every_optimizer(optimizer, dtype):
    errors = check(each("learning_rate", RATES, optimizer=optimizer, dtype=dtype))
    assert errors == [None] * len(RATES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "optimizer",
            [Adam(b, 0.9, 10**-e) for b, e in ((0.5, 3), (0.9, 5), (0.7, 8))],
        ),
        ("optimizer", [AdamW(weight_decay=d) for d in (0.0, 0.1, 1.0)]),
        ("optimizer", [NAdam(momentum_decay=d) for d in (0.0, 0.01, 1.0)]),
        ("optimizer", [SGD(m) for m in (0.3, 0.5, 0.9)]),
        ("regularizers", [{"weight_decay": s, "l1": s / 3} for s in (0.0, 1e-3, 0.1)]),
        ("regularizers", [{"orthogonality": s} for s in (1e-3, 1e-2, 0.1)]),
        ("regularizers", [{"sparsity": s, "certainty": s} for s in (0.0, 1e-3, 0.1)]),
        ("regularizers", [{"jacobian_norm": s} for s in (1e-3, 1e-2, 0.1)]),
        ("regularizers", [{"input_gradient": s} for s in (1e-3, 1e-2, 0.1)]),
        ("total_weight_decay", [0.0, 0.5, 4.0]),
        ("loss", [CrossEntropy(s) for s in (0.0, 0.1, 0.3)]),
        ("dropout", [0.1, 0.3, 0.6]),
        ("class_weight", [{1: 2.0}, {2: 3.0}, "balanced"]),
        ("schedule", [Cosine(), Warmup("cosine"), Plateau(patience=1)]),
        ("random_state", [0, 1, 2, 3]),
        ("max_iter", [1, 2, 3, 4, 5, 6]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_numbers_that_differ(name, values, dtype):
    check(each(name, values, dtype=dtype))


@pytest.mark.parametrize("y", [Y, Y % 2, LABELS], ids=["classes", "binary", "labels"])
@pytest.mark.parametrize("batch_size", [1, 25, 301, 500])
def test_tasks_and_batches(y, batch_size):
    # 301 rows in batches of 25 leave one row.
    check(each("learning_rate", RATES, batch_size=batch_size, max_iter=2), y=y)


@pytest.mark.parametrize(
    "loss",
    ["squared_error", "absolute_error", "huber", "quantile", "gaussian", "poisson"],
)
def test_losses_of_numbers(loss):
    kind = {"loss": loss, "max_iter": 4, "random_state": 0, "tol": None}
    models = [plain_regressor((9,), learning_rate=r, **kind) for r in RATES]
    check(models, *NUMBERS)
    two = np.stack([NUMBERS[1], NUMBERS[1] ** 2 / 100], axis=1)
    check(models, NUMBERS[0], two)


@pytest.mark.parametrize(
    "params",
    [
        {"early_stopping": True, "tol": 1e-3, "n_iter_no_change": 1, "max_iter": 400},
        {"tol": 1e-2, "n_iter_no_change": 1, "max_iter": 400},
        {"shuffle": False},
        {"schedule": "flat_cosine", "total_weight_decay": 2.0},
        {"layers": [Residual(Linear(64)), "gelu", Parallel([Linear(3), "tanh"])]},
        {"layers": [Linear(7), "softmax", Dropout(0.2), Linear(5), "silu"]},
    ],
    ids=["early", "tol", "in order", "annealed", "containers", "layers"],
)
def test_runs_of_many_kinds(params):
    assert not any(check(each("learning_rate", RATES, **params)))
    check(each("random_state", range(4), **params))


def test_sample_weights():
    weight = np.arange(len(X)) % 4 * 1.0
    check(each("learning_rate", RATES), sample_weight=weight)
    check(each("class_weight", [{1: 2.0}, None, "balanced"]), sample_weight=weight)


def test_a_custom_validation_set():
    params = {"max_iter": 30, "tol": 1e-4, "n_iter_no_change": 2}
    check(each("learning_rate", RATES, **params), X_val=X[:50], y_val=Y[:50])


@pytest.mark.parametrize("kind", [JacobianMLPClassifier, JacobianMLPRegressor])
def test_defaults(kind):
    params = {"hidden_layer_sizes": (9,), "max_iter": 5}
    check([kind(**params, learning_rate=r, random_state=0) for r in RATES])
    check([kind(**params, random_state=seed) for seed in range(4)])


def test_a_member_that_diverges_changes_nothing_of_the_others():
    rates = [1e-3, 1e300, 1e-2, 1e200, 0.1]
    errors = check(each("learning_rate", rates, optimizer="sgd", max_iter=6))
    assert [error is not None for error in errors] == [False, True, False, True, False]


def test_what_does_not_fit_is_trained_alone():
    check(each("optimizer", ["lbfgs", "lbfgs", "lbfgs"]), n_together=1)
    check(each("layers", [[Linear(n), "relu"] for n in (3, 4, 5)]), n_together=1)
    check(each("batch_size", [10, 20, 30]), n_together=1)
    check(each("loss", ["focal", "brier", "cross_entropy"]), n_together=1)
    check(each("learning_rate", RATES[:2]), n_together=1)
    check(each("record_gradients", [True] * 3), n_together=1)
    check(each("optimizer", [SGD(0.0), SGD(0.5), SGD(0.0)]), n_together=1)


def test_stacking_happens(monkeypatch):
    """All of the above would hold without a single stack."""
    sizes, original = [], population.Population.epoch

    def epoch(self):
        sizes.append(len(self.members))
        original(self)

    monkeypatch.setattr(population.Population, "epoch", epoch)
    check(each("max_iter", [2, 4, 4, 4, 6]))
    # The last two continue alone.
    assert sizes == [5, 5, 4, 4]


def test_draws_are_shared_only_between_equal_seeds(monkeypatch):
    shares, original = [], population.MemberBatches

    class Watched(original):
        def epoch(self):
            shares.append(self.shares_rows)
            return super().epoch()

    monkeypatch.setattr(population, "MemberBatches", Watched)
    check(each("learning_rate", RATES))
    assert set(shares) == {True}
    shares.clear()
    check(each("random_state", [0, 1, 2]))
    assert set(shares) == {False}


def test_an_error_within_a_run_is_its_own():
    models = each("learning_rate", [*RATES, -1.0])
    ended = together([model.fit_steps(X, Y) for model in models])
    assert [end.error is None for end in ended] == [True] * 4 + [False]
    assert "learning_rate" in str(ended[-1].error)


def test_a_large_group_is_divided(monkeypatch):
    job = next(small().fit_steps(X, Y))
    monkeypatch.setattr(population, "GROUP_BYTES", 7 * _bytes(job))
    assert population.group_size(job, 8) == 4
    assert population.group_size(job, 21) == 7
    assert population.group_size(job, 2) == 1
    monkeypatch.setattr(population, "GROUP_BYTES", 2 * _bytes(job))
    assert population.group_size(job, 21) == 1


def _bytes(job):
    network = job.objective.network
    numbers = 4 * network.n_weights + 5 * job.parts.batch_size * sum(network.widths)
    return numbers * job.state.theta.itemsize


def test_an_interrupt_keeps_complete_epochs():
    class Interrupting:
        calls = 0

        def __call__(self, n_trained, n_running):
            Interrupting.calls += 1
            if Interrupting.calls == 2:
                raise KeyboardInterrupt

    models = [clone(model) for model in each("learning_rate", RATES, max_iter=9)]
    with pytest.raises(KeyboardInterrupt):
        together([model.fit_steps(X, Y) for model in models], Interrupting())
    # The first one is interrupted, as in a single fit; its last complete epoch is kept.
    assert models[0].n_iter_ == 2
    alone = clone(models[0]).set_params(max_iter=2).fit(X, Y)
    np.testing.assert_array_equal(models[0].weights_, alone.weights_)


class Doubled(Identity):
    """A custom layer that can be stacked."""

    def function(self, x, out=None):
        return np.multiply(x, 2.0, out)

    def derivative(self, x, y, out=None):
        out = np.empty_like(x) if out is None else out
        out.fill(2.0)
        return out


class Refused(Doubled):
    stackable = False


class FailsOnStacks(Doubled):
    def function(self, x, out=None):
        if len(x.shape) != 2:
            raise ValueError("There are rows and columns, and no more.")
        return super().function(x, out)


class DrawsInItsOwnWay(Doubled):
    is_random = True

    def linearize(self, weights, X, *, rng=None, workspace=None):
        factor = 1.0 if rng is None else rng.uniform(0.5, 1.5)
        return X * factor, Diagonal(np.full_like(X, factor))


def test_custom_layers():
    with_layer = [[Linear(9), kind()] for kind in (Doubled, Refused, FailsOnStacks)]
    for layers, n_together in zip(with_layer, (4, 1, 1), strict=True):
        check(each("learning_rate", RATES, layers=layers), n_together=n_together)
        inside = [Residual(Sequential([*layers, Linear(64)])), "relu"]
        check(each("learning_rate", RATES, layers=inside), n_together=n_together)
    layers = [Linear(9), DrawsInItsOwnWay()]
    check(each("random_state", range(4), layers=layers), n_together=1)
