"""
Search a grid fast
==================

You search a learning rate and a weight decay, and three folds of 24 candidates are 72
fits. Replace ``GridSearchCV`` by ``LockstepGridSearchCV``: the candidates of a fold are
trained together, and the scores are the same.
"""

# %%
# The search
# ----------
# 900 images of digits, and a small network with small batches, where the overhead of
# each step dominates. Folds and seed are fixed, so that both searches train the same
# networks.

from time import process_time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from skjacobnet import JacobianMLPClassifier
from skjacobnet.model_selection import (
    LockstepGridSearchCV,
    LockstepHalvingGridSearchCV,
)

X, y = (array[:900] for array in load_digits(return_X_y=True))
model = JacobianMLPClassifier(
    (30,), batch_size=16, max_iter=9, calibration=None, dtype="float32", random_state=0
)
grid = {
    "learning_rate": [1e-3, 3e-3, 6e-3, 0.01, 0.02, 0.05],
    "total_weight_decay": [0.0, 0.5, 1.0, 2.0],
}
searches = {
    "one by one": GridSearchCV(model, grid, cv=3),
    "lockstep": LockstepGridSearchCV(model, grid, cv=3),
    "halving": LockstepHalvingGridSearchCV(model, grid, cv=3, return_train_score=False),
}
seconds = {}
for name, search in searches.items():
    start = process_time()
    search.fit(X, y)
    seconds[name] = process_time() - start
    print(f"{name}: {seconds[name]:.1f} s, best score {search.best_score_:.4f}")

# %%
# Candidates trained together
# ---------------------------
# All 24 candidates of a fold form one group, since they differ in numbers alone.
# Candidates with different layers, losses, optimizers or batch sizes form separate
# groups; ``n_together`` is the size of the group.

results = {name: search.cv_results_ for name, search in searches.items()}
print(results["lockstep"]["n_together"])
scores = [results[name]["mean_test_score"] for name in ("one by one", "lockstep")]
columns = [f"split{k}_test_score" for k in range(3)]
n_equal = sum(
    np.sum(results["one by one"][column] == results["lockstep"][column])
    for column in columns
)
print(f"{n_equal} of {24 * 3} scores are equal.")

# %%
# Halving trains all candidates for one epoch, the best third for three and the best
# three for all epochs. Candidates continue from where they were.

halving = searches["halving"]
for n_candidates, n_epochs in zip(
    halving.n_candidates_, halving.n_resources_, strict=True
):
    print(f"{n_candidates} candidates up to epoch {n_epochs}")

# %%
# Scores and time
# ---------------
# Each point is a candidate. The two searches of the whole grid agree in every score.

figure, (left, right) = plt.subplots(
    1, 2, figsize=(9, 4), layout="constrained", width_ratios=[1.2, 1]
)
left.plot(scores[0], scores[1], "o", alpha=0.6)
ends = [min(scores[0]), max(scores[0])]
left.plot(ends, ends, color="0.6", linewidth=1, zorder=0)
left.set(
    xlabel="accuracy in GridSearchCV",
    ylabel="accuracy in LockstepGridSearchCV",
    title="Equal scores",
)
bars = right.barh(list(seconds), list(seconds.values()), color=["0.6", "C0", "C0"])
right.bar_label(bars, fmt="%.1f s", padding=3)
right.invert_yaxis()
right.margins(x=0.2)
right.set(xlabel="CPU time in seconds", title="24 candidates, 3 folds")
plt.show()

# %%
# Lockstep is no faster for wide networks, for groups of two candidates, or for L-BFGS;
# these are fitted one by one within the same call. :doc:`/user_guide/searching` has
# figures.
