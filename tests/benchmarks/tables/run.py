"""Run the rule; each result is written at once, and what is there is not run again."""

import contextlib
import csv
import json
import os
import platform
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context

import measures
import peers
import rule
import sources

SCORES = ["error", "log_loss", "calibration_error", "auc", "rmse", "r2"]
FIELDS = [
    *["block", "task", "table", "rows", "columns", "classes", "fold", "peer"],
    *SCORES,
    *["fit_seconds", "predict_seconds", "note"],
]
KEY = "table", "fold", "peer"


def done(path):
    """Return the keys of results that are there."""
    if not path.exists():
        return set()
    with path.open(encoding="utf-8") as file:
        return {tuple(row[name] for name in KEY) for row in csv.DictReader(file)}


def versions():
    """Return the versions of what takes part."""
    found = {"Python": platform.python_version()}
    for package in peers.PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def plan():
    """Return the jobs, quick ones first: (block, line, fold, peer)."""
    sizes, quick, slow = {}, [], []
    for block in ("headline", "development"):
        for line in rule.tables(block):
            if not sources.installed(line["package"]):
                print(f"left out: {rule.name_of(line)}, its package is not installed")
                continue
            _, y = sources.load(line)
            sizes[rule.name_of(line)] = len(y)
            names = [
                name
                for name in peers.factories(line["task"])
                if name not in (*peers.SLOW, peers.TABM)
            ]
            folds = range(rule.folds(len(y))[1])
            quick += [(block, line, fold, name) for fold in folds for name in names]
            if block == "headline" and len(y) <= rule.SLOW_ROWS:
                slow += [(block, line, 0, name) for name in peers.SLOW]
    for task in rule.TASKS:
        lines = [line for line in rule.tables() if line["task"] == task]
        lines = [line for line in lines if rule.name_of(line) in sizes]
        lines.sort(key=lambda line: sizes[rule.name_of(line)])
        smallest = lines[: rule.N_SMALLEST]
        slow += [("headline", line, 0, peers.TABM) for line in smallest]
    # Smallest first: a run that ends early has them up to some number of rows.
    slow.sort(key=lambda job: sizes[rule.name_of(job[1])])
    jobs = [*quick, *slow]
    absent = Counter(name for *_, name in jobs if peers.lacks(name))
    for name in absent:
        print(f"left out: {name}, which needs {peers.lacks(name)}")
    return [job for job in jobs if not peers.lacks(job[-1])]


# The jobs of a table follow one another.
load = lru_cache(maxsize=1)(
    lambda package, table: sources.load(rule.line(package, table))
)


def run_job(block, line, fold, name):
    """Return the result of one job; a crash is a result too."""
    task = line["task"]
    X, y = load(line["package"], line["table"])
    train, test = list(sources.splits(y, task))[fold]
    try:
        estimator = peers.factories(task)[name](X)
        with open(os.devnull, "w") as silent, contextlib.redirect_stdout(silent):
            found = measures.measure(estimator, X, y, train, test, task)
    except Exception as error:
        found = {"note": f"failed: {type(error).__name__}: {error}"[:200]}
    found = {
        field: f"{value:.6g}" if isinstance(value, float) else value
        for field, value in found.items()
    }
    return {
        "block": block,
        "task": task,
        "table": rule.name_of(line),
        "rows": len(y),
        "columns": X.shape[1],
        "classes": len(set(y)) if task == "classification" else "",
        "fold": fold,
        "peer": name,
        **found,
    }


def run(path, n_processes, only=None):
    """Run what is missing in a file of results, and append it."""
    there = done(path)
    jobs = [
        job
        for job in plan()
        if (rule.name_of(job[1]), str(job[2]), job[3]) not in there
        and (only is None or rule.name_of(job[1]) in only)
    ]
    print(f"{len(jobs)} fits to do", flush=True)
    path.with_name("versions.json").write_text(json.dumps(versions(), indent=1) + "\n")
    is_new = not path.exists()
    with (
        path.open("a", encoding="utf-8", newline="") as file,
        ProcessPoolExecutor(n_processes, get_context("spawn")) as pool,
    ):
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        for number, future in enumerate(
            as_completed([pool.submit(run_job, *job) for job in jobs]), 1
        ):
            result = future.result()
            writer.writerow(result)
            file.flush()
            print(number, *(result[name] for name in KEY), flush=True)
