r"""
Lesson 7: training, and checking that the network learned
=========================================================

A falling training loss shows that the optimizer works. Only held-out rows show that the
network *learned*. This lesson writes the training loop out, trains small networks to
read handwritten digits, and checks them in five ways: held-out rows, baselines, an
interval and a paired test, shuffled labels, and fewer training rows. Then it shows
which pixels the networks use.

.. admonition:: Goals

   * Write a training loop, and know the noise of a mini-batch gradient.
   * Compare models with baselines on the same held-out rows, by a paired test.
   * Find out by shuffled labels and a learning curve whether a result is genuine.

   About 9 minutes to read, 11 seconds to run.
"""

# %%
# Held-out rows
# -------------
# 1,797 images of 8 by 8 pixels, X of shape (n_samples, 64) with values from 0 to 1. A
# fifth of them is held out, with the same share of each digit, before anything is
# trained.

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import binomtest
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import learning_curve, train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import LossCurveDisplay, SaliencyDisplay, WeightsDisplay
from skjacobnet.layers import Linear, Sigmoid
from skjacobnet.losses import CrossEntropy
from skjacobnet.network import Network
from skjacobnet.optimizers import SGD, Adam

X, y = load_digits(return_X_y=True)
X = (X / 16.0).astype(np.float32)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)
print(X_train.shape, X_test.shape)

# %%
# The training loop
# -----------------
# All parts of the last lessons in one loop. An *epoch* takes every row once, in a new
# order. A *mini-batch* is some of the rows, here 32; the last one of an epoch may be
# smaller. For each there are four things to do: evaluate the network with its
# Jacobians, take the gradient of the loss with respect to the raw prediction, propagate
# it back to all weights, and step. The targets are one-hot encoded digits.

rng = np.random.default_rng(0)
targets = np.eye(10, dtype=np.float32)[y_train]
network = Network([Linear(30), Sigmoid(), Linear(10)], n_in=64)
first_weights = network.init_weights(rng, np.float32)
theta = first_weights.copy()
loss, optimizer = CrossEntropy(), Adam()
state = optimizer.init(theta)
loop_scores = []
for epoch in range(1, 11):
    order = rng.permutation(len(X_train))
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        linearization = network.linearize(theta, X_train[batch])
        cotangent = loss.gradient(targets[batch], linearization.value)
        gradient = network.gradient(theta, linearization, cotangent)
        optimizer.step(theta, gradient, state, 0.01)
    predicted = network.forward(theta, X_test).argmax(axis=1)
    loop_scores.append(float(np.mean(predicted == y_test)))
    print(f"epoch {epoch:>2}: held-out accuracy {loop_scores[-1]:.3f}")

# %%
# ``fit`` is this loop, with arrays that are used again, early stopping, and a history.
#
# The gradient of a batch is an estimate of the gradient of all rows. How good is it?
# Its error at the first weights, relative to the length of the true gradient, for
# batches of rows drawn at random (root of the mean square of 200 draws):


def gradient_of(rows):
    """Return the gradient of the mean loss of some rows, at the first weights."""
    linearization = network.linearize(first_weights, X_train[rows])
    cotangent = loss.gradient(targets[rows], linearization.value)
    return network.gradient(first_weights, linearization, cotangent)


true_gradient = gradient_of(np.arange(len(X_train)))
noise = {}
for n_rows in (1, 4, 16, 64, 256):
    draws = rng.integers(len(X_train), size=(200, n_rows))
    errors = [np.sum((gradient_of(rows) - true_gradient) ** 2) for rows in draws]
    noise[n_rows] = np.sqrt(np.mean(errors)) / np.linalg.norm(true_gradient)
    print(f"{n_rows:>4} rows: relative error {noise[n_rows]:.2f}")

# %%
# It halves for four times the rows, as the error of any mean does. Small batches are
# cheap and noisy. Momentum and Adam average over past batches instead.
#
# Five networks
# -------------
# Five networks differ in their layers, optimizers, learning rates and batch sizes.
# ``PLAIN`` switches off defaults that the loop above does not have: encoded inputs,
# smooth labels, a decreasing rate, decay of the weights, calibration. ``partial_fit``
# trains for one epoch, so that the held-out accuracy can be recorded after each.

