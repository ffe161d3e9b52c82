r"""
Lesson 8: vanishing gradients, and isometric initialization
===========================================================

The cotangent of a layer is the cotangent of the output times the Jacobians of all
following layers. Where each of these shortens its input, a product of many is close to
zero, and the first layers do not learn: their gradients vanish. The singular values of
the Jacobians show where, and suggest a remedy [1]_: start with layers that keep
lengths.

.. admonition:: Goals

   * Bound the Jacobian of a deep network by the singular values of its layers.
   * Read the spectrum of the layers and the flow of the gradients.
   * Choose a remedy: an isometric start, or residual layers.

   About 6 minutes to read, 9 seconds to run.
"""

# %%
# A deep and narrow network
# -------------------------
# 64 pixels, then nine linear layers of width 8 with eight sigmoids between them, then
# ten outputs. For a sigmoid :math:`\sigma` after the
# linear layer :math:`z = x W + b`, with W of shape (8, 8),
#
# .. math::
#
#     J = \operatorname{diag}(\sigma'(z)) \, W^T \in \mathbb{R}^{8 \times 8},
#     \qquad 0 < \sigma'(z) \le \tfrac14.
#
# The largest singular value of a product is bounded by the product of the largest ones.
# So the largest singular value of the network is bounded by :math:`4^{-8} = 1 / 65536`
# times the product of those of the weights.

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binomtest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import (
    GradientFlowDisplay,
    JacobianSpectrumDisplay,
    jacobian_spectrum,
)
from skjacobnet.layers import Linear, Residual, Sequential
from skjacobnet.optimizers import SGD

X, y = load_digits(return_X_y=True)
X = (X / 16.0).astype(np.float32)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)
narrow = [Linear(8), *["sigmoid", Linear(8)] * 8]


def network(**params):
    """Return an untrained network that will record its gradients.

    Defaults that would hide the effect are off: encoded inputs, a decreasing rate,
    decay of the weights, calibration.
    """
    return JacobianMLPClassifier(
        **{
            "layers": narrow,
            "encoding": None,
            "initializer": "glorot_uniform",
            "loss": "cross_entropy",
            "learning_rate": 3e-3,
            "schedule": "constant",
            "total_weight_decay": 0.0,
            "batch_size": 8,
            "max_iter": 30,
            "calibration": None,
            "record_gradients": True,
            "random_state": 0,
            **params,
        }
    )


# %%
# The spectrum before training
# ----------------------------
# One step with a rate near zero leaves the weights where they started.

still = {
    "optimizer": "sgd",
    "learning_rate": 1e-12,
    "batch_size": len(X_train),
    "max_iter": 1,
}
starts, largest, eighth, slopes = {}, {}, {}, {}
for initializer in ("glorot_uniform", "isometric"):
    model = network(initializer=initializer, **still).fit(X_train, y_train)
    layers, whole = jacobian_spectrum(model, X_test[:50])
    whole = whole[:, :8]  # a width of eight leaves only zeros beyond
    starts[initializer] = model
    largest[initializer], eighth[initializer] = np.median(whole[:, [0, -1]], axis=0)
    sigmoids = layers[1:-1:2]  # the last two layers are linear
    slopes[initializer] = float(max(values.max() for values in sigmoids))
    medians = [
        np.median([values[:, 0] for values in kind])
        for kind in (layers[2:-2:2], sigmoids)
    ]
    print(
        f"{initializer:<15} singular values of the whole: largest "
        f"{largest[initializer]:.0e}, eighth {eighth[initializer]:.0e}; of the "
        f"sigmoids: at most {slopes[initializer]:.3f}\n"
        f"{'':<15} median of the largest of a layer: linear {medians[0]:.2f}, "
        f"sigmoid {medians[1]:.2f}"
    )
    kinds = (type(layer).__name__ for layer in model.network_.layers)
    names = [f"{place} {kind}" for place, kind in enumerate(kinds, start=1)]
    # sphinx_gallery_thumbnail_number = 1
    display = JacobianSpectrumDisplay(layers, whole, layer_names=names).plot()
    # The same scale for both, to compare them.
    display.ax_.set_ylim(1e-12, 30.0)
    display.ax_.set_yticks(10.0 ** np.arange(-11, 2, 2))
    display.figure_.suptitle(f'initializer="{initializer}"')
plt.show()

# %%
# After the isometric start the factors of a linear layer and of a sigmoid make about
# one. The isometry is approximate, since the gain is chosen layer by layer: end to end
# the eighth value is far below the first, and still far above that of the first figure.
#
# Gradients of each layer
# -----------------------
# The gradient of each layer's weights shrinks accordingly, from the last layer to the
# first.


