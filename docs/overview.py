"""Draw the figure of the README and of the start page.

``python docs/overview.py docs/images/overview.png`` takes some seconds.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import (
    LossCurveDisplay,
    SaliencyDisplay,
    integrated_gradients,
    robustness_curve,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.3, stratify=y, random_state=0
)
network = JacobianMLPClassifier(
    (64,),
    encoding=None,
    initializer="he_uniform",
    loss="cross_entropy",
    learning_rate=3e-3,
    schedule="constant",
    total_weight_decay=0.0,
    batch_size=200,
    max_iter=80,
    early_stopping=True,
    calibration=None,
    random_state=0,
)
plain = network.fit(X_train, y_train)
firm = JacobianMLPClassifier(**network.get_params())
firm.set_params(regularizers={"jacobian_norm": 0.03}).fit(X_train, y_train)

figure, (left, middle, right) = plt.subplots(
    ncols=3, figsize=(14, 4.4), layout="constrained", facecolor="white"
)
figure.get_layout_engine().set(wspace=0.08)
LossCurveDisplay(
    plain.loss_curve_,
    validation_loss=plain.history_["validation_loss"],
    best_epoch=plain.best_iter_,
).plot(ax=left)
left.legend(frameon=False)
left.set_title("Train: the best epoch is kept")

row = np.flatnonzero(plain.predict(X_test) == y_test)[3]
SaliencyDisplay(
    integrated_gradients(plain, X_test[row : row + 1]).attributions[0],
    label="share of the probability",
    x=X_test[row],
    image_shape=(8, 8),
).plot(ax=middle)
middle.set_title(f"Explain: why this digit is a {y_test[row]}")

sizes = np.linspace(0.0, 0.2, 9)
for model, label, style in [
    (firm, "penalty on the Jacobian", "-"),
    (plain, "no penalty", "--"),
]:
    accuracy = robustness_curve(model, X_test, y_test, sizes)
    right.plot(sizes, accuracy, style, label=label)
right.set(
    xlabel="change of each pixel (range 0 to 1)",
    ylabel="held-out accuracy",
    ylim=(0.0, 1.02),
    title="Harden: accuracy under attack",
)
right.legend(frameon=False)

if __name__ == "__main__":
    figure.savefig(sys.argv[1], dpi=100)
