r"""
Lesson 5: the chain rule, from either end
=========================================

A network is a chain of layers, :math:`f = f_L \circ \dots \circ f_1`. The chain rule
says that its Jacobian is the product of theirs,

.. math::

    J_s = J_{L,s} \cdots J_{2,s} J_{1,s}, \qquad
    J_{l,s} \in \mathbb{R}^{n_l \times n_{l-1}},

one product for each sample s. The result does not depend on the order in which the
factors are multiplied; the cost does. Reverse mode starts at the outputs, forward mode
at the inputs, and the automatic order takes whatever is cheapest.
"""

# %%
# One product for each sample
# ---------------------------
# Six layers, written out as arrays of shape (n_samples, n_out, n_in).

import matplotlib.pyplot as plt
import numpy as np

from skjacobnet.accumulation import accumulate, cotangents
from skjacobnet.inspection import (
    AccumulationProfileDisplay,
    GradientCheckDisplay,
    profile_accumulation,
)
from skjacobnet.layers import Linear, Sigmoid, Softmax, Tanh
from skjacobnet.network import Network
from skjacobnet.testing import empirical_jacobian

rng = np.random.default_rng(0)
layers = [Linear(30), Sigmoid(), Linear(20), Sigmoid(), Linear(10), Softmax()]
network = Network(layers, 64)
X = rng.standard_normal((50, 64))
theta = network.init_weights(rng, np.float64)
linearization = network.linearize(theta, X)
dense = [operator.todense(len(X)) for operator in linearization.operators]
for layer, jacobian in zip(layers, dense, strict=True):
    print(f"{type(layer).__name__:<8} {jacobian.shape}")

# %%
# ``@`` multiplies the last two axes and keeps the samples apart. Central differences
# know nothing of the chain rule, so they can judge it.

by_hand = dense[0]
for jacobian in dense[1:]:
    by_hand = jacobian @ by_hand
measured = empirical_jacobian(lambda inputs: network.forward(theta, inputs), X)
error = np.abs(by_hand - measured).max()
print(f"Jacobian of the network {by_hand.shape}, error {error:.0e}")
display = GradientCheckDisplay(by_hand, measured, label="derivative").plot()
plt.show()

# %%
# Now a mistake that is easily made: a product that also adds up over all samples of the
# other factor. The shapes are right, and nothing else is.

mixed = dense[0]
for jacobian in dense[1:]:
    mixed = np.einsum("soh,thi->toi", jacobian, mixed)
mixed_error = np.abs(mixed - measured).max()
print(
    f"samples mixed: shape {mixed.shape}, error {mixed_error:.0e}, where the largest "
    f"derivative is {np.abs(measured).max():.0e}"
)

# %%
# Three orders, one result
# ------------------------
# The operators that the layers return are multiplied without ever being written out.

orders = {}
for mode in ("reverse", "forward", "auto"):
    product = accumulate(linearization.operators, mode)
    orders[mode] = product.todense(len(X))
    print(f"{mode:<8} differs by {np.abs(orders[mode] - by_hand).max():.0e}")

# %%
# One vector back
# ---------------
# Training needs no Jacobian. It needs the gradient of a loss, which is one number for
# each sample. With its cotangent :math:`v_s \in \mathbb{R}^{n_L}` at the outputs,
#
# .. math::  v_s^T J_s = ((v_s^T J_{L,s}) J_{L-1,s}) \cdots J_{1,s}.
#
# Every step is a vector times a matrix. This is backpropagation.

ones = np.zeros((50, 10))
ones[:, 3] = 1.0
walk = list(cotangents(linearization.operators, ones))
print("backwards:", ", ".join(str(cotangent.shape) for cotangent in walk))
row_error = np.abs(walk[-1] - by_hand[:, 3]).max()
print(f"row 3 of every Jacobian, error {row_error:.0e}")

row = sum(operator.multiplications for operator in linearization.operators)
whole = profile_accumulation(network, X, theta)["reverse"].multiplications / len(X)
print(f"products per sample: {row} for one row, {whole:.0f} for the whole Jacobian")

# %%
# From a layer's output to its weights
# ------------------------------------
# A linear layer :math:`z_s = x_s W + b`, with W of shape (n_in, n_out), receives the
# cotangent :math:`\delta_s` and passes on to its weights
#
# .. math:: \frac{\partial L}{\partial W} = \frac1n \sum_s x_s^T \delta_s.
#
# It is the mean of the products. The product of the means is something else.

x, delta = X, walk[-2]  # the first layer's input, and its cotangent
mean_of_products = x.T @ delta / len(x)
product_of_means = np.outer(x.mean(0), delta.mean(0))
gradient = network.gradient(theta, linearization, ones / len(X))
coef_gradient = network.split(gradient)[0]["coef"]
gradient_error = np.abs(coef_gradient - mean_of_products).max()
largest = np.abs(mean_of_products).max()
means_error = np.abs(product_of_means - mean_of_products).max() / largest
print(f"mean of products, error {gradient_error:.0e}")
print(f"product of means, relative error {means_error:.0%}")

# %%
# For two samples the difference can be everything: for the inputs 1 and -1 with the
# cotangents 1 and -1 both means are zero, and the mean of the products is one.
#
# What the orders cost
# --------------------
# Many inputs and few outputs, as in most classifiers; few inputs and many outputs; and
# a bottleneck, as in an autoencoder. Multiplications are counted, time and memory are
# measured, for the Jacobians of 20 rows.

shapes = {
    "wide, 400-100-100-5": (400, 100, 100, 5),
    "tall, 5-100-100-400": (5, 100, 100, 400),
    "bottleneck, 300-100-5-100-300": (300, 100, 5, 100, 300),
}
profiles = {}
figure, axes = plt.subplots(3, 3, figsize=(10, 6), layout="constrained")
for column, (name, sizes) in zip(axes.T, shapes.items(), strict=True):
    parts = [part for width in sizes[1:] for part in (Linear(width), Tanh())][:-1]
    rows = rng.standard_normal((20, sizes[0]))
    profiles[name] = profile_accumulation(Network(parts, sizes[0]), rows)
    AccumulationProfileDisplay(profiles[name]).plot(ax=column)
    column[0].set_title(name.replace(", ", "\n"), fontsize="medium")
plt.show()

# %%
# The automatic order follows the better mode where one is best, and leaves both behind
# at the bottleneck: it starts at the narrow layer, multiplies from there towards the
# inputs and towards the outputs, and joins the two halves last.
