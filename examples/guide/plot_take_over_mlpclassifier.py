"""
Explain a trained MLPClassifier
===============================

An ``MLPClassifier`` is in production, and you need to explain its decisions. It need
not be trained again: convert it with its weights, explain it, and convert it back.
"""

# %%
# The trained network
# -------------------
# Tumors, measured under the microscope. There are three parts: the training rows, rows
# that arrive later, and test rows.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.inspection import SaliencyDisplay, boundary_distance
from skjacobnet.interop import from_sklearn, to_sklearn

data = load_breast_cancer()
X, y = data.data, data.target_names[data.target]
X_train, X_rest, y_train, y_rest = train_test_split(
    X, y, train_size=200, stratify=y, random_state=0
)
X_later, X_test, y_later, y_test = train_test_split(
    X_rest, y_rest, train_size=100, stratify=y_rest, random_state=0
)
scaler = StandardScaler()
mlp = MLPClassifier((30,), alpha=0.1, max_iter=1000, random_state=0)
old = make_pipeline(scaler, mlp).fit(X_train, y_train)
print(f"held-out accuracy {old.score(X_test, y_test):.3f}, {mlp.n_iter_} epochs")

# %%
# Converting it
# -------------
# The same weights give the same probabilities. The fitted scaler is kept.

network = from_sklearn(mlp)
new = make_pipeline(scaler, network)
difference = np.abs(new.predict_proba(X_test) - old.predict_proba(X_test)).max()
print(f"largest difference of a probability: {difference:.0e}")
print(network.network_)

# %%
# Explaining a prediction
# -----------------------
# Take the test row of which the network is least certain. Integrated gradients divide
# the difference between its probability and that of the average row, which is zero
# after scaling, among the features.

scaled = scaler.transform(X_test)
unsure = new.predict_proba(X_test).max(axis=1).argmin()
row = scaled[[unsure]]
display = SaliencyDisplay.from_estimator(
    network,
    row,
    method="integrated_gradients",
    feature_names=data.feature_names,
    max_features=12,
)
plt.show()

# %%
# Distance to the decision boundary
# ---------------------------------
# The Jacobian gives the distance of each row to the other decision, in standard
# deviations of the features, and its direction. To check it, move every test row there:

distance, direction, _ = boundary_distance(network, scaled)
print(f"the least certain row is {distance[unsure]:.2f} from the other decision")
print(f"the median distance is {np.median(distance):.2f}")

ways = np.linspace(0.0, 2.0, 21)
turned = [
    np.mean(
        network.predict(scaled + way * distance[:, np.newaxis] * direction)
        != network.predict(scaled)
    )
    for way in ways
]
figure, ax = plt.subplots(layout="constrained")
ax.plot(ways, turned, marker=".")
ax.axvline(1.0, color="0.5", linestyle=":", label="estimated boundary")
ax.set(
    xlabel="change of the rows, as a share of the estimated distance",
    ylabel="share of decisions that changed",
    title="Test rows moved towards the other class",
)
ax.legend()
plt.show()

# %%
# The estimate assumes a linear network; where it is not linear, the boundary is
# somewhat farther, or nearer.
#
# Training it further and converting it back
# ------------------------------------------
# It can be trained further with options that ``MLPClassifier`` does not have: here on
# the rows that arrive later, with ``class_weight``, since no malignant tumor should be
# overlooked.


def scores(model):
    """Return the accuracy, and the share of the malignant tumors that are found."""
    predicted = model.predict(X_test)
    found = recall_score(y_test, predicted, pos_label="malignant")
    return accuracy_score(y_test, predicted), found


before = scores(new)
network.set_params(class_weight={"malignant": 5.0, "benign": 1.0})
for _ in range(20):
    network.partial_fit(scaler.transform(X_later), y_later)
after = scores(new)
for name, (accuracy, found) in {"before": before, "after": after}.items():
    print(f"{name:<6} accuracy {accuracy:.3f}, malignant tumors found {found:.3f}")

# %%
# Convert it back for a system that has only scikit-learn.

back = make_pipeline(scaler, to_sklearn(network))
same = np.allclose(back.predict_proba(X_test), new.predict_proba(X_test))
print(f"{type(back[-1]).__name__}, the same probabilities: {same}")
