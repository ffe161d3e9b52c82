"""
Prediction intervals and exact derivatives of a regression
==========================================================

You predict how long a delivery takes, and need to know how certain that is: the error
is small over short distances and large over long ones. A network predicts an interval
for each row. Its exact derivative is the time of one more kilometer, at every hour of
the day.
"""

# %%
# The problem
# -----------
# 7,000 simulated deliveries, so that the right answers are known. A kilometer takes 2
# minutes, and up to 3.5 around 17 o'clock. The standard deviation of the time grows
# with the distance, from 1.3 minutes to 7. There are 2,000 training rows; all figures
# below are of the other 5,000, if not said otherwise.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.inspection import partial_dependence

from skjacobnet import JacobianMLPRegressor
from skjacobnet.inspection import PredictionIntervalDisplay, sensitivity
from skjacobnet.losses import Quantile

rng = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "kilometers": rng.uniform(1, 20, 7_000),
        "hour": rng.uniform(8, 20, 7_000),
        "kilograms": rng.uniform(0, 30, 7_000),
    }
)
per_kilometer = 2.0 + 1.5 * np.exp(-(((X["hour"] - 17.0) / 3.0) ** 2))
std = 1.0 + 0.3 * X["kilometers"]
y = 5.0 + per_kilometer * X["kilometers"] + std * rng.standard_normal(7_000)
X_train, X_test, y_train, y_test = X[:2_000], X[2_000:], y[:2_000], y[2_000:]

# %%
# Predicting an interval
# ----------------------
# ``loss="gaussian"`` predicts a mean and a standard deviation for each row.
# ``Quantile`` predicts the quantiles of 5 %, 50 % and 95 % and assumes no distribution.
# The squared error gives a mean alone: its errors on the training rows give an interval
# of constant width.
#
# GELU has no kinks, and numbers are standardized but not encoded piecewise: a good
# choice where derivatives are needed.


def network(loss):
    """Return a network that is the same but for the loss."""
    return JacobianMLPRegressor(
        (32,), "gelu", encoding=["standardize"], loss=loss, random_state=0
    )


losses = {
    "gaussian": "gaussian",
    "quantile": Quantile((0.05, 0.5, 0.95)),
    "squared error": "squared_error",
}
models = {name: network(loss).fit(X_train, y_train) for name, loss in losses.items()}

# sphinx_gallery_thumbnail_number = 1
figure, axes = plt.subplots(ncols=2, sharey=True, layout="constrained")
displays = {}
for ax, name in zip(axes, ("gaussian", "quantile"), strict=True):
    displays[name] = PredictionIntervalDisplay.from_estimator(
        models[name], X_test, y_test, level=0.9, max_rows=100, ax=ax
    )
    ax.set(xlabel="true minutes (100 of 5,000 rows)", ylabel="predicted minutes")
    ax.get_legend().set_title(f"{name}: {ax.get_legend().get_title().get_text()}")
axes[1].set_ylabel("")
plt.show()

# %%
# Coverage by distance
# --------------------
# A coverage of 90 % over all rows may hide that the intervals are too wide over short
# distances and too narrow over long ones, as those of constant width are.

constant = models["squared error"]
low, high = np.quantile(y_train - constant.predict(X_train), [0.05, 0.95])
prediction = constant.predict(X_test)
intervals = {name: (shown.lower, shown.upper) for name, shown in displays.items()}
intervals["constant width"] = prediction + low, prediction + high
fifths = pd.cut(X_test["kilometers"], [1, 5, 10, 15, 20])
table = pd.DataFrame(
    {
        name: ((lower <= y_test) & (y_test <= upper))
        .groupby(fifths, observed=True)
        .mean()
        for name, (lower, upper) in intervals.items()
    }
)
overall = {
    name: float(np.mean((lower <= y_test) & (y_test <= upper)))
    for name, (lower, upper) in intervals.items()
}
print(table.round(3))
print({name: round(coverage, 3) for name, coverage in overall.items()})

# %%
# The predicted standard deviation
# --------------------------------
# In most rows it is near the true one. Its exact derivative shows on which features it
# depends: the true derivative is 0.3 minutes for a kilometer, and zero for an hour or a
# kilogram.

