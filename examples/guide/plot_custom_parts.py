"""
A custom layer, optimizer and regularizer
=========================================

You need a layer, an optimizer or a regularizer that the package does not have. Write a
class of some twenty lines with the formula and its derivative. A check compares them,
and an instance goes where a name would.
"""

# %%
# A layer
# -------
# Scale each feature by a weight, :math:`y = s \odot x`. The Jacobian is diagonal,
# :math:`\partial y_i / \partial x_i = s_i`, and it is all that training and explanation
# need to know about the layer, besides the gradient of its weights,
# :math:`\partial \ell / \partial s_i = \sum_n c_{ni} x_{ni}` for a cotangent c.

# [layer]
import numpy as np

from skjacobnet.layers import Layer, Linear
from skjacobnet.operators import Diagonal


class Scale(Layer):
    """Multiply each feature by its weight."""

    def weight_shapes(self, n_in):
        return {"scale": (n_in,)}

    def init_weights(self, n_in, rng, dtype, X=None):
        return {"scale": np.ones(n_in, dtype)}

    def forward(self, weights, X, out=None):
        return np.multiply(X, weights["scale"][..., np.newaxis, :], out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        output = self.forward(weights, X)
        scale = np.broadcast_to(weights["scale"][..., np.newaxis, :], output.shape)
        return output, Diagonal(scale)

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        out = {} if out is None else out
        return {"scale": np.sum(cotangent * X, axis=-2, out=out.get("scale"))}

    def weight_jvp(self, weights, X, tangents):
        return X * tangents["scale"][..., np.newaxis, :]


# [/layer]

# %%
# The check compares all of it with finite differences, in float64 and float32, and
# tests the rest of the contract, such as results written into given arrays.

from skjacobnet.testing import check_layer, check_optimizer, check_regularizer

check_layer(Scale())

# %%
# The check finds mistakes. Let the gradient be a mean over the rows instead of a sum:


class WrongScale(Scale):
    """With a wrong gradient."""

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        gradients = super().weight_vjp(weights, X, cotangent, out)
        gradients["scale"] /= len(X)
        return gradients


try:
    check_layer(WrongScale())
    complaint = None
except AssertionError as error:
    complaint = str(error)
print(complaint)

# %%
# An optimizer
# ------------
# Lion [1]_ steps by the learning rate in the direction of the sign,
#
# .. math::
#
#    \theta_t = \theta_{t-1} - \eta \operatorname{sign}
#    (\beta_1 m_{t-1} + (1 - \beta_1) g_t), \qquad
#    m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t.
#
# An optimizer keeps its memory in a state that it creates. It changes the weights in
# place and leaves the gradient unchanged.

# [optimizer]
from skjacobnet.optimizers import Optimizer


class Lion(Optimizer):
    """Step by the sign of a momentum."""

    default_learning_rate = 1e-3

    def __init__(self, beta_1=0.9, beta_2=0.99):
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def init(self, theta):
        return {"momentum": np.zeros_like(theta)}

    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        momentum = state["momentum"]
        theta -= learning_rate * np.sign(
            self.beta_1 * momentum + (1 - self.beta_1) * gradient
        )
        momentum *= self.beta_2
        momentum += (1 - self.beta_2) * gradient


# [/optimizer]

check_optimizer(Lion())

# %%
# That a quadratic decreases is weak evidence, so two steps are also worked out by hand.
# With the gradients 2 and then -1 the momentum is 0.02 after the first step, and
# 0.9 * 0.02 - 0.1 is negative: one step down, one step up.

theta, lion = np.array([0.0]), Lion()
state = lion.init(theta)
path = []
for gradient in (2.0, -1.0):
    lion.step(theta, np.array([gradient]), state, learning_rate=0.5)
    path.append(theta.item())
print(path)

# %%
# A regularizer
# -------------
# The rows of a weight matrix belong to its inputs. To switch off inputs that do not
# matter, penalize the length of each row, without the square [2]_:
#
# .. math::
#
#    P(W) = \lambda \sum_i \lVert W_i \rVert, \qquad
#    \frac{\partial P}{\partial W_i} = \lambda \frac{W_i}{\lVert W_i \rVert}.
#
# The gradient does not fade as a row gets shorter, so rows go to zero as a whole. At
# zero itself the formula has no value; zero is a subgradient.

# [regularizer]
from skjacobnet.regularizers import WeightRegularizer


class RowSparsity(WeightRegularizer):
    """Prefer weight matrices that make use of few inputs."""

    def value(self, coef):
        return self.strength * np.linalg.norm(coef, axis=-1).sum(axis=-1)

    def gradient(self, coef, out=None):
        lengths = np.linalg.norm(coef, axis=-1, keepdims=True)
        return np.multiply(coef, self.strength / np.maximum(lengths, 1e-12), out)


# [/regularizer]

check_regularizer(RowSparsity(0.1))

# %%
# Training with all three
# -----------------------
# Forty sensors, and an alarm whenever one of two of them is high: numbers 7 and 23.
# There are 200 training rows and 2,000 held-out rows. The strength of each penalty is
# chosen by cross-validation on the training rows. The inputs of the custom layer are
# not encoded, and the penalties are the only weight decay.

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV

from skjacobnet import JacobianMLPClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(2200, 40))
y = np.where(np.maximum(X[:, 7], X[:, 23]) > 0.55, "alarm", "quiet")
X_train, X_test, y_train, y_test = X[:200], X[200:], y[:200], y[200:]

