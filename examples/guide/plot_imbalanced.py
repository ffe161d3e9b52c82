"""
Imbalanced classes: class weights or a tuned threshold
======================================================

Few parts are faulty, so a network that predicts every part good has a high accuracy and
is useless. State the costs of mistakes, and find the faults by class weights or by a
tuned threshold. Held-out rows show which is cheaper.
"""

# %%
# The problem
# -----------
# 10,000 simulated parts with 12 measurements each; class 1 is faulty. A good part that
# is checked costs 1, a faulty one that is shipped 20. Half of the parts are held out.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import (
    PrecisionRecallDisplay,
    make_scorer,
    precision_score,
    recall_score,
)
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from skjacobnet import JacobianMLPClassifier


def cost(y, faulty):
    """Return what mistakes cost in 1,000 parts."""
    checked = np.mean((y == 0) & (faulty == 1))
    shipped = np.mean((y == 1) & (faulty == 0))
    return 1000 * (1 * checked + 20 * shipped)


X, y = make_classification(
    10_000,
    n_features=12,
    n_informative=6,
    n_clusters_per_class=3,
    weights=[0.97],
    class_sep=1.2,
    random_state=0,
)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)

# %%
# Three models
# ------------
# By default, the network predicts a fault if it is more likely than not.
# ``class_weight="balanced"`` gives both classes the same total weight, as if the costs
# of a missed fault and of a false alarm had the ratio of good and faulty parts.
# ``TunedThresholdClassifierCV`` leaves the training as it is and moves the threshold to
# where a cross-validation of the training rows costs least.


def network(class_weight=None):
    """Return a network that is the same but for the weights of the classes."""
    return JacobianMLPClassifier((32,), class_weight=class_weight, random_state=0)


models = {
    "default": network(),
    "balanced": network(class_weight="balanced"),
    "tuned": TunedThresholdClassifierCV(
        network(),
        scoring=make_scorer(cost, greater_is_better=False),
        cv=5,
        store_cv_results=True,
    ),
}
for model in models.values():
    model.fit(X_train, y_train)

# %%
# The costs
# ---------
# All figures are of the held-out half.

costs, probabilities, decisions = {}, {}, {}
for name, model in models.items():
    faulty = model.predict(X_test)
    costs[name] = cost(y_test, faulty)
    probabilities[name] = model.predict_proba(X_test)[:, 1]
    decisions[name] = recall_score(y_test, faulty), precision_score(y_test, faulty)
for name, (recall, precision) in decisions.items():
    print(
        f"{name:<10} cost {costs[name]:.0f}, recall {recall:.2f}, "
        f"precision {precision:.2f}, mean probability {probabilities[name].mean():.3f}"
    )
ship_all = cost(y_test, np.zeros_like(y_test))
print(f"no network cost {ship_all:.0f}; a share of {y_test.mean():.3f} is faulty")

# %%
# Both find most faults. But class weights distort the probabilities: their mean is far
# above the share of faulty parts. The tuned classifier keeps the probabilities of the
# default network, and decides at another point of the same curve.

figure, ax = plt.subplots(layout="constrained")
for name in ("default", "balanced"):
    PrecisionRecallDisplay.from_predictions(
        y_test, probabilities[name], name=name, ax=ax
    )
for (name, point), marker in zip(decisions.items(), "os*", strict=True):
    ax.plot(*point, marker, color="black", markersize=10, label=f"{name}: decision")
ax.set(
    xlabel="recall: share of faulty parts found",
    ylabel="precision: share of alarms that are right",
    title="Precision and recall on held-out parts",
)
ax.legend()
plt.show()

# %%
# Choosing the threshold
# ----------------------
# A part of probability p costs 1 - p if it is checked and 20 p if it is shipped. Where
# probabilities are calibrated, it should be checked if p is above 1/21. The search
# finds a threshold near that from the costs alone.

tuned, computed = models["tuned"], 1 / 21
print(f"tuned threshold {tuned.best_threshold_:.3f}, computed {computed:.3f}")
results = tuned.cv_results_
figure, ax = plt.subplots(layout="constrained")
ax.plot(results["thresholds"], -results["scores"], color="black")
ax.axvline(tuned.best_threshold_, color="C0", label="tuned")
ax.axvline(computed, color="C1", linestyle="--", label="computed")
ax.axvline(0.5, color="C2", linestyle=":", label="default")
ax.set(
    xlabel="threshold",
    ylabel="cost of 1,000 parts, cross-validated",
    title="Cost of each threshold",
)
ax.legend()
plt.show()
