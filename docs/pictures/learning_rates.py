"""Training loss for three learning rates: too small, right, and too large."""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from skjacobnet import JacobianMLPClassifier

X, y = load_digits(return_X_y=True)
figure, ax = plt.subplots(layout="constrained")
styles = {3e-4: ("#0072B2", "-"), 1e-2: ("#009E73", "--"), 3e-1: ("#D55E00", ":")}
for rate, (color, style) in styles.items():
    network = JacobianMLPClassifier(
        (30,),
        encoding=None,
        initializer="he_uniform",
        loss="cross_entropy",
        learning_rate=rate,
        schedule="constant",
        total_weight_decay=0.0,
        batch_size=32,
        max_iter=20,
        calibration=None,
        random_state=0,
    ).fit(X / 16.0, y)
    epochs = range(1, network.n_iter_ + 1)
    ax.plot(epochs, network.loss_curve_, style, color=color, label=f"{rate:g}")
ax.set(xlabel="epoch", ylabel="training loss", yscale="log", xticks=[1, 5, 10, 15, 20])
ax.legend(title="learning rate of Adam")
