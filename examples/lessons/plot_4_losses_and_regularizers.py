r"""
Lesson 4: losses and regularizers
=================================

A loss says how wrong a prediction is, by a number that can be differentiated. A
regularizer adds a penalty that says which networks are preferred before any data are
seen: a prior. Training minimizes the sum,

.. math::

    \frac1n \sum_{s=1}^{n} \ell(y_s, z_s) + \sum_k \lambda_k R_k,

with :math:`z_s \in \mathbb{R}^K` the raw prediction for row s, one number for each of K
classes, :math:`y_s` its one-hot encoded target, a row of zeros with a one for the right
class, and :math:`\lambda_k \ge 0` the strength of a penalty.

.. admonition:: Goals

   * Compute cross-entropy and its gradient, and know why softmax belongs to the loss.
   * Know how other losses treat rows that are wrong.
   * Read a penalty as a prior, and see what each does to weights and predictions.

   About 10 minutes to read, 8 seconds to run.
"""

# %%
# Cross-entropy
# -------------
# The probabilities are :math:`p_k = e^{z_k} / \sum_j e^{z_j}`, and the loss is minus
# the logarithm of that of the right class c,
#
# .. math:: \ell = -\sum_k y_k \log p_k = -\log p_c.
#
# A network that gives each class :math:`1/K` has the loss :math:`\log K`, the baseline
# loss of K classes that are equally frequent. A run that begins far above it was
# initialized badly.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import RegularizerFlowDisplay, WeightsDisplay, flow_field
from skjacobnet.layers import Softmax
from skjacobnet.links import SOFTMAX
from skjacobnet.losses import LOSSES, Brier, CrossEntropy, Focal
from skjacobnet.regularizers import (
    L1,
    Certainty,
    ConfidencePenalty,
    Orthogonality,
    Sparsity,
    WeightDecay,
)
from skjacobnet.testing import check_loss, check_regularizer

rng = np.random.default_rng(0)
y = np.eye(10)[rng.integers(10, size=50)]
know_nothing = CrossEntropy().value(y, np.zeros((50, 10)))
print(f"loss of equal probabilities {know_nothing:.6f}, log 10 is {np.log(10):.6f}")

# %%
# The gradient says which way each raw prediction should move. With respect to the
# probabilities it is :math:`-y_k / p_k`. It is multiplied by the Jacobian of softmax,
# :math:`\operatorname{diag}(p) - p p^T` with p a column. Everything cancels but
#
# .. math:: \frac{\partial \ell}{\partial z} = p - y \in \mathbb{R}^K.
#
# Both ways give the same for ordinary numbers.

z = rng.standard_normal((50, 10))
proba, operator = Softmax().linearize({}, z)
chained = operator.vjp(CrossEntropy().gradient_from_proba(y, proba))
fused = CrossEntropy().gradient(y, z)
by_hand = (proba - y) / len(y)  # of the mean over the rows
fused_error = max(np.abs(chained - by_hand).max(), np.abs(fused - by_hand).max())
print(f"shape {fused.shape}, largest difference {fused_error:.0e}")

# %%
# Why softmax belongs to the loss
# -------------------------------
# Take a row that is wrong by a margin m: the raw predictions are 0 for the right class
# and m for another. For large m the loss, :math:`\log(1 + e^m)`, is nearly m, and the
# gradient of the right class is nearly -1. But if softmax and the logarithm are
# computed one after the other, the exponentials overflow, or the probability becomes
# zero and its logarithm infinite. A small number added inside the logarithm does not
# help. The loss levels off, and the gradient vanishes, for just those rows that are
# most wrong.


def one_after_the_other(y, z):
    """Return loss and gradient of each row, through probabilities as they come."""
    exponentials = np.exp(z)
    p = exponentials / exponentials.sum(axis=1, keepdims=True)
    values = -np.sum(y * np.log(p + 1e-6), axis=1)
    for_proba = -y / (p + 1e-6)
    return values, p * (for_proba - np.sum(p * for_proba, axis=1, keepdims=True))


