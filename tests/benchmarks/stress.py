"""Defaults on tables made to break them, beside the best constant prediction.

``python tests/benchmarks/stress.py`` fits each estimator with its defaults to each
table with twenty seeds. It prints, for classes, the log-loss on new rows minus that of
the class shares, and for numbers the root mean squared error over that of the mean:
the mean over the seeds, the worst one, and how many predictions were not finite.
"""

import argparse
import warnings

import numpy as np
import pandas as pd

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor

N_TEST = 1000


def signal(X):
    """Return a smooth function of the first two columns, of deviation near one."""
    return np.tanh(X[:, 0]) + np.sin(2.0 * X[:, 1 % X.shape[1]])


def normal(n, d):
    """Return a maker of tables of normal numbers; targets depend on two columns."""

    def make(rng):
        X = rng.standard_normal((n + N_TEST, d))
        return X, signal(X) + 0.5 * rng.standard_normal(len(X))

    return make


def noise(n, d):
    """Return a maker of tables whose targets depend on nothing."""

    def make(rng):
        X = rng.standard_normal((n + N_TEST, d))
        return X, rng.standard_normal(len(X))

    return make


def scaled(rng):
    X, y = normal(500, 12)(rng)
    return X * np.logspace(-6, 6, 12), y


def heavy_tails(rng):
    X, y = normal(500, 6)(rng)
    return np.sign(X) * np.exp(np.square(X) * 2.0), y


def useless_columns(rng):
    X, y = normal(400, 4)(rng)
    constant, missing = np.ones((len(X), 3)), np.full((len(X), 2), np.nan)
    return np.hstack([X, constant, X, X[:, :1], missing]), y


def gaps(rng):
    X, y = normal(400, 6)(rng)
    X[rng.random(X.shape) < 0.6] = np.nan
    return X, y


def far_outside(rng):
    X, y = normal(400, 5)(rng)
    X[-N_TEST:] *= rng.choice([1.0, 1e3, 1e6], size=(N_TEST, 5))
    return X, y


def repeated(rng):
    X, y = normal(60, 5)(rng)
    order = rng.integers(60, size=400)
    return np.vstack([X[order], X[60:]]), np.concatenate([y[order], y[60:]])


def ties(rng):
    X, y = normal(300, 8)(rng)
    return np.round(X), y


def two_values(rng):
    X, y = normal(300, 30)(rng)
    return (X > 1.5).astype(float), y


def category(informative):
    """Return a maker of tables with a category of 500 levels."""

    def make(rng):
        level = rng.integers(500, size=2000 + N_TEST)
        effect = rng.standard_normal(500)[level] if informative else 0.0
        y = effect + 0.5 * rng.standard_normal(len(level))
        return pd.DataFrame({"level": level.astype(str), "x": rng.random(len(y))}), y

    return make


def mixed(rng):
    X, y = normal(300, 3)(rng)
    frame = pd.DataFrame(X, columns=list("abc"))
    frame["word"] = np.where(X[:, 0] > 0.3, "yes", rng.choice(["no", None], len(X)))
    return frame, y


TABLES = {
    "20 rows": (20, normal(20, 5)),
    "20 rows of noise": (20, noise(20, 5)),
    "60 rows of noise": (60, noise(60, 10)),
    "100 rows, 2 columns": (100, normal(100, 2)),
    "noise": (200, noise(200, 10)),
    "noise, 100 columns": (300, noise(300, 100)),
    "noise, 2,000 rows": (2000, noise(2000, 20)),
    "700 columns": (300, normal(300, 700)),
    "700 columns of noise": (300, noise(300, 700)),
    "scales 1e-6 to 1e6": (500, scaled),
    "heavy tails": (500, heavy_tails),
    "constant, repeated, missing columns": (400, useless_columns),
    "60 % missing": (400, gaps),
    "new rows far outside": (400, far_outside),
    "repeated rows": (400, repeated),
    "ties": (300, ties),
    "columns of two values": (300, two_values),
    "500 informative levels": (2000, category(True)),
    "500 levels of noise": (2000, category(False)),
    "numbers and words": (300, mixed),
}


def median_split(y, rng):
    return (y > np.median(y)).astype(int)


def five_classes(y, rng):
    return np.digitize(y, np.quantile(y, [0.2, 0.4, 0.6, 0.8]))


