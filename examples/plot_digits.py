"""
Handwritten digits, from a linear model to a search
===================================================

Small networks learn to read handwritten digits, scored on held-out images. Five of them
have the settings of a teaching notebook, whose gradients were wrong and whose
accuracies are those of its training images. Two more show remedies for vanishing
gradients. Last come the defaults and a grid search, as one would use them on any table.
"""

# %%
# The data
# --------
# 1,797 images of 8 by 8 pixels. A fifth of them is held out, in three random splits.

import sys
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit

from skjacobnet import JacobianMLPClassifier
from skjacobnet.initializers import Orthogonal
from skjacobnet.layers import Linear
from skjacobnet.optimizers import SGD

digits = load_digits()
X = (digits.data / 16.0).astype(np.float32)
y = digits.target
splits = list(StratifiedShuffleSplit(3, test_size=0.2, random_state=0).split(X, y))

# %%
# The experiments
# ---------------
# The options that ``fit`` has by default and the notebook has not are off. The weights
# start with the variance 2 / (inputs + outputs). One network is deep and narrow. The
# slope of a sigmoid is bounded by 1/4, so the product of the slopes of eight sigmoids
# is bounded by :math:`4^{-8} = 1/65536`. The backpropagated gradients vanish, and the
# first layers do not learn. Orthogonal weights with a gain of 4 undo that factor, layer
# by layer. An isometric start measures the gain on a batch of the images instead, and
# centers the sigmoids on it.

plain = {
    "encoding": None,
    "initializer": "glorot_uniform",
    "loss": "cross_entropy",
    "schedule": "constant",
    "total_weight_decay": 0.0,
    "calibration": None,
}
narrow = [Linear(8), *["sigmoid", Linear(8)] * 8]
momentum = SGD(momentum=0.9)
experiments = {
    "linear": (
        (0.87, 0.88),
        {
            "layers": [],
            "optimizer": momentum,
            "learning_rate": 1e-3,
            "batch_size": 12,
            "max_iter": 50,
        },
    ),
    "30 sigmoid": (
        (0.68, 0.80),
        {
            "layers": [Linear(30), "sigmoid"],
            "learning_rate": 5e-4,
            "batch_size": 4,
            "max_iter": 50,
        },
    ),
    "30-30 ReLU": (
        (0.32, 0.39),
        {
            "layers": [Linear(30), "relu", Linear(30), "relu"],
            "learning_rate": 1e-4,
            "batch_size": 4,
            "max_iter": 100,
        },
    ),
    "128 sigmoid": (
        (0.09, 0.10),
        {
            "layers": [Linear(128), "sigmoid"],
            "optimizer": momentum,
            "learning_rate": 1e-4,
            "batch_size": 16,
            "max_iter": 20,
        },
    ),
    "128 sigmoid, rate 0.1": (
        None,
        {
            "layers": [Linear(128), "sigmoid"],
            "optimizer": momentum,
            "learning_rate": 0.1,
            "batch_size": 16,
            "max_iter": 20,
        },
    ),
    "deep and narrow": (
        (0.09, 0.10),
        {
            "layers": narrow,
            "optimizer": momentum,
            "learning_rate": 1e-4,
            "batch_size": 8,
            "max_iter": 200,
        },
    ),
    "deep and narrow, orthogonal": (
        None,
        {
            "layers": narrow,
            "initializer": Orthogonal(gain=4.0),
            "learning_rate": 3e-3,
            "batch_size": 8,
            "max_iter": 200,
        },
    ),
    "deep and narrow, isometric": (
        None,
        {
            "layers": narrow,
            "initializer": "isometric",
            "learning_rate": 3e-3,
            "batch_size": 8,
            "max_iter": 200,
        },
    ),
}


def show_progress(text):
    """Write over the line before."""
    sys.stdout.write(f"\r{text:<70}")
    sys.stdout.flush()


start = perf_counter()
accuracies, models = {}, {}


def each_split(name):
    """Yield the splits with their numbers, and show the progress."""
    accuracies[name] = []
    for repeat, split in enumerate(splits):
        elapsed = perf_counter() - start
        show_progress(f"{name}, repeat {repeat + 1} of 3, {elapsed:.0f} s so far")
        yield repeat, split


for name, (_, params) in experiments.items():
    for repeat, (train, test) in each_split(name):
        model = JacobianMLPClassifier(**{**plain, **params}, random_state=repeat)
        model.fit(X[train], y[train])
        accuracies[name].append(model.score(X[test], y[test]))
    models[name] = model

# %%
# The defaults, and a search
# --------------------------
# By default the network encodes the pixels, decreases its learning rate, and calibrates
# its probabilities. A search chooses among such networks by cross-validation on the
# training rows.

for repeat, (train, test) in each_split("defaults"):
    model = JacobianMLPClassifier(random_state=repeat).fit(X[train], y[train])
    accuracies["defaults"].append(model.score(X[test], y[test]))

grid = {"hidden_layer_sizes": [(256,), (128, 128)], "activation": ["relu", "gelu"]}
for repeat, (train, test) in each_split("grid search"):
    network = JacobianMLPClassifier(random_state=repeat)
    search = GridSearchCV(network, grid, cv=3, n_jobs=2).fit(X[train], y[train])
    accuracies["grid search"].append(search.score(X[test], y[test]))
show_progress("")

# %%
# Held-out accuracy
# -----------------

print(f"\r{'held-out accuracy':<28}{'notebook':>12}{'here':>18}{'mean':>8}")
for name, reached in accuracies.items():
    notebook = experiments.get(name, (None,))[0]
    notebook = f"{notebook[0]:.2f}-{notebook[1]:.2f}" if notebook else ""
    here = f"{min(reached):.3f}-{max(reached):.3f}"
    print(f"{name:<28}{notebook:>12}{here:>18}{np.mean(reached):>8.3f}")
print(f"the last search chose {search.best_params_}")
print(f"all took {perf_counter() - start:.0f} s")

# %%
# Each dot is one split. The accuracies of the notebook are those of its training
# images.

figure, ax = plt.subplots(figsize=(9, 5), layout="constrained", facecolor="white")
for place, (name, reached) in enumerate(accuracies.items()):
    label = {"label": "here, held-out images (3 splits)"} if place == 0 else {}
    ax.plot(reached, [place] * 3, "o", color="#0072B2", alpha=0.7, **label)
    notebook = experiments.get(name, (None,))[0]
    if notebook:
        label = {"label": "notebook, training images (range)"} if place == 0 else {}
        ax.plot(notebook, [place, place], "|-", color="#D55E00", linewidth=3, **label)
ax.axvline(0.1, color="0.6", linestyle=":", label="guessing")
ax.set_yticks(range(len(accuracies)), list(accuracies))
ax.invert_yaxis()
ax.grid(axis="x", color="0.9")
ax.set(xlim=(0, 1.02), xlabel="accuracy", title="Reading handwritten digits")
figure.legend(loc="outside lower center", ncols=3, frameon=False)
figure.savefig("digits.png", dpi=100)
plt.show()
