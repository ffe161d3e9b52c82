from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import Dropout, Linear

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, random_state=0)
model = JacobianMLPClassifier(
    layers=[Linear(30), "relu", Dropout(0.2)],
    encoding=None,
    loss="cross_entropy",
    optimizer="adam",
    learning_rate=2e-2,
    schedule="constant",
    total_weight_decay=0.0,
    max_iter=100,
    batch_size=64,
    early_stopping=True,
    validation_fraction=0.2,
    tol=1e-4,
    n_iter_no_change=8,
    calibration=None,
    random_state=0,
).fit(X_train, y_train)
score = model.score(X_test, y_test)
