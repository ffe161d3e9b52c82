"""
Early stopping with a validation set of your own
================================================

You do not know for how many epochs to train, and rows held back at random would not
tell, since they come from the same people, machines or days as the rest. Give ``fit``
rows that do tell, and it keeps the weights of the epoch that was best for them.
"""

# %%
# The table
# ---------
# 20 values of a motion sensor, 25 rows for each of 80 people who sit, walk or run. The
# numbers are made up: everyone has a level and a style of their own. The network is
# meant for people it has never met, so the rows are split by people: 40 to train on, 20
# to stop by and 20 to judge by.

import matplotlib.pyplot as plt
import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import LossCurveDisplay

rng = np.random.default_rng(0)
person = np.repeat(np.arange(80), 25)
activity = rng.integers(3, size=len(person))
level = 2.0 * rng.standard_normal((80, 20))
motion = rng.standard_normal((3, 20))
style = 0.7 * rng.standard_normal((80, 3, 20))
noise = rng.standard_normal((len(person), 20))
X = level[person] + motion[activity] + style[person, activity] + noise
y = np.array(["sit", "walk", "run"])[activity]
train, stop, judge = person < 40, (person >= 40) & (person < 60), person >= 60

# %%
# Two ways to stop
# ----------------
# ``early_stopping=True`` holds back a tenth of the rows at random. ``X_val`` and
# ``y_val`` are of people who are not trained on. With ``tol`` both stop after 20 epochs
# without progress. The rate is constant, since nobody knows how many epochs it will
# take, and the loss is the one by which new people will judge.

settings = {
    "hidden_layer_sizes": (50,),
    "loss": "cross_entropy",
    "schedule": "constant",
    "max_iter": 300,
    "tol": 1e-4,
    "n_iter_no_change": 20,
    "random_state": 0,
}
by_rows = JacobianMLPClassifier(early_stopping=True, **settings)
by_rows.fit(X[train], y[train])
by_people = JacobianMLPClassifier(**settings)
by_people.fit(X[train], y[train], X_val=X[stop], y_val=y[stop])

# %%
# What they promise, and what comes true
# --------------------------------------
# ``best_iter_`` is the epoch whose weights are kept and ``best_score_`` the negative of
# its loss, or another score if you set ``monitor``. Probabilities are then calibrated
# on the same rows. People that neither network has seen say whether it was a fair one.


def report(name, network, X_judge):
    """Print what stopping promised, and return the loss for new people."""
    loss = log_loss(y[judge], network.predict_proba(X_judge))
    epochs = f"epoch {network.best_iter_} of {network.n_iter_}"
    promised = -network.best_score_
    print(f"{name:<15} {epochs}, promised {promised:.2f}, new people {loss:.2f}")
    return loss


loss_by_rows = report("rows held back", by_rows, X[judge])
loss_by_people = report("other people", by_people, X[judge])

# %%
# On rows held back the loss falls for long: the network learns its forty people by
# heart, and knows them again.

display = LossCurveDisplay.from_estimator(by_rows)
display.ax_.set_ylabel("loss; validated on rows held back")
plt.show()

# %%
# For other people it soon gets worse.

display = LossCurveDisplay.from_estimator(by_people)
display.ax_.set_ylabel("loss; validated on other people")
plt.show()

# %%
# In a pipeline
# -------------
# The network encodes a validation set like the rest by itself. Steps in front of it do
# not: ``transform_input`` sees to it, once scikit-learn is told to pass on what the
# network asks for.

with sklearn.config_context(enable_metadata_routing=True):
    network = JacobianMLPClassifier(**settings).set_fit_request(X_val=True, y_val=True)
    model = make_pipeline(PCA(15), network, transform_input=["X_val"])
    model.fit(X[train], y[train], X_val=X[stop], y_val=y[stop])

loss_in_pipeline = report("in a pipeline", network, model[:-1].transform(X[judge]))
