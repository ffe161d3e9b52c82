"""
Explain one prediction and check the explanation
================================================

A network predicts that a bottle of wine is from grower A, and you need to know why, and
how certain that is. Compute exact derivatives, attributions that add up, and the
smallest change that would change the decision. Then change the wine and check each.
"""

# %%
# The model
# ---------
# 178 wines of three growers, 13 measurements each. GELU has no kinks, and numbers are
# standardized but not encoded piecewise, so that derivatives change slowly. Take the
# held-out wine of which the network is least certain.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPClassifier
from skjacobnet.inspection import (
    JacobianDisplay,
    SaliencyDisplay,
    boundary_distance,
    integrated_gradients,
    saliency,
)

X, y = load_wine(return_X_y=True, as_frame=True)
X = X.rename(columns={"od280/od315_of_diluted_wines": "od280/od315"})
growers = np.array(["A", "B", "C"])
X_train, X_test, y_train, y_test = train_test_split(
    X, growers[y], test_size=0.3, stratify=y, random_state=0
)
model = JacobianMLPClassifier((20,), "gelu", encoding=["standardize"], random_state=0)
model.fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
print(f"held-out accuracy {accuracy:.2f} on {len(X_test)} wines")

least_certain = model.predict_proba(X_test).max(axis=1).argmin()
wine = X_test.iloc[[least_certain]]
(decision,) = model.predict(wine)
column = list(model.classes_).index(decision)


def probability(wines):
    """Return the probability of the decision for the wine."""
    return model.predict_proba(wines)[:, column]


certainty = probability(wine)[0]
print(f"grower {decision}, probability {certainty:.3f}")

# %%
# Derivatives: the effect of a small change
# -----------------------------------------
# ``input_jacobian`` has the derivative of each probability for each measurement, in the
# units of the table. Multiplied by the standard deviations of the measurements they are
# comparable.

spread = X_train.std().to_numpy()
jacobian = spread * model.input_jacobian(wine)[0]
JacobianDisplay(
    jacobian,
    label="change of the probability per standard deviation",
    feature_names=X.columns,
    class_names=[f"grower {grower}" for grower in model.classes_],
).plot().ax_.set_title("Jacobian of the probabilities at one wine", fontsize="medium")
plt.show()

# %%
# `skjacobnet.inspection.saliency` has the sizes for one class, by name. To check them,
# raise one measurement at a time by a twentieth of its standard deviation.

step = 0.05 * spread
raised = pd.DataFrame(wine.to_numpy() + np.diag(step), columns=X.columns)
slopes = pd.DataFrame(
    {
        "size of the slope": saliency(model, wine, decision).iloc[0],
        "step": step,
        "expected": 0.05 * jacobian[column],
        "measured": probability(raised) - certainty,
    }
)
print(slopes.sort_values("expected").round(4))

# %%
# Integrated gradients: attributions that add up
# ----------------------------------------------
# Integrated gradients divide the difference between the probabilities of this wine and
# of the average wine among the measurements. The shares add up to the difference.

average = X_train.mean()
shares, error = integrated_gradients(model, wine, average, decision)
shares = shares.iloc[0]
difference = certainty - probability(average.to_frame().T)[0]
print(f"sum of the shares {shares.sum():.4f}, difference {difference:.4f}")
# sphinx_gallery_thumbnail_number = 2
SaliencyDisplay(
    shares,
    label=f"share of the probability of grower {decision}",
    feature_names=X.columns,
    title=f"Why grower {decision}, and not as the average wine",
).plot()
plt.show()

# %%
# To check them, give the wine the average values of what speaks for the decision, and
# then of what speaks against it.

ranked = shares.sort_values().index
without = {}
for name, columns in {"for": ranked[-3:], "against": ranked[:3]}.items():
    without[name] = probability(wine.assign(**average[columns]))[0]
    print(f"{without[name]:.3f} without what is {name} it: {', '.join(columns)}")

# %%
# The smallest change of the decision
# -----------------------------------
# ``boundary_distance`` estimates the smallest change that leads to another grower: its
# length in standard deviations, its direction in the units of the measurements, and the
# other grower.

distances, directions, others = boundary_distance(model, wine)
way = distances[0] * directions[0]
print(f"{distances[0]:.2f} standard deviations to grower {others[0]}")
change = pd.DataFrame({"now": wine.iloc[0], "change": way})
order = np.argsort(-np.abs(way / spread))
print(change.iloc[order].round(3).head(6))

# %%
# To check it, move the wine in that direction. The distance is a first-order estimate,
# exact where the network is linear.

going = np.linspace(0.0, 2.0, 201)
moved = pd.DataFrame(wine.to_numpy() + np.outer(going, way), columns=X.columns)
on_the_way = model.predict_proba(moved)
turn = going[np.argmax(on_the_way.argmax(axis=1) != column)]
print(f"the decision changes at {turn:.2f} of the estimated distance")

figure, ax = plt.subplots(layout="constrained")
for grower, values in zip(model.classes_, on_the_way.T, strict=True):
    ax.plot(going * distances[0], values, label=f"grower {grower}")
ax.axvline(distances[0], color="black", linestyle=":", label="estimated boundary")
ax.set(
    xlabel="change of the wine in standard deviations",
    ylabel="probability",
    ylim=(0, 1),
    title="Towards the nearest other grower",
)
ax.legend()
plt.show()

# %%
# The same for all held-out wines. Where the distance is large, the network is less
# linear, and the estimate is rougher.

distances, directions, _ = boundary_distance(model, X_test)
turned = {}
for share in (0.8, 1.2):
    moved = X_test + share * distances[:, np.newaxis] * directions
    turned[share] = np.mean(model.predict(moved) != model.predict(X_test))
    print(f"{turned[share]:.0%} of the decisions changed at {share} of the distance")
