"""What each part of the defaults is worth, on tables in a folder.

``python tests/benchmarks/ablation.py FOLDER`` reads ``FOLDER/classification/*.parquet``
and ``FOLDER/regression/*.parquet``, whose targets are in the column ``__y__`` and whose
categories are in columns named ``c_...``. It fits the defaults, and the defaults with
one part left out, to raw tables, beside scikit-learn's MLPClassifier, or its
MLPRegressor on a standardized target, on imputed, standardized and one-hot encoded
ones. It prints geometric means over the tables of the ratios of errors (plus 0.005),
log-losses, root mean squared errors and CPU times, and the mean calibration error.

Tables of more than 10,000 rows are drawn down to that; three of five folds up to 3,000
rows, one of three above. Reading needs pyarrow.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor
from skjacobnet.layers import (
    Binary,
    MissingIndicator,
    OneHot,
    PiecewiseLinear,
    SmoothClip,
    Standardize,
)

WITHOUT_BINS = [OneHot(), Binary(), MissingIndicator(), Standardize(), SmoothClip()]
SCALED = [OneHot(), MissingIndicator(), Standardize()]


def with_bins(n_bins):
    """Return the automatic encodings but for their standardization of two values."""
    last = [MissingIndicator(), Standardize(), SmoothClip()]
    return [OneHot(), PiecewiseLinear(n_bins), *last]


SHARED = {
    "defaults": {},
    "one-hot and standardized only": {"encoding": SCALED},
    "no piecewise-linear bins": {"encoding": WITHOUT_BINS},
    "weights drawn by he_normal": {"initializer": "he_normal"},
    "constant learning rate": {"schedule": "constant"},
    "no decay": {"total_weight_decay": 0.0},
    "no calibration": {"calibration": None},
    "early stopping for pilot and refit": {
        "early_stopping": True,
        "validation_fraction": 0.2,
    },
    "one hidden layer of 100": {"hidden_layer_sizes": (100,)},
    "float32": {"dtype": "float32"},
}
VARIANTS = {
    "classification": {
        **SHARED,
        "no Binary": {"encoding": with_bins(8)},
        "no label smoothing": {"loss": "cross_entropy"},
    },
    "regression": {**SHARED, "no Binary": {"encoding": with_bins(16)}},
}


def load(path, classify):
    """Return the features and the target of a table."""
    X = pd.read_parquet(path)
    y = X.pop("__y__")
    y = LabelEncoder().fit_transform(y) if classify else y.to_numpy(float)
    if len(y) > 10_000:
        chosen = {"train_size": 10_000, "random_state": 0}
        rows, _ = train_test_split(
            np.arange(len(y)), stratify=y if classify else None, **chosen
        )
        X, y = X.iloc[np.sort(rows)].reset_index(drop=True), y[np.sort(rows)]
    words = {name: "category" for name in X if name.startswith("c_")}
    return X.astype(words), y


def base(X, classify):
    """Return scikit-learn's network behind what it needs for a raw table."""
    words = [name for name in X if name.startswith("c_")]
    numbers = [name for name in X if name not in words]
    impute = SimpleImputer(strategy="median", keep_empty_features=True)
    prepare = make_column_transformer(
        (make_pipeline(impute, StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), words),
    )
    if classify:
        return make_pipeline(prepare, MLPClassifier(random_state=0))
    network = make_pipeline(prepare, MLPRegressor(random_state=0))
    return TransformedTargetRegressor(network, transformer=StandardScaler())


def calibration_error(proba, hit):
    """Return the mean distance of confidence and accuracy in fifteen bins."""
    top = proba.max(axis=1)
    bins = np.minimum((top * 15).astype(int), 14)
    return sum(
        abs(hit[bins == b].mean() - top[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    )


def scores(model, X, y, classify):
    """Return what is compared, by name."""
    if not classify:
        return {"rmse": np.sqrt(np.mean((model.predict(X) - y) ** 2))}
    proba = np.clip(model.predict_proba(X), 1e-7, 1.0)
    proba /= proba.sum(axis=1, keepdims=True)
    hit = model.classes_[proba.argmax(axis=1)] == y
    return {
        "error": 1.0 - hit.mean() + 0.005,
        "log_loss": log_loss(y, proba, labels=model.classes_),
        "ece": calibration_error(proba, hit),
    }


def folds_of(X, y, classify):
    """Yield the rows of each fold that is used."""
    small = len(y) <= 3000
    kind = StratifiedKFold if classify else KFold
    folds = kind(5 if small else 3, shuffle=True, random_state=0).split(X, y)
    for number, fold in enumerate(folds):
        if number < (3 if small else 1):
            yield fold


def measure(folder, kind, variants, seeds):
    """Return a row for each table and variant, averaged over folds and seeds."""
    classify, rows = kind == "classification", []
    network = JacobianMLPClassifier if classify else JacobianMLPRegressor
    for path in sorted((folder / kind).glob("*.parquet")):
        X, y = load(path, classify)
        for train, test in folds_of(X, y, classify):
            models = [("base", base(X, classify))]
            models += [
                (name, network(random_state=seed, **parameters))
                for name, parameters in variants.items()
                for seed in seeds
            ]
            for name, model in models:
                start = time.process_time()
                model.fit(X.iloc[train], y[train])
                seconds = time.process_time() - start
                found = scores(model, X.iloc[test], y[test], classify)
                rows.append(
                    {"table": path.stem, "name": name, "time": seconds, **found}
                )
        print(path.stem, len(y), flush=True)
    return pd.DataFrame(rows).groupby(["name", "table"], sort=False).mean()


def main():
    """Print a line for each variant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=[*VARIANTS], action="append")
    parser.add_argument("--only", action="append", help="names of variants")
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    for kind in arguments.kind or VARIANTS:
        variants = {
            name: parameters
            for name, parameters in VARIANTS[kind].items()
            if not arguments.only or name in arguments.only
        }
        found = measure(arguments.folder, kind, variants, range(arguments.seeds))
        print(f"{kind}: ratios to scikit-learn's network")
        for name in variants:
            ratios = np.exp(np.log(found.loc[name] / found.loc["base"]).mean())
            if "ece" in found:
                ratios["ece"] = found.loc[name, "ece"].mean()
            text = "  ".join(
                f"{column} {value:.3f}" for column, value in ratios.items()
            )
            print(f"{name:40s}{text}")


if __name__ == "__main__":
    main()
