"""Searches on a Dask cluster, and training on the blocks of a Dask array."""

import itertools
import os
import signal

import joblib
import numpy as np
import pytest
from plain import plain_classifier
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from threadpoolctl import threadpool_limits

from skjacobnet.model_selection import LockstepGridSearchCV

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:(dask|distributed|tornado)"
)

X, Y = load_digits(return_X_y=True)
X = X / 16.0
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = train_test_split(
    X, Y, test_size=0.2, stratify=Y, random_state=0
)
SMALL = X_TRAIN[:400].copy(), Y_TRAIN[:400].copy()
GRID = {"learning_rate": [1e-3, 1e-2], "optimizer": ["adam", "momentum"]}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # Equal bits need equal threads; here the search runs with one, see below.
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            patch.setenv(name, "1")
        with (
            # Every 2 s by default; a shorter interval makes a failure certain.
            dask.config.set(
                {"distributed.scheduler.active-memory-manager.interval": "20ms"}
            ),
            distributed.LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                local_directory=str(tmp_path_factory.mktemp("dask")),
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.wait_for_workers(2, timeout=30)
            yield client


def make_search(**params):
    network = plain_classifier(
        (20,), dropout=0.1, batch_size=50, max_iter=3, tol=None, random_state=0
    )
    return GridSearchCV(network, GRID, **{"error_score": "raise", **params})


def search_here(**params):
    with threadpool_limits(1):
        return make_search(**params).fit(*SMALL)


def assert_same_results(actual, expected):
    assert actual.keys() == expected.keys()
    assert len(actual["params"]) == 4
    for key, column in expected.items():
        if not key.endswith("_time"):
            np.testing.assert_array_equal(actual[key], column, err_msg=key)


def test_a_search_gives_the_same_on_a_cluster(client):
    params = {"scoring": ["accuracy", "neg_log_loss"], "refit": False, "cv": 3}
    expected = search_here(**params).cv_results_
    with joblib.parallel_config(backend="dask", client=client):
        there = make_search(**params).fit(*SMALL)
    assert_same_results(there.cv_results_, expected)
    assert len(set(expected["mean_test_neg_log_loss"])) == 4


def test_a_lockstep_search_gives_the_same_on_a_cluster(client):
    network = make_search().estimator
    grid = {"learning_rate": [1e-3, 3e-3, 1e-2], "optimizer": ["adam", "momentum"]}
    search = LockstepGridSearchCV(network, grid, cv=3, error_score="raise")
    with threadpool_limits(1):
        expected = clone(search).fit(*SMALL).cv_results_
    with joblib.parallel_config(backend="dask", client=client):
        there = search.fit(*SMALL).cv_results_
    assert there["n_together"].tolist() == [3] * 6
    for split in range(3):
        name = f"split{split}_test_score"
        np.testing.assert_array_equal(there[name], expected[name])


def make_deadly_scorer(marker):
    """Return a scorer that kills the worker it runs on, the first time."""
    # Nested functions are sent by value: workers need not find this module.
    here = os.getpid()

    def score(model, X, y):
        try:
            with open(marker, "x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            pass
        else:
            if os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
        return float(np.log(model.predict_proba(X)[np.arange(len(y)), y]).mean())

    return score


def test_a_dead_worker_loses_no_candidate(client, tmp_path):
    client.wait_for_workers(2, timeout=30)
    before = set(client.run(os.getpid).values())
    splits = list(StratifiedKFold(3).split(*SMALL))
    params = {"refit": False, "cv": splits}
    expected = search_here(**params, scoring=make_deadly_scorer(tmp_path / "here"))
    marker = tmp_path / "there"
    there = make_search(**params, scoring=make_deadly_scorer(marker))
    # What lies on one worker only dies with it: all data must go to all workers, and
    # stay there, while the memory manager would keep one copy.
    client.amm.stop()
    data = [*SMALL, *itertools.chain.from_iterable(splits)]
    with joblib.parallel_config(backend="dask", client=client, scatter=data):
        there.fit(*SMALL)
    client.amm.start()
    assert int(marker.read_text()) in before
    client.wait_for_workers(2, timeout=30)
    assert int(marker.read_text()) not in client.run(os.getpid).values()
    assert_same_results(there.cv_results_, expected.cv_results_)


def test_blocks_of_a_dask_array_train_as_well_as_memory(client):
    params = {"learning_rate": 0.005, "batch_size": 50, "random_state": 0}
    in_memory = plain_classifier((30,), **params, max_iter=15, tol=None)
    expected = in_memory.fit(X_TRAIN, Y_TRAIN).score(X_TEST, Y_TEST)
    inputs = da.from_array(X_TRAIN, chunks=(300, -1))
    targets = da.from_array(Y_TRAIN, chunks=300)
    assert inputs.numblocks == (5, 1)
    model = plain_classifier((30,), **params)
    for _ in range(15):
        for block in zip(inputs.blocks.ravel(), targets.blocks.ravel(), strict=True):
            model.partial_fit(*client.gather(client.compute(block)), classes=range(10))
    assert expected > 0.95
    assert model.score(X_TEST, Y_TEST) > expected - 0.02
