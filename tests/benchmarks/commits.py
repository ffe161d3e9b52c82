"""The same fits on another commit and on this one: results compared, times in turns.

``python tests/benchmarks/commits.py REVISION`` checks REVISION out beside the working
tree, fits each of `CONFIGURATIONS` in both, in processes of one thread, and compares.
Weights of plain networks that are trained in mini-batches must be bit-identical; what
containers, L-BFGS and derivatives give must agree to 1e-12, in float32 to 1e-5. All
are plain networks, but for those of the choice "defaults", which are left out where
REVISION has other defaults. With ``--times`` it compares the CPU time of whole fits,
predictions and Jacobians instead.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from inspect import signature
from pathlib import Path

import numpy as np

TOP = Path(__file__).resolve().parents[2]
# Relative to the largest number of an array.
TOLERANCES = {"float64": 1e-12, "float32": 1e-5}
N_ROUNDS = 5


def tables():
    """Return the tables that are fitted, by name."""
    from scipy.sparse import csr_matrix
    from sklearn.datasets import load_diabetes, load_digits, load_iris

    rng = np.random.default_rng(0)
    X, y = load_digits(return_X_y=True)
    X, y = X[:300] / 16.0, y[:300]
    iris, species = load_iris(return_X_y=True)
    iris = (iris - iris.mean(axis=0)) / iris.std(axis=0)
    two = np.array(["no", "yes"])[(species == 1).astype(int)]
    features, progress = load_diabetes(return_X_y=True)
    features, progress = 20.0 * features[:200], progress[:200]
    labels = (iris[:, :3] > rng.standard_normal((150, 3))).astype(int)
    return {
        "digits": (X, y),
        "digits32": (X.astype(np.float32), y),
        "sparse": (csr_matrix(X), y),
        "iris": (iris, species),
        "binary": (iris, two),
        "labels": (iris, labels),
        "number": (features, progress),
        "numbers": (features, np.column_stack([progress, progress[::-1] ** 2])),
        "numbers32": (features.astype(np.float32), progress),
    }


def configurations():
    """Return name, table, parameters and further choices of each fit."""
    from skjacobnet.layers import (
        Dropout,
        Frozen,
        Linear,
        Parallel,
        Repeat,
        Residual,
        Sequential,
    )

    small = {"hidden_layer_sizes": (12, 7)}
    optimizers = [
        "sgd",
        "momentum",
        "nesterov",
        "adagrad",
        "adadelta",
        "rmsprop",
        "adam",
        "amsgrad",
        "adamax",
        "nadam",
        "adamw",
    ]
    block = Sequential([Linear(9), "relu", Linear(12)])
    found = [(name, "iris", {**small, "optimizer": name}) for name in optimizers]
    found += [
        (f"loss {name}", table, {**small, "loss": name})
        for name in ("cross_entropy", "brier", "focal")
        for table in ("digits", "binary", "labels")
    ]
    found += [
        (f"regularizer {name}", "digits", {**small, "regularizers": {name: 1e-2}})
        for name in [
            "weight_decay",
            "l1",
            "orthogonality",
            "sparsity",
            "certainty",
            "confidence_penalty",
            "jacobian_norm",
            "input_gradient",
        ]
    ]
    found += [
        (f"schedule {name}", "iris", {**small, "schedule": name, "learning_rate": 1e-3})
        for name in [
            "cosine",
            "exponential",
            "step",
            "inverse_scaling",
            "one_cycle",
            "plateau",
        ]
    ]
    found += [
        ("a hundred units", "digits", {}),
        ("defaults", "digits", {}, "defaults"),
        ("defaults", "binary", {}, "defaults"),
        ("defaults", "labels", {}, "defaults"),
        ("defaults", "number", {}, "defaults"),
        ("defaults", "numbers", {}, "defaults"),
        ("float32", "digits32", {}),
        ("float32 asked for", "digits", {"dtype": "float32"}),
        ("sparse", "sparse", {**small}),
        ("dropout", "digits", {**small, "dropout": 0.2}),
        ("small batches", "digits", {**small, "batch_size": 7}),
        ("no shuffling", "digits", {**small, "shuffle": False, "batch_size": 32}),
        ("early stopping", "digits", {"early_stopping": True, "max_iter": 60}),
        (
            "monitor",
            "digits",
            {"early_stopping": True, "monitor": "accuracy", "max_iter": 60},
        ),
        ("sample weights", "iris", {**small, "batch_size": 16}, "weights"),
        ("weights with zeros", "iris", {**small, "batch_size": 16}, "zeros"),
        ("class weights", "binary", {**small, "class_weight": "balanced"}),
        ("warm start", "iris", {**small, "warm_start": True}, "again"),
        (
            "warm start, early stopping",
            "digits",
            {**small, "warm_start": True, "early_stopping": True},
            "again",
        ),
        ("partial_fit", "iris", {**small, "batch_size": 16}, "partial"),
        ("tanh, isometric", "iris", {"activation": "tanh", "initializer": "isometric"}),
        ("stops by itself", "iris", {"tol": 1e-2, "max_iter": 100}),
        ("softmax inside", "iris", {"layers": [Linear(8), "softmax"]}),
        ("record", "iris", {**small, "record_gradients": True}),
    ]
    containers = [
        ("residual", [Linear(12), "relu", Residual(block), Residual(block), "relu"]),
        ("residual first", [Residual(Sequential([Linear(5), "tanh", Linear(4)]))]),
        ("parallel", [Parallel([Linear(5), Sequential([Linear(3), "tanh"])]), "relu"]),
        ("parallel, added", [Parallel([Linear(5), Linear(5)], join="add"), "relu"]),
        ("repeat", [Linear(6), "tanh", Repeat(Sequential([Linear(6), "tanh"]), 3)]),
        ("frozen", [Frozen(Linear(20)), "relu", Linear(6), "relu"]),
        (
            "dropout inside",
            [Linear(8), Residual(Sequential([Dropout(0.3), Linear(8)]))],
        ),
    ]
    found += [
        (name, "iris", {"layers": layers}, "close") for name, layers in containers
    ]
    found += [
        (f"loss {name}", table, {**small, "loss": name})
        for name in (
            "squared_error",
            "absolute_error",
            "huber",
            "quantile",
            "poisson",
            "gamma",
            "gaussian",
        )
        for table in ("number", "numbers")
    ]
    found += [
        ("regressor", "numbers32", {}),
        ("regressor, early stopping", "number", {"early_stopping": True}),
        ("regressor, weights", "numbers", {**small, "batch_size": 16}, "weights"),
        ("regressor, zeros", "numbers", {**small, "batch_size": 16}, "zeros"),
        ("regressor, warm start", "number", {**small, "warm_start": True}, "again"),
        ("regressor, partial_fit", "numbers", {**small, "batch_size": 16}, "partial"),
        ("regressor, lbfgs", "numbers", {**small, "optimizer": "lbfgs"}, "close"),
        (
            "regressor, residual",
            "numbers",
            {"layers": containers[0][1], "regularizers": {"jacobian_norm": 1e-2}},
            "close",
        ),
    ]
    found += [
        ("lbfgs", "iris", {**small, "optimizer": "lbfgs"}, "close"),
        (
            "lbfgs, residual",
            "iris",
            {"layers": containers[0][1], "optimizer": "lbfgs"},
            "close",
        ),
    ]
    return [(*entry, "") if len(entry) == 3 else entry for entry in found]


def fit(name, table, parameters, choice):
    """Return a fitted classifier or regressor."""
    from nets import plain

    import skjacobnet

    X, y = tables()[table]
    numbers = table.startswith("number")
    kind = "JacobianMLPRegressor" if numbers else "JacobianMLPClassifier"
    kind, classes = getattr(skjacobnet, kind), {}
    settings = {"max_iter": 5, "random_state": 0}
    if parameters.get("optimizer") == "lbfgs":
        settings["max_iter"] = 3
    if choice == "defaults":
        model = kind(**settings, **parameters)
    else:
        # "auto" was another rate for numbers once.
        rate = {"learning_rate": 1.25e-3} if numbers else {}
        model = plain(kind, **{**settings, **rate, **parameters})
    rng = np.random.default_rng(1)
    weight = None
    if choice in ("weights", "zeros"):
        weight = rng.random(X.shape[0])
        if choice == "zeros":
            weight[::4] = 0.0
    if choice == "partial":
        if not numbers:
            classes["classes"] = np.unique(y)
        for _ in range(4):
            model.partial_fit(X, y, **classes)
        return model, X
    model.fit(X, y, sample_weight=weight)
    if choice == "again":
        model.fit(X, y)
    return model, X


def results():
    """Return what each configuration gives, as arrays by name."""
    import skjacobnet

    found = {}
    warnings.simplefilter("ignore")
    for name, table, parameters, choice in configurations():
        numbers = table.startswith("number")
        if numbers and not hasattr(skjacobnet, "JacobianMLPRegressor"):
            continue
        known = signature(skjacobnet.JacobianMLPClassifier).parameters
        if choice == "defaults" and "calibration" not in known:
            continue
        model, X = fit(name, table, parameters, choice)
        key = f"{name} ({table})"
        exact = "close" if choice == "close" else "exact"
        y = tables()[table][1]
        found[f"{key}|weights|{exact}"] = model.weights_
        found[f"{key}|losses|{exact}"] = np.array(model.loss_curve_)
        predict = model.predict if numbers else model.predict_proba
        found[f"{key}|predictions|close"] = predict(X)
        found[f"{key}|raw|close"] = model.activations(X)[-1]
        found[f"{key}|input_jacobian|close"] = model.input_jacobian(X[:20])
        gradients = model.per_sample_gradients(X[:20], y[:20])
        found[f"{key}|per_sample_gradients|close"] = gradients
        norms = model.per_sample_gradient_norms(X[:20], y[:20])
        found[f"{key}|per_sample_gradient_norms|close"] = norms
        output = "prediction" if numbers else "proba"
        jacobian = model.weight_jacobian(X[:5], output=output)
        found[f"{key}|weight_jacobian|close"] = jacobian
    return found


def in_tree(tree, *arguments):
    """Run this script on the package in a tree, with one thread."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": str(tree)}
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, cwd=tree, check=True, capture_output=True, text=True
    )
    return done.stdout