_, predicted = models["gaussian"].predict(X_test, return_std=True)
ratio = np.quantile(predicted / std[2_000:], [0.05, 0.5, 0.95])
slopes = sensitivity(models["gaussian"], X_test, output="std")
print("predicted over true:", ratio.round(2))
print(slopes.round(2))

figure, ax = plt.subplots(layout="constrained")
ax.plot(X_test["kilometers"], predicted, ".", markersize=2, label="predicted")
ax.plot([1, 20], [1.3, 7.0], "k--", label="true")
ax.set(
    xlabel="kilometers",
    ylabel="standard deviation in minutes",
    title="Predicted and true standard deviation",
)
ax.legend(markerscale=4)
plt.show()

# %%
# Minutes per kilometer
# ---------------------
# Partial dependence sets one feature of all rows to the same value and averages the
# predictions. The slope of that curve is the mean over the rows of the exact derivative
# there. The Jacobian has the derivative of each row, so that it also shows what the
# average hides: a kilometer at 17 o'clock takes more time than one in the morning.


def minutes_per_kilometer(rows):
    """Return the exact derivative of each prediction, in the units of the table."""
    return models["gaussian"].input_jacobian(rows)[:, 0, 0]


curve = partial_dependence(
    models["gaussian"], X_test, ["kilometers"], kind="average", grid_resolution=35
)
grid, average = curve["grid_values"][0], curve["average"][0]
measured = np.gradient(average, grid)
moved = np.array(
    [minutes_per_kilometer(X_test.assign(kilometers=value)) for value in grid]
)
exact = minutes_per_kilometer(X_test)

figure, axes = plt.subplots(
    ncols=2, figsize=(9.6, 4.8), sharey=True, layout="constrained"
)
axes[0].plot(grid, moved.mean(axis=1), label="mean of derivatives")
axes[0].plot(grid, measured, "k.", markersize=4, label="slope of the curve")
axes[0].fill_between(
    grid, *np.quantile(moved, [0.1, 0.9], axis=1), alpha=0.2, label="8 of 10 rows"
)
axes[0].set(xlabel="kilometers", ylabel="minutes per kilometer")
axes[1].plot(X_test["hour"], exact, ".", markersize=2, label="exact, row by row")
order = np.argsort(X_test["hour"].to_numpy())
axes[1].plot(
    X_test["hour"].iloc[order], per_kilometer[2_000:].iloc[order], "k--", label="true"
)
axes[1].set(xlabel="hour", xticks=[8, 12, 16, 20])
for ax in axes:
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), markerscale=2)
plt.show()

# %%
# The mean derivative and the slope of the curve differ by what differences between
# neighboring points of the curve leave out, and the derivatives of single rows are near
# the true ones, less so where the curve turns:

difference = np.abs(moved.mean(axis=1) - measured)[1:-1].max()
error = np.abs(exact - per_kilometer[2_000:])
hours = np.array([(X_test["hour"] - hour).abs() < 0.5 for hour in (10, 17)])
costs = [exact[near].mean() for near in hours]
print(f"largest difference from the slope of the curve {difference:.4f}")
print(f"mean error of the derivatives {error.mean():.2f} minutes per kilometer")
print(f"at 10 o'clock {costs[0]:.2f}, at 17 o'clock {costs[1]:.2f}")

# %%
# Limits of the intervals
# -----------------------
# The intervals describe the noise of the target. The uncertainty of the network itself,
# from few training rows, is not in them. Fitted on 100 deliveries, the same network is
# overfitting: it predicts too small errors, and its intervals cover too few new rows.
# Here are mean coverages of five fits on 100 deliveries each, on the training rows and
# on the held-out rows:


def coverage(model, X, y):
    """Return the share of rows in the interval of 90 %, for the gaussian loss."""
    mean, deviation = model.predict(X, return_std=True)
    return float(np.mean(np.abs(y - mean) <= 1.645 * deviation))


covered, others = [], []
for start in range(0, 500, 100):
    rows = slice(start, start + 100)
    few = network("gaussian").set_params(max_iter=200)
    few.fit(X_train[rows], y_train[rows])
    covered.append(coverage(few, X_train[rows], y_train[rows]))
    others.append(coverage(few, X_test, y_test))
print(f"coverage of training rows {np.mean(covered):.2f}, others {np.mean(others):.2f}")
