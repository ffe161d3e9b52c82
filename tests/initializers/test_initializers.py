import math

import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csr_array
from scipy.stats import kstest
from sklearn.base import clone
from sklearn.datasets import load_digits

from skjacobnet import JacobianMLPClassifier
from skjacobnet.initializers import (
    INITIALIZERS,
    DataDriven,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Isometric,
    LecunNormal,
    Orthogonal,
    Zeros,
)
from skjacobnet.layers import LAYERS, LeakyReLU, Linear, ReLU, Sigmoid
from skjacobnet.network import build_network
from skjacobnet.operators import Product

RANDOM = [GlorotNormal(), GlorotUniform(), HeNormal(), HeUniform(), LecunNormal()]
EVERY = [
    *RANDOM,
    Orthogonal(),
    Orthogonal(3.0),
    Zeros(),
    Isometric(Sigmoid()),
    DataDriven(),
    DataDriven(Sigmoid()),
]
N_IN, N_OUT = 300, 500
VARIANCES = {
    GlorotNormal: 2.0 / 800.0,
    GlorotUniform: 2.0 / 800.0,
    HeNormal: 2.0 / 300.0,
    HeUniform: 2.0 / 300.0,
    LecunNormal: 1.0 / 300.0,
}


def draw(initializer, shape=(N_IN, N_OUT), seed=0, dtype=np.float64):
    return initializer(shape, np.random.default_rng(seed), dtype)


def test_every_class_is_tested():
    assert set(INITIALIZERS.classes) == {type(initializer) for initializer in EVERY}


@pytest.mark.parametrize("initializer", RANDOM, ids=repr)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_mean_and_variance(initializer, seed):
    weights = draw(initializer, seed=seed)
    variance, n = VARIANCES[type(initializer)], weights.size
    # Var of the sample variance is (kurtosis - 1) / n, with kurtosis 3 or 9 / 5.
    kurtosis = 1.8 if "Uniform" in type(initializer).__name__ else 3.0
    assert abs(weights.mean()) <= 4.0 * math.sqrt(variance / n)
    error = abs(np.mean(weights**2) / variance - 1.0)
    assert error <= 4.0 * math.sqrt((kurtosis - 1.0) / n)


@pytest.mark.parametrize("initializer", RANDOM, ids=repr)
def test_distribution(initializer):
    scaled = draw(initializer).ravel() / math.sqrt(VARIANCES[type(initializer)])
    if "Uniform" in type(initializer).__name__:
        limit = math.sqrt(3.0)
        assert np.abs(scaled).max() <= limit
        assert kstest(scaled, "uniform", (-limit, 2.0 * limit)).pvalue > 1e-3
    else:
        assert kstest(scaled, "norm").pvalue > 1e-3


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (5, 5), (1, 3), (3, 1)])
@pytest.mark.parametrize("gain", [1.0, 4.0, 0.3])
def test_orthogonal_rows_or_columns(shape, gain):
    weights = draw(Orthogonal(gain), shape)
    assert weights.shape == shape
    assert weights.flags.c_contiguous
    gram = weights.T @ weights if shape[0] >= shape[1] else weights @ weights.T
    np.testing.assert_allclose(gram, gain**2 * np.eye(min(shape)), rtol=0, atol=1e-12)


def test_orthogonal_is_uniform_over_the_group():
    # Without the correction of signs the diagonal would be of one sign. Under the Haar
    # measure an entry has mean 0 and variance 1 / n, and so has the trace mean 0 and
    # variance 1.
    n = 4
    weights = draw(Orthogonal(), (4000, n, n))
    diagonal = np.diagonal(weights, axis1=-2, axis2=-1)
    assert np.abs(diagonal.mean(0)).max() <= 4.0 * math.sqrt(1.0 / n / 4000)
    trace = diagonal.sum(-1)
    assert abs(trace.mean()) <= 4.0 / math.sqrt(4000)
    # E trace^4 is 3 for n = 4, so the variance of trace^2 is 2.
    assert abs(np.mean(trace**2) - 1.0) <= 4.0 * math.sqrt(2.0 / 4000)
    positive = np.mean(np.linalg.det(weights) > 0)
    assert abs(positive - 0.5) <= 4.0 * math.sqrt(0.25 / 4000)


