r"""
Lesson 4: losses and beliefs
============================

To learn, a network must be told how wrong it is, by a number that can be
differentiated: the loss. And it may be told what we believe of good networks, before
they have seen any data: the penalties. What is minimized is the sum,

.. math::

    \frac1n \sum_{s=1}^{n} \ell(y_s, z_s) + \sum_k \lambda_k R_k,

with :math:`z_s \in \mathbb{R}^K` the raw prediction for row s, one number for each of K
classes, :math:`y_s` its target, a row of zeros with a one for the right class, and
:math:`\lambda_k \ge 0` the strength of a belief.
"""

# %%
# Cross-entropy
# -------------
# The probabilities are :math:`p_k = e^{z_k} / \sum_j e^{z_j}`, and the loss is minus
# the logarithm of that of the right class c,
#
# .. math:: \ell = -\sum_k y_k \log p_k = -\log p_c.
#
# A network that knows nothing gives each class :math:`1/K` and pays :math:`\log K`.
# That number is worth remembering: a run that begins far above it has begun badly.

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
print(f"equal probabilities cost {know_nothing:.6f}, log 10 is {np.log(10):.6f}")

# %%
# Which way should each raw prediction move? As a function of the probabilities the
# gradient is :math:`-y_k / p_k`. Behind it comes the Jacobian of softmax,
# :math:`\operatorname{diag}(p) - p^T p`. Multiplied out, everything cancels but
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
# Why the two belong together
# ---------------------------
# Now a row that is wrong, by a margin m: the raw predictions are 0 for the right class
# and m for another. For large m the loss, :math:`\log(1 + e^m)`, is nearly m, and the
# gradient of the right class is nearly -1. But taken one after the other, the
# exponentials overflow, or the probability becomes zero and the logarithm of it
# infinite. A small number added inside the logarithm does not help. It makes the loss
# level off, and the gradient vanish, for just those rows that are most wrong.


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
axes[0].set(ylabel="loss")
axes[1].set(ylabel="pull on the right class", xlabel="margin by which a row is wrong")
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
# Cross-entropy keeps its full pull on rows that are wrong, however hopeless. Where
# labels may be wrong themselves, that is a nuisance. Brier's squared error of the
# probabilities, :math:`\sum_k (p_k - y_k)^2`, is at most 2 and lets go of hopeless
# rows; focal loss, :math:`-(1 - p_c)^\gamma \log p_c`, discounts rows that are right
# already; label smoothing asks for a little less than certainty, and pulls back where
# it is exceeded. Their pull on the right class, by the margin:

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
# Beliefs
# -------
# The layers of a network are a belief that nothing can shake: what they cannot express
# is not learned. A penalty is a soft one. It is weighed against the loss, and the data
# may overrule it. Minus n times the objective is the logarithm of the likelihood of n
# rows, minus :math:`n \lambda R`. So a penalty on the weights is, up to a constant,
# minus the logarithm of a prior distribution; that of weight decay is normal with
# variance :math:`1 / (n \lambda)`. Here are six beliefs, with W of shape (n_in, n_out)
# the weights of a layer, h the activations of a row, and H the entropy :math:`-\sum_k
# p_k \log p_k` of its prediction:
#
# ==================  ============================  =============================
# name                penalty                       belief
# ==================  ============================  =============================
# weight_decay        :math:`\frac12 \|W\|_F^2`     weights are small
# l1                  :math:`\sum_{ij} |W_{ij}|`    most weights are zero
# orthogonality       :math:`\|W^T W - I\|_F^2`     units ask different questions
# sparsity            mean of :math:`\sum_j |h_j|`  most units are silent
# certainty           mean of H                     answers are clear
# confidence_penalty  mean of -H                    nobody is that sure
# ==================  ============================  =============================
#
# :math:`\|W\|_F`, the Frobenius norm, is the root of the sum of all squared entries.
#
# Where does each of them pull? Follow minus its gradient, in small steps, from the
# point (1.5, 0.4): two weights of one unit, two activations of one row, or two raw
# predictions of one row.

beliefs = {
    "weight_decay": WeightDecay(),
    "l1": L1(),
    "orthogonality": Orthogonality(),
    "sparsity": Sparsity(),
    "certainty": Certainty(),
    "confidence_penalty": ConfidencePenalty(),
}
paths, ends = {}, {}
for name, regularizer in beliefs.items():
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
# weights by the same share, the second all by the same amount, so that small ones are
# there while large ones are still on their way. Orthogonality leads to weights of
# length one. Sparsity is L1 for activations. Certainty drives the two classes apart,
# and the confidence penalty brings them together. The arrows show the same from
# everywhere; their color is the length of the gradient.

figure, axes = plt.subplots(2, 3, figsize=(9, 6), layout="compressed")
RegularizerFlowDisplay.from_regularizers(list(beliefs), ax=axes)
plt.show()

# %%
# Beliefs and data
# ----------------
# The same network, trained on half of the digits, with one belief at a time. For each,
# the quantity that it is about, without it and with it, on the weights or on the other
# half of the rows. The strengths are such that the effect can be seen; they are not the
# best. What stands against other beliefs by default is off: smooth labels, decay over
# the run, calibration.

X, digits = load_digits(return_X_y=True)
X = (X / 16.0).astype(np.float32)
X_train, X_test, digits_train, digits_test = train_test_split(
    X, digits, test_size=0.5, stratify=digits, random_state=0
)


def train(**regularizers):
    """Return a network that was trained with these beliefs."""
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
# What each belief is about, as a number. Entropies are in *nats*, the unit of the
# natural logarithm: ten equal probabilities have log 10 = 2.3 of them.


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
# One network without a belief, and one with each. The squared distance is that of
# :math:`W^T W` from I, for the W of the first layer.

plain = train()
plain_score = plain.score(X_test, digits_test)
print(f"{'':<19}{'quantity':<26}{'without':>10}{'with':>10}{'held-out accuracy':>19}")
print(f"{'no belief':<65}{plain_score:>19.3f}")
models, effects, scores = {}, {}, {}
for name, (strength, quantity, measure) in measures.items():
    model = models[name] = train(**{name: strength})
    effects[name] = float(measure(plain)), float(measure(model))
    scores[name] = model.score(X_test, digits_test)
    before, after = effects[name]
    print(f"{name:<19}{quantity:<26}{before:>10.3f}{after:>10.3f}{scores[name]:>19.3f}")

# %%
# Beliefs can be seen. The weights of nine units of the first layer, without a belief
# and with L1: pixels that say little have gone to zero.

for title, model in (("no belief", plain), ("l1", models["l1"])):
    display = WeightsDisplay.from_estimator(model, image_shape=(8, 8), max_units=9)
    display.ax_.set_title(title, fontsize="medium")
plt.show()
