"""Jacobian of the probabilities of three growers at one wine."""

from sklearn.datasets import load_wine

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import JacobianDisplay
from skjacobnet.layers import Linear

X, y = load_wine(return_X_y=True, as_frame=True)
model = JacobianMLPClassifier(
    layers=[Linear(16, initializer="he_uniform"), "gelu"],
    encoding=["standardize"],
    initializer="glorot_uniform",
    loss="cross_entropy",
    learning_rate=1e-2,
    schedule="constant",
    total_weight_decay=0.0,
    regularizers={"weight_decay": 1e-2},
    batch_size=200,
    max_iter=30,
    calibration=None,
    random_state=0,
)
model.fit(X, y)
JacobianDisplay.from_estimator(model, X.iloc[[95]])
