r"""
Lesson 3: composing layers
==========================

A network is a chain of layers, where the output of each is the input of the next:

.. math::

    f = f_L \circ \dots \circ f_2 \circ f_1, \qquad
    f_l : \mathbb{R}^{n_{l-1}} \to \mathbb{R}^{n_l}.

Only the widths have to fit. This lesson builds such chains, shows why hidden layers are
needed, and then nests chains inside chains.

.. admonition:: Goals

   * Build a network of layers and read its table of widths and weights.
   * Know why a network needs activations between its linear layers.
   * Combine layers by the containers ``Sequential``, ``Residual``, ``Parallel`` and
     ``Repeat``, and know the Jacobian of each.

   About 7 minutes to read, 5 seconds to run.
"""

# %%
# A chain
# -------
# Six layers from 64 inputs to ten classes. A linear layer has :math:`n_{l-1} n_l`
# weights and :math:`n_l` intercepts, the others have none: :math:`64 \cdot 30 + 30 + 30
# \cdot 20 + 20 + 20 \cdot 10 + 10 = 2780` numbers. They live in one vector, ``theta``,
# and each layer sees its part of it, in its own shape.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_circles
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import JacobianDisplay
from skjacobnet.layers import (
    Linear,
    Parallel,
    Repeat,
    Residual,
    Sequential,
    Sigmoid,
    Softmax,
)
from skjacobnet.network import Network
from skjacobnet.testing import check_gradients, check_layer, empirical_jacobian

rng = np.random.default_rng(0)
layers = [Linear(30), Sigmoid(), Linear(20), Sigmoid(), Linear(10), Softmax()]
network = Network(layers, n_in=64)
theta = network.init_weights(rng, np.float64)
print(network)
print("all weights:", theta.shape)
for layer, weights in zip(network.layers, network.split(theta), strict=True):
    shapes = {name: weight.shape for name, weight in weights.items()}
    print(f"{type(layer).__name__:<8} {shapes}")

# %%
# To evaluate the chain is to call one layer after the other.

X = rng.standard_normal((50, 64))
output = X
for layer, weights in zip(network.layers, network.split(theta), strict=True):
    output = layer.forward(weights, output)
composed_error = np.abs(network.forward(theta, X) - output).max()
print(f"from {X.shape} to {output.shape}, difference {composed_error}")

# %%
# Softmax at the end
# ------------------
# The last linear layer gives any real numbers, the *raw prediction* z. Softmax turns
# them into probabilities, :math:`p_k = e^{z_k} / \sum_j e^{z_j}`: positive, of sum one,
# and in the same order, so that the largest stays the largest. A number added to all of
# z changes nothing; it is only the differences that count.

raw = Network(layers[:-1], n_in=64).forward(theta, X)
total_error = np.abs(output.sum(axis=1) - 1.0).max()
same_order = bool((output.argsort(axis=1) == raw.argsort(axis=1)).all())
shift_error = np.abs(Softmax().forward({}, raw + 100.0) - output).max()
print(f"sums differ from 1 by {total_error:.0e}, same order: {same_order}")
print(f"100 added to all raw predictions changes them by {shift_error:.0e}")

# %%
# ``JacobianMLPClassifier`` needs no softmax at its end. Its layers give the raw
# prediction, and ``predict_proba`` turns it into probabilities; lesson 4 shows why.
#
# Why hidden layers need activations
# ----------------------------------
# A chain of linear layers is no more than one linear layer, their product:
#
# .. math::
#
#     (x W_1 + b_1) W_2 + b_2 = x (W_1 W_2) + (b_1 W_2 + b_2).

linear = Network([Linear(30), Linear(20), Linear(10)], n_in=64)
linear_theta = linear.init_weights(rng, np.float64)
linear_theta += 0.1 * rng.standard_normal(linear_theta.shape)
weights = linear.split(linear_theta)
coef, intercept = np.eye(64), np.zeros(64)
for layer in weights:
    coef = coef @ layer["coef"]
    intercept = intercept @ layer["coef"] + layer["intercept"]
