"""How the probabilities of three wines depend on what is in them."""

from sklearn.datasets import load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import JacobianDisplay

X, y = load_wine(return_X_y=True, as_frame=True)
network = JacobianMLPClassifier(
    (16,),
    "gelu",
    regularizers={"weight_decay": 1e-2},
    learning_rate=1e-2,
    max_iter=30,
    tol=None,
    random_state=0,
)
model = make_pipeline(StandardScaler(), network).fit(X, y)
JacobianDisplay.from_estimator(model, X.iloc[[95]])
