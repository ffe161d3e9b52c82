"""Intervals of 111 patients that the network was not fitted on."""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPRegressor
from skjacobnet.inspection import PredictionIntervalDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
network = JacobianMLPRegressor(
    (32,), loss="gaussian", max_iter=50, tol=None, random_state=0
)
model = make_pipeline(StandardScaler(), network).fit(X_train, y_train)
PredictionIntervalDisplay.from_estimator(model, X_test, y_test, level=0.9)
