"""
More rows than memory
=====================

Your table does not fit into memory, or arrives in pieces. The network takes it block by
block: from a memory-mapped file, from anything that yields pieces, or from Dask.
"""

# %%
# A table on disk
# ---------------
# 40,000 rows stand in for the table that does not fit. They are written piece by piece,
# in random order, and only mapped from here on: nothing reads them as a whole.

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier

n_rows, n_test, n_features = 40_000, 5_000, 20
X, y = make_classification(
    n_rows + n_test, n_features, n_informative=10, n_classes=3, random_state=0
)
X, X_test, y, y_test = X[:n_rows], X[n_rows:], y[:n_rows], y[n_rows:]

folder = TemporaryDirectory()
path = Path(folder.name) / "table.npy"
on_disk = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, n_features))
for start in range(0, n_rows, 8_000):
    on_disk[start : start + 8_000] = X[start : start + 8_000]
on_disk.flush()
table = np.load(path, mmap_mode="r")
print(f"{path.stat().st_size / 1e6:.1f} MB on disk")

# %%
# Piece by piece
# --------------
# ``partial_fit`` trains for one pass over each piece, and so does the scaler before it,
# which needs a pass of its own. All classes are named in the first call. A pass over
# the table is a pass over its pieces:

pieces = [slice(start, start + 4_000) for start in range(0, n_rows, 4_000)]
scaler = StandardScaler()
for piece in pieces:
    scaler.partial_fit(table[piece])

classes = np.unique(y)
streamed = JacobianMLPClassifier((50,), dtype="float32", random_state=0)
held_out = []
for _ in range(5):
    for piece in pieces:
        streamed.partial_fit(scaler.transform(table[piece]), y[piece], classes=classes)
        held_out.append(streamed.score(scaler.transform(X_test), y_test))
print(f"piece by piece: {held_out[-1]:.3f}")

# %%
# All at once, from the map
# -------------------------
# ``fit`` takes the memory map itself: it gathers the rows of a few batches at a time
# and copies nothing else. Here the scaling is left out, since the features are alike.

mapped = JacobianMLPClassifier(
    (50,), dtype="float32", max_iter=5, tol=None, random_state=0
).fit(table, y)
print(f"memory map:     {mapped.score(X_test, y_test):.3f}")

# %%
# From Dask
# ---------
# The blocks of a Dask array are pieces too. They are computed on the cluster one after
# another, the network is trained here. Without Dask this part is left out.

try:
    import dask
    import dask.array as da
except ImportError:
    print("Dask is not installed: pip install 'skjacobnet[distributed]'")
else:
    inputs = da.from_array(table, chunks=(4_000, -1))
    inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    targets = da.from_array(y, chunks=4_000)
    blocks = list(zip(inputs.blocks.ravel(), targets.blocks.ravel(), strict=True))
    from_dask = JacobianMLPClassifier((50,), dtype="float32", random_state=0)
    with dask.config.set(scheduler="synchronous"):
        for _ in range(5):
            for block in blocks:
                from_dask.partial_fit(*dask.compute(*block), classes=classes)
    print(f"Dask:           {from_dask.score(scaler.transform(X_test), y_test):.3f}")

# %%
# How much is left to learn?
# --------------------------
# The accuracy on held-out rows after each piece says when more passes are worth
# nothing.

figure, ax = plt.subplots(layout="constrained")
ax.plot(np.arange(1, len(held_out) + 1) / len(pieces), held_out)
ax.set(xlabel="passes over the table", ylabel="held-out accuracy")
plt.show()

# %%
# Whole searches run on a cluster as well, with ``joblib.parallel_config("dask")``; what
# to mind when workers die is under :doc:`/scaling`.

del on_disk, table
folder.cleanup()