def first_and_last(model, epoch):
    """Return the norms of the gradients of the first and last layer's weights."""
    norms = model.history_["layer_gradient_norms"][epoch]
    return float(norms[0]), float(norms[-1])


ratios = {}
for initializer, model in starts.items():
    first, last = first_and_last(model, 0)
    ratios[initializer] = first / last
    print(f"{initializer:<15} gradient of the first / of the last {first / last:.0e}")

# %%
# Two remedies
# ------------
# Adam divides by the size of the gradients. That helps, but is not enough. An isometric
# start gives each linear layer orthogonal weights times a gain that undoes the slope of
# the sigmoid after it, measured on a batch of the training rows, so that the pair keeps
# lengths on average. It also sets the intercepts such that the input of each
# sigmoid has mean zero over that batch.
#
# The other remedy is a path around each layer. A residual layer, :math:`y = x + f(x)`,
# has the Jacobian :math:`I + J_f`, which is not close to zero where :math:`J_f` is.
#
# The first run uses gradient descent with momentum and a small rate, the others Adam.

residual = [Linear(8), *[Residual(Sequential(["sigmoid", Linear(8)]))] * 8]
runs = {
    "momentum": {
        "optimizer": SGD(momentum=0.9),
        "learning_rate": 1e-4,
    },
    "Adam": {},
    "Adam, isometric start": {"initializer": "isometric"},
    "Adam, residual layers": {"layers": residual},
}
models, scores = {}, {}
print(f"{'after 30 epochs':<26}{'held-out accuracy':>18}{'first / last, epoch 1':>23}")
for name, params in runs.items():
    models[name] = network(**params).fit(X_train, y_train)
    scores[name] = models[name].score(X_test, y_test)
    first, last = first_and_last(models[name], 0)
    print(f"{name:<26}{scores[name]:>18.3f}{first / last:>23.0e}")

# %%
# Is the isometric start better than residual layers? McNemar's test of lesson 7
# compares them on the same held-out rows.

right = {name: model.predict(X_test) == y_test for name, model in models.items()}
one, other = right["Adam, isometric start"], right["Adam, residual layers"]
won, lost = int(np.sum(one & ~other)), int(np.sum(other & ~one))
p_value = binomtest(won, won + lost).pvalue
print(f"isometric start right alone {won}, residual layers {lost}, p = {p_value:.2f}")

# %%
# With momentum the gradients shrink at every sigmoid on the way back, and so do the
# steps. With the isometric start, on the same scales, they are of about one size in all
# layers.

for name in ("momentum", "Adam, isometric start"):
    display = GradientFlowDisplay.from_estimator(models[name])
    display.ax_[0].set_title(name, fontsize="medium")
    display.ax_[0].set_ylim(1e-7, 1e1)
    display.ax_[1].set_ylim(1e-11, 5e-3)
plt.show()

# %%
# Exercises
# ---------
# 1. Bound the largest singular value of the Jacobian at one row by the singular values
#    of the layers. Is the bound kept?
#
#    .. dropdown:: Solution
#
#       The bound is the product of the largest ones. ``layers`` and ``whole`` belong to
#       the isometric start.
#
#       .. code-block:: python
#
#          bound = np.prod([values[:, 0] for values in layers], axis=0)
#          assert np.all(whole[:, 0] <= bound * (1 + 1e-5))
#
# 2. The slope of tanh is bounded by 1. Is the first layer's gradient of a network with
#    tanh as small, before training, relative to the last layer's?
#
#    .. dropdown:: Solution
#
#       It is far larger: nothing shrinks by a quarter in each layer.
#
#       .. code-block:: python
#
#          tanh = [Linear(8), *["tanh", Linear(8)] * 8]
#          model = network(layers=tanh, **still).fit(X_train, y_train)
#          first, last = first_and_last(model, 0)
#          print(f"{first / last:.1e}")
#          assert first / last > 100 * ratios["glorot_uniform"]
#
# 3. Residual layers of ``f(x) = 0`` have the Jacobian I. What is the median of the
#    largest singular value of a residual block at the start?
#
#    .. dropdown:: Solution
#
#       Near one: I plus a Jacobian whose slopes are bounded by 1/4.
#
#       .. code-block:: python
#
#          model = network(layers=residual, **still).fit(X_train, y_train)
#          layers, _ = jacobian_spectrum(model, X_test[:50])
#          block = np.median(layers[1][:, 0])
#          print(f"{block:.2f}")
#          assert 0.7 < block < 2.0
#
# .. [1] J. Pennington, S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in deep
#    learning through dynamical isometry", NeurIPS 2017.
#    https://arxiv.org/abs/1711.04735