network = JacobianMLPClassifier(
    layers=[Scale(), Linear(20), "tanh"],
    encoding=None,
    initializer="glorot_uniform",
    optimizer=Lion(),
    schedule="constant",
    total_weight_decay=0.0,
    batch_size=20,
    max_iter=60,
    calibration=None,
    random_state=0,
)
strengths = (0.01, 0.03, 0.1)
candidates = {
    "no penalty": [{}],
    "weight decay": [{"weight_decay": s} for s in strengths],
    "row sparsity": [{"row_sparsity": RowSparsity(s)} for s in strengths],
}
scores, slopes = {}, {}
for name, regularizers in candidates.items():
    search = GridSearchCV(network, {"regularizers": regularizers}, cv=3)
    model = search.fit(X_train, y_train).best_estimator_
    scores[name] = model.score(X_test, y_test)
    slopes[name] = np.abs(model.input_jacobian(X_test)[:, 0]).mean(axis=0)
    print(f"{name:<12} {scores[name]:.3f}  {model.regularizers}")

# %%
# The layer takes part in the exact Jacobian like any other. The mean size of the
# derivative of the probability over the held-out rows shows how much each sensor
# matters. Row sparsity leaves little but the two right sensors, and shrinks their
# slopes as well.

matters = np.isin(np.arange(40), [7, 23])
figure, axes = plt.subplots(3, sharex=True, sharey=True, layout="constrained")
for ax, (name, slope) in zip(axes, slopes.items(), strict=True):
    ax.bar(np.arange(40), slope, color=np.where(matters, "#D55E00", "#0072B2"))
    title = f"{name}: held-out accuracy {scores[name]:.2f}"
    ax.set_title(title, fontsize="medium")
figure.supylabel("mean |change of the probability| per unit", fontsize="medium")
axes[-1].set(
    xlabel="sensor (orange: 7 and 23, which cause the alarm)",
    xticks=[0, 7, 15, 23, 31, 39],
)
plt.show()

# %%
# .. [1] X. Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023,
#    Algorithm 2 without weight decay. https://arxiv.org/abs/2302.06675
# .. [2] S. Scardapane et al., "Group Sparse Regularization for Deep Neural Networks",
#    Neurocomputing 241, 2017, without the factor for the size of a group.
#    https://arxiv.org/abs/1607.00485