collapse_error = np.abs(linear.forward(linear_theta, X) - (X @ coef + intercept)).max()
print(f"three linear layers against one of shape {coef.shape}: {collapse_error:.0e}")

# %%
# With an activation between them the boundary between two classes can bend. Here are
# two rings, one inside the other: 200 training rows and 400 held-out rows. No straight
# line separates the rings. Each hidden unit adds one bend, and two bends cannot close a
# ring. The networks are trained by L-BFGS, an optimizer that takes all rows at once and
# finds the length of each step by itself, and ``weight_decay`` keeps the weights small;
# lessons 6 and 4 say more. Defaults that are no subject of these lessons are off:
# inputs are not encoded, probabilities not calibrated.

rings, ring = make_circles(600, noise=0.12, factor=0.45, random_state=0)
rings_train, rings_test, ring_train, ring_test = train_test_split(
    rings, ring, train_size=200, stratify=ring, random_state=0
)
PLAIN = {
    "encoding": None,
    "initializer": "glorot_uniform",
    "loss": "cross_entropy",
    "schedule": "constant",
    "total_weight_decay": 0.0,
    "calibration": None,
}
models, scores = {}, {}
for units in (0, 2, 4):
    model = JacobianMLPClassifier(
        (units,) if units else (),
        activation="tanh",
        **PLAIN,
        optimizer="lbfgs",
        regularizers={"weight_decay": 1e-3},
        max_iter=300,
        random_state=0,
    )
    models[units] = model.fit(rings_train, ring_train)
    scores[units] = model.score(rings_test, ring_test)
    print(f"hidden units {units}: held-out accuracy {scores[units]:.3f}")

# sphinx_gallery_thumbnail_number = 1
figure, axes = plt.subplots(1, 3, figsize=(9, 3.6), sharey=True, layout="constrained")
for ax, (units, model) in zip(axes, models.items(), strict=True):
    DecisionBoundaryDisplay.from_estimator(
        model,
        rings_test,
        eps=0.3,
        response_method="predict_proba",
        cmap="RdBu_r",
        vmin=0.0,
        vmax=1.0,
        alpha=0.7,
        ax=ax,
    )
    ax.scatter(*rings_test.T, c=ring_test, cmap="RdBu_r", s=12, edgecolors="white")
    ax.set(xlabel="first feature", ylabel="", aspect="equal")
    ax.set_title(f"{units} hidden units\naccuracy {scores[units]:.3f}", size="medium")
axes[0].set_ylabel("second feature")
plt.show()

# %%
# Layers made of layers
# ---------------------
# A layer of a network may consist of layers. For any layer f:
#
# * ``Sequential([f, g])`` is :math:`g(f(x))`, with the Jacobian :math:`J_g J_f`.
# * ``Residual(f)`` is :math:`x + f(x)`, with :math:`I + J_f`. Its output must be as
#   wide as its input.
# * ``Parallel([f, g])`` puts the outputs side by side, and the Jacobians one above the
#   other; ``Parallel([f, g], join="add")`` adds both.
# * ``Repeat(f, times=n)`` applies f n times with the same weights, :math:`J_n \cdots
#   J_1`, each factor taken at the output of the application before.
#
# So a loop is a layer, and so is the choice of a branch: ReLU is an ``if`` for each
# number, differentiated along the branch that was taken. Here is one f of four features
# in each container. All have the same weights, and each passes the check of lesson 2.
# In the figure each row is an output and each column an input, as in lesson 1.

