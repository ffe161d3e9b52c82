"""
Ask a trained MLPClassifier what it looks at
============================================

A network of scikit-learn's is in production, and somebody asks why it decided as it
did. It need not be trained again: carry it over with its weights, ask, and carry it
back.
"""

# %%
# The network that is there
# -------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import SaliencyDisplay, boundary_distance

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
mlp = MLPClassifier((30,), alpha=0.1, max_iter=1000, random_state=0)
old = make_pipeline(StandardScaler(), mlp).fit(X_train, y_train)
print(f"held-out accuracy: {old.score(X_test, y_test):.3f}")

# %%
# Carried over
# ------------
# The same weights give the same probabilities. The scaler is already fitted, and stays.

new = make_pipeline(old[0], JacobianMLPClassifier.from_sklearn(old[-1]))
difference = np.abs(new.predict_proba(X_test) - old.predict_proba(X_test)).max()
print(f"largest difference of a probability: {difference:.0e}")
print(new[-1].network_)

# %%
# What it looks at
# ----------------
# The least certain of the held-out rows: which features speak for its class, and how
# far is it, in standard deviations of the features, from the other one?

row = X_test.iloc[[new.predict_proba(X_test).max(axis=1).argmin()]]
scaled = new[0].transform(row)
nearest = boundary_distance(new[-1], scaled)
print(f"{nearest.distance[0]:.2f} standard deviations from class {nearest.other[0]}")

SaliencyDisplay.from_estimator(
    new[-1],
    scaled,
    method="integrated_gradients",
    feature_names=X.columns,
    max_features=12,
)
plt.show()

# %%
# Is that true? A step of one and a half times that distance in that direction should
# change the decision, and it does:

moved = scaled + 1.5 * nearest.distance * nearest.direction
before, after = new[-1].predict(scaled)[0], new[-1].predict(moved)[0]
print(f"class {before} becomes {after}")

# %%
# And back
# --------
# It can learn on with what ``MLPClassifier`` does not have, here a new month of rows in
# which the classes count differently, and then go back to where only scikit-learn is.

month, month_y = X_test[:100], y_test[:100]
new[-1].set_params(class_weight={0: 3.0, 1: 1.0})
for _ in range(5):
    new[-1].partial_fit(new[0].transform(month), month_y)
back = make_pipeline(old[0], new[-1].to_sklearn())
same = np.allclose(back.predict_proba(X_test), new.predict_proba(X_test))
print(f"{type(back[-1]).__name__}, same probabilities: {same}")
