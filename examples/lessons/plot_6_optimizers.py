r"""
Lesson 6: optimizers, and how to verify them
============================================

An optimizer turns the gradients :math:`g_1, g_2, \dots` of the objective, each of shape
(n_weights,), into steps of the weights :math:`\theta`, of the same shape. Its output
cannot be compared with a true value, and a wrong optimizer usually still reduces the
loss. There are four ways to verify it: a contract that is checked, first steps worked
out by hand, the impulse response, and paths on functions of two variables.

.. admonition:: Goals

   * Know the rules of momentum, Nesterov momentum and Adam.
   * Verify an optimizer by its contract, its first steps and its impulse response.
   * Know why Adam needs its bias correction.
   * Compare optimizers on a function of two variables.

   About 7 minutes to read, 5 seconds to run.
"""

# %%
# The rules
# ---------
# Momentum adds up past gradients to a *velocity* :math:`b_t`, with :math:`\mu` in [0,
# 1) and :math:`b_0 = 0`:
#
# .. math::
#
#     b_t = \mu b_{t-1} + g_t, \qquad
#     \theta_t = \theta_{t-1} - \eta b_t.
#
# Nesterov's form looks one step ahead, :math:`\theta_t = \theta_{t-1} - \eta (g_t +
# \mu b_t)`. Adam divides a mean of past gradients by the root of a mean of their
# squares, element by element, with :math:`m_0 = v_0 = 0`:
#
# .. math::
#
#     m_t &= \beta_1 m_{t-1} + (1 - \beta_1) g_t, \qquad
#     v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \\
#     \theta_t &= \theta_{t-1} - \eta \,
#     \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}.
#
# First steps by hand
# -------------------
# Take the gradient 1 and then 0, the learning rate 1, and one half for every rate of
# decay. Momentum steps by 1 and by what is left of it, 1/2. Nesterov adds half of the
# velocity each time: 1 + 1/2, then 0 + 1/4. In Adam the corrected moments are 1 and 1,
# then 1/3 and 1/3: steps of 1 and :math:`1/\sqrt3`.

import matplotlib.pyplot as plt
import numpy as np

from skjacobnet.inspection import (
    SURFACES,
    OptimizerResponseDisplay,
    OptimizerTrajectoryDisplay,
    Surface,
    trajectory,
)
from skjacobnet.optimizers import OPTIMIZERS, SGD, Adam, Optimizer
from skjacobnet.testing import check_optimizer


def steps(optimizer, gradients):
    """Return how far each gradient moves a single weight down."""
    theta = np.zeros(1)
    state = optimizer.init(theta)
    positions = [0.0]
    for gradient in gradients:
        optimizer.step(theta, np.array([gradient]), state, 1.0)
        positions.append(float(theta[0]))
    return -np.diff(positions)


by_hand = {
    SGD(momentum=0.5): (1.0, 1 / 2),
    SGD(momentum=0.5, nesterov=True): (3 / 2, 1 / 4),
    Adam(beta_1=0.5, beta_2=0.5, epsilon=1e-12): (1.0, 1 / np.sqrt(3)),
}
step_errors = []
for optimizer, expected in by_hand.items():
    found = steps(optimizer, [1.0, 0.0])
    step_errors.append(np.abs(found - expected).max())
    print(f"{optimizer!s:<48} {found.round(4)} error {step_errors[-1]:.0e}")

# %%
# Mistakes that a contract finds
# ------------------------------
# ``check_optimizer`` checks the properties of any rule: weights and state are changed
# in place and nothing else is, two runs that take turns do not disturb each other, a
# run continues from a copy of its state, and so on.

for optimizer in OPTIMIZERS.classes:
    check_optimizer(optimizer())
print(f"{len(OPTIMIZERS.classes)} classes with {len(OPTIMIZERS.names)} names pass")


class Forgetful(Optimizer):
    """Momentum that keeps its velocity on itself, where all runs share it."""

    velocity = 0.0

    def init(self, theta):
        return {}

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        self.velocity = 0.9 * self.velocity + gradient
        theta -= learning_rate * self.velocity


try:
    check_optimizer(Forgetful())
except AssertionError as error:
    caught = str(error)
    print("caught:", caught)

# %%
# Mistakes that it does not find
# ------------------------------
# Adam without its bias correction keeps the contract, and so does a form that leaves
# out the factors :math:`1 - \beta` as well. Both pass.


class Uncorrected(Optimizer):
    """Adam without bias correction, with or without the factors 1 - beta."""

    def __init__(self, factors=True):
        self.factors = factors

    def init(self, theta):
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        for name, beta, new in (("m", 0.9, gradient), ("v", 0.999, gradient**2)):
            state[name] *= beta
            state[name] += (1.0 - beta if self.factors else 1.0) * new
        theta -= learning_rate * state["m"] / (np.sqrt(state["v"]) + 1e-8)


check_optimizer(Uncorrected())
check_optimizer(Uncorrected(factors=False))
print("both wrong forms pass check_optimizer")

# %%
# Under a steady gradient every step of Adam has the length of the learning rate. The
# wrong forms have a hidden schedule: the moments start at zero and fill at different
# speeds. Both take steps that are too long within the first ten, and the second ends
# with steps of :math:`10 / \sqrt{1000} = 0.316` times the learning rate, after
# thousands of them.