f = Sequential([Linear(4, use_bias=False), "tanh"])
containers = {
    "f": f,
    "Residual(f)": Residual(f),
    "Parallel([f, 'identity'])": Parallel([f, "identity"]),
    "Repeat(f, times=3)": Repeat(f, times=3),
}
x = rng.standard_normal((1, 4))
drawn = rng.standard_normal((4, 4))
jacobians, container_errors = {}, {}
for name, layer in containers.items():
    check_layer(layer, n_in=4)
    (key,) = layer.weight_shapes(4)
    weights = {key: drawn}
    _, operator = layer.linearize(weights, x)
    jacobians[name] = operator.todense(1)[0]
    measured = empirical_jacobian(
        lambda inputs, layer=layer, weights=weights: layer.forward(weights, inputs), x
    )
    container_errors[name] = np.abs(jacobians[name] - measured[0]).max()
    print(f"{name:<26} {jacobians[name].shape}, error {container_errors[name]:.0e}")

figure, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
for ax, (name, jacobian) in zip(axes.flat, jacobians.items(), strict=True):
    outputs = range(len(jacobian))
    display = JacobianDisplay(jacobian, feature_names=range(4), class_names=outputs)
    display.plot(ax=ax)
    ax.set(xlabel="input", ylabel="output")
    ax.set_title(name, fontsize="medium")
plt.show()

# %%
# Repeat has the weights of one layer, whatever the number of applications, and their
# gradient is the sum over these.

shared = [Network([Repeat(f, times=times)], n_in=4).n_weights for times in (1, 3, 10)]
print("weights of 1, 3 and 10 applications:", shared)

# %%
# Containers are layers like any other, in any nesting, also in the classifier. Its
# derivatives are then checked as a whole.

block = Sequential([Linear(16), "relu", Linear(16)])
graph = [
    Linear(16),
    "relu",
    Residual(block),
    Parallel([Sequential([Linear(8), "tanh"]), Sequential([Linear(8), "relu"])]),
    Repeat(Residual(Sequential([Linear(16), "tanh"])), times=2),
]
model = JacobianMLPClassifier(
    layers=graph, **PLAIN, batch_size=200, max_iter=100, random_state=0
)
model.fit(rings_train, ring_train)
check_gradients(model, rings_train, ring_train)
graph_score = model.score(rings_test, ring_test)
print(model.network_)
print(f"held-out accuracy {graph_score:.3f}")

# %%
# Exercises
# ---------
# 1. How many weights has a network of the widths 64, 100, 100 and 10? Work it out, then
#    ask the network.
#
#    .. dropdown:: Solution
#
#       :math:`64 \cdot 100 + 100 + 100 \cdot 100 + 100 + 100 \cdot 10 + 10 = 17610`.
#
#       .. code-block:: python
#
#          wide = [Linear(100), Sigmoid(), Linear(100), Sigmoid(), Linear(10)]
#          assert Network(wide, n_in=64).n_weights == 17_610
#
# 2. What is the Jacobian of ``Residual(Residual(f))``? Compare it with
#    :math:`I + I + J_f`.
#
#    .. dropdown:: Solution
#
#       The inner container computes :math:`x + f(x)`, the outer one adds x again.
#
#       .. code-block:: python
#
#          nested = Residual(Residual(f))
#          (key,) = nested.weight_shapes(4)
#          _, operator = nested.linearize({key: drawn}, x)
#          expected = 2.0 * np.eye(4) + jacobians["f"]
#          assert np.allclose(operator.todense(1)[0], expected)
#
# 3. Train the network with four hidden units from five random states. Does each reach a
#    held-out accuracy of 0.95?
#
#    .. dropdown:: Solution
#
#       Not every start must lead to a good network, so count:
#
#       .. code-block:: python
#
#          from sklearn.base import clone
#
#          reached = []
#          for seed in range(5):
#              again = clone(models[4]).set_params(random_state=seed)
#              again.fit(rings_train, ring_train)
#              reached.append(again.score(rings_test, ring_test))
#          print(f"{sum(score > 0.95 for score in reached)} of 5")
#          assert max(reached) > 0.95