PLAIN = {
    "encoding": None,
    "initializer": "glorot_uniform",
    "loss": "cross_entropy",
    "schedule": "constant",
    "total_weight_decay": 0.0,
    "calibration": None,
}
momentum = SGD(momentum=0.9)
sigmoid_128 = {
    "layers": [Linear(128), "sigmoid"],
    "optimizer": momentum,
    "batch_size": 16,
}
experiments = {
    "linear": (
        50,
        {
            "layers": [],
            "optimizer": momentum,
            "learning_rate": 1e-3,
            "batch_size": 12,
        },
    ),
    "30 sigmoid": (
        30,
        {
            "layers": [Linear(30), "sigmoid"],
            "learning_rate": 1e-3,
            "batch_size": 8,
        },
    ),
    "30-30 ReLU": (
        50,
        {
            "layers": [Linear(30), "relu", Linear(30), "relu"],
            "learning_rate": 3e-4,
            "batch_size": 8,
        },
    ),
    "128 sigmoid, rate 1e-4": (20, {**sigmoid_128, "learning_rate": 1e-4}),
    "128 sigmoid, rate 0.1": (20, {**sigmoid_128, "learning_rate": 0.1}),
}
models, curves = {}, {}
for name, (n_epochs, params) in experiments.items():
    model = JacobianMLPClassifier(**PLAIN, **params, random_state=0)
    curves[name] = []
    for _ in range(n_epochs):
        model.partial_fit(X_train, y_train, classes=np.arange(10))
        curves[name].append(model.score(X_test, y_test))
    models[name] = model

# %%
# Baselines
# ---------
# A network should be compared with the most frequent digit, to see whether it learned
# anything, and with logistic regression, to see whether a network was needed.

baselines = {
    "most frequent": DummyClassifier(),
    "logistic regression": LogisticRegression(max_iter=1000),
}
for name, baseline in baselines.items():
    models[name] = baseline.fit(X_train, y_train)
scores = {name: model.score(X_test, y_test) for name, model in models.items()}

# sphinx_gallery_thumbnail_number = 1
figure, ax = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
for (name, curve), color in zip(
    curves.items(), ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"), strict=True
):
    ax.plot(np.arange(1, len(curve) + 1), curve, color=color, label=name)
for name, style in zip(baselines, (":", "--"), strict=True):
    ax.axhline(scores[name], color="black", linestyle=style, label=name)
ax.set(
    xlabel="epoch",
    ylabel="held-out accuracy",
    ylim=(0, 1),
    title="Five networks and two baselines",
)
figure.legend(loc="outside right center", frameon=False)
plt.show()

# %%
# 128 sigmoid units with a rate of 1e-4 hardly learn: 20 epochs of such steps lead
# nowhere far. With a larger rate the same network learns in a few epochs.
#
# How sure is an accuracy?
# ------------------------
# An accuracy p on n rows is a mean of n draws. Wilson's interval covers the true one in
# about 95 of 100 cases, with z = 1.96:
#
# .. math::
#
#     \frac{1}{1 + z^2/n} \left( p + \frac{z^2}{2n} \pm
#     z \sqrt{\frac{p (1 - p)}{n} + \frac{z^2}{4 n^2}} \right).
#
# Two models that are scored on the same rows share the luck of these rows, so
# overlapping intervals do not show that they are equally good. McNemar's test compares
# them row by row: only rows that one of both predicts correctly count. If both are
# equally good, each such row is as likely to be won by one as by the other, a fair
# coin.


def interval(p, n, z=1.96):
    """Return Wilson's interval for a share p of n rows."""
    middle = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def mcnemar(model, other):
    """Return the rows that only one of two models has right, and the p-value."""
    right = model.predict(X_test) == y_test
    other_right = other.predict(X_test) == y_test
    won, lost = int(np.sum(right & ~other_right)), int(np.sum(other_right & ~right))
    p_value = binomtest(won, won + lost).pvalue if won + lost else 1.0
    return won, lost, p_value


logistic = models["logistic regression"]
p_values = {}
print(f"{'held-out accuracy':<24}{'':>7}{'95 % interval':>17}{'against logistic':>30}")
for name, score in scores.items():
    low, high = interval(score, len(y_test))
    line = f"{name:<24}{score:>7.3f}{f'{low:.3f} to {high:.3f}':>17}"
    if name not in baselines:
        won, lost, p_values[name] = mcnemar(models[name], logistic)
        line += f"{f'{won} won, {lost} lost, p = {p_values[name]:.2g}':>30}"
    print(line)

# %%
# All networks beat the most frequent digit, though the one with the small rate by less.
# A p-value below 0.05 against logistic regression would show a difference; for the
# networks that learned well these rows do not show that a network was needed.

