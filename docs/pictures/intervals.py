"""Prediction intervals of held-out patients."""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPRegressor
from skjacobnet.inspection import PredictionIntervalDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = JacobianMLPRegressor((32,), loss="gaussian", random_state=0)
model.fit(X_train, y_train)
PredictionIntervalDisplay.from_estimator(model, X_test, y_test, level=0.9)