def compare(trees, folder):
    """Compare the results in two trees; return the lines that tell of differences."""
    files = [Path(folder) / f"{place}.npz" for place in range(2)]
    for tree, file in zip(trees, files, strict=True):
        in_tree(tree, "--write", file)
    with np.load(files[0]) as before, np.load(files[1]) as now:
        lines = []
        if missing := set(before) - set(now):
            lines.append(f"missing: {sorted(missing)}")
        largest = dict.fromkeys(("exact", "close"), 0.0)
        for key in sorted(set(before) & set(now)):
            what = key.rpartition("|")[2]
            old, new = before[key], now[key]
            if old.shape != new.shape or old.dtype != new.dtype:
                lines.append(f"{key}: {old.shape} {old.dtype}, {new.shape} {new.dtype}")
                continue
            if np.array_equal(old, new, equal_nan=True):
                continue
            scale = np.nanmax(np.abs(old))
            difference = np.nanmax(np.abs(old.astype(float) - new)) / (scale or 1.0)
            largest[what] = max(largest[what], difference)
            if what == "exact" or difference > TOLERANCES[str(old.dtype)]:
                lines.append(f"{key}: differs by {difference:.2g}")
        print(f"{len(before)} arrays compared; largest difference {largest}")
    return lines


def timed_calls():
    """Return what is timed, by name."""
    from nets import NETS, plain

    from skjacobnet import JacobianMLPClassifier
    from skjacobnet.layers import Linear, Residual, Sequential

    calls = {}
    for net in NETS:
        X, y = net.table("float32")
        options = {
            "max_iter": net.n_epochs,
            "batch_size": net.batch_size,
            "random_state": 0,
        }
        model = plain(JacobianMLPClassifier, net.hidden, **options)
        calls[f"fit {net}"] = lambda model=model, X=X, y=y: model.fit(X, y)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 64)).astype(np.float32)
    y = np.arange(2000) % 10
    block = [Linear(64), "relu", Linear(64)]
    residual = Residual(Sequential(block))
    stacks = {
        "two residual blocks": [Linear(64), residual, residual],
        "the same layers in a row": [Linear(64), *block, *block],
    }
    for name, layers in stacks.items():
        model = plain(
            JacobianMLPClassifier,
            layers=layers,
            max_iter=8,
            batch_size=32,
            random_state=0,
        )
        calls[name] = lambda model=model: model.fit(X, y)
    model = plain(JacobianMLPClassifier, max_iter=1).fit(X, y)
    many = rng.standard_normal((100_000, 64)).astype(np.float32)
    for n_rows, n_times in ((1, 500), (1000, 50), (100_000, 1)):

        def predict(rows=many[:n_rows], n_times=n_times):
            for _ in range(n_times):
                model.predict_proba(rows)

        calls[f"predict_proba, {n_rows:,} rows"] = predict
    calls["input_jacobian, 1,000 rows"] = lambda: model.input_jacobian(X[:1000])
    return calls


