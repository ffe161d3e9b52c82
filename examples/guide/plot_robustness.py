"""
Predictions that small changes do not turn over
===============================================

You have 200 labeled digits, and what comes in later will be noisier than they are, or
changed on purpose. A penalty on the norm of the Jacobian asks for predictions that
change little when the input does.
"""

# %%
# Three candidates
# ----------------
# No penalty, weight decay, and the norm of the Jacobian. The strengths are chosen by
# cross-validation on the 200 clean digits: nothing here knows what noise or attack
# will come. ``n_projections=1`` in the penalty estimates the norm from one random
# direction in each step, which is several times as fast as all ten classes.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import boundary_distance, robustness_curve
from skjacobnet.regularizers import JacobianNorm

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, train_size=200, stratify=y, random_state=0
)
network = JacobianMLPClassifier(
    (100,),
    learning_rate=3e-3,
    batch_size=20,
    max_iter=100,
    tol=None,
    random_state=0,
    dtype="float32",
)
strengths = [1e-3, 1e-2, 1e-1]
candidates = {
    "none": [{}],
    "weight decay": [{"weight_decay": s} for s in strengths],
    "Jacobian norm": [
        {"jacobian_norm": JacobianNorm(s, n_projections=1)} for s in strengths
    ],
}
models = {}
for name, regularizers in candidates.items():
    search = GridSearchCV(network, {"regularizers": regularizers}, cv=3)
    models[name] = search.fit(X_train, y_train).best_estimator_
    print(f"{name:<13} {models[name].regularizers}")

# %%
# Noise and attack
# ----------------
# Pixels go from 0 to 1. The noise is normal; the attack moves every pixel by the same
# amount in the direction that raises the loss fastest. It is computed for each network
# anew, so each faces its own worst case.

noise, attack = np.linspace(0.0, 0.5, 6), np.linspace(0.0, 0.2, 6)
curves = {
    name: {
        "noise": robustness_curve(
            model, X_test, y_test, noise, perturbation="noise", random_state=0
        ),
        "attack": robustness_curve(model, X_test, y_test, attack),
    }
    for name, model in models.items()
}

figure, (left, right) = plt.subplots(ncols=2, sharey=True, layout="constrained")
for (name, curve), style in zip(curves.items(), (":", "--", "-"), strict=True):
    left.plot(noise, curve["noise"], style, label=name)
    right.plot(attack, curve["attack"], style)
left.set(xlabel="standard deviation of the noise", ylabel="held-out accuracy")
right.set(xlabel="size of the attack")
left.legend(title="penalty")
plt.show()

# %%
# How far is it to another decision?
# ----------------------------------
# Before anyone attacks, the Jacobian tells how far each row is from the nearest other
# class, to first order. Rows that are near it are those to look at.

distances = {
    name: np.median(boundary_distance(model, X_test).distance)
    for name, model in models.items()
}
for name, distance in distances.items():
    clean, shaken = curves[name]["noise"][[0, 3]]
    print(
        f"{name:<13} {clean:.3f} right, {shaken:.3f} under noise of {noise[3]:.1f}, "
        f"{curves[name]['attack'][2]:.3f} under attack of {attack[2]:.2f}; "
        f"median distance {distance:.2f}"
    )
