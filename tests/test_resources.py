"""Memory of training, prediction and Jacobians, and modules loaded by an import."""

import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import random as random_sparse
from threadpoolctl import threadpool_info

from skjacobnet.core.blocks import BLOCK_BYTES
from skjacobnet.data.batches import Batches
from skjacobnet.layers import LAYERS, Elementwise, Linear, ReLU
from skjacobnet.losses import LOSSES, CrossEntropy
from skjacobnet.network import build_network
from skjacobnet.optimizers import OPTIMIZERS, Optimizer
from skjacobnet.regularizers import L1, Sparsity, WeightDecay
from skjacobnet.tasks import Classes, Labels
from skjacobnet.training.objective import Objective

# NumPy evaluates a comparison into numbers, and elementwise layers evaluate their
# functions, in blocks whose size does not depend on the arrays'.
BLOCKS = 200_000


def peak_of(call):
    """Return the peak memory of a call above that before it."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    call()
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return peak


def step(
    activation="relu",
    optimizer="adam",
    n_classes=10,
    multilabel=False,
    weighted=False,
    loss="cross_entropy",
    regularizers=(),
    n_samples=2000,
    n_hidden=300,
    input_type=np.float32,
    epoch=False,
):
    """Return a function that takes one training step, with its buffers made.

    With `epoch` it takes an epoch of gathered batches, the last of which is smaller.
    """
    rng = np.random.default_rng(0)
    task = Labels(n_classes) if multilabel else Classes(np.arange(n_classes))
    hidden = [Linear(n_hidden), LAYERS.resolve(activation)] * 2
    network = build_network(hidden, 50, task.n_raw)
    theta = network.init_weights(rng, np.dtype(np.float32))
    objective = Objective(network, LOSSES.resolve(loss), task.link(), regularizers)
    rule = OPTIMIZERS.resolve(optimizer)
    state, mask = rule.init(theta), network.decay_mask(theta.dtype)
    X = (20 * rng.standard_normal((n_samples, 50))).astype(input_type)
    codes = rng.integers(0, n_classes, n_samples)
    if multilabel:
        codes = rng.integers(0, 2, (n_samples, n_classes))
    weight = rng.random(n_samples) if weighted else None
    batch_size = 3 * n_samples // 4 if epoch else n_samples
    batches = Batches(X, codes, task, weight, None, batch_size, np.float32, False)

    def call():
        for batch in batches.epoch(rng):
            _, _, gradient = objective(theta, *batch)
            rule.step(theta, gradient, state, 1e-3, mask)

    call()
    return call


# Mish allocates more than `BLOCKS` for a block of rows, which does not grow with them.
ACTIVATIONS = [
    kind.name
    for kind in LAYERS.classes
    if issubclass(kind, Elementwise) and kind.name != "mish"
]
SMALL_STEPS = [
    name for name in OPTIMIZERS.names if isinstance(OPTIMIZERS.resolve(name), Optimizer)
]


@pytest.mark.parametrize(
    "options",
    [
        *({"activation": name} for name in ACTIVATIONS),
        *({"optimizer": name} for name in SMALL_STEPS),
        {"n_classes": 2},
        {"weighted": True},
        {"weighted": True, "n_classes": 2},
        {"n_classes": 5, "multilabel": True},
        {"regularizers": (WeightDecay(1e-3), L1(1e-3), Sparsity(1e-3))},
        {"epoch": True},
        {"epoch": True, "weighted": True, "input_type": np.float64},
        {"epoch": True, "multilabel": True, "input_type": np.int8},
    ],
    ids=str,
)
def test_a_step_allocates_nothing_of_the_size_of_batch_or_weights(options):
    """A hidden layer's output alone has 2.4 MB here, and the weights have 0.4 MB."""
    assert peak_of(step(**options)) < BLOCKS


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", [*LOSSES.names, CrossEntropy(0.1)])
@pytest.mark.parametrize(
    ("n_classes", "multilabel"), [(2, False), (10, False), (3, True)]
)
def test_what_a_step_allocates_does_not_grow_with_the_batch(
    n_classes, multilabel, loss, weighted
):
    """One number for each row would show."""
    options = {"n_classes": n_classes, "multilabel": multilabel, "n_hidden": 5}
    options |= {"weighted": weighted, "loss": loss}
    assert growth_of_a_step(**options) < 150_000


@pytest.mark.parametrize("weighted", [False, True])
def test_what_a_step_with_sparsity_allocates_does_not_grow_with_the_batch(weighted):
    """One form, the other, and both."""
    one, other = Sparsity(1e-3), Sparsity(1e-3, "kl")
    for parts in ([one], [other], [one, other]):
        options = {"activation": "sigmoid", "n_hidden": 5, "regularizers": parts}
        assert growth_of_a_step(weighted=weighted, **options) < 150_000


def test_what_gathering_allocates_does_not_grow_with_the_batch():
    assert growth_of_a_step(epoch=True, weighted=True, n_hidden=5) < 150_000


def growth_of_a_step(**options):
    """Return how much more a step allocates with 200,000 rows than with 50,000."""
    small, large = (peak_of(step(n_samples=n, **options)) for n in (50_000, 200_000))
    return large - small


def test_the_figure_would_show_one_hidden_array():
    call = step()
    kept = []

    def with_a_copy():
        call()
        kept.append(np.empty((2000, 300), np.float32))

    assert peak_of(with_a_copy) > 2_000_000


