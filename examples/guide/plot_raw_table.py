"""
From a raw table to an explained row
====================================

You have a table of flats with words, gaps and columns of any unit, and want to know
what a flat costs, and why. Give the network the table as it is. Its derivatives are
then those of your columns: euros per square meter, not per standard deviation.
"""

# %%
# The table
# ---------
# 4,000 flats, made up so that the right answers are known. A square meter costs 9 euros
# a month, 13 in the center and 11 at the harbor. Each meter to the next station takes 5
# cents off, a balcony adds 60 euros, and good insulation adds 50. Owners keep silent
# about a station that is far away. Chance adds 30 euros, up or down.

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
# The encodings of the network do what a pipeline of an imputer, a scaler and a one-hot
# encoder would do. All figures below are of the 1,000 flats put aside. Where the meters
# are known, the error is near the 30 euros of chance.

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
# What does a missing value say?
# ------------------------------
# A flat without the meters is far from a station. An imputer alone would make an
# average flat of it. The indicator column lets the network learn the difference: take
# the meters away from flats where they are known, and compare with the same flats at
# the mean distance.

shown = X_test[known]
mean_distance = X_train["meters"].mean()
hidden = model.predict(shown.assign(meters=np.nan))
average = model.predict(shown.assign(meters=mean_distance))
penalty = float(np.mean(hidden - average))
true_penalty = -0.05 * (meters[silent].mean() - mean_distance)
print(f"meters missing: {penalty:.0f} euros, true {true_penalty:.0f}")

# %%
# What does one more square meter cost?
# -------------------------------------
# ``input_jacobian`` has a column for each column of the table, in its own unit. It is
# NaN for categories, which have no derivative. The network found the price in each
# district.

jacobian = model.input_jacobian(X_test)[:, 0]
slopes = pd.DataFrame(jacobian, index=X_test.index, columns=X.columns)
by_district = slopes["area"].groupby(X_test["district"]).mean()
print(slopes.head(3).round(3))
print(by_district.round(2))
per_meter = slopes["meters"][known].mean()
print(f"one meter more to the station: {per_meter:.3f} euros")

# %%
# What does another category cost?
# --------------------------------
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
ax.set(xlabel="area in m²", ylabel="euros more, were a flat in the hills central")
ax.legend()
plt.show()

# %%
# ``sensitivity`` has one number for each column, and none is NaN: the mean size of the
# slope for numbers, that of the contrasts for categories. Slopes are comparable after
# multiplying by the spread of their column, contrasts as they are.

strength = sensitivity(model, X_test).loc["prediction"]
numbers = ["area", "meters"]
strength[numbers] *= X_test[numbers].std()
print(strength.sort_values(ascending=False).round(0))

# %%
# Why this rent?
# --------------
# Take the flat with the highest prediction among those without the meters. Integrated
# gradients share out what makes it differ from the average encoded flat. The shares are
# in euros, and they add up. The picture needs the model and the row.

silent_rows = X_test[~known]
flat = silent_rows.iloc[[model.predict(silent_rows).argmax()]]
print(flat)
SaliencyDisplay.from_estimator(model, flat)
plt.show()

# %%
# Do they add up? The second result says by how much the sum misses. All flats start
# from the same average, so prediction minus sum is one number for all.

shares, missed = integrated_gradients(model, X_test)
start = model.predict(X_test) - shares.sum(axis=1)
print(f"start {start.mean():.1f} euros for all flats, spread {np.ptp(start):.3f}")
print(f"sums miss by {missed.max():.3f} euros at most")
share_of_gap = shares.loc[flat.index[0], "meters"]
print(f"the gap in this row has a share of {share_of_gap:.0f} euros")
