"""The first page: how a training went, and what a prediction rests on."""

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import LossCurveDisplay, SaliencyDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, random_state=0)
network = JacobianMLPClassifier(
    (30,), learning_rate=1e-2, early_stopping=True, random_state=0
).fit(X_train, y_train)
figure, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4), layout="constrained", width_ratios=(1.2, 1)
)
LossCurveDisplay.from_estimator(network, ax=left)
SaliencyDisplay.from_estimator(
    network, X_test[2], method="integrated_gradients", image_shape=(8, 8), ax=right
)