# %%
# Shuffled labels
# ---------------
# Shuffle the labels of the training rows. Nothing about other digits can be learned
# from them, so an honest accuracy falls to that of guessing, 1/10. The training loss
# falls all the same: the network is overfitting.

rng = np.random.default_rng(0)
network = JacobianMLPClassifier(
    (100,),
    **PLAIN,
    learning_rate=1e-2,
    batch_size=200,
    max_iter=100,
    random_state=0,
)
shuffled_scores = []
for _ in range(5):
    network.fit(X_train, rng.permutation(y_train))
    shuffled_scores.append(network.score(X_test, y_test))
shuffled = float(np.mean(shuffled_scores))
shuffled_loss = network.loss_curve_[0], network.loss_curve_[-1]
print(
    f"shuffled labels: training loss {shuffled_loss[0]:.2f} to {shuffled_loss[1]:.2f}, "
    f"held-out accuracy {shuffled:.3f} on average over 5 shuffles"
)
display = LossCurveDisplay(network.loss_curve_).plot()
display.ax_.get_legend().remove()
display.ax_.set(
    ylim=(0.0, None),
    ylabel="training loss",
    title=f"Shuffled labels: held-out accuracy {shuffled_scores[-1]:.2f}",
)
plt.show()

# %%
# Fewer rows
# ----------
# A model that learns gets better with more rows. Three folds of the training rows, each
# scored on the third that was not trained on; the held-out rows stay untouched. L-BFGS
# takes all rows at once, so that fewer rows do not also mean fewer steps.

sizes, _, curve = learning_curve(
    JacobianMLPClassifier(
        (30,),
        **PLAIN,
        optimizer="lbfgs",
        regularizers={"weight_decay": 1e-3},
        max_iter=100,
        tol=1e-3,
        random_state=0,
    ),
    X_train,
    y_train,
    train_sizes=[30, 60, 120, 240, 480, 958],
    cv=3,
)
means = curve.mean(axis=1)
for size, fold_scores in zip(sizes, curve, strict=True):
    print(f"{size:>4} rows: {fold_scores.min():.3f} to {fold_scores.max():.3f}")
figure, ax = plt.subplots(layout="constrained")
ax.fill_between(sizes, curve.min(axis=1), curve.max(axis=1), color="0.85")
ax.plot(sizes, means, "o-", color="#0072B2", label="mean, and range of three folds")
ax.axhline(0.1, color="#D55E00", linestyle="--", label="guessing")
ax.set(
    xscale="log",
    ylim=(0, 1),
    xlabel="training rows",
    ylabel="held-out accuracy",
    title="Learning curve",
)
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.minorticks_off()
ax.legend(loc="center right")
plt.show()

# %%
# Which pixels matter
# -------------------
# The weights of the linear model, of shape (64, 10), are an image for each digit: red
# pixels raise its probability, blue ones lower it.

WeightsDisplay.from_estimator(models["linear"], image_shape=(8, 8))
plt.show()

# %%
# With a hidden layer there is no such image for all rows, but one for each: the
# derivatives of a probability with respect to the pixels of this image. Their sizes are
# shown, without signs; the white line is the outline of the digit.

SaliencyDisplay.from_estimator(
    models["30-30 ReLU"], X_test[0], image_shape=(8, 8), target=y_test[0]
)
plt.show()

# %%
# Exercises
# ---------
# 1. How many held-out rows does it take for a Wilson interval around 0.95 that is at
#    most 0.02 wide?
#
#    .. dropdown:: Solution
#
#       About 1,840: :math:`2 \cdot 1.96 \sqrt{0.95 \cdot 0.05 / n} = 0.02`.
#
#       .. code-block:: python
#
#          n = np.arange(100, 5000)
#          low, high = interval(0.95, n)
#          enough = n[high - low <= 0.02][0]
#          assert abs(enough - 1840) < 5
#
# 2. Two models are compared on 1,000 rows. One alone is right on 12 of them, the other
#    alone on 4. Is the difference significant at 5 %? And with 120 against 40 rows of
#    10,000?
#
#    .. dropdown:: Solution
#
#       The first is not, the second is.
#
#       .. code-block:: python
#
#          assert binomtest(12, 16).pvalue > 0.05
#          assert binomtest(120, 160).pvalue < 1e-9
#
# 3. The error of a mini-batch gradient of 16 rows is known. Predict that of 64 rows
#    and compare.
#
#    .. dropdown:: Solution
#
#       Half of it, but for chance.
#
#       .. code-block:: python
#
#          assert abs(noise[64] / (noise[16] / 2) - 1.0) < 0.15
