r"""
Lesson 1: layers and their Jacobians
====================================

A network is a chain of layers. A layer is a function that turns a row of n_in numbers
into a row of n_out numbers. It knows its output and its Jacobian, the derivatives of
every output with respect to every input:

.. math::

    J_{s,o,i} = \frac{\partial y_{s,o}}{\partial x_{s,i}}, \qquad
    J_s \in \mathbb{R}^{n_{out} \times n_{in}},

one matrix for each sample s, with a row for each output and a column for each input.
The Jacobian is worked out once, by hand, for each kind of layer. The derivatives of a
network follow by multiplication. That is automatic differentiation, the subject of
lesson 5.

.. admonition:: Goals

   * Know the shape of a Jacobian, and why there is one for each sample.
   * Know the three kinds of Jacobians, and why an operator stores no zeros.
   * Multiply by a Jacobian from either side: ``jvp`` and ``vjp``.
   * Choose an activation, and the first weights of a linear layer.

   About 9 minutes to read, 3 seconds to run.
"""

# %%
# Why one matrix for each sample
# ------------------------------
# A batch X has the shape (n_samples, n_in), so the derivatives of every output with
# respect to every input have four axes: (n_samples, n_out, n_samples, n_in). But a
# layer treats each row alone. Take softmax, which makes probabilities of any numbers:
# :math:`p_{s,k} = e^{x_{s,k}} / \sum_j e^{x_{s,j}}`, positive and of sum one. Here are
# all of its derivatives for four features and three samples, measured by moving one
# input at a time. ``{}`` stands for its weights, of which it has none.

import timeit

import matplotlib.pyplot as plt
import numpy as np

from skjacobnet.accumulation import accumulate
from skjacobnet.initializers import GlorotNormal
from skjacobnet.inspection import JacobianDisplay
from skjacobnet.layers import GELU, Linear, ReLU, Sigmoid, Softmax, Tanh
from skjacobnet.testing import empirical_jacobian, finite_difference

rng = np.random.default_rng(0)
X = rng.standard_normal((3, 4))
layer = Softmax()
everything = np.empty((3, 4, 3, 4))
for sample, feature in np.ndindex(X.shape):
    direction = np.zeros_like(X)
    direction[sample, feature] = 1.0
    everything[:, :, sample, feature] = finite_difference(
        lambda inputs: layer.forward({}, inputs), X, direction
    )
within = everything[[0, 1, 2], :, [0, 1, 2], :]
between = everything[~np.eye(3, dtype=bool)[:, np.newaxis].repeat(4, axis=1)]
print(f"{everything.size} derivatives of the batch, {within.size} within samples")
print(f"largest between samples: {np.abs(between).max()}")

# %%
# What is left has the shape (n_samples, n_out, n_in), and nothing was lost.
# ``linearize`` returns the output together with the Jacobian as an *operator*, an
# object that can be applied to vectors; ``todense`` writes it out as a matrix.

output, operator = layer.linearize({}, X)
error = np.abs(operator.todense(len(X)) - within).max()
print(f"Jacobian of the layer {operator.todense(len(X)).shape}, error {error:.0e}")

# %%
# Three kinds of Jacobian
# -----------------------
# Nearly every layer has one of three.
#
# * An elementwise function, :math:`y_{s,i} = \sigma(x_{s,i})`, has a *diagonal*:
#   :math:`J_s = \operatorname{diag}(\sigma'(x_s))`. For the sigmoid
#   :math:`\sigma(x) = 1 / (1 + e^{-x})` the slope is
#   :math:`\sigma' = \sigma (1 - \sigma)`, for ReLU, :math:`\max(0, x)`, it is 0 or 1.
# * A linear layer, :math:`y_s = x_s W + b`, with W of shape (n_in, n_out) and b of
#   shape (n_out,), has *one matrix for all samples*: :math:`J_s = W^T`.
# * Softmax has a *diagonal minus a product of two vectors*, a matrix of rank one:
#   :math:`J_s = \operatorname{diag}(p_s) - p_s p_s^T`, with :math:`p_s` a column.
#
# The operator that a layer returns is of that kind.

layers = {
    "sigmoid": Sigmoid(),
    "ReLU": ReLU(),
    "linear": Linear(4),
    "softmax": Softmax(),
}
dense, errors = {}, {}
for name, layer in layers.items():
    weights = layer.init_weights(X.shape[1], rng, np.float64)
    _, operator = layer.linearize(weights, X)
    dense[name] = operator.todense(len(X))
    measured = empirical_jacobian(
        lambda inputs, layer=layer, weights=weights: layer.forward(weights, inputs), X
    )
    errors[name] = np.abs(dense[name] - measured).max()
    kind = type(operator).__name__
    print(f"{name:<8} {kind:<20} {dense[name].shape}, error {errors[name]:.0e}")

# %%
# The Jacobians at the first sample: a row for each output, a column for each input.
# White is zero.

