"""
Robustness to noise and adversarial attacks
===========================================

You have 200 labeled digits, and later images will be noisier, or changed on purpose. A
penalty on the norm of the Jacobian makes the predictions change less when the input
changes.
"""

# %%
# Three candidates
# ----------------
# No penalty, weight decay, and the norm of the Jacobian. The strengths are chosen by
# cross-validation on the 200 clean digits, without any noise or attack.
# ``n_projections=1`` in the penalty estimates the norm from one random direction in
# each step, which is faster than all ten classes. Other regularization that is on by
# default is off: decay over the run, smooth labels, a decreasing rate. So are the
# encodings, since the attack is one on pixels.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import (
    boundary_distance,
    fast_gradient_attack,
    robustness_curve,
)
from skjacobnet.regularizers import JacobianNorm

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, train_size=200, stratify=y, random_state=0
)
network = JacobianMLPClassifier(
    (100,),
    encoding=None,
    initializer="he_uniform",
    loss="cross_entropy",
    learning_rate=3e-3,
    schedule="constant",
    total_weight_decay=0.0,
    batch_size=20,
    max_iter=100,
    calibration=None,
    random_state=0,
    dtype="float32",
)
strengths = [1e-3, 1e-2, 1e-1]
candidates = {
    "no penalty": [{}],
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
# Pixels go from 0, white, to 1, black. The noise is normal; the attack moves every
# pixel by the same amount in the direction that raises the loss fastest. It is computed
# for each network separately, so that each has its worst case. Here is the first
# held-out digit that the network without a penalty misreads after the attack. Red
# pixels were made darker, blue ones lighter; a red frame marks a wrong prediction.

noise, attack = 0.3, 0.1
plain = models["no penalty"]
attacked = fast_gradient_attack(plain, X_test, y_test, attack)
fooled = (plain.predict(X_test) == y_test) & (plain.predict(attacked) != y_test)
shown = slice(np.argmax(fooled), np.argmax(fooled) + 1)
digit, truth = X_test[shown], y_test[shown]
noisy = digit + noise * np.random.default_rng(0).normal(size=digit.shape)

# sphinx_gallery_thumbnail_number = 1
figure, axes = plt.subplots(3, 4, figsize=(8, 6.6), layout="constrained")
titles = "original", f"noise {noise}", f"attack {attack}", "change by the attack"
for row, (name, model) in zip(axes, models.items(), strict=True):
    attacked = fast_gradient_attack(model, digit, truth, attack)
    for ax, view in zip(row, (digit, noisy, attacked), strict=False):
        ax.imshow(view.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        (predicted,) = model.predict(view)
        right = predicted == truth[0]
        ax.set_xlabel(
            f"predicted {predicted}" + ("" if right else ", wrong"),
            color="black" if right else "#B00000",
        )
        for spine in () if right else ax.spines.values():
            spine.set(color="#B00000", linewidth=3)
    change = (attacked - digit).reshape(8, 8)
    row[3].imshow(change, cmap="RdBu_r", vmin=-attack, vmax=attack)
    row[3].set_xlabel(f"\N{PLUS-MINUS SIGN}{attack} in each pixel")
    row[0].set_ylabel(name)
for ax, title in zip(axes[0], titles, strict=True):
    ax.set_title(title, fontsize="medium")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
figure.suptitle(f"A held-out {truth[0]}, as three networks read it")
plt.show()

# %%
# The accuracy over all held-out digits, against the size of the change:

sizes = {"noise": np.linspace(0.0, 0.5, 6), "attack": np.linspace(0.0, 0.2, 5)}
curves = {
    name: {
        kind: robustness_curve(
            model, X_test, y_test, epsilons, perturbation=kind, random_state=0
        )
        for kind, epsilons in sizes.items()
    }
    for name, model in models.items()
}

figure, axes = plt.subplots(ncols=2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, (kind, epsilons) in zip(axes, sizes.items(), strict=True):
    for (name, curve), style in zip(curves.items(), (":", "--", "-"), strict=True):
        ax.plot(epsilons, curve[kind], style, marker=".", label=name)
    ax.set(title=f"Robustness to {kind}", xticks=epsilons)
axes[0].set(
    xlabel="standard deviation of the noise", ylabel="held-out accuracy", ylim=(0, 1)
)
axes[1].set_xlabel("change of every pixel by the attack")
axes[0].legend(loc="lower left")
plt.show()

# %%
# The attack takes one step. Stronger attacks take many, so the accuracy under this one
# is an upper bound. How much the penalty gains depends on the training as well:
# :doc:`/measured/figures` has the means over ten splits.
#
# Distance to the decision boundary
# ---------------------------------
# The Jacobian gives the distance of each row to the nearest other class, to first
# order: the length of the change, all pixels together. Predictions with a small
# distance should be reviewed.

distances = {
    name: np.median(boundary_distance(model, X_test).distance)
    for name, model in models.items()
}
for name, curve in curves.items():
    print(
        f"{name:<13} {curve['noise'][0]:.3f} right, {curve['noise'][3]:.3f} under "
        f"noise {noise}, {curve['attack'][2]:.3f} under attack {attack}; "
        f"median distance {distances[name]:.2f}"
    )