def test_orthogonal_takes_the_gain_of_the_activation():
    auto = Orthogonal()
    assert auto.for_activation(Sigmoid()).gain == 4.0
    assert auto.for_activation(LeakyReLU(0.5)).gain == pytest.approx(math.sqrt(1.6))
    assert auto.for_activation(None).gain == 1.0
    assert auto.gain == "auto"
    fixed = Orthogonal(2.0)
    assert fixed.for_activation(Sigmoid()) is fixed
    np.testing.assert_array_equal(draw(auto), draw(Orthogonal(1.0)))


@pytest.mark.parametrize("initializer", [*RANDOM, Zeros()], ids=repr)
def test_others_do_not_depend_on_the_activation(initializer):
    assert initializer.for_activation(Sigmoid()) is initializer
    assert initializer.for_activation(None) is initializer


@pytest.mark.parametrize("initializer", EVERY, ids=repr)
def test_data_types_agree_to_rounding(initializer):
    single = draw(initializer, (20, 30), dtype=np.float32)
    double = draw(initializer, (20, 30), dtype=np.float64)
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    assert single.shape == double.shape == (20, 30)
    np.testing.assert_array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize("initializer", EVERY, ids=repr)
@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
def test_stacks_equal_one_by_one(initializer, shape):
    stacked = draw(initializer, (2, 3, *shape))
    rng = np.random.default_rng(0)
    for index in np.ndindex(2, 3):
        one = initializer(shape, rng, np.float64)
        np.testing.assert_allclose(stacked[index], one, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("initializer", EVERY, ids=repr)
def test_use_leaves_the_initializer_as_it_was(initializer):
    before = dict(vars(initializer))
    initializer.validate()
    first, second = draw(initializer, (5, 4)), draw(initializer, (5, 4))
    np.testing.assert_array_equal(first, second)
    assert vars(initializer) == before


def test_zeros():
    np.testing.assert_array_equal(draw(Zeros(), (3, 2)), np.zeros((3, 2)))


@pytest.mark.parametrize("gain", [0.0, -1.0, np.inf])
def test_gain_out_of_range_is_refused(gain):
    with pytest.raises(ValueError, match=r"gain must be a number in .* or 'auto'"):
        Orthogonal(gain).validate()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zeros", Zeros),
        ("glorot_uniform", GlorotUniform),
        ("glorot_normal", GlorotNormal),
        ("he_uniform", HeUniform),
        ("he_normal", HeNormal),
        ("lecun_normal", LecunNormal),
        ("orthogonal", Orthogonal),
        ("isometric", Isometric),
        ("data_driven", DataDriven),
    ],
)
def test_names(name, expected):
    assert type(INITIALIZERS.resolve(name)) is expected


def mean_squared_singular_values(network, theta, X):
    """Return those of each linear layer with its activation, by dense Jacobians."""
    at, means = network.linearize(theta, X), []
    for index, layer in enumerate(network.layers):
        if isinstance(layer, Linear):
            J = Product(at.operators[index : index + 2][::-1]).todense(len(X))
            values = np.linalg.svd(J, compute_uv=False)
            means.append(np.mean(np.square(values)))
    return means


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted({*LAYERS.names_alone} - {"dropout"}))
def test_isometric_layers_keep_lengths_on_the_batch(name, dtype):
    """Wide, square and narrow layers, with inputs that are all positive."""
    X = np.random.default_rng(1).uniform(size=(50, 6)).astype(dtype)
    activation = LAYERS.make(name)
    hidden = []
    for width in (9, 9, 4):
        hidden += [Linear(width), activation]
    network = build_network(hidden, 6, 3, "isometric")
    theta = network.init_weights(np.random.default_rng(0), dtype, X)
    means = mean_squared_singular_values(network, theta, X)
    np.testing.assert_allclose(means, 1.0, rtol=1e-4 if dtype == np.float32 else 1e-9)