# sphinx_gallery_thumbnail_number = 1
figure, axes = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
names = ["0", "1", "2", "3"]
for ax, (name, jacobians) in zip(axes.flat, dense.items(), strict=True):
    display = JacobianDisplay(jacobians[0], feature_names=names, class_names=names)
    display.plot(ax=ax)
    ax.set(xlabel="input", ylabel="output")
    ax.set_title(name, fontsize="medium")
plt.show()

# %%
# In each column of softmax's Jacobian the numbers add up to zero: the probabilities
# always add up to one, so what one gains the others lose.

leak = np.abs(dense["softmax"].sum(axis=1)).max()
print(f"sum over the outputs: at most {leak:.0e}")

# %%
# Why no zeros are stored
# -----------------------
# Written out, the Jacobian of n features takes :math:`n^2` numbers for each sample, and
# of a diagonal all but n of these are zero. An operator keeps only what it needs: n
# numbers for each sample, or the weights, which are there anyway.


def stored_bytes(operator):
    """Return the size of the arrays that an operator keeps, each counted once."""
    values = [getattr(operator, name) for name in operator.__slots__]
    arrays = {id(value): value for value in values if isinstance(value, np.ndarray)}
    return sum(array.nbytes for array in arrays.values())


n_samples = 200
widths = [10, 30, 100, 300, 1000]
kept = {"sigmoid": [], "linear": [], "softmax": []}
for name, sizes in kept.items():
    for width in widths:
        layer = Linear(width) if name == "linear" else layers[name]
        weights = layer.init_weights(width, rng, np.float64)
        inputs = rng.standard_normal((n_samples, width))
        sizes.append(stored_bytes(layer.linearize(weights, inputs)[1]))
written_out = [8 * n_samples * width**2 for width in widths]
print(f"{'width':>6}" + "".join(f"{name:>15}" for name in [*kept, "written out"]))
for row in zip(widths, *kept.values(), written_out, strict=True):
    print(f"{row[0]:>6}" + "".join(f"{size:>15,}" for size in row[1:]))

figure, ax = plt.subplots(layout="constrained")
ax.loglog(widths, written_out, "s-", color="#000000", label="written out, any layer")
ax.loglog(widths, kept["linear"], "^-", color="#D55E00", label="operator, linear")
ax.loglog(
    widths, kept["sigmoid"], "o-", color="#0072B2", label="operator, sigmoid or softmax"
)
ax.set_xticks(widths, [str(width) for width in widths])
ax.minorticks_off()
ax.set(
    xlabel="width of the layer",
    ylabel="bytes, 200 samples in float64",
    title="Memory of a Jacobian",
)
ax.legend()
plt.show()

# %%
# What an operator can do
# -----------------------
# It is applied from either side:
#
# .. math::
#
#     \text{jvp}: \; u_s \mapsto J_s u_s \in \mathbb{R}^{n_{out}}, \qquad
#     \text{vjp}: \; v_s \mapsto J_s^T v_s \in \mathbb{R}^{n_{in}}.
#
# The first asks what a change u of the inputs, a *tangent*, does to the outputs. The
# second takes a gradient v with respect to the outputs, a *cotangent*, to the one with
# respect to the inputs.
# Training needs only the second, once for each layer.

width = 200
inputs = rng.standard_normal((50, width))
layer = Softmax()
output, operator = layer.linearize({}, inputs)
u, v = rng.standard_normal((2, 50, width))
measured = finite_difference(lambda inputs: layer.forward({}, inputs), inputs, u)
jvp_error = np.abs(operator.jvp(u) - measured).max()
# Both are the number v J u, taken from either side.
left = np.sum(v * operator.jvp(u), axis=1)
right = np.sum(operator.vjp(v) * u, axis=1)
adjoint_error = np.abs(left - right).max()
print(f"jvp against differences: error {jvp_error:.0e}")
print(f"jvp against vjp: error {adjoint_error:.0e}")

# %%
# The same product with the matrices written out gives the same numbers, with many more
# multiplications.

matrices = operator.todense(50)


def with_matrices():
    """Multiply every sample's matrix by its tangent."""
    return np.matmul(matrices, u[..., np.newaxis])[..., 0]


dense_error = np.abs(operator.jvp(u) - with_matrices()).max()
ratio = width**2 / operator.multiplications
fast = min(timeit.repeat(lambda: operator.jvp(u), number=20, repeat=5)) / 20
slow = min(timeit.repeat(with_matrices, number=5, repeat=5)) / 5
print(f"difference {dense_error:.0e}, {ratio:.0f} times the multiplications")
print(f"operator {1e3 * fast:.2f} ms, matrices {1e3 * slow:.2f} ms")

# %%
# The Jacobian of two layers, one after the other, is the product of their Jacobians,
# the second taken at the output of the first. Where the kind allows it, the product is
# again an operator that stores no zeros.

