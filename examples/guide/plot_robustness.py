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
# direction in each step, which is several times as fast as all ten classes. What would
# compete with the penalties, and is on by default, is off: decay over the run, smooth
# labels, a fading rate. So are the encodings, since the attack is one on pixels.

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
# for each network anew, so each faces its own worst case. This is what the first
# held-out digit looks like, and what each network reads:

noise, attack = 0.3, 0.1
digit = X_test[:1]
noisy = digit + noise * np.random.default_rng(0).normal(size=digit.shape)

figure, axes = plt.subplots(3, 3, layout="constrained")
for row, (name, model) in zip(axes, models.items(), strict=True):
    attacked = fast_gradient_attack(model, digit, y_test[:1], attack)
    for ax, view in zip(row, (digit, noisy, attacked), strict=True):
        ax.imshow(view.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[], xlabel=f"read as {model.predict(view)[0]}")
    row[0].set_ylabel(name)
titles = "as it is", f"noise {noise}", f"attack {attack}"
for ax, title in zip(axes[0], titles, strict=True):
    ax.set_title(title)
plt.show()

# %%
# One digit is an anecdote. Over all that were held out, and over sizes:

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

figure, axes = plt.subplots(ncols=2, sharey=True, layout="constrained")
for ax, (kind, epsilons) in zip(axes, sizes.items(), strict=True):
    for (name, curve), style in zip(curves.items(), (":", "--", "-"), strict=True):
        ax.plot(epsilons, curve[kind], style, marker=".", label=name)
axes[0].set(
    xlabel="standard deviation of the noise", ylabel="held-out accuracy", ylim=(0, 1)
)
axes[1].set_xlabel("change of every pixel by the attack")
axes[0].legend(loc="lower left")
plt.show()

# %%
# The attack takes one step. There are stronger ones that take many, so what is left
# under attack is an upper bound. How much the penalty gains depends on the training as
# well: :doc:`/measured/figures` has the means over ten splits, and what else was tried.
#
# How far is it to another decision?
# ----------------------------------
# Before anyone attacks, the Jacobian tells how far each row is from the nearest other
# class, to first order: the length of the change, all pixels together. Where it is
# small, a person should look.

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