def test_isometric_centers_what_saturates():
    X = np.random.default_rng(1).uniform(size=(50, 6)) + 10.0
    layer = Linear(4, initializer=Isometric(Sigmoid()))
    weights = layer.init_weights(6, np.random.default_rng(0), np.float64, X)
    Z = layer.forward(weights, X)
    np.testing.assert_allclose(Z.mean(axis=0), 0.0, atol=1e-10)
    # Up to its scale the matrix is the orthogonal one.
    gram = weights["coef"].T @ weights["coef"]
    np.testing.assert_allclose(gram, gram[0, 0] * np.eye(4), atol=1e-9)
    without = Linear(4, use_bias=False, initializer=Isometric(Sigmoid()))
    assert without.init_weights(6, np.random.default_rng(0), np.float64, X).keys() == {
        "coef"
    }


def test_isometric_without_a_batch_is_orthogonal():
    expected = draw(Orthogonal(4.0), (5, 3))
    np.testing.assert_array_equal(draw(Isometric(Sigmoid()), (5, 3)), expected)
    np.testing.assert_array_equal(draw(Isometric(), (5, 3)), draw(Orthogonal(), (5, 3)))


def test_isometric_takes_the_best_where_one_is_out_of_reach():
    """For the input 1, g / (4 cosh(g / 2)^2) is largest where g tanh(g / 2) = 1."""
    weights = {"coef": np.array([[1.0]])}
    rng = np.random.default_rng(0)
    start = Isometric(Sigmoid()).adapt(weights, np.array([[1.0]]), rng)
    # That is at 1.54340; the search has a grid of factors 2^(1/4).
    assert 2.0**-0.25 < start["coef"][0, 0] / 1.54340 < 2.0**0.25
    # It is unchanged if all units are dead, or the inputs too large to add.
    dead = {"coef": np.array([[1.0]])}
    assert Isometric(ReLU()).adapt(dead, np.array([[-1.0]]), rng) is dead
    huge = {"coef": np.ones((2, 1)), "intercept": np.zeros(1)}
    with np.errstate(all="ignore"):
        X = np.full((2, 2), 1e308)
        assert Isometric(Sigmoid()).adapt(huge, X, rng) is huge


def test_isometric_starts_from_the_rows_that_are_trained_on():
    """The same for a sparse and a dense table; other rows do not matter."""
    X, y = load_digits(return_X_y=True)
    X = X / 16.0

    def first_weights(X, sample_weight=None, **params):
        model = plain_classifier(
            (8,),
            activation="sigmoid",
            initializer="isometric",
            learning_rate=1e-12,
            batch_size=len(y),
            max_iter=1,
            tol=None,
            random_state=0,
            **params,
        )
        return model.fit(X, y, sample_weight).weights_

    dense = first_weights(X)
    network = build_network([Linear(8), Sigmoid()], 64, 10, "isometric")
    means = mean_squared_singular_values(network, dense, X)
    np.testing.assert_allclose(means, 1.0, rtol=0.05)
    np.testing.assert_allclose(first_weights(csr_array(X)), dense, atol=1e-9)
    ignored = np.arange(len(y)) < 300
    changed = np.where(ignored[:, np.newaxis], 9.0, X)
    weights = np.where(ignored, 0.0, 1.0)
    np.testing.assert_allclose(
        first_weights(changed, weights), first_weights(X, weights), atol=1e-9
    )
    stopping = {"early_stopping": True, "validation_fraction": 0.5}
    assert np.max(np.abs(first_weights(X, **stopping) - dense)) > 1e-3


def test_isometric_lets_a_deep_and_narrow_network_learn():
    """Eight sigmoid layers learn in a few epochs, as they do not otherwise."""
    X, y = load_digits(return_X_y=True)
    layers = [Linear(8), *["sigmoid", Linear(8)] * 8, "sigmoid"]
    scores = []
    for initializer in ("isometric", "glorot_uniform"):
        model = plain_classifier(
            layers=layers,
            initializer=initializer,
            learning_rate=3e-3,
            batch_size=8,
            max_iter=20,
            tol=None,
            dtype="float32",
            random_state=0,
        )
        scores.append(model.fit(X[::2] / 16.0, y[::2]).score(X[1::2] / 16.0, y[1::2]))
    assert scores[0] > 0.75
    assert scores[1] < 0.5


