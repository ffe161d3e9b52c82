"""
Predict from a raw table and explain a row
==========================================

You have a table of flats with categories, missing values and columns of any unit, and
want to predict the rent of a flat and to explain it. Give the network the table as it
is. Its derivatives are those of your columns: euros per square meter, not per standard
deviation.
"""

# %%
# The table
# ---------
# 4,000 simulated flats, so that the right answers are known. A square meter costs 9
# euros a month, 13 in the center and 11 at the harbor. Each meter to the next station
# takes 5 cents off, a balcony adds 60 euros, and good insulation adds 50. The distance
# to the station is often missing where it is large. The noise has a standard deviation
# of 30 euros.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from skjacobnet import JacobianMLPRegressor
from skjacobnet.inspection import (
    SaliencyDisplay,
    category_contrasts,
    integrated_gradients,
    sensitivity,
)

rng = np.random.default_rng(0)
n = 4_000
district = rng.choice(["center", "harbor", "hills", "suburb"], n)
area = rng.uniform(20.0, 120.0, n).round(1)
meters = rng.uniform(50.0, 3_000.0, n).round()
balcony = rng.random(n) < 0.4
insulation = rng.choice(["good", "poor", "unknown"], n, p=[0.3, 0.5, 0.2])
per_square_meter = 9.0 + 4.0 * (district == "center") + 2.0 * (district == "harbor")
rent = per_square_meter * area - 0.05 * meters + 60.0 * balcony
rent += 50.0 * (insulation == "good") + rng.normal(0.0, 30.0, n)
silent = rng.random(n) < np.where(meters > 2_000.0, 0.6, 0.05)
X = pd.DataFrame(
    {
        "area": area,
        "meters": np.where(silent, np.nan, meters),
        "district": district,
        "insulation": pd.Series(insulation).replace("unknown", None),
        "balcony": balcony,
    }
)
X_train, X_test, y_train, y_test = train_test_split(X, rent, random_state=0)
print(X_train.head())
print(X_train.isna().mean().round(2).to_dict())

# %%
# The model
# ---------
# The encodings of the network replace a pipeline of an imputer, a scaler and a one-hot
# encoder. All figures below are of held-out flats. Where the meters are known, the
# error is near the 30 euros of noise.

model = JacobianMLPRegressor(random_state=0)
model.fit(X_train, y_train)
score = model.score(X_test, y_test)
known = X_test["meters"].notna().to_numpy()
misses = y_test - model.predict(X_test)
error = {
    "known": np.sqrt(np.mean(misses[known] ** 2)),
    "missing": np.sqrt(np.mean(misses[~known] ** 2)),
}
print(f"R² {score:.3f}")
print({name: round(value, 1) for name, value in error.items()})
print(model.network_)

# %%
# The effect of a missing value
# -----------------------------
# A flat without the meters tends to be far from a station. An imputer alone would give
# it the mean distance. The indicator column lets the network learn the difference:
# remove the meters from flats where they are known, and compare with the same flats at
# the mean distance.

shown = X_test[known]
mean_distance = X_train["meters"].mean()
hidden = model.predict(shown.assign(meters=np.nan))
average = model.predict(shown.assign(meters=mean_distance))
penalty = float(np.mean(hidden - average))
true_penalty = -0.05 * (meters[silent].mean() - mean_distance)
print(f"meters missing: {penalty:.0f} euros, true {true_penalty:.0f}")

# %%
# The price of a square meter
# ---------------------------
# ``input_jacobian`` has a column for each column of the table, in its own unit. It is
# NaN for categories, which have no derivative. The means are near the true price in
# each district.

jacobian = model.input_jacobian(X_test)[:, 0]
slopes = pd.DataFrame(jacobian, index=X_test.index, columns=X.columns)
by_district = slopes["area"].groupby(X_test["district"]).mean()
print(slopes.head(3).round(3))
print(by_district.round(2))
per_meter = slopes["meters"][known].mean()
print(f"one meter more to the station: {per_meter:.3f} euros")

# %%
# The effect of another category
# ------------------------------
# ``category_contrasts`` puts each category in turn into every row. The contrasts of
# the center grow with the area, as they should: 4 euros per square meter against hills.

changes, mean, categories = category_contrasts(model, X_test)
print(mean.round(1))
in_hills = (X_test["district"] == "hills").to_numpy()
to_center = changes["district", "center"].to_numpy()[in_hills]
true_change = 4.0 * X_test["area"].to_numpy()[in_hills]

figure, ax = plt.subplots(layout="constrained")
ax.scatter(X_test["area"][in_hills], to_center, s=10, label="contrast")
ends = np.array([20.0, 120.0])
ax.plot(ends, 4.0 * ends, color="black", linestyle=":", label="truth: 4 per m²")
ax.set(
    xlabel="area in m²",
    ylabel="change of the predicted rent in euros",
    title="Moving a flat from the hills to the center",
)
ax.legend()
plt.show()

# %%
# ``sensitivity`` is a feature importance with one number for each column: the mean size
# of the derivative for numbers, that of the contrasts for categories. Derivatives are
# comparable after multiplying by the standard deviation of their column, contrasts as
# they are.

strength = sensitivity(model, X_test).loc["prediction"]
numbers = ["area", "meters"]
strength[numbers] *= X_test[numbers].std()
print(strength.sort_values(ascending=False).round(0))

# %%
# Explain one prediction
# ----------------------
# Take the flat with the highest prediction among those without the meters. Integrated
# gradients divide the difference from the average encoded flat among the columns. The
# shares are in euros and add up to the difference.

silent_rows = X_test[~known]
flat = silent_rows.iloc[[model.predict(silent_rows).argmax()]]
print(flat)
# sphinx_gallery_thumbnail_number = 2
SaliencyDisplay.from_estimator(model, flat)
plt.show()

# %%
# Do they add up? The second result is the error of the sum. All flats start from the
# same average, so prediction minus sum is one number for all.

shares, missed = integrated_gradients(model, X_test)
start = model.predict(X_test) - shares.sum(axis=1)
print(f"start {start.mean():.1f} euros for all flats, spread {np.ptp(start):.3f}")
print(f"sums miss by {missed.max():.3f} euros at most")
share_of_gap = shares.loc[flat.index[0], "meters"]
print(f"the gap in this row has a share of {share_of_gap:.0f} euros")
