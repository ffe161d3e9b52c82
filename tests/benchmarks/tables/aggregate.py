"""Ratios, ranks and intervals from a file of results; needs NumPy and SciPy only."""

import csv

import numpy as np
from scipy.stats import rankdata

BASE = "MLP"
# What ratios are of, what is added before, and what is less than level.
MAIN = {"classification": ("error", 0.005), "regression": ("rmse", 0.0)}
LEVEL_ERROR, LEVEL_RMSE = 0.0025, 0.01
N_RESAMPLES = 10_000


def read(path):
    """Return the results, with numbers as numbers and what is missing as None."""
    texts = "block", "task", "table", "peer", "note"
    with path.open(encoding="utf-8") as file:
        return [
            {
                name: value if name in texts else float(value) if value else None
                for name, value in row.items()
            }
            for row in csv.DictReader(file)
        ]


def select(results, block, task, needed=()):
    """Return peer -> table -> list of folds, on folds that all needed peers have.

    A fold on which a peer has failed is not among its folds.
    """
    found = {}
    for row in results:
        if (row["block"], row["task"]) == (block, task):
            key = row["table"], row["fold"]
            found.setdefault(row["peer"], {})[key] = row
    keys = set.intersection(*(set(found.get(name, {})) for name in (BASE, *needed)))
    chosen = {}
    for peer, rows in found.items():
        tables = chosen.setdefault(peer, {})
        for key in sorted(keys & set(rows)):
            if not rows[key]["note"].startswith("failed"):
                tables.setdefault(key[0], []).append(rows[key])
    return chosen


def means(chosen, score):
    """Return peer -> table -> mean of a score over the folds."""
    return {
        peer: {t: float(np.mean([r[score] for r in rows])) for t, rows in own.items()}
        for peer, own in chosen.items()
    }


def interval(logs):
    """Return the geometric mean, and its bootstrap interval of 95 %."""
    logs = np.asarray(logs)
    rng = np.random.default_rng(0)
    drawn = logs[rng.integers(len(logs), size=(N_RESAMPLES, len(logs)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return tuple(float(np.exp(value)) for value in (logs.mean(), low, high))


def ratio(values, one, other, plus=0.0):
    """Return the ratio of one peer to another over their common tables."""
    common = [table for table in values[one] if table in values[other]]
    pairs = np.array([(values[one][t], values[other][t]) for t in common]) + plus
    return interval(np.log(pairs[:, 0] / pairs[:, 1]))


def ranks(values, peers):
    """Return the mean rank of peers on the tables that all of them have."""
    common = [t for t in values[BASE] if all(t in values[peer] for peer in peers)]
    table = np.array([[values[peer][t] for peer in peers] for t in common])
    mean = rankdata(np.round(table, 6), axis=1).mean(axis=0)
    return dict(zip(peers, map(float, mean), strict=True))


def wins(values, one, other, task):
    """Return on how many tables one peer is better than another, level, and worse."""
    found = [0, 0, 0]
    for table, value in values[one].items():
        if table not in values[other]:
            continue
        if task == "classification":
            gain, level = values[other][table] - value, LEVEL_ERROR
        else:
            gain, level = np.log(values[other][table] / value), LEVEL_RMSE
        found[0 if gain > level else 2 if gain < -level else 1] += 1
    return tuple(found)
