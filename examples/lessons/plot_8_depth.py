r"""
Lesson 8: why depth fails, and how isometry mends it
====================================================

The cotangent of a layer is that of the output times the Jacobians of all layers after
it. Where each of these shrinks what it is given, a product of many shrinks it to
nothing, and the first layers do not learn. The singular values of the Jacobians show
where, and they also say what to do: start with layers that keep lengths.
"""

# %%
# A deep and narrow network
# -------------------------
# 64 pixels, then nine linear layers of width 8 with eight sigmoids between them, then
# ten outputs: the notebook's last experiment. For a sigmoid :math:`\sigma` after the
# linear layer :math:`z = x W + b`, with W of shape (8, 8),
#
# .. math::
#
#     J = \operatorname{diag}(\sigma'(z)) \, W^T \in \mathbb{R}^{8 \times 8},
#     \qquad 0 < \sigma'(z) \le \tfrac14.
#
# The largest singular value of a product is at most the product of the largest. Eight
# sigmoids alone bring it down to :math:`4^{-8} = 1 / 65536` times that of the weights.

import matplotlib.pyplot as plt
import numpy as np
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

    It is as plain as the notebook's: inputs as they are, a constant rate, no decay of
    the weights, no calibration.
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
# Before it is trained
# --------------------
# One step with a rate of next to nothing leaves the weights where they started.

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
    print(
        f"{initializer:<15} singular values of the whole: largest "
        f"{largest[initializer]:.0e}, eighth {eighth[initializer]:.0e}; of the "
        f"sigmoids: at most {slopes[initializer]:.3f}"
    )
    kinds = (type(layer).__name__ for layer in model.network_.layers)
    names = [f"{place} {kind}" for place, kind in enumerate(kinds, start=1)]
    display = JacobianSpectrumDisplay(layers, whole, layer_names=names).plot()
    # The same scale for both, to compare them.
    display.ax_.set_ylim(1e-12, 30.0)
    display.ax_.set_yticks(10.0 ** np.arange(-11, 2, 2))
    display.figure_.suptitle(f'initializer="{initializer}"')
plt.show()

# %%
# A factor of about five from a linear layer and of about a fifth from a sigmoid make
# one. The isometry is approximate, since it is aimed at layer by layer: end to end the
# eighth value is far below the first, and still far above what it was.

# %%
# Gradients of each layer
# -----------------------
# The same, seen as the gradient of each layer's weights: from the last layer to the
# first it loses about five orders of magnitude.


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
# Adam divides by the size of the gradients. That helps, but does not make up for what
# was lost on the way. An isometric start gives each linear layer orthogonal weights
# times a gain that undoes the slope of the sigmoid after it, measured on a batch of the
# training rows, so that the pair keeps lengths on average. It also sets the intercepts
# such that what each sigmoid is given has mean zero over that batch.
#
# The other way out is to give the cotangent a way around. A residual layer,
# :math:`y = x + f(x)`, has the Jacobian :math:`I + J_f`; it does not shrink to nothing
# where :math:`J_f` does.
#
# The first run has the notebook's optimizer and rate, for 30 epochs where it took 200.
# After 200 it is no better: 0.10 from each of three starts.

residual = [Linear(8), *[Residual(Sequential(["sigmoid", Linear(8)]))] * 8]
runs = {
    "as in the notebook": {
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
# In the first picture gradients shrink at every sigmoid on the way back, in nearly all
# epochs, and so do the steps: each moves the first layer by less than a billionth of
# its weights. In the second, on the same scales, they are of about one size from the
# start.

for name in ("as in the notebook", "Adam, isometric start"):
    display = GradientFlowDisplay.from_estimator(models[name])
    display.ax_[0].set_title(name, fontsize="medium")
    display.ax_[0].set_ylim(1e-7, 1e1)
    display.ax_[1].set_ylim(1e-11, 5e-3)
plt.show()
