"""
More rows than memory
=====================

Your table does not fit into memory, or arrives in pieces. The network takes it block by
block: from anything that yields pieces, from a memory-mapped file, or from Dask.
"""

# %%
# Pieces
# ------
# A generator stands in for the files or the database that yours come from: 1,000 rows
# of 100 measurements at a time, in random order, the same ones in each pass. Nothing
# ever holds all 40,000 rows.

import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier

N_PIECES, N_ROWS, N_FEATURES = 40, 1_000, 100
law = np.random.default_rng(0)
units = 10.0 ** law.uniform(-2, 2, N_FEATURES)
inner, outer = law.normal(size=(N_FEATURES, 8)) / 5, law.normal(size=(8, 3))
classes = np.arange(3)


def piece(number):
    """Return some rows and their classes."""
    X = np.random.default_rng(number).normal(size=(N_ROWS, N_FEATURES))
    return (X * units).astype(np.float32), np.argmax(np.tanh(X @ inner) @ outer, axis=1)


def pieces():
    """Yield the rows that are trained on, piece by piece."""
    return map(piece, range(N_PIECES))


X_test, y_test = map(np.concatenate, zip(*map(piece, range(100, 104)), strict=True))

# %%
# One piece after another
# -----------------------
# ``partial_fit`` trains for one pass over each piece. The encodings of the network
# would be fitted to the first piece alone. A scaler sees all of them, in a pass of its
# own, so here the network takes numbers as they are, ``encoding=None``. All classes are
# named, since the first piece may lack one. ``partial_fit`` does not know how much is
# to come, so its rate is constant and nothing decays; for a fair comparison that holds
# for ``fit`` below as well.

scaler = StandardScaler()
for X, _ in pieces():
    scaler.partial_fit(X)
X_test = scaler.transform(X_test)

network = JacobianMLPClassifier(
    (50,),
    encoding=None,
    schedule="constant",
    total_weight_decay=0.0,
    batch_size=64,
    dtype="float32",
    random_state=0,
)
from_pieces = clone(network)
accuracy = []
for _ in range(5):
    for X, y in pieces():
        from_pieces.partial_fit(scaler.transform(X), y, classes=classes)
    accuracy.append(from_pieces.score(X_test, y_test))
print(f"held-out accuracy after five passes: {accuracy[-1]:.3f}")

# %%
# From a file
# -----------
# A scaler in front of ``fit`` would make a copy of all rows, and encodings keep up to
# 64 MB of encoded ones, so here rows are scaled on their way to the disk.

folder = TemporaryDirectory()
path = Path(folder.name) / "table.npy"
labels = np.empty(N_PIECES * N_ROWS, int)
file = np.lib.format.open_memmap(path, "w+", np.float32, (len(labels), N_FEATURES))
for number, (X, y) in enumerate(pieces()):
    rows = slice(number * N_ROWS, (number + 1) * N_ROWS)
    file[rows], labels[rows] = scaler.transform(X), y
file.flush()

# %%
# ``fit`` takes a memory map like any other array, and gathers the rows of a few batches
# at a time. What Python and NumPy hold meanwhile is a fraction of the table. The pages
# of the map are not in it: the system drops them when it needs the room.

table = np.load(path, mmap_mode="r")
from_file = clone(network).set_params(max_iter=5, monitor="accuracy")
tracemalloc.start()
from_file.fit(table, labels, X_val=X_test, y_val=y_test)
peak = tracemalloc.get_traced_memory()[1]
tracemalloc.stop()
print(f"{table.nbytes / 1e6:.1f} MB on disk, {peak / 1e6:.1f} MB in memory")

# %%
# Both ways learn alike. Here another pass would still be worth its time.

figure, ax = plt.subplots(layout="constrained")
passes = np.arange(1, 6)
ax.plot(passes, accuracy, "o-", label="partial_fit, piece by piece")
ax.plot(passes, from_file.history_["validation_score"], "s--", label="fit, from a file")
ax.set(xlabel="passes over the rows", ylabel="held-out accuracy", xticks=passes)
ax.legend()
plt.show()

# %%
# From Dask
# ---------
# The blocks of a Dask array are pieces, too. They are loaded or computed one after
# another, on a cluster if there is one, and the network is trained here. These are the
# pieces of before, and the weights are bit-identical. What blocks have in
# common, such as a mean, is best computed once and beforehand, as the scaling was.

try:
    import dask
    import dask.array as da
except ImportError:
    print("left out without Dask: pip install 'skjacobnet[distributed]'")
else:
    inputs = da.from_array(table, chunks=(N_ROWS, -1))
    targets = da.from_array(labels, chunks=N_ROWS)
    from_dask = clone(network)
    for _ in range(5):
        for block in zip(inputs.blocks.ravel(), targets.blocks.ravel(), strict=True):
            X, y = dask.compute(*block, scheduler="synchronous")
            from_dask.partial_fit(X, y, classes=classes)
    same = np.array_equal(from_dask.weights_, from_pieces.weights_)
    print(f"the same weights: {same}")

# %%
# Without ``scheduler="synchronous"`` Dask chooses its own, that of a cluster where a
# ``Client`` is open. Whole searches run there as well, with
# ``joblib.parallel_config("dask")``: :doc:`/user_guide/scaling` has both, and what to
# mind when workers die.

del file, table
folder.cleanup()