def seconds(names):
    """Print the CPU time of each call, after one that does not count."""
    warnings.simplefilter("ignore")
    for name, call in timed_calls().items():
        if names and name not in names:
            continue
        call()
        times = []
        for _ in range(3):
            start = time.process_time()
            call()
            times.append(time.process_time() - start)
        print(f"{name}|{min(times)}")


def compare_times(trees, names):
    """Print the median CPU times in both trees, taken in turns, and their ratio."""
    times = [{}, {}]
    for _ in range(N_ROUNDS):
        for place, tree in enumerate(trees):
            for line in in_tree(tree, "--seconds", *names).splitlines():
                name, _, value = line.partition("|")
                times[place].setdefault(name, []).append(float(value))
    for name, values in times[0].items():
        before, now = np.median(values), np.median(times[1][name])
        print(
            f"{name}: {before * 1e3:.1f} ms, now {now * 1e3:.1f} ms, "
            f"ratio {now / before:.3f}"
        )


def main():
    """Compare two commits, or do one of them's share."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("revision", nargs="?", default="HEAD")
    parser.add_argument("--times", nargs="*", help="names of calls; none means all")
    parser.add_argument("--write", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", nargs="*", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        np.savez(arguments.write, **results())
        return
    if arguments.seconds is not None:
        seconds(arguments.seconds)
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(TOP), "worktree"]
        subprocess.run([*git, "add", "-q", "-f", tree, arguments.revision], check=True)
        try:
            if arguments.times is not None:
                compare_times((tree, TOP), arguments.times)
                return
            lines = compare((tree, TOP), folder)
        finally:
            subprocess.run([*git, "remove", "-f", tree], check=True)
    print("\n".join(lines) or "no difference beyond the tolerances")
    sys.exit(bool(lines))


if __name__ == "__main__":
    main()