def rare_class(y, rng):
    """Return a class of one row in 200, and one of two rows of the fit."""
    codes = (y > np.quantile(y, 0.995)).astype(int)
    codes[:2] = 2
    return codes


def noisy(y, rng):
    flipped = rng.random(len(y)) < 0.4
    return np.where(flipped, 1 - median_split(y, rng), median_split(y, rng))


CLASSES = {
    "two": median_split,
    "five": five_classes,
    "1:200 and rarer": rare_class,
    "40 % flipped": noisy,
}


def heavy_weights(n, rng):
    return np.where(rng.random(n) < 0.02, 1000.0, 1.0)


WEIGHTS = {"": None, "weights x 1000": heavy_weights}

UNITS = {
    "": lambda y: y,
    "x 1e6": lambda y: 1e6 * y,
    "x 1e-6": lambda y: 1e-6 * y,
    "float32, + 1e6": lambda y: (y + 1e6).astype(np.float32),
    "a target x 1000": lambda y: np.where(np.arange(len(y)) == 0, 1000.0 * y, y),
}


def excess_log_loss(n, make, classes, weights, seed):
    """Return how far a classifier is above the class shares, on new rows."""
    rng = np.random.default_rng(seed)
    X, y = make(rng)
    y = classes(y, rng)
    weight = None if weights is None else weights(n, rng)
    model = JacobianMLPClassifier(random_state=seed)
    model.fit(X[:n], y[:n], weight)
    proba = model.predict_proba(X[n:])
    known = model.classes_
    totals = np.array([np.sum(np.ones(n)[y[:n] == k]) for k in known])
    if weight is not None:
        totals = np.array([weight[y[:n] == k].sum() for k in known])
    shares = totals / totals.sum()
    place = np.searchsorted(known, y[n:])
    seen = np.isin(y[n:], known)
    own = proba[np.flatnonzero(seen), place[seen]]
    gain = np.log(shares[place[seen]]) - np.log(np.maximum(own, 1e-15))
    return float(gain.mean()), int((~np.isfinite(proba)).sum())


def relative_error(n, make, unit, seed):
    """Return the error of a regressor over that of the mean, on new rows."""
    rng = np.random.default_rng(seed)
    X, y = make(rng)
    y = unit(y)
    model = JacobianMLPRegressor(random_state=seed).fit(X[:n], y[:n])
    predicted = model.predict(X[n:]).astype(float)
    mean, new = y[:n].astype(float).mean(), y[n:].astype(float)
    error = np.sqrt(np.mean((predicted - new) ** 2) / np.mean((mean - new) ** 2))
    return float(error), int((~np.isfinite(predicted)).sum())


def show(name, found):
    """Print one line for a table."""
    values, strange = np.array(found).T
    line = f"{name:55s} {values.mean():8.3f} {values.max():8.3f} {int(strange.sum())}"
    print(line, flush=True)


def main():
    """Print all lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    warnings.simplefilter("ignore")
    cases = [(t, c, "") for t in TABLES for c in ("two",)]
    cases += [
        (t, c, "")
        for c in ("five", "1:200 and rarer", "40 % flipped")
        for t in ("60 rows of noise", "noise, 2,000 rows", "700 columns", "ties")
    ]
    cases += [
        (t, "two", "weights x 1000") for t in ("noise, 2,000 rows", "700 columns")
    ]
    print("classes: log-loss above that of the class shares, mean and worst seed")
    for table, classes, weights in cases:
        name = ", ".join(filter(None, [table, classes, weights]))
        if arguments.only in name:
            n, make = TABLES[table]
            chosen = CLASSES[classes], WEIGHTS[weights]
            show(name, [excess_log_loss(n, make, *chosen, seed) for seed in seeds])
    cases = [(t, "") for t in TABLES]
    cases += [
        (t, u) for u in UNITS if u for t in ("100 rows, 2 columns", "60 rows of noise")
    ]
    print("numbers: root mean squared error over that of the mean")
    for table, unit in cases:
        name = ", ".join(filter(None, [table, unit]))
        if arguments.only in name:
            n, make = TABLES[table]
            show(name, [relative_error(n, make, UNITS[unit], seed) for seed in seeds])


if __name__ == "__main__":
    main()
