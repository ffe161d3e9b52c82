"""Training on blocks of tables."""

import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

X, Y = load_digits(return_X_y=True)
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = train_test_split(
    X, Y, test_size=0.2, stratify=Y, random_state=0
)
SIZE = 100
# Weights with a mean of exactly one: `fit` divides by it, `partial_fit` does not.
WEIGHT = np.resize([0.25, 1.0, 1.75, 1.5, 0.5], len(X_TRAIN) - len(X_TRAIN) % 5)
N = len(WEIGHT)


def make(**params):
    defaults = {
        "hidden_layer_sizes": (20,),
        "dropout": 0.2,
        "regularizers": {"weight_decay": 1e-3},
        "batch_size": SIZE,
        "max_iter": 1,
        "tol": None,
        "shuffle": False,
        "random_state": 0,
    }
    return plain_classifier(**{**defaults, **params})


def as_memmap(X, folder):
    path = folder / "X.dat"
    written = np.memmap(path, dtype=X.dtype, mode="w+", shape=X.shape)
    written[:] = X
    written.flush()
    del written
    return np.memmap(path, dtype=X.dtype, mode="r", shape=X.shape)


TABLES = {
    "memmap": as_memmap,
    "integer memmap": lambda X, folder: as_memmap(X.astype(np.uint8), folder),
    "csr": lambda X, folder: csr_matrix(X),
}


def blocks(*arrays, size=SIZE):
    for start in range(0, arrays[0].shape[0], size):
        yield tuple(array[start : start + size] for array in arrays)


# One epoch on pixels that are not scaled leaves the loss far above the baseline.
@pytest.mark.filterwarnings("ignore:The final training loss")
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_blocks_equal_an_epoch(tmp_path, name, weighted, optimizer):
    """Bit-identical if blocks are the batches; the last one is smaller."""
    table = TABLES[name](X_TRAIN[:N], tmp_path)
    y = Y_TRAIN[:N]
    assert N % SIZE
    assert WEIGHT.mean() == 1.0
    whole = make(optimizer=optimizer)
    whole.fit(table, y, sample_weight=WEIGHT if weighted else None)
    parts = make(optimizer=optimizer)
    for i, (X_block, y_block, weight) in enumerate(blocks(table, y, WEIGHT)):
        classes = np.arange(10) if i == 0 else None
        sample_weight = weight if weighted else None
        parts.partial_fit(X_block, y_block, classes, sample_weight)
    np.testing.assert_array_equal(parts.weights_, whole.weights_)
    np.testing.assert_array_equal(
        parts.predict_proba(X_TEST), whole.predict_proba(X_TEST)
    )
    state = parts.training_state_
    assert state.step == -(-N // SIZE)
    assert parts.n_iter_ == state.epoch == state.step


def test_weights_are_not_compared_between_calls():
    """Doubling all weights doubles the gradient, since calls are independent."""
    block = X_TRAIN[:SIZE], Y_TRAIN[:SIZE]
    params = {"optimizer": "sgd", "dropout": 0.0, "regularizers": None}
    twice = make(**params, learning_rate=0.01)
    twice.partial_fit(*block, np.arange(10), np.full(SIZE, 2.0))
    once = make(**params, learning_rate=0.02)
    once.partial_fit(*block, np.arange(10))
    np.testing.assert_allclose(twice.weights_, once.weights_, rtol=1e-12, atol=1e-14)


def test_several_epochs_of_blocks_equal_a_fit(tmp_path):
    table = as_memmap(X_TRAIN[:N], tmp_path)
    whole = make(max_iter=3).fit(table, Y_TRAIN[:N])
    parts = make()
    for _ in range(3):
        for block in blocks(table, Y_TRAIN[:N]):
            parts.partial_fit(*block, classes=np.arange(10))
    np.testing.assert_array_equal(parts.weights_, whole.weights_)


@pytest.mark.parametrize("labels", [np.arange(10), np.array(list("abcdefghij"))])
def test_classes_are_needed_only_once(labels):
    """Blocks sorted by class: nearly all classes are absent from each."""
    order = np.argsort(Y_TRAIN, kind="stable")
    X_sorted, y_sorted = X_TRAIN[order], labels[Y_TRAIN[order]]
    model = make()
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X_sorted[:SIZE], y_sorted[:SIZE])
    for i, block in enumerate(blocks(X_sorted, y_sorted)):
        assert len(np.unique(block[1])) < 10
        model.partial_fit(*block, classes=labels if i == 0 else None)
        np.testing.assert_array_equal(model.classes_, labels)
    assert model.predict_proba(X_TEST).shape == (len(X_TEST), 10)


def test_blocks_of_a_memmap_train_as_well_as_memory(tmp_path):
    params = {
        "dropout": 0.0,
        "regularizers": None,
        "hidden_layer_sizes": (30,),
        "batch_size": 50,
        "learning_rate": 0.005,
        "shuffle": True,
    }
    scaled = X_TRAIN / 16.0
    in_memory = make(**params, max_iter=15).fit(scaled, Y_TRAIN)
    expected = in_memory.score(X_TEST / 16.0, Y_TEST)
    table = as_memmap(scaled, tmp_path)
    model = make(**params)
    for _ in range(15):
        for block in blocks(table, Y_TRAIN, size=300):
            model.partial_fit(*block, classes=np.arange(10))
    assert expected > 0.95
    assert model.score(X_TEST / 16.0, Y_TEST) > expected - 0.02
