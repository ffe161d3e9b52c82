r"""
Lesson 5: the chain rule in reverse and forward mode
====================================================

A network is a chain of layers, :math:`f = f_L \circ \dots \circ f_1`. The chain rule
says that its Jacobian is the product of theirs,

.. math::

    J_s = J_{L,s} \cdots J_{2,s} J_{1,s}, \qquad
    J_{l,s} \in \mathbb{R}^{n_l \times n_{l-1}},

one product for each sample s. The result does not depend on the order in which the
factors are multiplied; the cost does. Reverse mode starts at the outputs, forward mode
at the inputs, and the automatic order chooses the cheapest.

.. admonition:: Goals

   * Multiply Jacobians sample by sample, and check the product by finite differences.
   * Know reverse mode, forward mode and backpropagation, and what each costs.
   * Compute the gradient of the weights from the cotangents.

   About 7 minutes to read, 5 seconds to run.
"""

# %%
# One product for each sample
# ---------------------------
# Six layers, written out as arrays of shape (n_samples, n_out, n_in).

from dataclasses import replace
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from threadpoolctl import threadpool_limits

from skjacobnet.accumulation import accumulate, cotangents
from skjacobnet.inspection import (
    AccumulationProfileDisplay,
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

# %%
# That error is the error of the differences, not of the product: it depends on their
# step, as in lesson 2. It falls with the square of the step until rounding takes over.


def differences(step):
    """Return the Jacobian of the network by central differences of a fixed step."""
    moves = step * np.eye(64)[:, np.newaxis]
    ahead, behind = (network.forward(theta, X + sign * moves) for sign in (1, -1))
    return np.moveaxis(ahead - behind, 0, -1) / (2 * step)


step_sizes = 10.0 ** np.arange(-11, 0.1, 0.5)
largest_derivative = np.abs(by_hand).max()
step_errors = np.array(
    [np.abs(differences(step) - by_hand).max() for step in step_sizes]
)
best_step = step_sizes[step_errors.argmin()]
print(f"best step {best_step:.0e}, error {step_errors.min():.0e}")

figure, ax = plt.subplots(layout="constrained")
ax.loglog(step_sizes, step_errors, "o-", color="#0072B2", label="largest error")
ax.axhline(largest_derivative, color="black", linestyle=":", label="largest derivative")
ax.set(
    xlabel="step of the central differences",
    ylabel="error of a derivative",
    title="The product of the Jacobians against differences",
)
ax.legend()
plt.show()

# %%
# Now a common mistake: a product that also adds up over all samples of the other
# factor. The shapes are right, and nothing else is.

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
# Backpropagation
# ---------------
# Training needs no Jacobian. It needs the gradient of a loss, which is one number for
# each sample. With the cotangent :math:`v_s \in \mathbb{R}^{n_L}` of the outputs,
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
# cotangent :math:`\delta_s`. The gradient of its weights is
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
# Cost of the three orders
# ------------------------
# Many inputs and few outputs, as in most classifiers; few inputs and many outputs; and
# a bottleneck, as in an autoencoder. Multiplications are counted, memory and time are
# measured, for the Jacobians of 20 rows. The orders take turns on one thread of the
# linear algebra, each for at least 50 ms, three times; the shortest time counts.


def calls_for(seconds, function):
    """Return how many calls take at least so many seconds."""
    function()
    n_calls, elapsed = 1, 0.0
    while elapsed < seconds:
        start = perf_counter()
        for _ in range(n_calls):
            function()
        elapsed = perf_counter() - start
        if elapsed < seconds:
            n_calls = int(np.ceil(1.2 * n_calls * seconds / elapsed))
    return n_calls


def times_in_turn(functions, n_rounds=3, seconds=0.05):
    """Return the shortest time of a call of each function, in seconds."""
    with threadpool_limits(1, "blas"):
        n_calls = {name: calls_for(seconds, f) for name, f in functions.items()}
        times = {name: [] for name in functions}
        for _ in range(n_rounds):
            for name, function in functions.items():
                start = perf_counter()
                for _ in range(n_calls[name]):
                    function()
                times[name].append((perf_counter() - start) / n_calls[name])
    return {name: min(measured) for name, measured in times.items()}


shapes = {
    "wide, 400-100-100-5": (400, 100, 100, 5),
    "tall, 5-100-100-400": (5, 100, 100, 400),
    "bottleneck, 300-100-5-100-300": (300, 100, 5, 100, 300),
}
profiles = {}
# sphinx_gallery_thumbnail_number = 2
figure, axes = plt.subplots(3, 3, figsize=(10, 6), layout="constrained")
for column, (name, sizes) in zip(axes.T, shapes.items(), strict=True):
    parts = [part for width in sizes[1:] for part in (Linear(width), Tanh())][:-1]
    rows = rng.standard_normal((20, sizes[0]))
    chain = Network(parts, sizes[0])
    operators = chain.linearize(chain.init_weights(rng, np.float64), rows).operators
    counted = profile_accumulation(chain, rows, n_repeats=1)
    seconds = times_in_turn(
        {
            mode: lambda mode=mode, operators=operators: accumulate(
                operators, mode
            ).todense(20)
            for mode in counted
        }
    )
    profiles[name] = {
        mode: replace(profile, seconds=seconds[mode])
        for mode, profile in counted.items()
    }
    AccumulationProfileDisplay(profiles[name]).plot(ax=column)
    column[0].set_title(name.replace(", ", "\n"), fontsize="medium")
plt.show()

# %%
# The automatic order follows the better mode where one is best, and takes fewer
# multiplications than both at the bottleneck: it starts at the narrow layer, multiplies
# from there towards the inputs and towards the outputs, and joins the two halves last.

# %%
# Exercises
# ---------
# 1. A network has 1,000 inputs, one hidden linear layer of 50 units and 3 outputs. How
#    many multiplications per sample does its Jacobian take in each mode? Layers are
#    linear, without activations.
#
#    .. dropdown:: Solution
#
#       One product of a (3, 50) and a (50, 1000) matrix, whatever the mode: with two
#       factors there is only one order.
#
#       .. code-block:: python
#
#          two = Network([Linear(50), Linear(3)], 1000)
#          counted = profile_accumulation(two, rng.standard_normal((1, 1000)))
#          assert counted["forward"].multiplications == 3 * 50 * 1000
#          assert counted["reverse"].multiplications == 3 * 50 * 1000
#
# 2. Compute the gradient of the second linear layer's weights from ``walk`` and compare
#    it with that of ``network.gradient``.
#
#    .. dropdown:: Solution
#
#       Its input is the output of the first sigmoid. The cotangent of its output is the
#       last one in ``walk`` that has 20 columns.
#
#       .. code-block:: python
#
#          hidden = Network(layers[:2], 64)
#          x = hidden.forward(theta[: hidden.n_weights], X)
#          (delta,) = [c for c in walk if c.shape == (50, 20)][-1:]
#          by_layer = network.split(gradient)[2]["coef"]
#          assert np.allclose(x.T @ delta / len(X), by_layer, rtol=0.0, atol=1e-15)
#
# 3. Multiply the Jacobian of the network by one tangent, without the Jacobian. How many
#    multiplications per sample does it take?
#
#    .. dropdown:: Solution
#
#       As many as one row of the Jacobian: a ``jvp`` of each layer, from the first to
#       the last.
#
#       .. code-block:: python
#
#          u = rng.standard_normal((50, 64))
#          tangent = u
#          for operator in linearization.operators:
#              tangent = operator.jvp(tangent)
#          assert np.allclose(tangent, np.einsum("soi,si->so", by_hand, u))
#          print(f"{row} multiplications per sample")
