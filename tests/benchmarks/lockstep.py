"""Fits and searches, together and one by one: python tests/benchmarks/lockstep.py.

CPU time of one thread; all ways take turns, and the least of several rounds counts.
``--only fits`` (or searches, halving, ensembles, threads) runs a part.
"""

import argparse
import warnings
from time import perf_counter, process_time

import numpy as np
from nets import NETS, Net, plain
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from skjacobnet import JacobianMLPClassifier
from skjacobnet.core.shared import Shared
from skjacobnet.model_selection import (
    LockstepGridSearchCV,
    LockstepHalvingGridSearchCV,
)
from skjacobnet.training.drive import together

SMALL = [*NETS[:4], Net((100, 128, 128, 10), 10_000, 128, 3, 5)]
N_MEMBERS = 16
RATES = np.geomspace(3e-4, 3e-3, 6).tolist()
STRENGTHS = [0.0, 1e-6, 1e-5, 1e-4]


def least(calls, n_rounds, clock=process_time):
    """Return the least seconds of each of several calls, which take turns."""
    seconds = {name: [] for name in calls}
    for _ in range(n_rounds):
        for name, call in calls.items():
            start = clock()
            call()
            seconds[name].append(clock() - start)
    return {name: min(found) for name, found in seconds.items()}


def network(net, dtype, **parameters):
    """Return the network that is timed."""
    return plain(
        JacobianMLPClassifier,
        net.hidden,
        batch_size=net.batch_size,
        dtype=dtype,
        random_state=0,
        **parameters,
    )


def fits(n_rounds):
    """Time 16 fits that differ in their learning rates."""
    for net in SMALL:
        for dtype in ("float32", "float64"):
            X, y = net.table(dtype)
            members = [
                network(net, dtype, max_iter=net.n_epochs, learning_rate=rate)
                for rate in np.geomspace(1e-4, 1e-2, N_MEMBERS)
            ]

            def one_by_one(members=members, X=X, y=y):
                for member in members:
                    clone(member).fit(X, y)

            def side_by_side(members=members, X=X, y=y):
                shared = Shared()
                runs = [clone(m).fit_steps(X, y, shared=shared) for m in members]
                return together(runs)

            seconds = least({"alone": one_by_one, "together": side_by_side}, n_rounds)
            unit = 1e3 / (N_MEMBERS * net.n_epochs)
            print(
                f"{net}, {dtype}: {seconds['alone'] * unit:.2f} and "
                f"{seconds['together'] * unit:.2f} ms a member and epoch, ratio "
                f"{seconds['alone'] / seconds['together']:.2f}",
                flush=True,
            )


def searches(n_rounds, n_epochs=10):
    """Time searches of 24 candidates by 5 folds, scores included."""
    own = {"learning_rate": RATES, "regularizers__weight_decay": STRENGTHS}
    other = {"learning_rate_init": RATES, "alpha": STRENGTHS}
    for net in SMALL[:4]:
        X, y = net.table("float32")
        ours = network(net, "float32", max_iter=n_epochs)
        theirs = MLPClassifier(
            net.hidden,
            batch_size=net.batch_size,
            max_iter=n_epochs,
            n_iter_no_change=n_epochs,
            random_state=0,
        )
        found = {}

        def search(name, kind, estimator, grid, found=found, X=X, y=y):
            found[name] = kind(estimator, grid, cv=5, refit=False).fit(X, y)

        calls = {
            "lockstep": lambda search=search, ours=ours: search(
                "lockstep", LockstepGridSearchCV, ours, own
            ),
            "ours": lambda search=search, ours=ours: search(
                "ours", GridSearchCV, ours, own
            ),
            "theirs": lambda search=search, theirs=theirs: search(
                "theirs", GridSearchCV, theirs, other
            ),
        }
        seconds = least(calls, n_rounds)
        columns = [f"split{k}_test_score" for k in range(5)]
        results = [found[name].cv_results_ for name in ("lockstep", "ours")]
        n_equal = sum(np.sum(results[0][c] == results[1][c]) for c in columns)
        print(
            f"{net}: lockstep {seconds['lockstep']:.2f} s, one by one "
            f"{seconds['ours'] / seconds['lockstep']:.2f} times, MLPClassifier "
            f"{seconds['theirs'] / seconds['lockstep']:.1f} times as long; "
            f"{n_equal} of 120 scores equal",
            flush=True,
        )


