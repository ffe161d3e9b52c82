"""
A mixed table, a pipeline and a grid search
===========================================

You have a data frame of numbers, categories and gaps, and want to know whether a
network predicts better than what you have. Put it at the end of a pipeline, let a grid
search choose its optimizer and learning rate, and score all of it on rows that had no
part in any of this.
"""

# %%
# The table
# ---------
# 1,500 parcels: will one come late? The table is made up, so that we know what there is
# to find. Parcels are late in the two rush hours, and bikes are late on long ways. A
# tenth of the weights and of the weather reports are missing.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skjacobnet import JacobianMLPClassifier

rng = np.random.default_rng(0)
n_parcels = 1500
X = pd.DataFrame(
    {
        "distance_km": rng.gamma(2.0, 15.0, n_parcels),
        "hour": rng.uniform(6.0, 22.0, n_parcels),
        "weight_kg": rng.lognormal(0.5, 0.8, n_parcels),
        "carrier": rng.choice(["bike", "van", "truck"], n_parcels),
        "weather": rng.choice(["dry", "rain", "snow"], n_parcels, p=[0.6, 0.3, 0.1]),
    }
)
rush = sum(np.exp(-((X["hour"] - peak) ** 2) / 3) for peak in (8, 18))
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
# Gaps among the numbers are filled with the mean, and one more column says where. Each
# category becomes a column of zeros and ones, and so does a missing one. A network
# wants its numbers scaled.

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
network = JacobianMLPClassifier(
    (30,), batch_size=64, max_iter=40, tol=None, random_state=0
)
model = make_pipeline(columns, network)

# %%
# The search
# ----------
# A parameter of the network has the name of its step in front. ``tol=None`` above gives
# each candidate the same number of epochs; ``n_jobs`` would spread them over cores.

grid = {
    "jacobianmlpclassifier__optimizer": ["momentum", "adam"],
    "jacobianmlpclassifier__learning_rate": [4e-3, 2e-2, 1e-1, 5e-1],
}
folds = StratifiedKFold(3, shuffle=True, random_state=0)
search = GridSearchCV(model, grid, scoring="roc_auc", cv=folds).fit(X, y)
print(search.best_params_, f"{search.best_score_:.3f}")

# %%
# Is it better?
# -------------
# ``best_score_`` is the best of eight, which flatters. For a fair score the whole
# search is repeated on the training rows of each fold of an outer cross-validation.

candidates = {
    "dummy": DummyClassifier(),
    "logistic regression": make_pipeline(columns, LogisticRegression()),
    "network": search,
}
scores = {
    name: cross_val_score(candidate, X, y, scoring="roc_auc", cv=folds)
    for name, candidate in candidates.items()
}
for name, fold_scores in scores.items():
    print(f"{name:<20}", *(f"{score:.3f}" for score in fold_scores))

# %%
# Left, what the search saw, with the standard deviation over its folds. Right, the
# fair scores.

results = pd.DataFrame(search.cv_results_)
figure, (left, right) = plt.subplots(ncols=2, layout="constrained", sharey=True)
for optimizer, rows in results.groupby("param_jacobianmlpclassifier__optimizer"):
    rates = rows["param_jacobianmlpclassifier__learning_rate"].astype(float)
    mean, deviation = rows["mean_test_score"], rows["std_test_score"]
    left.errorbar(rates, mean, deviation, fmt="o-", label=optimizer)
left.set(xscale="log", xlabel="learning rate", ylabel="area under the ROC curve")
left.legend(title="optimizer")
for place, fold_scores in enumerate(scores.values()):
    right.plot([place] * len(fold_scores), fold_scores, "o", color="black")
right.set_xticks(range(len(scores)), [name.replace(" ", "\n") for name in scores])
right.set(xlim=(-0.5, 2.5), xlabel="three folds, never searched on")
plt.show()

# %%
# Use it
# ------
# The search is a classifier, trained once more on all rows with what it chose. New rows
# come as they are, with gaps and with words that nobody has seen before.

new = pd.DataFrame(
    {
        "distance_km": [40.0, 5.0],
        "hour": [8.0, 13.0],
        "weight_kg": [2.0, np.nan],
        "carrier": ["bike", "van"],
        "weather": ["dry", "fog"],
    }
)
probability = search.predict_proba(new)[:, list(search.classes_).index("late")]
print(new.assign(probability_of_late=probability.round(2)))