margins = np.append(np.linspace(0.0, 40.0, 81), [100.0, 1000.0])
rows = np.stack([np.zeros_like(margins), margins], axis=1)
target = np.tile([1.0, 0.0], (len(margins), 1))
with np.errstate(all="ignore"):
    naive_loss, naive_gradient = one_after_the_other(target, rows)
together_loss = CrossEntropy().sample_values(target, rows, SOFTMAX)
together_gradient = CrossEntropy().sample_gradients(target, rows, SOFTMAX)
print(f"{'':>8}{'loss':^21}{'gradient':^21}")
print(f"{'margin':>8}" + f"{'naive':>10}{'together':>11}" * 2)
for margin in (1, 10, 15, 20, 100, 1000):
    at = margins.tolist().index(margin)
    print(
        f"{margin:>8}{naive_loss[at]:>10.4f}{together_loss[at]:>11.4f}"
        f"{naive_gradient[at, 0]:>10.4f}{together_gradient[at, 0]:>11.4f}"
    )

figure, axes = plt.subplots(2, sharex=True, layout="constrained")
shown = margins <= 40
for ax, naive, together in zip(
    axes,
    (naive_loss, -naive_gradient[:, 0]),
    (together_loss, -together_gradient[:, 0]),
    strict=True,
):
    ax.plot(margins[shown], together[shown], color="#0072B2", label="together")
    ax.plot(
        margins[shown],
        naive[shown],
        "--",
        color="#D55E00",
        label="one after the other, with 1e-6 in the logarithm",
    )
axes[0].set(ylabel="loss", title="Cross-entropy of a wrong row")
axes[1].set(
    ylabel="minus gradient, right class", xlabel="margin by which a row is wrong"
)
axes[0].legend()
plt.show()

# %%
# Together they use :math:`\log p_c = z_c - M - \log \sum_j e^{z_j - M}`, with M the
# largest of z: every exponential is at most 1 and one of them is 1, so nothing
# overflows and no logarithm of zero is taken. This is why a network here ends with its
# raw prediction, and why softmax belongs to the loss.
#
# Other losses
# ------------
# The gradient of cross-entropy does not fade for rows that are badly wrong. Where
# labels may be wrong themselves, that is a drawback. Brier's squared error of the
# probabilities, :math:`\sum_k (p_k - y_k)^2`, is bounded by 2, and its gradient fades
# for such rows. Focal loss, :math:`-(1 - p_c)^\gamma \log p_c`, gives less weight to
# rows that are right already. Label smoothing moves the target probability of the right
# class below one. Minus the gradient of the right class, by the margin:

losses = {
    "cross-entropy": CrossEntropy(),
    "label smoothing 0.1": CrossEntropy(label_smoothing=0.1),
    "Brier": Brier(),
    "focal": Focal(gamma=2.0),
}
places = np.array([-8.0, -4.0, 0.0, 4.0, 8.0])
pulls = {
    name: -loss.sample_gradients(
        np.tile([1.0, 0.0], (5, 1)), np.stack([0.0 * places, places], axis=1), SOFTMAX
    )[:, 0]
    for name, loss in losses.items()
}
print(f"{'wrong by':<22}" + "".join(f"{place:>8.0f}" for place in places))
for name, pull in pulls.items():
    print(f"{name:<22}" + "".join(f"{value:>8.4f}" for value in pull))

# %%
# ``check_loss`` compares the gradient of each with central differences of its value,
# the second derivatives with those of the gradient, and more.

for loss in LOSSES.classes:
    check_loss(loss())
print(len(LOSSES.classes), "losses pass")