def threads(n_rounds, n_epochs=10):
    """Time searches on one thread and on two, by the clock."""
    own = {"learning_rate": RATES, "regularizers__weight_decay": STRENGTHS}
    for net in SMALL[:4]:
        X, y = net.table("float32")
        ours = network(net, "float32", max_iter=n_epochs)

        def search(n_jobs, X=X, y=y, ours=ours):
            LockstepGridSearchCV(ours, own, cv=5, refit=False, n_jobs=n_jobs).fit(X, y)

        calls = {n: lambda n=n, search=search: search(n) for n in (1, 2)}
        seconds = least(calls, n_rounds, perf_counter)
        print(f"{net}: {seconds[1] / seconds[2]:.2f} times as fast on two threads")


def halving(n_rounds, n_epochs=27, n_seeds=10):
    """Time halving beside the whole grid, and compare their best scores."""
    own = {"learning_rate": RATES, "regularizers__weight_decay": STRENGTHS}
    settings = {"cv": 5, "refit": False, "return_train_score": False}
    for net in SMALL[:2]:
        X, y = net.table("float32")
        ours = network(net, "float32", max_iter=n_epochs)
        found = {}

        def search(kind, seed, X=X, y=y, ours=ours, found=found):
            model = clone(ours).set_params(random_state=seed)
            found[kind, seed] = kind(model, own, **settings).fit(X, y)

        kinds = LockstepGridSearchCV, LockstepHalvingGridSearchCV
        calls = {
            kind: lambda kind=kind, search=search: search(kind, 0) for kind in kinds
        }
        seconds = least(calls, n_rounds)
        whole, halved = kinds
        gaps = []
        for seed in range(n_seeds):
            for kind in kinds:
                if (kind, seed) not in found:
                    search(kind, seed)
            best = [found[kind, seed].best_score_ for kind in kinds]
            gaps.append(best[0] - best[1])
        print(
            f"{net}: {seconds[whole] / seconds[halved]:.2f} times as fast as the whole "
            f"grid, best score {np.mean(gaps):.4f} lower, mean of {n_seeds} seeds",
            flush=True,
        )


def ensembles(n_rounds, n_members=8, n_splits=10):
    """Time eight networks in one estimator beside eight fits; compare log-losses."""
    net = SMALL[1]
    X, y = net.table("float32")
    one = network(net, "float32", max_iter=net.n_epochs)
    several = clone(one).set_params(n_estimators=n_members)

    def eight_fits():
        for seed in range(n_members):
            clone(one).set_params(random_state=seed).fit(X, y)

    calls = {"eight": eight_fits, "together": lambda: clone(several).fit(X, y)}
    seconds = least(calls, n_rounds)
    gains = []
    for split in range(n_splits):
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=0.25, stratify=y, random_state=split
        )
        model = clone(several).set_params(random_state=split).fit(X_train, y_train)
        single, average = (
            [log_loss(y_test, one.predict_proba(X_test)) for one in models]
            for models in (model.estimators_, [model])
        )
        gains.append(np.mean(single) - np.mean(average))
    print(
        f"{net}: {n_members} networks take "
        f"{seconds['together'] / seconds['eight']:.2f} of as many fits; log-loss lower "
        f"than the mean of the members in {np.sum(np.array(gains) > 0)} of {n_splits} "
        f"splits, by {np.mean(gains):.4f}"
    )


PARTS = {
    "fits": fits,
    "searches": searches,
    "halving": halving,
    "ensembles": ensembles,
    "threads": threads,
}


def main():
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    threadpool_limits(1)
    for part in [arguments.only] if arguments.only else PARTS:
        print(part)
        PARTS[part](arguments.rounds)


if __name__ == "__main__":
    main()
