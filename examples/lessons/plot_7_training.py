r"""
Lesson 7: training on digits, and proving that it learned
=========================================================

A falling loss proves that an optimizer works. That something was *learned* shows only
on rows that had no part in the training. This lesson writes the training loop out,
trains small networks to read handwritten digits and then doubts them, in five ways:
rows held out, baselines, an interval for the accuracy, labels that mean nothing, and
less data. Then it looks at what the network looks at.
"""

# %%
# Rows held out
# -------------
# 1,797 images of 8 by 8 pixels, X of shape (n_samples, 64) with values from 0 to 1. A
# fifth of them is put aside, with the same share of each digit, before anything is
# trained.

import matplotlib.pyplot as plt
import numpy as np
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
# Jacobians, take the gradient of the loss with respect to the raw prediction, carry it
# back to all weights, and step. The targets are rows of zeros with a one for the right
# digit.

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
# ``fit`` is this loop, with arrays that are used again, rules when to stop, and a
# record of what happened.
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
# cheap and noisy. The other way to average is over past batches: that is what the
# velocity of momentum and the means of Adam are for.
#
# Four experiments
# ----------------
# Layers, optimizers, learning rates, batch sizes and epochs of four experiments in the
# notebook, and one of them again with a rate a thousand times larger. The notebook's
# fifth experiment is the subject of the next lesson. The weights start with a variance
# of 2 / (inputs + outputs), the intercepts at zero, and no row of an epoch is left out.
# ``PLAIN`` switches off what the notebook does not have and ``fit`` does by default:
# encoded inputs, smooth labels, a rate that fades, decay of the weights, calibration.
#
# An accuracy p on n rows is a mean of n draws. Wilson's interval covers the true one in
# about 95 of 100 cases, with z = 1.96:
#
# .. math::
#
#     \frac{1}{1 + z^2/n} \left( p + \frac{z^2}{2n} \pm
#     z \sqrt{\frac{p (1 - p)}{n} + \frac{z^2}{4 n^2}} \right).


def interval(p, n, z=1.96):
    """Return Wilson's interval for a share p of n rows."""
    middle = p + z**2 / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


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
    "max_iter": 20,
}
experiments = {
    "linear": (
        "0.87-0.88",
        {
            "layers": [],
            "optimizer": momentum,
            "learning_rate": 1e-3,
            "batch_size": 12,
            "max_iter": 50,
        },
    ),
    "30 sigmoid": (
        "0.68-0.80",
        {
            "layers": [Linear(30), "sigmoid"],
            "learning_rate": 5e-4,
            "batch_size": 4,
            "max_iter": 50,
        },
    ),
    "30-30 ReLU": (
        "0.32-0.39",
        {
            "layers": [Linear(30), "relu", Linear(30), "relu"],
            "learning_rate": 1e-4,
            "batch_size": 4,
            "max_iter": 100,
        },
    ),
    "128 sigmoid": ("0.09-0.10", {**sigmoid_128, "learning_rate": 1e-4}),
    "the same, rate 0.1": ("", {**sigmoid_128, "learning_rate": 0.1}),
}
models, scores = {}, {}
for name, (_, params) in experiments.items():
    model = JacobianMLPClassifier(**PLAIN, **params, random_state=0)
    models[name] = model.fit(X_train, y_train)
    scores[name] = model.score(X_test, y_test)

# %%
# Baselines
# ---------
# The most frequent digit every time, and logistic regression. The first must be beaten
# for having learned anything; the second for having needed a network.

baselines = {
    "most frequent": DummyClassifier(),
    "logistic regression": LogisticRegression(max_iter=1000),
}
for name, baseline in baselines.items():
    scores[name] = baseline.fit(X_train, y_train).score(X_test, y_test)

print(f"{'held-out accuracy':<22}{'here':>7}{'95 % interval':>17}{'notebook':>12}")
for name, score in scores.items():
    low, high = interval(score, len(y_test))
    notebook = experiments.get(name, ("",))[0]
    print(f"{name:<22}{score:>7.3f}{f'{low:.3f} to {high:.3f}':>17}{notebook:>12}")

# %%
# The first baseline is beaten by far, though by less with the small rate. The second,
# logistic regression, lies in the intervals of the three networks that learn well. So
# these 360 rows do not show that a network was needed.
#
# 128 sigmoid units with a rate of 1e-4 hardly learn with the right gradients either: 20
# epochs of such steps lead nowhere far. That is a matter of the rate, as the loss says.

figure, axes = plt.subplots(2, layout="constrained")
for ax, name in zip(axes, ["128 sigmoid", "the same, rate 0.1"], strict=True):
    model = models[name]
    LossCurveDisplay(model.loss_curve_).plot(ax=ax)
    label = f"128 sigmoid units, learning rate {model.learning_rate:g}"
    ax.legend([label], loc="center")
    ax.set_ylim(0.0, 2.5)
axes[0].set_xlabel("")
plt.show()

# %%
# Labels that mean nothing
# ------------------------
# Shuffle the labels of the training rows. Nothing about unseen digits can be learned
# from them, so an honest accuracy falls to that of guessing, 1/10. The training loss
# falls all the same: the network begins to learn the rows by heart.

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
display.ax_.legend([f"shuffled labels, held-out accuracy {shuffled_scores[-1]:.2f}"])
display.ax_.set_ylim(bottom=0.0)
plt.show()

# %%
# Less data
# ---------
# What learns gets better with more data. Three folds of the training rows, each
# scored on the third that was not trained on; the rows put aside stay untouched. L-BFGS
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
ax.set(xscale="log", ylim=(0, 1), xlabel="training rows", ylabel="accuracy, held out")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.minorticks_off()
ax.legend(loc="center right")
plt.show()

# %%
# What it looks at
# ----------------
# The weights of the linear model, of shape (64, 10), are an image for each digit: red
# pixels speak for it, blue ones against it.

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
