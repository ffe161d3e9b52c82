r"""
Lesson 2: checking derivatives
==============================

A wrong derivative raises no error: the network still trains, only worse. But a
derivative can be measured without its formula, by finite differences: move the input a
little and divide the change of the output by that of the input. This lesson shows how
exact that is, where it fails, and what a check must do to find a mistake.

.. admonition:: Goals

   * Choose the step of a finite difference, and know the error to expect.
   * Choose a tolerance, and inputs that are clear of kinks.
   * Check a layer, an operator and a whole model, and trust the result.

   About 10 minutes to read, 4 seconds to run.
"""

# %%
# Choosing the step
# -----------------
# Two ways to measure the slope of f at x with a step h, and their errors:
#
# .. math::
#
#     \frac{f(x + h) - f(x)}{h} &= f'(x) + \frac{h}{2} f''(x) + \dots
#     \qquad \text{(one-sided)} \\
#     \frac{f(x + h) - f(x - h)}{2 h} &= f'(x) + \frac{h^2}{6} f'''(x) + \dots
#     \qquad \text{(central)}
#
# A small step makes this error small. But both numerators are differences of nearly
# equal numbers, each rounded to a relative precision of :math:`\epsilon = 2.2 \cdot
# 10^{-16}`, and the rounding error is divided by h. So the total is about
#
# .. math::
#
#     \frac{h}{2} |f''| + \frac{\epsilon |f|}{h}, \qquad
#     \frac{h^2}{6} |f'''| + \frac{\epsilon |f|}{h},
#
# least for h near :math:`\epsilon^{1/2}` and near :math:`\epsilon^{1/3}`, where it is
# near :math:`\epsilon^{1/2}` and near :math:`\epsilon^{2/3}`. Where a formula also
# takes complex numbers there is a third way, :math:`\operatorname{Im} f(x + i h) / h`.
# Nothing is subtracted, so h may be as small as one likes.
#
# Here for the exponential function, which is its own derivative, on average over a
# hundred points.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import GradientCheckDisplay
from skjacobnet.layers import (
    GELU,
    Linear,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from skjacobnet.operators import ConstantMatrix
from skjacobnet.testing import (
    check_gradients,
    check_layer,
    check_operator,
    empirical_jacobian,
    finite_difference,
    sanity_check,
)

rng = np.random.default_rng(0)
points = rng.uniform(0.0, 2.0, 100)
formulas = {
    "one-sided": lambda f, x, h: (f(x + h) - f(x)) / h,
    "central": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    "complex": lambda f, x, h: f(x + 1j * h).imag / h,
}
steps = 10.0 ** np.arange(-15, 0, 0.25)
errors = {
    name: np.array(
        [np.abs(formula(np.exp, points, h) - np.exp(points)).mean() for h in steps]
    )
    for name, formula in formulas.items()
}

# %%
# The least error of each, and the error with a step of 1e-8:

print(f"{'formula':<12}{'least error':>12}{'at step':>10}{'error at 1e-8':>15}")
for name, error in errors.items():
    best, at = error.argmin(), np.argmin(np.abs(steps - 1e-8))
    print(f"{name:<12}{error[best]:>12.0e}{steps[best]:>10.0e}{error[at]:>15.0e}")

# sphinx_gallery_thumbnail_number = 1
figure, ax = plt.subplots(layout="constrained")
for (name, error), color, style in zip(
    errors.items(), ("#D55E00", "#0072B2", "#009E73"), ("-", "-", "--"), strict=True
):
    ax.loglog(steps, error, style, color=color, label=name)
epsilon = float(np.finfo(np.float64).eps)
for power, color in ((2, "#D55E00"), (3, "#0072B2")):
    ax.axvline(
        epsilon ** (1 / power),
        color=color,
        linewidth=0.8,
        linestyle=":",
        label=rf"$h = \epsilon^{{1/{power}}}$",
    )
ax.set(
    xlabel="step h",
    ylabel="mean absolute error of the slope",
    title="Differences of the exponential function",
)
ax.legend()
plt.show()

# %%
# ``finite_difference`` and ``empirical_jacobian`` take central differences with
# :math:`h = \epsilon^{1/3} \max(1, |x|)`. The step grows with the input:
# ``empirical_jacobian`` takes :math:`|x|` of each entry, ``finite_difference`` the
# largest of the whole array. A fixed step is lost where inputs are large:

x = np.array([1e9])
lost = float(formulas["one-sided"](np.square, x, 1e-8)[0])
kept = float(finite_difference(np.square, x, np.ones(1))[0])
print(f"slope of the square at 1e9: {lost:.0f} with a step of 1e-8, {kept:.10g} here")

# %%
# Jacobians by differences
# ------------------------
# The Jacobian of a function of n_in inputs takes two evaluations for each input, for
# all samples at once, and has the shape (n_samples, n_out, n_in). ``sanity_check``
# prints it beside the exact one. A derivative along one direction takes only two
# evaluations, whatever n_in; a random direction finds a mistake as well, but does not
# say where it is.

X = rng.standard_normal((50, 64))
sanity_check(Softmax(), X)
sanity_check(Linear(10), X)

# %%
# What does agreement look like? Measured in float64, the largest error as a share of
# the largest derivative, for smooth layers:


def relative_error(exact, measured):
    """Return the largest difference as a share of the largest derivative."""
    return float(np.abs(exact - measured).max() / np.abs(measured).max())


agreement = {}
for layer in (Linear(10), Sigmoid(), Tanh(), Softplus(), GELU(), Softmax()):
    weights = layer.init_weights(64, rng, np.float64)
    exact = layer.linearize(weights, X)[1].todense(len(X))
    measured = empirical_jacobian(
        lambda inputs, layer=layer, weights=weights: layer.forward(weights, inputs), X
    )
    agreement[type(layer).__name__] = relative_error(exact, measured)
    print(f"{type(layer).__name__:<9} {agreement[type(layer).__name__]:.0e}")

# %%
# A rule of thumb for tolerances: ask for :math:`10^{-6}`, relative to the *largest*
# derivative. That is far above the errors printed here, and a thousandth of a mistake
# of one in a thousand. Relative to each single derivative it would fail, since a tiny
# derivative has the same absolute noise as a large one.
#
# Float32 leaves no such room. Its :math:`\epsilon` is :math:`1.2 \cdot 10^{-7}`, so
# that fewer digits are right, and with the step for float64 hardly any:

slopes = np.cos(points)
single = np.float32(points)
own_step = np.float32(np.finfo(np.float32).eps ** (1 / 3))
precision = {
    "float64": formulas["central"](np.sin, points, epsilon ** (1 / 3)),
    "float32, its own step": formulas["central"](np.sin, single, own_step),
    "float32, step of float64": formulas["central"](
        np.sin, single, np.float32(epsilon ** (1 / 3))
    ),
}
precision = {
    name: relative_error(measured, slopes) for name, measured in precision.items()
}
for name, error in precision.items():
    print(f"{name:<25} {error:.0e}")

# %%
# Kinks
# -----
# At 0 the slope of ReLU jumps from 0 to 1. Both are as good as any number between, and
# the layer says 0. A central difference whose two points lie on different sides of the
# kink measures something else. So inputs have to keep clear of kinks by more than the
# step. ``check_layer`` draws them at a distance of at least 0.1.

distances = np.array([0.0, 1e-6, 1e-5, 1e-3])
below = -distances[:, np.newaxis]  # where the slope is 0
near_kink = empirical_jacobian(lambda inputs: ReLU().forward({}, inputs), below)
for distance, slope in zip(distances, near_kink.ravel(), strict=True):
    print(f"{distance:.0e} below the kink: measured slope {slope:.3f}")

# %%
# Mistakes on purpose
# -------------------
# A check that has never failed proves little. Here is a ReLU whose slope is 1
# everywhere, and two batches to check it with.


class Open(ReLU):
    """A ReLU whose slope is 1 on both sides."""

    def derivative(self, x, y, out=None):
        return np.ones_like(x)


mistaken = {}
for name, batch in (("positive", rng.random((50, 6))), ("both signs", X[:, :6])):
    exact = Open().linearize({}, batch)[1].todense(len(batch))
    measured = empirical_jacobian(lambda inputs: Open().forward({}, inputs), batch)
    mistaken[name] = np.abs(exact - measured).max()
    print(f"inputs {name:<11} largest error {mistaken[name]:.1e}")

# %%
# With positive inputs the mistake cannot be seen; with both signs it can. A figure also
# shows the kind of a mistake. In this tanh the square is missing. The derivatives of
# the layer are on the vertical axis; all points should be on the diagonal, and only
# slopes of 0 and 1 are.


class Unsquared(Tanh):
    """A tanh with the slope 1 - |y| where it should be 1 - y**2."""

    def derivative(self, x, y, out=None):
        return 1.0 - np.abs(y)


unsquared = GradientCheckDisplay.from_layer(Unsquared(), X[:, :6])
plt.show()

# %%
# An average hides what a maximum shows. The entries of softmax's Jacobian add up to
# zero whatever the probabilities, so the two averages printed above say nothing. And
# when a single number is spoiled, hardly any average shows it. The maximum does, and so
# does a single random direction, at the cost of two evaluations.

spoiled = Softmax().linearize({}, X)[1].todense(len(X))
measured = empirical_jacobian(lambda inputs: Softmax().forward({}, inputs), X)
spoiled[7, 3, 3] += 0.1
mean_error = np.abs(spoiled - measured).mean()
largest_error = np.abs(spoiled - measured).max()
direction = rng.standard_normal(X.shape)
along = finite_difference(lambda inputs: Softmax().forward({}, inputs), X, direction)
claimed = np.einsum("soi,si->so", spoiled, direction)
direction_error = np.abs(claimed - along).max()
print(f"one of {spoiled.size:,} numbers is spoiled")
print(f"mean difference {mean_error:.0e}, largest {largest_error:.0e}")
print(f"largest along a random direction {direction_error:.0e}")

# %%
# What the checks find
# --------------------
# ``check_layer`` checks the Jacobian, the gradients with respect to the weights, both
# directions of the operator, single samples, float32 and more. It names what is wrong.
# Two more mistakes for it: a sigmoid whose slope is too large by one in a thousand, and
# a linear layer with the right Jacobian whose weight gradient is a product of means,
# where the sum of products is right.


class Tilted(Sigmoid):
    """A sigmoid whose slope is a thousandth too large."""

    def derivative(self, x, y, out=None):
        return 1.001 * super().derivative(x, y)


class Means(Linear):
    """A linear layer that multiplies means over the samples."""

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        coef = np.outer(X.mean(axis=0), cotangent.mean(axis=0))
        return {"coef": len(X) * coef, "intercept": cotangent.sum(axis=0)}


def verdict(check, *args):
    """Return what a check complains about, or that it does not."""
    try:
        check(*args)
    except AssertionError as error:
        return str(error)
    return "passes"


verdicts = {
    type(layer).__name__: verdict(check_layer, layer)
    for layer in (Sigmoid(), Open(), Unsquared(), Tilted(), Means(3))
}
for name, found in verdicts.items():
    print(f"{name}: {found}\n")

# %%
# Differences see only one direction of a Jacobian, u to J u. The other, v to
# :math:`J^T v`, which training uses, is checked against it: :math:`\langle v, J u
# \rangle` and :math:`\langle J^T v, u \rangle` must be the same number. Here a square
# matrix is not transposed. But two directions that are wrong in the same way agree with
# each other, so this check does not replace the first.


class Untransposed(ConstantMatrix):
    """One matrix for all samples, the same from either side."""

    __slots__ = ()

    def vjp(self, cotangent, out=None):
        return self.jvp(cotangent, out)


square = rng.standard_normal((4, 4))
_, consistent = Tilted().linearize({}, X)
operator_verdicts = {
    "right": verdict(check_operator, ConstantMatrix(square), 5),
    "not transposed": verdict(check_operator, Untransposed(square), 5),
    "slope too large": verdict(check_operator, consistent, len(X)),
}
for name, found in operator_verdicts.items():
    print(f"{name}: {found}\n")

# %%
# A whole model
# -------------
# ``check_gradients`` does the same for everything that is trained together: loss,
# regularizers and all layers. It leaves out rows in which an activation is near one of
# its kinks. The figure shows the derivatives that it compares. The network takes the
# features as they are; only its loss and its regularizers train it.

X_iris, y_iris = load_iris(return_X_y=True)
model = JacobianMLPClassifier(
    (8, 8),
    activation="relu",
    encoding=None,
    loss="cross_entropy",
    total_weight_decay=0.0,
    regularizers={"weight_decay": 1e-2, "jacobian_norm": 1e-2},
    max_iter=30,
    calibration=None,
    random_state=0,
).fit(X_iris, y_iris)
check_gradients(model, X_iris, y_iris)
display = GradientCheckDisplay.from_estimator(model, X_iris, y_iris)
print(f"{display.exact.size} weights, largest error {display.largest_error:.0e}")
plt.show()

# %%
# Exercises
# ---------
# 1. Measure the slope of the sine at 1 one-sided and centrally, with the best step of
#    each. How many digits are right?
#
#    .. dropdown:: Solution
#
#       About eight digits, and ten or more.
#
#       .. code-block:: python
#
#          one_sided = formulas["one-sided"](np.sin, 1.0, epsilon ** (1 / 2))
#          central = formulas["central"](np.sin, 1.0, epsilon ** (1 / 3))
#          assert abs(one_sided - np.cos(1.0)) < 1e-7
#          assert abs(central - np.cos(1.0)) < 1e-9
#
# 2. Write an activation :math:`\sin x` with the derivative :math:`\cos x`, and check
#    it. Then let the derivative be :math:`1 - x^2 / 2`. Does the check find that?
#
#    .. dropdown:: Solution
#
#       It does: the two functions agree near zero only.
#
#       .. code-block:: python
#
#          from skjacobnet.layers import Elementwise
#
#          class Sine(Elementwise):
#              def function(self, x, out=None):
#                  return np.sin(x, out=out)
#
#              def derivative(self, x, y, out=None):
#                  return np.cos(x, out=out)
#
#              def second_derivative(self, x, y):
#                  return -y
#
#          class WrongSine(Sine):
#              def derivative(self, x, y, out=None):
#                  return 1 - x**2 / 2
#
#          assert verdict(check_layer, Sine()) == "passes"
#          assert "Jacobian" in verdict(check_layer, WrongSine())
#
# 3. Why is the slope of ReLU at :math:`10^{-6}` below the kink measured as more than
#    zero? From which distance on is it zero?
#
#    .. dropdown:: Solution
#
#       One of the two points of the difference is above the kink. From the step on,
#       :math:`\epsilon^{1/3}`, both are below.
#
#       .. code-block:: python
#
#          step = epsilon ** (1 / 3)
#          near = np.array([[-0.9 * step], [-1.1 * step]])
#          slopes = empirical_jacobian(lambda x: ReLU().forward({}, x), near).ravel()
#          assert slopes[0] > 0.0
#          assert slopes[1] == 0.0