# %%
# Penalties are priors
# --------------------
# The layers of a network are a hard constraint: a function that they cannot express is
# not learned. A penalty is a soft constraint. It is weighed against the loss, and
# enough data overrule it. Minus n times the objective is the logarithm of the
# likelihood of n rows, minus :math:`n \lambda R`. So a penalty on the weights is, up to
# a constant, minus the logarithm of a prior distribution; that of weight decay is
# normal with variance :math:`1 / (n \lambda)`. Here are six penalties, with W of shape
# (n_in, n_out) the weights of a layer, h the activations of a row, and H the entropy
# :math:`-\sum_k p_k \log p_k` of its prediction:
#
# ==================  ============================  =============================
# name                penalty                       prefers
# ==================  ============================  =============================
# weight_decay        :math:`\frac12 \|W\|_F^2`     small weights
# l1                  :math:`\sum_{ij} |W_{ij}|`    many weights of zero
# orthogonality       :math:`\|W^T W - I\|_F^2`     units of length one, at right angles
# sparsity            mean of :math:`\sum_j |h_j|`  many inactive units
# certainty           mean of H                     probabilities near 0 and 1
# confidence_penalty  mean of -H                    probabilities near 1/K
# ==================  ============================  =============================
#
# :math:`\|W\|_F`, the Frobenius norm, is the root of the sum of all squared entries.
#
# Follow minus the gradient of each penalty, in small steps, from the point (1.5, 0.4):
# two weights of one unit, two activations of one row, or two raw predictions of one
# row.

penalties = {
    "weight_decay": WeightDecay(),
    "l1": L1(),
    "orthogonality": Orthogonality(),
    "sparsity": Sparsity(),
    "certainty": Certainty(),
    "confidence_penalty": ConfidencePenalty(),
}
paths, ends = {}, {}
for name, regularizer in penalties.items():
    check_regularizer(regularizer)
    path = [np.array([1.5, 0.4])]
    for _ in range(4000):
        path.append(path[-1] + 0.01 * flow_field(regularizer, path[-1]))
    paths[name] = np.round(path, 2) + 0.0  # zeros without a sign
    ends[name] = paths[name][-1]
    print(f"{name:<19} after 50 steps {paths[name][50]!s:<13} in the end {ends[name]}")
for name in ("certainty", "confidence_penalty"):
    proba = SOFTMAX.proba(ends[name][np.newaxis])[0]
    print(f"{name:<19} probabilities in the end {proba.round(3)}")

# %%
# Weight decay and L1 both lead to zero, but not in the same way: the first shrinks all
# weights by the same share, the second by the same amount, so that small weights reach
# zero while large ones are still on their way. Orthogonality leads to weights of length
# one. Sparsity is L1 for activations. Certainty drives the two classes apart,
# and the confidence penalty brings them together. The arrows show the same from
# everywhere; their color is the length of the gradient.

# sphinx_gallery_thumbnail_number = 2
figure, axes = plt.subplots(2, 3, figsize=(9, 6), layout="compressed")
RegularizerFlowDisplay.from_regularizers(list(penalties), ax=axes)
plt.show()

# %%
# Effects of a regularizer
# ------------------------
# The same network, trained on half of the digits, with one regularizer at a time. For
# each, the quantity that it penalizes or a share of it, without and with the
# regularizer, of the weights or of the held-out half of the rows. The strengths are
# such that the effect can be seen; they are not the best. Other regularization that is
# on by default is off: smooth labels, decay over the run, calibration.

X, digits = load_digits(return_X_y=True)
X = (X / 16.0).astype(np.float32)
X_train, X_test, digits_train, digits_test = train_test_split(
    X, digits, test_size=0.5, stratify=digits, random_state=0
)


def train(**regularizers):
    """Return a network that was trained with these regularizers."""
    return JacobianMLPClassifier(
        (30,),
        activation="relu",
        encoding=None,
        initializer="he_uniform",
        loss="cross_entropy",
        learning_rate=3e-3,
        schedule="constant",
        total_weight_decay=0.0,
        regularizers=regularizers,
        batch_size=32,
        max_iter=60,
        calibration=None,
        random_state=0,
    ).fit(X_train, digits_train)


# %%
# The quantity of each regularizer. Entropies are in *nats*, the unit of the
# natural logarithm: ten equal probabilities have log 10 of them.


def entropy(model):
    """Return the mean entropy of the predictions for the held-out rows, in nats."""
    log_proba = model.predict_log_proba(X_test).astype(np.float64)
    return -np.mean(np.sum(np.exp(log_proba) * log_proba, axis=1))


def weights_of(model):
    """Return all weights but the intercepts, in one vector."""
    return np.concatenate([coef.ravel() for coef in model.coefs_])


