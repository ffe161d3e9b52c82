"""
Early stopping with your validation set
=======================================

You do not know for how many epochs to train, and a random validation set would mislead
you, since its rows come from the same people, machines or days as the rest. Give
``fit`` a validation set of other people, and it keeps the weights of the epoch that was
best for them.
"""

# %%
# The table
# ---------
# 20 values of a motion sensor, 25 rows for each of 80 people who sit, walk or run. The
# numbers are simulated: each person has a level and a style. The network is meant for
# new people, so the rows are split by people: 40 for training, 20 for validation and 20
# for the test.

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
train, stop, test = person < 40, (person >= 40) & (person < 60), person >= 60

# %%
# Two validation sets
# -------------------
# ``early_stopping=True`` uses a random tenth of the rows as validation set. ``X_val``
# and ``y_val`` belong to people that are not in the training rows. Both runs have a
# patience of 20 epochs, ``n_iter_no_change``. The rate is constant, since the number of
# epochs is unknown, and the loss is the one that is measured on the test people.

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
# Validation loss against test loss
# ---------------------------------
# ``best_iter_`` is the epoch whose weights are kept and ``best_score_`` the negative of
# its validation loss, or another score if you set ``monitor``. Probabilities are then
# calibrated on the same rows. The loss of the test people shows whether the validation
# loss was a good estimate.


def report(name, network, X_test):
    """Print the validation loss, and return the loss of the test people."""
    loss = log_loss(y[test], network.predict_proba(X_test))
    epochs = f"epoch {network.best_iter_} of {network.n_iter_}"
    promised = -network.best_score_
    print(f"{name:<13} {epochs}, validation {promised:.2f}, new people {loss:.2f}")
    return loss


loss_by_rows = report("random rows", by_rows, X[test])
loss_by_people = report("other people", by_people, X[test])

# %%
# On random rows the validation loss falls for long: the network knows these people from
# other rows. For other people it is overfitting after a few epochs.

figure, axes = plt.subplots(
    ncols=2, figsize=(10, 4.2), sharey=True, layout="constrained"
)
titles = "Validation set: random rows", "Validation set: other people"
for ax, network, title in zip(axes, (by_rows, by_people), titles, strict=True):
    LossCurveDisplay.from_estimator(network, ax=ax)
    ax.get_legend().remove()
    ax.set_title(title, fontsize="medium")
axes[1].set_ylabel("")
figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3)
plt.show()

# %%
# In a pipeline
# -------------
# The network encodes a validation set like the training rows. Preceding steps do not
# transform it by default: ``transform_input`` names what they transform as well, once
# metadata routing is enabled.

with sklearn.config_context(enable_metadata_routing=True):
    network = JacobianMLPClassifier(**settings).set_fit_request(X_val=True, y_val=True)
    model = make_pipeline(PCA(15), network, transform_input=["X_val"])
    model.fit(X[train], y[train], X_val=X[stop], y_val=y[stop])

loss_in_pipeline = report("in a pipeline", network, model[:-1].transform(X[test]))