hidden, first = Sigmoid().linearize({}, inputs)
second = Tanh().linearize({}, hidden)[1]
product = accumulate([first, second])
measured = finite_difference(
    lambda inputs: Tanh().forward({}, Sigmoid().forward({}, inputs)), inputs, u
)
product_error = np.abs(product.jvp(u) - measured).max()
print(f"diagonal times diagonal: {type(product).__name__}, error {product_error:.0e}")

# %%
# Choosing an activation
# ----------------------
# The preceding layers learn through the slope of an activation: it multiplies their
# gradients. The slope of the sigmoid is bounded by 1/4 and vanishes on both sides. That
# of tanh reaches 1, and vanishes on both sides as well. ReLU passes everything on one
# side and nothing on the other; GELU is a smooth version of it.

figure, axes = plt.subplots(2, sharex=True, layout="constrained")
grid = np.linspace(-5.0, 5.0, 501)
activations = {"sigmoid": Sigmoid(), "tanh": Tanh(), "ReLU": ReLU(), "GELU": GELU()}
slopes = {}
for (name, layer), color, style in zip(
    activations.items(),
    ("#0072B2", "#D55E00", "#009E73", "#000000"),
    ("-", "-", "-", "--"),
    strict=True,
):
    value = layer.function(grid)
    slopes[name] = layer.derivative(grid, value)
    axes[0].plot(grid, value, style, color=color, label=name)
    axes[1].plot(grid, slopes[name], style, color=color, label=name)
    print(f"{name:<8} slope from {slopes[name].min():.3f} to {slopes[name].max():.3f}")
axes[0].set(ylabel="activation", ylim=(-1.3, 3.0), title="Activations and slopes")
axes[1].set(xlabel="input", ylabel="slope")
axes[0].legend(loc="upper left", ncols=2, fontsize="small")
plt.show()

# %%
# Initializing a linear layer
# ---------------------------
# The outputs should be about as large as its inputs, and should depend on them. For
# weights of mean zero and standard deviation s, the variance of an output is
# :math:`n_{in} s^2` times that of the inputs. Glorot's rule takes
# :math:`s = \sqrt{2 / (n_{in} + n_{out})}` and intercepts of zero. Leave out the root,
# and draw the intercepts from a standard normal distribution, and an output is little
# more than its intercept.

n_in, n_out = 64, 30
inputs = rng.standard_normal((1000, n_in))
scale = 2.0 / (n_in + n_out)
starts = {
    "Glorot": Linear(n_out, initializer=GlorotNormal()).init_weights(
        n_in, rng, np.float64
    ),
    "without the root": {
        "coef": scale * rng.standard_normal((n_in, n_out)),
        "intercept": rng.standard_normal(n_out),
    },
}
shares = {}
for name, weights in starts.items():
    outputs = Linear(n_out).forward(weights, inputs)
    from_inputs = np.mean(np.var(outputs, axis=0))
    shares[name] = from_inputs / np.mean(np.square(outputs))
    print(
        f"{name:<17} standard deviation from the inputs {from_inputs**0.5:.2f}, their "
        f"share of the mean square {shares[name]:.0%}"
    )

# %%
# Exercises
# ---------
# 1. Work out the derivative of softplus, :math:`\log(1 + e^x)`, and compare it with the
#    layer's.
#
#    .. dropdown:: Solution
#
#       By the chain rule it is :math:`e^x / (1 + e^x)`, the sigmoid.
#
#       .. code-block:: python
#
#          from skjacobnet.layers import Softplus
#
#          x = np.linspace(-3.0, 3.0, 7)
#          slope = Softplus().derivative(x, Softplus().function(x))
#          assert np.allclose(slope, Sigmoid().function(x))
#
# 2. Which tangent does softmax map to zero, whatever its input? Check it.
#
#    .. dropdown:: Solution
#
#       The tangent of ones: it adds the same number to all inputs, which changes no
#       probability. :math:`(\operatorname{diag}(p) - p p^T) 1 = p - p = 0`, since the
#       probabilities add up to one.
#
#       .. code-block:: python
#
#          _, operator = Softmax().linearize({}, X)
#          assert np.abs(operator.jvp(np.ones_like(X))).max() < 1e-15
#
# 3. A linear layer has 300 inputs, 10 outputs and 1,000 samples. How many numbers does
#    its Jacobian take as an operator, and how many written out?
#
#    .. dropdown:: Solution
#
#       3,000 numbers, the weights, against a thousand times as many.
#
#       .. code-block:: python
#
#          layer = Linear(10)
#          wide = rng.standard_normal((1000, 300))
#          weights = layer.init_weights(300, rng, np.float64)
#          _, operator = layer.linearize(weights, wide)
#          assert stored_bytes(operator) == 8 * 300 * 10
#          assert operator.todense(1000).size == 1000 * 300 * 10