def gram_distance(model):
    """Return the squared distance of the first layer's W^T W from the identity."""
    coef = model.coefs_[0].astype(np.float64)
    return np.sum((coef.T @ coef - np.eye(30)) ** 2)


measures = {
    "weight_decay": (
        1e-2,
        "mean squared weight",
        lambda m: np.mean(weights_of(m) ** 2),
    ),
    "l1": (1e-3, "share below 0.01", lambda m: np.mean(np.abs(weights_of(m)) < 0.01)),
    "orthogonality": (1e-2, "squared distance from I", gram_distance),
    "sparsity": (1e-2, "mean activation", lambda m: np.mean(m.activations(X_test)[1])),
    "certainty": (0.5, "entropy, nats", entropy),
    "confidence_penalty": (0.3, "entropy, nats", entropy),
}

# %%
# One network without a regularizer, and one with each. The squared distance is that of
# :math:`W^T W` from I, for the W of the first layer.

plain = train()
plain_score = plain.score(X_test, digits_test)
print(f"{'':<19}{'quantity':<26}{'without':>10}{'with':>10}{'held-out accuracy':>19}")
print(f"{'no regularizer':<65}{plain_score:>19.3f}")
models, effects, scores = {}, {}, {}
for name, (strength, quantity, measure) in measures.items():
    model = models[name] = train(**{name: strength})
    effects[name] = float(measure(plain)), float(measure(model))
    scores[name] = model.score(X_test, digits_test)
    before, after = effects[name]
    print(f"{name:<19}{quantity:<26}{before:>10.3f}{after:>10.3f}{scores[name]:>19.3f}")

# %%
# The weights of nine units of the first layer, without a regularizer and with L1: the
# weights of pixels that matter little are zero.

for title, model in (("no regularizer", plain), ("l1", models["l1"])):
    display = WeightsDisplay.from_estimator(model, image_shape=(8, 8), max_units=9)
    display.ax_.set_title(title, fontsize="medium")
plt.show()

# %%
# Exercises
# ---------
# 1. Compute the cross-entropy of three rows by hand: probabilities of the right class
#    0.5, 0.25 and 1. Compare it with that of ``CrossEntropy``.
#
#    .. dropdown:: Solution
#
#       :math:`(\log 2 + \log 4 + 0) / 3 = \log 2`.
#
#       .. code-block:: python
#
#          p = np.array([[0.5, 0.5], [0.25, 0.75], [1.0 - 1e-15, 1e-15]])
#          target = np.array([[1.0, 0.0]] * 3)
#          value = CrossEntropy().value(target, np.log(p))
#          assert np.isclose(value, np.log(2.0))
#
# 2. For which margin is the gradient of the Brier loss largest, for two classes?
#
#    .. dropdown:: Solution
#
#       With p the probability of the right class the loss is :math:`2 (1 - p)^2`, and
#       the size of its gradient :math:`4 p (1 - p)^2`. It is largest at p = 1/3: a
#       margin of log 2.
#
#       .. code-block:: python
#
#          grid = np.linspace(-5.0, 5.0, 10_001)
#          rows = np.stack([0.0 * grid, grid], axis=1)
#          target = np.tile([1.0, 0.0], (len(grid), 1))
#          gradient = Brier().sample_gradients(target, rows, SOFTMAX)[:, 0]
#          assert abs(grid[np.argmin(gradient)] - np.log(2.0)) < 1e-3
#
# 3. Where does minus the gradient of weight decay plus L1, both of strength one, lead
#    from (1.5, 0.4)? Which weight is zero first?
#
#    .. dropdown:: Solution
#
#       To zero, like each alone; the smaller weight is there first.
#
#       .. code-block:: python
#
#          point, zero = np.array([1.5, 0.4]), []
#          for _ in range(4000):
#              for penalty in (WeightDecay(), L1()):
#                  point = point + 0.001 * flow_field(penalty, point)
#              zero.append(np.abs(point) < 0.01)
#          first = np.argmax(zero, axis=0)
#          assert first[1] < first[0]
#          assert np.abs(point).max() < 0.01