def fit_peak(
    n_samples, n_hidden=50, n_features=20, labels=None, weights=None, **parameters
):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features)).astype(np.float32)
    y = np.arange(n_samples) % 5 if labels is None else labels(rng, n_samples)
    sample_weight = None if weights is None else rng.random(n_samples).astype(weights)
    model = plain_classifier(
        (n_hidden,), max_iter=2, tol=None, random_state=0, **parameters
    )
    with warnings.catch_warnings():
        # Of two iterations of L-BFGS, and of many classes in the first few rows.
        warnings.simplefilter("ignore", UserWarning)
        model.fit(X[:100], y[:100])
        return peak_of(lambda: model.fit(X, y, sample_weight)), model


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weights": np.float32},
        {"class_weight": "balanced"},
        {"early_stopping": True},
        {"early_stopping": True, "n_features": 300},
        {"early_stopping": True, "weights": np.float32, "class_weight": "balanced"},
        {"early_stopping": True, "weights": np.float64, "dtype": "float64"},
        {"early_stopping": True, "labels": lambda rng, n: rng.integers(0, 1000, n)},
        {"labels": lambda rng, n: np.array(["no", "yes"])[rng.integers(0, 2, n)]},
        {"labels": lambda rng, n: rng.integers(0, 2, (n, 4))},
        {"optimizer": "lbfgs"},
        {"optimizer": "lbfgs", "early_stopping": True},
    ],
    ids=lambda options: ", ".join(options) or "plain",
)
def test_a_fit_takes_at_most_forty_bytes_a_row(options):
    """Both tables have many times the rows of a batch, which counts as a batch."""
    small, _ = fit_peak(60_000, **options)
    large, _ = fit_peak(160_000, **options)
    assert (large - small) / 100_000 <= 40.0


def test_a_fit_takes_a_fixed_multiple_of_the_weights():
    small, narrow = fit_peak(1_000, n_hidden=2_000)
    large, wide = fit_peak(1_000, n_hidden=20_000)
    per_weight = (large - small) / (wide.weights_.nbytes - narrow.weights_.nbytes)
    # The weights, their gradient, two moments, what is kept, and the batch's hidden
    # values: five arrays of 200 rows, where a hidden unit has 26 weights.
    hidden = 5 * 200 / 26
    assert per_weight - hidden <= 8.0


def test_a_penalty_on_weights_takes_them_once_whatever_the_sizes_of_batches():
    plain, model = fit_peak(300, n_hidden=20_000)
    penalized, _ = fit_peak(300, n_hidden=20_000, regularizers={"l1": 1e-4})
    assert penalized - plain <= 1.2 * model.weights_.nbytes


def test_a_sparse_batch_is_never_made_dense():
    X = random_sparse(1_000, 50_000, 1e-4, "csr", random_state=0)
    y = np.arange(1_000) % 3
    model = plain_classifier((2,), max_iter=1, tol=None, batch_size=500)
    dense_batch = 500 * X.shape[1] * 8
    assert peak_of(lambda: model.fit(X, y)) < 0.2 * dense_batch


def test_predictions_take_a_fixed_amount_beyond_the_result():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100_000, 20)).astype(np.float32)
    model = plain_classifier((200,), max_iter=1, tol=None)
    model.fit(X[:100], np.arange(100) % 5)
    result = 100_000 * 5 * 4
    # Raw predictions and probabilities, the total of each row, a mask of the checks.
    assert peak_of(lambda: model.predict_proba(X)) < 3 * result + 2_000_000


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize(
    ("sizes", "n_samples"),
    [((30, 200, 20), 10_000), ((64, 100, 10), 10_000), ((784, 256, 128, 10), 500)],
)
def test_a_jacobian_takes_its_result_and_a_block(sizes, n_samples, mode, dtype):
    rng = np.random.default_rng(0)
    hidden = [layer for width in sizes[1:-1] for layer in (Linear(width), ReLU())]
    network = build_network(hidden, sizes[0], sizes[-1])
    theta = network.init_weights(rng, np.dtype(dtype))
    X = rng.standard_normal((n_samples, sizes[0])).astype(dtype)
    result = n_samples * sizes[0] * sizes[-1] * theta.itemsize
    beyond = peak_of(lambda: network.input_jacobian(theta, X, mode)) - result
    carried = sizes[0] if mode == "forward" else sizes[-1]
    one_row = 3 * max(sizes) * carried * theta.itemsize
    assert beyond < max(1.5 * BLOCK_BYTES, one_row)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_a_jacobian_of_a_classifier_takes_its_result_and_a_block(mode):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2000, 784)), np.arange(2000) % 10
    model = plain_classifier((256,), max_iter=1, tol=None).fit(X[:50], y[:50])
    beyond = peak_of(lambda: model.input_jacobian(X[:300], mode=mode))
    beyond -= 300 * 10 * 784 * 8
    assert beyond < 8_000_000


def test_an_import_loads_no_more_than_it_needs():
    program = (
        "import sys, numpy, sklearn.base\n"
        "before = set(sys.modules)\n"
        "import skjacobnet\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "skjacobnet.estimators.classifier" in loaded
    heavy = ("matplotlib", "pandas", "dask", "scipy.optimize", "sklearn.metrics")
    late = ("sklearn.model_selection", "sklearn.neural_network", "skjacobnet.interop")
    for name in (*heavy, *late, "skjacobnet.testing"):
        assert name not in loaded


def test_a_fit_leaves_the_threads_alone():
    def counts():
        return [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()]

    before = counts()
    seen = []

    def scorer(estimator, X, y):
        seen.append(counts())
        return 0.5

    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), np.arange(60) % 2
    plain_classifier(
        (4,), max_iter=2, tol=None, early_stopping=True, monitor=scorer
    ).fit(X, y)
    assert seen
    assert all(count == before for count in seen)
    assert counts() == before
