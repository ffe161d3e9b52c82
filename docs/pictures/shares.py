"""Integrated gradients of one tumor, against the average tumor."""

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import SaliencyDisplay, integrated_gradients

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = JacobianMLPClassifier((32,), random_state=0).fit(X_train, y_train)
shares, _ = integrated_gradients(model, X_test.iloc[[0]], X_train.mean(), target=0)
SaliencyDisplay(
    shares.iloc[0],
    label="share of the probability of class 0, against the average row",
    feature_names=X.columns,
).plot(max_features=12)
