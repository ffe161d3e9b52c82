"""
Use a pipeline and a grid search on a mixed table
=================================================

You have a data frame of numbers, categories, dates and missing values, and want to know
whether a network predicts better than your model. Put it at the end of a pipeline, let
a grid search try other sizes, and score the whole search by cross-validation.
"""

# %%
# The table
# ---------
# 1,500 parcels: will one come late? The table is simulated, so that the true effects
# are known. Parcels are late in the two rush hours, and bikes are late over long
# distances. A tenth of the weights and of the weather reports are missing.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import t
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skjacobnet import JacobianMLPClassifier

rng = np.random.default_rng(0)
n_parcels = 1500
hour = rng.uniform(6.0, 22.0, n_parcels)
X = pd.DataFrame(
    {
        "distance_km": rng.gamma(2.0, 15.0, n_parcels),
        "sent": pd.Timestamp("2026-03-02") + pd.to_timedelta(hour, "h").round("min"),
        "weight_kg": rng.lognormal(0.5, 0.8, n_parcels),
        "carrier": rng.choice(["bike", "van", "truck"], n_parcels),
        "weather": rng.choice(["dry", "rain", "snow"], n_parcels, p=[0.6, 0.3, 0.1]),
    }
)
rush = sum(np.exp(-((hour - peak) ** 2) / 3) for peak in (8, 18))
slow = (X["carrier"] == "bike") * X["distance_km"] / 20
log_odds = 4 * rush + 1.5 * slow + 1.5 * (X["weather"] == "snow") - 3.5
late = rng.random(n_parcels) < 1 / (1 + np.exp(-log_odds))
y = np.where(late, "late", "on time")
for column in ("weight_kg", "weather"):
    X.loc[rng.random(n_parcels) < 0.1, column] = np.nan
print(X.head(), f"{late.mean():.0%} of {n_parcels} parcels are late", sep="\n\n")

# %%
# The pipeline
# ------------
# The network takes strings, missing values and numbers of any unit as they are; only
# times must become numbers first. No other step is needed, and no learning rate.


def with_hours(X):
    """Return the table with an hour of the day in place of a time."""
    sent = X["sent"].dt
    return X.assign(hour=sent.hour + sent.minute / 60).drop(columns="sent")


hours = FunctionTransformer(with_hours)
model = make_pipeline(hours, JacobianMLPClassifier(random_state=0))

# %%
# The search
# ----------
# The defaults are a good start. A search shows whether other values are better for your
# table. The parameters of the network begin with the name of its step. ``n_jobs`` would
# spread the candidates over cores.

grid = {
    "jacobianmlpclassifier__activation": ["relu", "tanh"],
    "jacobianmlpclassifier__hidden_layer_sizes": [(32,), (64, 64)],
}
folds = StratifiedKFold(3, shuffle=True, random_state=0)
search = GridSearchCV(model, grid, scoring="roc_auc", cv=folds).fit(X, y)
print(search.best_params_, f"{search.best_score_:.3f}")

# %%
# Comparing with a baseline
# -------------------------
# ``best_score_`` is the best of four and thus optimistic. For an unbiased score the
# whole search is repeated on the training rows of each fold of an outer
# cross-validation. Logistic regression needs more preceding steps: missing values are
# imputed and marked, numbers scaled, and categories one-hot encoded.

columns = make_column_transformer(
    (
        make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
        make_column_selector(dtype_include="number"),
    ),
    (
        OneHotEncoder(handle_unknown="ignore"),
        make_column_selector(dtype_exclude="number"),
    ),
)
candidates = {
    "dummy": DummyClassifier(),
    "logistic regression": make_pipeline(hours, columns, LogisticRegression()),
    "network": model,
    "searched network": search,
}
scores = {
    name: cross_val_score(candidate, X, y, scoring="roc_auc", cv=folds)
    for name, candidate in candidates.items()
}
for name, fold_scores in scores.items():
    print(f"{name:<20}", *(f"{score:.3f}" for score in fold_scores))

# %%
# All models are scored on the same folds, so their differences are tested. Training
# rows of the folds overlap, which a paired t-test does not know; the corrected
# resampled t-test [1]_ adds the ratio of test rows to training rows to the variance.
# Three folds are few: only a large and steady difference has a small p-value.


def p_value(a, b):
    """Return the p-value of the corrected resampled t-test over the folds."""
    k = folds.get_n_splits()
    difference = scores[a] - scores[b]
    variance = difference.var(ddof=1) * (1 / k + 1 / (k - 1))
    return 2 * t.sf(abs(difference.mean()) / np.sqrt(variance), k - 1)


p_values = {
    name: p_value("network", name)
    for name in ("logistic regression", "searched network")
}
for name, value in p_values.items():
    print(f"network against {name}: p = {value:.3f}")

# %%
# Each line is a fold. Folds differ for all models alike, which is why differences are
# tested.

figure, ax = plt.subplots(layout="constrained")
for number, fold_scores in enumerate(zip(*scores.values(), strict=True), start=1):
    ax.plot(range(len(scores)), fold_scores, "o-", label=f"fold {number}")
ax.set_xticks(range(len(scores)), [name.replace(" ", "\n") for name in scores])
ax.set(
    xlabel="model",
    ylabel="held-out area under the ROC curve",
    title="Is a parcel late? Four models on three folds",
)
ax.legend(loc="lower right")
plt.show()

# %%
# Predicting new rows
# -------------------
# The search is a classifier, refitted on all rows with the best parameters. New rows
# may have missing values and unknown categories.

new = pd.DataFrame(
    {
        "distance_km": [40.0, 5.0],
        "sent": pd.to_datetime(["2026-03-03 08:00", "2026-03-03 13:00"]),
        "weight_kg": [2.0, np.nan],
        "carrier": ["bike", "van"],
        "weather": ["dry", "fog"],
    }
)
probability = search.predict_proba(new)[:, list(search.classes_).index("late")]
print(new.assign(probability_of_late=probability.round(2)).to_string())

# %%
# .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine
#    Learning 52, 2003, Equation 20. https://doi.org/10.1023/A:1024068626366
