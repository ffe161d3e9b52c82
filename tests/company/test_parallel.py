"""Many processes and threads: the same results, and no more threads than cores."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import joblib
import numpy as np
import pytest
import threadpoolctl
from plain import plain_classifier
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, train_test_split

from skjacobnet.layers import Dropout, Linear
from skjacobnet.optimizers import Adam
from skjacobnet.regularizers import Sparsity

X, Y = load_digits(return_X_y=True)
X = X / 16.0
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = train_test_split(
    X, Y, test_size=0.5, stratify=Y, random_state=0
)
GRID = {"learning_rate": [1e-6, 1e-2], "optimizer": ["adam", "nesterov"]}
# Only loky sets the number of threads inside its workers. Of the others the threads
# share, and the forked processes inherit, the limit that this process has.
BACKENDS = {
    "loky": {"inner_max_num_threads": 1},
    "threading": {},
    "multiprocessing": {},
}
THREAD_VARIABLES = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
]


def network(**params):
    defaults = {
        "hidden_layer_sizes": (16,),
        "learning_rate": 0.01,
        "batch_size": 32,
        "max_iter": 6,
        "tol": None,
        "random_state": 0,
    }
    return plain_classifier(**{**defaults, **params})


def searched(n_jobs, **params):
    search = GridSearchCV(network(**params), GRID, cv=3, n_jobs=n_jobs)
    return search.fit(X_TRAIN, Y_TRAIN)


def assert_same_search(first, second, tolerance=0.0):
    np.testing.assert_allclose(
        second.cv_results_["split0_test_score"],
        first.cv_results_["split0_test_score"],
        rtol=0.0,
        atol=tolerance,
    )
    assert first.best_params_ == second.best_params_
    np.testing.assert_allclose(
        second.best_estimator_.weights_,
        first.best_estimator_.weights_,
        rtol=0.0,
        atol=tolerance,
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "params",
    [
        {"dropout": 0.2, "early_stopping": True, "monitor": "accuracy"},
        {"dtype": "float32"},
    ],
    ids=["float64", "float32"],
)
def test_a_search_with_two_jobs_is_bit_identical(backend, params):
    with threadpoolctl.threadpool_limits(1, "blas"):
        alone = searched(1, **params)
        with joblib.parallel_config(backend, **BACKENDS[backend]):
            together = searched(2, **params)
    assert_same_search(alone, together)
    assert together.best_params_["learning_rate"] == 1e-2
    assert together.score(X_TEST, Y_TEST) > 0.85


def test_a_search_is_the_same_to_rounding_with_other_blas_threads():
    # Wide enough for BLAS to divide the work between its threads.
    params = {"hidden_layer_sizes": (300,), "batch_size": 300, "max_iter": 2}
    with threadpoolctl.threadpool_limits(2, "blas"):
        alone = searched(1, **params)
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        together = searched(2, **params)
    assert_same_search(alone, together, tolerance=1e-10)


def counting_monitor():
    """Return a monitor that gives the maximum number of BLAS threads.

    A nested function with local imports does not require that workers import this
    module.
    """

    def most_blas_threads(estimator, X, y):
        import threadpoolctl

        pools = threadpoolctl.threadpool_info()
        counts = [pool["num_threads"] for pool in pools if pool["user_api"] == "blas"]
        return float(max(counts))

    return most_blas_threads


def reporting_scorer():
    """Return a scorer that gives the maximum during training."""

    def most_during_training(estimator, X, y):
        return max(estimator.history_["validation_score"])

    return most_during_training


def threads_in_workers(n_jobs):
    search = GridSearchCV(
        network(early_stopping=True, monitor=counting_monitor(), max_iter=2),
        {"batch_size": [32, 64]},
        cv=2,
        scoring=reporting_scorer(),
        n_jobs=n_jobs,
        refit=False,
    ).fit(X_TRAIN, Y_TRAIN)
    return max(search.cv_results_[f"split{fold}_test_score"].max() for fold in range(2))


def test_a_search_has_no_more_threads_than_cores(monkeypatch):
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    cores = joblib.cpu_count()
    with joblib.parallel_config("loky"):
        assert threads_in_workers(n_jobs=2) <= max(1, cores // 2)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(
    "params",
    [
        {"max_iter": 3},
        {"max_iter": 3, "dtype": "float32"},
        {"max_iter": 5, "optimizer": "lbfgs"},
    ],
    ids=["minibatch", "float32", "lbfgs"],
)
def test_fit_leaves_the_number_of_threads_alone(n_threads, params):
    def pools():
        return [
            (pool["filepath"], pool["num_threads"])
            for pool in threadpoolctl.threadpool_info()
        ]

    with threadpoolctl.threadpool_limits(n_threads):
        variables = {name: os.environ.get(name) for name in THREAD_VARIABLES}
        before, n_running = pools(), threading.active_count()
        model = network(early_stopping=True, monitor=counting_monitor(), **params)
        model.fit(X_TRAIN, Y_TRAIN).predict_proba(X_TEST)
        # Also in training.
        assert set(model.history_["validation_score"]) == {float(n_threads)}
        if params.get("optimizer") != "lbfgs":
            model.partial_fit(X_TRAIN, Y_TRAIN)
        assert pools() == before
        assert threading.active_count() == n_running
    assert {name: os.environ.get(name) for name in THREAD_VARIABLES} == variables


def together(tasks):
    """Run each function in a thread, all at the same time, and return the results."""
    start = threading.Barrier(len(tasks))

    def run(task):
        start.wait(timeout=30)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def different_estimators():
    # Parts are immutable: several estimators may share them.
    optimizer, hidden = Adam(beta_1=0.8), [Linear(20), "tanh", Dropout(0.3)]
    shared = {"optimizer": optimizer, "layers": hidden}
    return [
        network(**shared),
        network(**shared, random_state=1),
        network(**shared, batch_size=50, dtype="float32"),
        network(dropout=0.2, early_stopping=True, monitor="accuracy"),
        network(regularizers={"s": Sparsity(1e-2), "weight_decay": 1e-3}),
        network(optimizer="lbfgs", max_iter=15),
    ]


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_threads_that_fit_different_estimators_at_the_same_time(container):
    rows = container(X_TRAIN)
    with threadpoolctl.threadpool_limits(1, "blas"):
        expected = [model.fit(rows, Y_TRAIN) for model in different_estimators()]
        fitted = together(
            [lambda m=model: m.fit(rows, Y_TRAIN) for model in different_estimators()]
        )
    for one, other in zip(fitted, expected, strict=True):
        np.testing.assert_array_equal(one.weights_, other.weights_)
        assert one.loss_curve_ == other.loss_curve_
    assert len({model.loss_ for model in fitted}) == len(fitted)


def test_threads_that_continue_copies_of_one_fitted_estimator():
    parent = network(warm_start=True, dropout=0.2).fit(X_TRAIN, Y_TRAIN)
    before = parent.weights_.copy()
    rows = [slice(start, start + 200) for start in (0, 200, 400, 600)]

    def go_on(block):
        model = deepcopy(parent)
        for _ in range(5):
            model.partial_fit(X_TRAIN[block], Y_TRAIN[block])
        return model.weights_

    with threadpoolctl.threadpool_limits(1, "blas"):
        expected = [go_on(block) for block in rows]
        found = together([lambda b=block: go_on(b) for block in rows])
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(parent.weights_, before)


@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_threads_that_predict_with_one_estimator(container):
    model = network(hidden_layer_sizes=(50, 30), dropout=0.1).fit(X_TRAIN, Y_TRAIN)
    # Blocks of different sizes, so that a shared buffer would be corrupted.
    blocks = [X_TEST, X_TEST[::2], X_TEST[::-1], X_TEST[5:50], X_TEST[:1]]
    blocks = [container(block) for block in blocks]
    with threadpoolctl.threadpool_limits(1, "blas"):
        expected = [model.predict_proba(block) for block in blocks]

        def many_times(block):
            return [model.predict_proba(block) for _ in range(20)]

        found = together([lambda b=block: many_times(b) for block in blocks])
    for answers, right in zip(found, expected, strict=True):
        for answer in answers:
            np.testing.assert_array_equal(answer, right)


def test_bagging_in_threads():
    def bag(n_jobs):
        model = BaggingClassifier(
            network(dropout=0.1), n_estimators=4, n_jobs=n_jobs, random_state=0
        )
        return model.fit(X_TRAIN, Y_TRAIN).predict_proba(X_TEST)

    with threadpoolctl.threadpool_limits(1, "blas"):
        alone = bag(1)
        with joblib.parallel_config("threading"):
            found = bag(4)
    # The sum over the members is computed in blocks, one for each job.
    np.testing.assert_allclose(found, alone, rtol=1e-12)
    assert np.mean(found.argmax(axis=1) == Y_TEST) > 0.85
