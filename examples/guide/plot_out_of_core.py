"""
Train on more rows than fit into memory
=======================================

Your table does not fit into memory, or arrives in chunks. The network trains on it
chunk by chunk: from a generator, from a memory-mapped file, or from Dask.
"""

# %%
# Chunks
# ------
# A generator takes the place of your files or database: 1,000 rows of 100 measurements
# at a time, in random order, the same ones in each pass. The 40,000 rows are never in
# memory together.

import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier

N_CHUNKS, N_ROWS, N_FEATURES = 40, 1_000, 100
law = np.random.default_rng(0)
units = 10.0 ** law.uniform(-2, 2, N_FEATURES)
inner, outer = law.normal(size=(N_FEATURES, 8)) / 5, law.normal(size=(8, 3))
classes = np.arange(3)


def chunk(number):
    """Return some rows and their classes."""
    X = np.random.default_rng(number).normal(size=(N_ROWS, N_FEATURES))
    return (X * units).astype(np.float32), np.argmax(np.tanh(X @ inner) @ outer, axis=1)


def chunks():
    """Yield the training rows, chunk by chunk."""
    return map(chunk, range(N_CHUNKS))


X_test, y_test = map(np.concatenate, zip(*map(chunk, range(100, 104)), strict=True))

# %%
# One chunk after another
# -----------------------
# ``partial_fit`` trains for one pass over each chunk. The encodings of the network
# would be fitted to the first chunk alone, so here a scaler is fitted to all chunks in
# a first pass, and the network takes its numbers as they are, ``encoding=None``. All
# classes are named, since the first chunk may lack one. ``partial_fit`` does not know
# the number of chunks, so its rate is constant and there is no weight decay; for a fair
# comparison that holds for ``fit`` below as well.

scaler = StandardScaler()
for X, _ in chunks():
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
from_chunks = clone(network)
accuracy = []
for _ in range(5):
    for X, y in chunks():
        from_chunks.partial_fit(scaler.transform(X), y, classes=classes)
    accuracy.append(from_chunks.score(X_test, y_test))
print(f"held-out accuracy after five passes: {accuracy[-1]:.3f}")

# %%
# From a file
# -----------
# A scaler before ``fit`` would copy all rows, and encodings keep up to 64 MB of encoded
# rows, so here rows are scaled before they are written to the disk.

folder = TemporaryDirectory()
path = Path(folder.name) / "table.npy"
labels = np.empty(N_CHUNKS * N_ROWS, int)
file = np.lib.format.open_memmap(path, "w+", np.float32, (len(labels), N_FEATURES))
for number, (X, y) in enumerate(chunks()):
    rows = slice(number * N_ROWS, (number + 1) * N_ROWS)
    file[rows], labels[rows] = scaler.transform(X), y
file.flush()

# %%
# ``fit`` takes a memory map like any other array, and gathers the rows of a few batches
# at a time. The memory of Python and NumPy meanwhile is a fraction of the table. The
# pages of the map are not counted: the system drops them when it needs the memory.

table = np.load(path, mmap_mode="r")
from_file = clone(network).set_params(max_iter=5, monitor="accuracy")
tracemalloc.start()
from_file.fit(table, labels, X_val=X_test, y_val=y_test)
peak = tracemalloc.get_traced_memory()[1]
tracemalloc.stop()
print(f"{table.nbytes / 1e6:.1f} MB on disk, {peak / 1e6:.1f} MB in memory")

# %%
# Both reach nearly the same accuracy, and the curves still rise after five passes.

figure, ax = plt.subplots(layout="constrained")
passes = np.arange(1, 6)
ax.plot(passes, accuracy, "o-", label="partial_fit, chunk by chunk")
ax.plot(passes, from_file.history_["validation_score"], "s--", label="fit, from a file")
ax.set(
    xlabel="passes over the rows",
    ylabel="held-out accuracy",
    xticks=passes,
    title="Training on 40 chunks and from one file",
)
ax.legend()
plt.show()

# %%
# From Dask
# ---------
# The blocks of a Dask array are chunks, too. They are loaded or computed one after
# another, on a cluster if there is one, and the network is trained here. These blocks
# are the chunks of above, and the weights are bit-identical. Compute what the blocks
# share, such as a mean, once and beforehand, as the scaling was.

try:
    import dask
    import dask.array as da
except ImportError:
    print("left out without Dask: pip install 'dask[array]' distributed")
else:
    inputs = da.from_array(table, chunks=(N_ROWS, -1))
    targets = da.from_array(labels, chunks=N_ROWS)
    from_dask = clone(network)
    for _ in range(5):
        for block in zip(inputs.blocks.ravel(), targets.blocks.ravel(), strict=True):
            X, y = dask.compute(*block, scheduler="synchronous")
            from_dask.partial_fit(X, y, classes=classes)
    same = np.array_equal(from_dask.weights_, from_chunks.weights_)
    print(f"the same weights: {same}")

# %%
# Without ``scheduler="synchronous"`` Dask chooses the scheduler, that of a cluster
# where a ``Client`` is open. Whole searches run there as well, with
# ``joblib.parallel_config("dask")``; :doc:`/user_guide/scaling` shows both.

del file, table
folder.cleanup()