variants = {
    "Adam": Adam(),
    "no bias correction": Uncorrected(),
    "no correction, no factors": Uncorrected(factors=False),
}
lengths = {name: steps(rule, np.ones(10_000)) for name, rule in variants.items()}
print(f"{'length of step':<26}{'1':>8}{'10':>8}{'100':>8}{'10,000':>8}{'longest':>9}")
for name, length in lengths.items():
    at = "".join(f"{length[number - 1]:>8.3f}" for number in (1, 10, 100, 10_000))
    print(f"{name:<26}{at}{length.max():>9.3f}")

colors = ("#0072B2", "#D55E00", "#009E73")
figure, ax = plt.subplots(layout="constrained")
for (name, length), color in zip(lengths.items(), colors, strict=True):
    ax.loglog(np.arange(1, 10_001), length, label=name, color=color)
ax.set(xlabel="step", ylabel="length of the step / learning rate")
ax.set_yticks([0.3, 1, 2, 3, 6], ["0.3", "1", "2", "3", "6"])
ax.set_title("Length of the steps under a steady gradient", fontsize="medium")
ax.minorticks_off()
ax.legend()
plt.show()

# %%
# The impulse response
# --------------------
# How much does a gradient of k steps ago still move the weights? The answer is the
# impulse response of an optimizer,
#
# .. math::
#
#     h_k = -\frac1\eta \frac{\partial (\theta_{t+k} - \theta_{t+k-1})}{\partial g_t}.
#
# For momentum it is :math:`\mu^k`, for Nesterov :math:`1 + \mu` and then
# :math:`\mu^{k+1}`. Adam divides by past gradients, so it has to be measured around
# others; around steady gradients of one it is :math:`(1 - \beta_1) \beta_1^k -
# (1 - \beta_2) \beta_2^k`. The second term is small and lasts long: a large gradient
# makes later steps shorter, and the response goes below zero.

figure, axes = plt.subplots(2, layout="constrained")
draw = OptimizerResponseDisplay.from_optimizers
linear = draw(["momentum", "nesterov"], n_steps=80, ax=axes[0])
around_ones = draw("adam", n_steps=80, background=1.0, ax=axes[1])
axes[0].set_title("Impulse responses", pad=22)
plt.show()

k = np.arange(80)
expected = {
    "momentum": 0.9**k,
    "nesterov": np.where(k == 0, 1.9, 0.9 ** (k + 1)),
    "adam": 0.1 * 0.9**k - 0.001 * 0.999**k,
}
measured = dict(zip(expected, [*linear.responses, *around_ones.responses], strict=True))
response_errors = {
    name: np.abs(measured[name] - expected[name]).max() for name in measured
}
for name, error in response_errors.items():
    print(f"{name:<10} error of the formula {error:.0e}")

# %%
# Paths
# -----
# Rosenbrock's function :math:`(1 - x)^2 + 100 (y - x^2)^2` has a curved valley, and its
# minimum, zero, is at (1, 1). Each optimizer has the best learning rate of a coarse
# grid, but for L-BFGS: it estimates the curvature from past gradients, and finds the
# length of each step by trying. On the map gradient descent finds the valley and then
# moves slowly; the value at each step shows how slowly.

# sphinx_gallery_thumbnail_number = 3
rules = ["sgd", "momentum", "nesterov", "adam", "lbfgs"]
display = OptimizerTrajectoryDisplay.from_optimizers(rules, "rosenbrock", n_steps=200)
left = {}
for name, path in zip(rules, display.paths, strict=True):
    left[name] = SURFACES["rosenbrock"].value(path[-1])
    print(f"{name:<10} {len(path) - 1:>4} steps, value {left[name]:.1e}")
plt.show()

# %%
# Custom rules and custom surfaces work in the same way. On a plane momentum builds up
# speed, to 1 / (1 - 0.9) = 10 times that of gradient descent.

plane = Surface(lambda points: points.sum(-1), np.ones_like, None)
points, _ = trajectory("momentum", plane, (0.0, 0.0), 200, 1.0)
speed = points[-2, 0] - points[-1, 0]
print(f"speed on a plane of slope one: {speed:.4f}")

# %%
# Exercises
# ---------
# 1. Work out the first two steps of momentum with :math:`\mu = 0.9` for the gradients 1
#    and 1, and check them with ``steps``.
#
#    .. dropdown:: Solution
#
#       The velocity is 1, then 0.9 + 1 = 1.9.
#
#       .. code-block:: python
#
#          assert np.allclose(steps(SGD(momentum=0.9), [1.0, 1.0]), [1.0, 1.9])
#
# 2. How many steps does the second wrong form of Adam take until its steps are shorter
#    than the learning rate?
#
#    .. dropdown:: Solution
#
#       Its steps are :math:`(1 - 0.9^t) / 0.1` over the root of
#       :math:`(1 - 0.999^t) / 0.001`.
#
#       .. code-block:: python
#
#          t = np.arange(1, 10_001)
#          expected = (1 - 0.9**t) / 0.1 / np.sqrt((1 - 0.999**t) / 0.001)
#          length = lengths["no correction, no factors"]
#          assert np.allclose(length, expected, rtol=1e-6)
#          shorter = t[1:][length[1:] < 1.0][0]
#          print(f"from step {shorter} on")
#          assert 100 < shorter < 110
#
# 3. On the plane of slope one, how fast is Nesterov momentum in the end?
#
#    .. dropdown:: Solution
#
#       As fast as momentum: it adds the newest gradient and 0.9 times the velocity,
#       1 + 0.9 * 10.
#
#       .. code-block:: python
#
#          points, _ = trajectory("nesterov", plane, (0.0, 0.0), 200, 1.0)
#          assert np.isclose(points[-2, 0] - points[-1, 0], 10.0, rtol=1e-6)