@pytest.mark.parametrize(
    ("activation", "gain"), [(None, 1.0), (ReLU(), math.sqrt(2.0)), (Sigmoid(), 4.0)]
)
def test_data_driven_has_the_variance_of_the_activation(activation, gain):
    scaled = draw(DataDriven().for_activation(activation)) / gain * math.sqrt(N_IN)
    assert abs(scaled.mean()) <= 4.0 / math.sqrt(scaled.size)
    assert abs(np.mean(scaled**2) - 1.0) <= 4.0 * math.sqrt(2.0 / scaled.size)
    assert kstest(scaled.ravel(), "norm").pvalue > 1e-3


def start(X, units=40, activation="relu", seed=0, dtype=None, **arguments):
    """Return the initial weights of a layer before an activation."""
    initializer = DataDriven(activation and LAYERS.make(activation))
    layer = Linear(units, initializer=initializer, **arguments)
    dtype = X.dtype if dtype is None else dtype
    return layer.init_weights(X.shape[1], np.random.default_rng(seed), dtype, X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_data_driven_kinks_lie_between_two_rows(kind, dtype):
    """Far from the origin, where kinks would all be on one side without shifts."""
    rng = np.random.default_rng(1)
    ends = (rng.normal(size=(2, 6)) + 100.0).astype(dtype)
    weights = start(kind(ends))
    assert {array.dtype for array in weights.values()} == {np.dtype(dtype)}
    coef = weights["coef"].astype(np.float64)
    at_ends = ends.astype(np.float64) @ coef + weights["intercept"]
    # Each unit has drawn two of the two rows: both, or one of them twice.
    error = 1e-4 if dtype == np.float32 else 1e-12
    assert (at_ends.min(axis=0) <= error).all()
    assert (at_ends.max(axis=0) >= -error).all()
    at_a_row = np.abs(at_ends).min(axis=0) <= error
    assert 10 <= np.count_nonzero(at_a_row) <= 30
    # Where it has drawn both, its kink lies anywhere between them.
    low, high = at_ends[:, ~at_a_row]
    share = low / (low - high)
    assert kstest(share, "uniform").pvalue > 1e-3
    X = (rng.normal(size=(50, 6)) * 5.0 - 70.0).astype(dtype)
    weights = start(kind(X), units=500)
    preactivations = X @ weights["coef"] + weights["intercept"]
    assert (preactivations.min(axis=0) <= error).all()
    assert (preactivations.max(axis=0) >= -error).all()


def test_data_driven_kinks_are_spread_like_the_data():
    """Var(u x + (1 - u) x') is E(u^2 + (1 - u)^2) Var(x), two thirds of it."""
    x, units = np.random.default_rng(2).normal(7.0, 0.5, size=(300, 1)), 20_000
    weights = start(x, units)
    kinks = -weights["intercept"] / weights["coef"][0]
    assert x.min() <= kinks.min()
    assert kinks.max() <= x.max()
    variance = 2.0 / 3.0 * x.var()
    assert abs(kinks.mean() - x.mean()) <= 4.0 * math.sqrt(variance / units)
    assert abs(kinks.var() / variance - 1.0) <= 4.0 * math.sqrt(2.0 / units)
    # The shift goes with the sign of the weight, not with its size.
    assert abs(np.corrcoef(kinks, weights["coef"][0])[0, 1]) <= 4.0 / math.sqrt(units)


def test_data_driven_starts_agree():
    """From sparse and dense rows, in float32 and float64, and from call to call."""
    rng = np.random.default_rng(3)
    X = np.where(rng.random((60, 8)) < 0.4, rng.normal(size=(60, 8)), 0.0)
    weights = start(X)
    for other, tolerance in [
        (start(X), 0.0),
        (start(np.asfortranarray(X)), 1e-14),
        (start(csr_array(X)), 1e-14),
        (start(X.astype(np.float32)), 1e-6),
        (start(csr_array(X.astype(np.float32))), 1e-6),
        # The batch may have another type than the weights.
        (start(X.astype(np.float32), dtype=np.float64), 1e-6),
        (start(X, dtype=np.float32), 1e-6),
    ]:
        for name, array in weights.items():
            np.testing.assert_allclose(other[name], array, rtol=0, atol=tolerance)
    assert start(X, dtype=np.float32)["intercept"].dtype == np.float32
    assert not np.isin(start(X, seed=1)["intercept"], weights["intercept"]).any()


def test_data_driven_shifts_nothing_without_a_reason():
    X = np.random.default_rng(4).normal(size=(30, 5))
    rng = np.random.default_rng(0)
    drawn = {"coef": draw(DataDriven(ReLU()), (5, 3)), "intercept": np.zeros(3)}
    kept = {name: array.copy() for name, array in drawn.items()}
    # Without an activation, as before the output, and without an intercept.
    assert DataDriven().adapt(drawn, X, rng) is drawn
    alone = {"coef": drawn["coef"]}
    assert DataDriven(ReLU()).adapt(alone, X, rng) is alone
    np.testing.assert_array_equal(start(X, activation=None)["intercept"], 0.0)
    assert start(X, use_bias=False).keys() == {"coef"}
    # Without a batch.
    layer = Linear(4, initializer=DataDriven(ReLU()))
    weights = layer.init_weights(5, np.random.default_rng(0), np.float64)
    np.testing.assert_array_equal(weights["intercept"], np.zeros(4))
    # Arguments are not modified, and the matrix is unchanged.
    shifted = DataDriven(ReLU()).adapt(drawn, X, rng)
    assert np.all(shifted["intercept"] != 0.0)
    for name, array in kept.items():
        np.testing.assert_array_equal(drawn[name], array)
    np.testing.assert_array_equal(shifted["coef"], drawn["coef"])


def test_data_driven_takes_the_following_activation():
    initializer = DataDriven()
    assert initializer.for_activation(None) is initializer
    assert initializer.for_activation(Sigmoid()).activation.name == "sigmoid"
    assert initializer.activation is None
    network = build_network(
        [Linear(3), Sigmoid(), Linear(2), ReLU()], 4, 1, "data_driven"
    )
    following = [layer.initializer.activation for layer in network.layers[::2]]
    assert [activation and activation.name for activation in following] == [
        "sigmoid",
        "relu",
        None,
    ]


@pytest.mark.parametrize("kind", [np.asarray, csr_array])
def test_data_driven_layers_see_what_those_before_make_of_the_rows(kind):
    X = np.random.default_rng(5).uniform(3.0, 4.0, size=(80, 6))
    hidden = [Linear(30), ReLU(), Linear(20), Sigmoid(), Linear(10), ReLU()]
    network = build_network(hidden, 6, 3, DataDriven(), Zeros())
    theta = network.init_weights(np.random.default_rng(0), np.float64, kind(X))
    outputs = network.linearize(theta, X).outputs[1:]
    for preactivations in outputs[0:6:2]:
        assert (preactivations.min(axis=0) <= 1e-12).all()
        assert (preactivations.max(axis=0) >= -1e-12).all()
    np.testing.assert_array_equal(outputs[-1], np.zeros((80, 3)))


def test_what_auto_starts_from():
    """Zeros for bins, kinks inside the data for other columns, class frequencies."""
    rng = np.random.default_rng(6)
    X = np.stack([rng.normal(size=300), rng.normal(size=300) > 0, np.ones(300)], axis=1)
    y = np.repeat([0, 1, 2], [150, 90, 60])
    model = JacobianMLPClassifier(
        (400, 50), learning_rate=1e-300, calibration=None, max_iter=1, random_state=0
    ).fit(X, y)
    kinds = [column.kind for column in model.model_.encoded_columns]
    assert kinds == ["number", "binary", "constant", *["bin"] * 8]
    decay = math.exp(model.total_weight_decay_)
    first, second, output = model.coefs_
    np.testing.assert_array_equal(first[3:], np.zeros((8, 400)))
    variance = np.var(decay * first[:3])
    assert abs(variance / (2.0 / 3.0) - 1.0) <= 4.0 * math.sqrt(2.0 / 1200)
    variance = np.var(decay * second)
    assert abs(variance / (2.0 / 400) - 1.0) <= 4.0 * math.sqrt(2.0 / second.size)
    np.testing.assert_allclose(output, 0.0, atol=1e-200)
    expected = np.tile((np.bincount(y) + 1.0) / 303, (300, 1))
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-12)
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.weights_, model.weights_)
