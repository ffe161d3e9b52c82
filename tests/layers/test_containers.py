"""Containers of layers."""

import pickle
import tracemalloc
from functools import partial

import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from skjacobnet.core.blocks import BLOCK_BYTES, row_blocks, slices
from skjacobnet.core.workspace import Workspace
from skjacobnet.initializers import DataDriven, Orthogonal
from skjacobnet.layers import (
    LAYERS,
    Dropout,
    Frozen,
    Layer,
    Linear,
    Parallel,
    ReLU,
    Repeat,
    Rescale,
    Residual,
    Sequential,
    Tanh,
)
from skjacobnet.network import Network, NetworkWorkspace, build_network
from skjacobnet.operators import Diagonal, IdentityOperator, Product, Stack, Sum
from skjacobnet.regularizers import Sparsity
from skjacobnet.testing import check_gradients, check_layer

DIGITS, Y = load_digits(return_X_y=True)
DIGITS = DIGITS / 16.0

Classifier = partial(plain_classifier, tol=None)
BLOCK = Sequential([Linear(3), "tanh", Linear(5)])
NESTINGS = [
    Sequential(["relu"]),
    Sequential([Linear(3), "relu", Linear(2)]),
    Sequential([Sequential([Linear(3)]), Sequential(["tanh", Linear(2)])]),
    Residual("softmax"),
    Residual(BLOCK),
    Residual(Residual(BLOCK)),
    Residual(Sequential([Linear(4), Tanh(), Dropout(0.3), Linear(5)])),
    Parallel(["tanh"]),
    Parallel([Linear(3), "tanh", "softmax", Dropout(0.2)]),
    Parallel([Linear(5), "tanh", BLOCK], "add"),
    Parallel(["tanh", "relu"], "add"),
    Parallel([Parallel([Linear(1), Linear(2)]), Residual(BLOCK)]),
    Repeat(Linear(5, use_bias=False), 1),
    Repeat(Sequential([Linear(5), "tanh"]), 3),
    Repeat(Repeat(Residual(BLOCK), 2), 2),
    Repeat(Sequential([Linear(5), Dropout(0.4)]), 2),
    Frozen("tanh"),
    Frozen(Linear(2)),
    Frozen(Residual(BLOCK)),
    Sequential([Frozen(Linear(3)), "tanh", Linear(2), Frozen("sigmoid")]),
    Parallel([Repeat(Frozen(Linear(5)), 2), Frozen(Dropout(0.3)), Linear(1)]),
    Repeat(Residual(Parallel([Linear(2), Frozen(Linear(3))])), 2),
    # Of a layer without weights, which has statistics.
    Sequential([Linear(3), Rescale()]),
    Sequential([Rescale(), "tanh", Linear(2)]),
    Parallel([Sequential([Linear(2), "tanh", Linear(3), Rescale()]), Rescale()]),
    Parallel([Rescale(), Rescale()], "add"),
    Residual(Sequential([Linear(5), Rescale()])),
    Residual(Rescale()),
    Repeat(Sequential([Linear(5), Rescale(), "tanh"]), 3),
    Frozen(Sequential([Linear(2), Rescale()])),
]


@pytest.mark.parametrize(("seed", "n_samples"), [(0, 7), (1, 1)])
@pytest.mark.parametrize("layer", NESTINGS, ids=repr)
def test_nestings(layer, seed, n_samples):
    check_layer(layer, n_samples=n_samples, random_state=seed)


@pytest.mark.parametrize("layer", NESTINGS, ids=repr)
def test_containers_are_values(layer):
    copied = clone(layer)
    assert copied is not layer
    assert repr(copied) == repr(layer) == repr(pickle.loads(pickle.dumps(layer)))


def test_parameters_of_parts():
    layer = Residual(Repeat(Linear(5), 2))
    assert layer.get_params()["layer__layer__units"] == 5
    changed = clone(layer).set_params(layer__times=4, layer__layer__use_bias=False)
    assert (changed.layer.times, changed.layer.layer.use_bias) == (4, False)
    assert layer.layer.times == 2


def draw(layer, n_in=5, n_samples=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_in))
    return layer.init_weights(n_in, rng, X.dtype, X), X, rng


def test_names_of_weights():
    layer = Sequential([Linear(2), "tanh", Residual(Linear(2, use_bias=False))])
    assert layer.weight_shapes(5) == {
        "0.coef": (5, 2),
        "0.intercept": (2,),
        "2.0.coef": (2, 2),
    }
    assert layer.penalized == ("0.coef", "2.0.coef")


def test_names_of_statistics():
    inner = Sequential([Linear(2), "tanh", Rescale()])
    layer = Parallel([Linear(3), inner, Residual(Rescale())])
    names = ["1.2.factor", "1.2.shift", "2.0.factor", "2.0.shift"]
    assert list(layer.statistics) == names
    neutral = layer.neutral_statistics(5)
    assert list(neutral) == names
    assert [array.shape for array in neutral.values()] == [(2,), (2,), (5,), (5,)]
    assert not set(layer.weight_shapes(5)) & set(names)
    assert Parallel([Linear(3), "tanh"]).statistics == ()


def test_data_driven_weights_after_statistics():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 5)).astype(np.float32)
    layers = ["tanh", Rescale(), Linear(3, initializer=DataDriven(ReLU())), "relu"]
    weights = Sequential(layers).init_weights(5, np.random.default_rng(1), X.dtype, X)
    plain = Sequential([layers[0], *layers[2:]])
    expected = plain.init_weights(5, np.random.default_rng(1), X.dtype, X)
    np.testing.assert_array_equal(weights["2.coef"], expected["1.coef"])
    np.testing.assert_array_equal(weights["2.intercept"], expected["1.intercept"])


def test_ten_parts_or_more_are_kept_apart():
    layer = Parallel([Linear(units) for units in range(1, 13)])
    weights, X, _ = draw(layer)
    output = layer.forward(weights, X)
    own = {"coef": weights["10.coef"], "intercept": weights["10.intercept"]}
    np.testing.assert_allclose(
        output[:, 55:66], Linear(11).forward(own, X), rtol=1e-13, atol=1e-15
    )
    check_layer(layer)


def test_repeat_is_equal_layers_with_tied_weights():
    part = Residual(BLOCK)
    repeated, tied = Repeat(part, 3), Sequential([part, part, part])
    weights, X, rng = draw(repeated)
    assert list(weights) == [f"0.{name}" for name in part.weight_shapes(5)]
    same = {
        f"{position}{name[1:]}": weight
        for position in range(3)
        for name, weight in weights.items()
    }
    output, operator = repeated.linearize(weights, X)
    expected, unrolled = tied.linearize(same, X)
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(operator.todense(6), unrolled.todense(6))
    cotangent = rng.standard_normal(output.shape)
    gradients = repeated.weight_vjp(weights, X, cotangent)
    each = tied.weight_vjp(same, X, cotangent)
    for name, gradient in gradients.items():
        total = sum(each[f"{position}{name[1:]}"] for position in range(3))
        np.testing.assert_allclose(gradient, total, rtol=1e-13, atol=1e-14)


def test_gradients_use_the_draws_of_the_forward_pass():
    layer = Repeat(Sequential([Linear(5, use_bias=False), Dropout(0.5)]), 2)
    weights, X, rng = draw(layer)
    workspace = Workspace()
    output, operator = layer.linearize(
        weights, X, rng=np.random.default_rng(7), workspace=workspace
    )
    cotangent = rng.standard_normal(output.shape)
    gradient = layer.weight_vjp_at(
        operator, weights, X, cotangent, workspace=workspace
    )["0.0.coef"]
    masks = [o.diagonal for o in operator.operands if isinstance(o, Diagonal)]
    last, first = masks
    coef = weights["0.0.coef"]
    middle = X @ coef * first
    expected = middle.T @ (cotangent * last)
    expected += X.T @ (((cotangent * last) @ coef.T) * first)
    np.testing.assert_allclose(output, middle @ coef * last, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-13)
    assert not np.array_equal(first, last)


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        (Sequential([Linear(5), "tanh"]), Product),
        (Repeat(Linear(5), 2), Product),
        (Residual(Linear(5)), Sum),
        (Parallel([Linear(5), "tanh"], "add"), Sum),
        (Parallel([Linear(5), "tanh"]), Stack),
        (Frozen("tanh"), Diagonal),
    ],
    ids=repr,
)
def test_operators_keep_their_structure(layer, kind):
    weights, X, _ = draw(layer)
    assert isinstance(layer.linearize(weights, X)[1], kind)


def test_a_residual_costs_nothing_beside_its_layer():
    weights, X, _ = draw(Residual(Linear(5)))
    operator = Residual(Linear(5)).linearize(weights, X)[1]
    assert isinstance(operator.operands[0], IdentityOperator)
    assert operator.multiplications == 25


@pytest.mark.parametrize(
    ("layer", "accepts"),
    [
        (Sequential([Linear(2), "tanh"]), True),
        (Sequential(["tanh", Linear(2)]), False),
        (Parallel([Linear(2), Repeat(Linear(5))]), True),
        (Parallel([Linear(5), "tanh"]), False),
        (Repeat(Sequential([Linear(5), "tanh"])), True),
        (Frozen(Linear(5)), True),
        (Residual(Linear(5)), False),
    ],
    ids=repr,
)
def test_sparse_inputs(layer, accepts):
    assert layer.accepts_sparse == accepts
    X = np.where(DIGITS[:60, ::13] > 0.5, DIGITS[:60, ::13], 0.0)
    assert X.shape[1] == 5
    model = Classifier(layers=[layer, Linear(4)], max_iter=3, random_state=0)
    dense = model.fit(X, Y[:60]).predict_proba(X)
    sparse = clone(model).fit(csr_array(X), Y[:60]).predict_proba(csr_array(X))
    np.testing.assert_allclose(sparse, dense, rtol=1e-9)


@pytest.mark.parametrize(
    ("layer", "is_activation", "value_range"),
    [
        (Sequential([Linear(2), "sigmoid"]), True, (0.0, 1.0)),
        (Sequential(["sigmoid", Linear(2)]), False, (-np.inf, np.inf)),
        (Repeat("tanh"), True, (-1.0, 1.0)),
        (Frozen("sigmoid"), True, (0.0, 1.0)),
        (Parallel(["sigmoid", "tanh"]), True, (-1.0, 1.0)),
        (Parallel(["sigmoid", "tanh"], "add"), True, (-1.0, 2.0)),
        (Parallel(["sigmoid", Linear(2)]), False, (-np.inf, np.inf)),
        (Residual("sigmoid"), False, (-np.inf, np.inf)),
    ],
    ids=repr,
)
def test_activations(layer, is_activation, value_range):
    assert layer.is_activation == is_activation
    assert layer.value_range == value_range


def test_linear_layers_inside_suit_the_following_activation():
    layers = [
        Linear(8),
        Residual(Sequential(["relu", Linear(8), "tanh", Linear(8)])),
        "relu",
        Parallel([Linear(3), Sequential([Linear(4), "relu", Linear(5)])]),
        Frozen(Linear(6)),
        "selu",
        Repeat(Sequential(["relu", Linear(6)]), 2),
        Repeat(Sequential(["relu", Linear(6)]), 1),
        "sigmoid",
    ]
    network = build_network([*map(LAYERS.resolve, layers)], 7, 3)
    first, residual, _, parallel, frozen, _, twice, once, _, last = network.layers
    chosen = {
        "he_uniform": [
            first,  # the relu inside the residual comes next
            residual.layer.layers[3],
            parallel.layers[1].layers[0],
            twice.layer.layers[1],  # its own relu comes next
        ],
        "glorot_uniform": [
            residual.layer.layers[1],
            parallel.layers[0],
            parallel.layers[1].layers[2],
            once.layer.layers[1],
            last,
        ],
        "lecun_normal": [frozen.layer],
    }
    for name, linears in chosen.items():
        for linear in linears:
            assert linear.initializer.name == name
    assert layers[3].layers[0].initializer == "auto", "the layers given are unchanged"


def test_the_gain_of_an_orthogonal_start_reaches_inside():
    layer = Sequential([Linear(4), Residual(Sequential([Linear(4), "tanh"]))])
    network = build_network([layer], 4, 2, Orthogonal())
    inner = network.layers[0].layers[1].layer.layers[0]
    assert inner.initializer.gain == Orthogonal().for_activation(Tanh()).gain


def test_data_dependent_starts_see_what_reaches_them():
    class Centered(Linear):
        """Initialized so that the outputs have mean zero."""

        name = None

        def init_weights(self, n_in, rng, dtype, X=None):
            weights = super().init_weights(n_in, rng, dtype)
            weights["intercept"] = -np.mean(X @ weights["coef"], axis=0)
            return weights

    layer = Sequential(
        [Linear(4), "relu", Residual(Sequential(["relu", Centered(4)])), Centered(3)]
    )
    weights, X, _ = draw(layer)
    np.testing.assert_allclose(layer.forward(weights, X).mean(axis=0), 0.0, atol=1e-14)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Residual(Linear(3)), r"Residual\(.*\) adds 5 features to 3. .* units=5"),
        (Repeat(Linear(3)), r"Repeat\(.*\) needs a layer that keeps the width"),
        (Parallel([Linear(3), Linear(2)], "add"), r"of the widths \[3, 2\]"),
        (Parallel([Linear(3)], "mean"), "Parallel: join must be one of 'concatenate'"),
        (Repeat(Linear(5), 0), r"Repeat: times must be an integer in \[1"),
        (Sequential([]), "Sequential: layers must have at least one layer"),
        (Sequential([Linear(5), "rleu"]), r"Sequential: layers\[1\] 'rleu'. Did you"),
        (Frozen("linear"), "layer 'linear' needs arguments"),
        (Residual(Sequential([Dropout(2.0)])), "Dropout: rate must be"),
        ("residual", "layer 'residual' needs arguments: pass an instance of Residual"),
    ],
    ids=repr,
)
def test_errors_say_what_to_do(layer, message):
    model = Classifier(layers=[layer])
    with pytest.raises(ValueError, match=message):
        model.fit(DIGITS[:40, ::13], Y[:40])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Sequential(Linear(5)), "Sequential: layers must be a list of layers"),
        (Parallel("relu"), "Parallel: layers must be a list of layers"),
        (Residual([Linear(5)]), r"Residual: layer must be the name of a layer"),
        (Frozen(Linear), r"Frozen: layer .* Did you mean Linear\(\)"),
    ],
    ids=repr,
)
def test_what_is_no_layer_is_refused(layer, message):
    with pytest.raises(TypeError, match=message):
        Classifier(layers=[layer]).fit(DIGITS[:40, ::13], Y[:40])


def test_noise_inside_is_seen_by_full_batch_rules():
    layer = Residual(Sequential([Linear(64), Frozen(Dropout(0.5))]))
    with pytest.raises(ValueError, match="needs an objective without noise"):
        Classifier(layers=[layer], optimizer="lbfgs").fit(DIGITS, Y)
    quiet = Residual(Sequential([Linear(64), Dropout(0.0)]))
    Classifier(layers=[quiet], optimizer="lbfgs", max_iter=2).fit(DIGITS[:100], Y[:100])


def test_ranges_inside_are_seen_by_penalties():
    regularizers = {"sparsity": Sparsity(0.1, "kl")}
    model = Classifier(
        layers=[Parallel([Sequential([Linear(4), "tanh"]), "sigmoid"])],
        regularizers=regularizers,
    )
    with pytest.raises(ValueError, match=r"value_range of Parallel is \(-1.0, 1.0\)"):
        model.fit(DIGITS, Y)


def test_a_penalty_that_would_see_nothing_is_refused():
    layers = [Linear(8), Residual(Sequential(["relu", Linear(8)]))]
    model = Classifier(layers=layers, regularizers={"sparsity": 0.1}, max_iter=1)
    with pytest.raises(ValueError, match=r"Sparsity\(.*\) has no activations"):
        model.fit(DIGITS, Y)
    model.set_params(layers=[*layers, "relu"]).fit(DIGITS, Y)
    assert model.history_["penalty"][0] > 0.0


def test_a_sequence_in_the_list_of_layers_means_its_parts():
    params = {"max_iter": 3, "random_state": 0, "regularizers": {"sparsity": 0.01}}
    plain = [Linear(20), "relu", Dropout(0.2), Linear(10), "sigmoid"]
    nested = [Sequential([*plain[:2], Sequential(plain[2:4])]), plain[4]]
    model = Classifier(layers=plain, **params).fit(DIGITS, Y)
    other = Classifier(layers=nested, **params).fit(DIGITS, Y)
    np.testing.assert_array_equal(other.weights_, model.weights_)
    assert repr(other.network_) == repr(model.network_)
    assert repr(other.layers) == repr(nested)


def test_a_sequence_trains_like_its_parts_in_a_row():
    rng = np.random.default_rng(0)
    parts = [Linear(6), ReLU(), Linear(5), Tanh()]
    whole = Network([Sequential(parts), Linear(3)], 5)
    flat = Network([*parts, Linear(3)], 5)
    theta = flat.init_weights(rng, np.float64)
    X, cotangent = rng.standard_normal((4, 5)), rng.standard_normal((4, 3))
    np.testing.assert_array_equal(
        whole.gradient(theta, whole.linearize(theta, X), cotangent),
        flat.gradient(theta, flat.linearize(theta, X), cotangent),
    )
    for mode in ("forward", "reverse", "auto"):
        np.testing.assert_array_equal(
            whole.input_jacobian(theta, X, mode), flat.input_jacobian(theta, X, mode)
        )


@pytest.mark.parametrize("optimizer", ["adamw", "nadam", "adadelta", "lbfgs"])
def test_frozen_weights_keep_their_bits(optimizer):
    model = Classifier(
        layers=[Frozen(Sequential([Linear(30), "relu"])), Linear(20), "tanh"],
        optimizer=optimizer,
        regularizers={"weight_decay": 0.01, "sparsity": 0.01},
        max_iter=5,
        random_state=0,
    ).fit(DIGITS, Y)
    # Steps too short to change anything show the initial weights.
    still = clone(model).set_params(optimizer="sgd", learning_rate=1e-300)
    drawn = still.fit(DIGITS, Y).weights_
    frozen = np.zeros(drawn.size, bool)
    frozen[: 64 * 30 + 30] = True
    np.testing.assert_array_equal(model.weights_[frozen], drawn[frozen])
    assert np.mean(model.weights_[~frozen] != drawn[~frozen]) > 0.9
    np.testing.assert_array_equal(
        model.network_.decay_mask(np.float64),
        [0] * 1950 + [1] * 600 + [0] * 20 + [1] * 200 + [0] * 10,
    )


def test_views_by_name_reach_inside():
    model = Classifier(
        layers=[Residual(Linear(64)), Frozen(Linear(7)), "relu"], max_iter=1
    ).fit(DIGITS, Y)
    assert [coef.shape for coef in model.coefs_] == [(64, 64), (64, 7), (7, 10)]
    assert [b.shape for b in model.intercepts_] == [(64,), (7,), (10,)]
    assert all(np.shares_memory(coef, model.weights_) for coef in model.coefs_)


def test_residual_networks_learn_digits():
    block = Sequential([Linear(32), "relu", Dropout(0.1), Linear(48)])
    model = Classifier(
        layers=[Linear(48), "relu", Residual(block), Residual(block), "relu"],
        max_iter=30,
        random_state=0,
    )
    train, test, y_train, y_test = train_test_split(
        DIGITS, Y, test_size=0.3, random_state=0, stratify=Y
    )
    model.fit(train, y_train)
    assert model.score(test, y_test) > 0.93
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(test), model.predict_proba(test))
    assert (
        loaded.weights_.size == 64 * 48 + 48 + 2 * (48 * 32 + 32 + 32 * 48 + 48) + 490
    )


def test_a_search_over_whole_lists_of_layers():
    grid = {
        "layers": [
            [Frozen(Linear(1)), "relu"],
            [Linear(24), "relu", Residual(Sequential(["tanh", Linear(24)]))],
            [Parallel([Linear(8), Sequential([Linear(8), "relu"])])],
            [Linear(16), Repeat(Sequential(["relu", Linear(16)]), 2)],
        ]
    }
    model = Classifier(max_iter=30, learning_rate=0.01, random_state=0)
    search = GridSearchCV(model, grid, cv=3).fit(DIGITS[:600], Y[:600])
    scores = search.cv_results_["mean_test_score"]
    assert np.all(scores[1:] > 0.8)
    assert scores[0] < 0.5
    assert search.best_params_["layers"] in grid["layers"]


@pytest.mark.parametrize(
    "layer",
    [
        Residual(Sequential([Linear(6), "relu", Linear(16)])),
        Repeat(Sequential([Linear(16), "leaky_relu"]), 2),
        Parallel([Linear(3), Sequential([Frozen(Linear(4)), "hard_tanh"])]),
    ],
    ids=repr,
)
def test_gradients_of_whole_models(layer):
    model = Classifier(
        layers=[layer, Linear(5), "tanh"], regularizers={"weight_decay": 0.1}
    )
    X = DIGITS[:60, ::4]
    check_gradients(model, X, Y[:60])
    check_gradients(model.fit(X, Y[:60]), X, Y[:60])


def test_wide_layers_inside_bound_the_memory_of_jacobians():
    inside = Residual(Sequential([Linear(4096), "relu", Linear(4)]))
    assert inside.widths(4) == [4096, 4096, 4, 4]
    assert Parallel([Linear(3), Linear(4)]).widths(2) == [3, 4, 7]
    assert Network([inside, Linear(2)], 4).widths == (4, 4096, 4096, 4, 4, 2)


class Scaled(Layer):
    """One number times the input, a custom layer without support for containers."""

    def weight_shapes(self, n_in):
        return {"scale": ()}

    def init_weights(self, n_in, rng, dtype, X=None):
        return {"scale": np.asarray(rng.normal(), dtype)}

    def forward(self, weights, X, out=None):
        return np.multiply(X, weights["scale"][..., np.newaxis, np.newaxis], out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        scale = weights["scale"][..., np.newaxis, np.newaxis]
        return self.forward(weights, X), Diagonal(scale * np.ones_like(X))

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        gradient = np.sum(X * cotangent, axis=(-2, -1))
        if out is None:
            return {"scale": gradient}
        out["scale"][...] = gradient
        return out

    def weight_jvp(self, weights, X, tangents):
        return X * tangents["scale"][..., np.newaxis, np.newaxis]


@pytest.mark.parametrize(
    "layer",
    [Scaled(), Residual(Scaled()), Repeat(Scaled(), 3), Sequential([Scaled(), "tanh"])],
    ids=["alone", "residual", "repeat", "sequential"],
)
def test_custom_layers_work_inside(layer):
    check_layer(layer)


@pytest.mark.parametrize("name", ["jacobian_norm", "input_gradient"])
@pytest.mark.parametrize(
    "block",
    [
        Residual(BLOCK),
        Parallel([Linear(5), "tanh", BLOCK], "add"),
        Parallel([Sequential([Linear(2), "softmax"]), "gelu"]),
        Repeat(Sequential([Linear(5), "tanh"]), 3),
        Residual(Sequential([Frozen(Linear(4)), "sigmoid", Linear(5)])),
        Repeat(Residual(Parallel([BLOCK, "silu"], "add")), 2),
    ],
    ids=repr,
)
def test_penalties_on_the_jacobian_reach_inside(name, block):
    X, y = DIGITS[:30, 20:28], Y[:30]
    model = Classifier(
        layers=[Linear(5), "tanh", block, "tanh"],
        regularizers={name: 0.5},
        max_iter=2,
        random_state=0,
    )
    check_gradients(model.fit(X, y), X, y)
    without = clone(model).set_params(regularizers=None).fit(X, y)
    assert not np.allclose(model.weights_, without.weights_, rtol=1e-6)


@pytest.mark.parametrize("layer", [Residual(BLOCK), Repeat(BLOCK, 2)], ids=repr)
def test_gradients_of_single_rows_of_layers_inside(layer):
    X, y = DIGITS[:12, 20:25], Y[:12]
    model = Classifier(layers=[layer, "relu"], max_iter=2, random_state=0).fit(X, y)
    each = model.per_sample_gradients(X, y)
    alone = [model.per_sample_gradients(X[[s]], y[[s]])[0] for s in range(12)]
    np.testing.assert_allclose(each, alone, atol=1e-14)
    norms = model.per_sample_gradient_norms(X, y)
    np.testing.assert_allclose(norms, np.linalg.norm(each, axis=1), rtol=1e-12)


@pytest.mark.parametrize(
    "layer",
    [
        Residual(Sequential([Linear(5), "tanh", Dropout(0.5)])),
        Parallel([Sequential([Dropout(0.5), Linear(2)]), "tanh", Frozen(Linear(3))]),
        Repeat(Sequential([Linear(5), Dropout(0.4), "sigmoid"]), 2),
        Repeat(Residual(Sequential([Dropout(0.3), Linear(5)])), 3),
    ],
    ids=repr,
)
def test_every_derivative_uses_the_draws_of_the_forward_pass(layer):
    rng = np.random.default_rng(0)
    network = build_network([Linear(5), layer], 4, 3)
    theta = rng.standard_normal(network.n_weights)
    X, cotangent = rng.standard_normal((7, 4)), rng.standard_normal((7, 3))
    at = network.linearize(theta, X, np.random.default_rng(1))
    gradient = network.gradient(theta, at, cotangent)
    each = network.sample_gradients(theta, at, cotangent)
    np.testing.assert_allclose(each.sum(axis=0), gradient, atol=1e-12)
    norms = network.sample_squared_norms(theta, at, cotangent)
    np.testing.assert_allclose(norms, np.sum(each**2, axis=1), rtol=1e-12)
    tangent = rng.standard_normal(network.n_weights)
    for view in network.fixed(tangent):
        view[...] = 0.0
    change = network.weight_jvp(theta, at, tangent)
    np.testing.assert_allclose(np.sum(change * cotangent), gradient @ tangent)


def test_single_rows_of_a_sparse_table_with_layers_inside():
    X, y = DIGITS[:12, 20:25], Y[:12]
    model = Classifier(layers=[Repeat(BLOCK, 2), "relu"], max_iter=2, random_state=0)
    model.fit(X, y)
    expected = model.per_sample_gradients(X, y)
    result = model.per_sample_gradients(csr_array(X), y)
    np.testing.assert_allclose(result, expected, atol=1e-14)


@pytest.mark.parametrize("method", ["sample_gradients", "sample_squared_norms"])
@pytest.mark.parametrize(
    "layer",
    [
        Residual(Sequential([Linear(4096), "relu", Linear(48)])),
        Repeat(Sequential([Linear(512), "relu", Linear(48)]), 2),
    ],
    ids=["residual", "repeat"],
)
def test_single_rows_of_wide_layers_inside_take_the_memory_of_a_block(layer, method):
    rng = np.random.default_rng(0)
    network = Network([layer, Linear(2)], 48)
    theta = network.init_weights(rng, np.float32)
    X = rng.standard_normal((2000, 48)).astype(np.float32)
    block = row_blocks(network, 1, theta.itemsize)
    # Gradients are a result, of which a few rows are enough.
    n_rows = 3 * block if method == "sample_gradients" else 2000
    largest = theta.nbytes * block if method == "sample_gradients" else 0
    tracemalloc.start()
    workspace = NetworkWorkspace(network)
    for rows in slices(min(n_rows, 2000), block):
        at = network.linearize(theta, X[rows], None, workspace)
        getattr(network, method)(theta, at, np.ones_like(at.value))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3.0 * BLOCK_BYTES + 2.0 * largest


def test_a_repeated_layer_adds_gradients_of_few_rows_at_a_time():
    rng = np.random.default_rng(0)
    layer = Repeat(Linear(200), 3)
    weights, X, _ = draw(layer, n_in=200, n_samples=500)
    output, operator = layer.linearize(weights, X)
    cotangent = rng.standard_normal(output.shape)
    tracemalloc.start()
    norms = layer.sample_squared_norms_at(operator, weights, X, cotangent)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All gradients at once would take 160 MB.
    assert peak < 10 * BLOCK_BYTES
    some = layer.sample_gradients(weights, X[:3], cotangent[:3])
    expected = sum(np.sum(g.reshape(3, -1) ** 2, axis=1) for g in some.values())
    np.testing.assert_allclose(norms[:3], expected, rtol=1e-12)


def step(network, theta, X, rng, workspace):
    """Return the gradient of one step of training."""
    at = network.linearize(theta, X, rng, workspace)
    return network.gradient(theta, at, np.cos(at.value), out=np.empty_like(theta))


@pytest.mark.parametrize(
    "layer",
    [
        Residual(BLOCK),
        Parallel(["tanh", Sequential([Linear(3), Dropout(0.5)])]),
        Parallel([Linear(5), BLOCK, "relu"], "add"),
        Repeat(Residual(Sequential([Dropout(0.3), Linear(5)])), 3),
        Frozen(Repeat(BLOCK, 2)),
    ],
    ids=repr,
)
def test_steps_with_the_same_buffers_equal_steps_with_new_ones(layer):
    rng = np.random.default_rng(0)
    network = Network([Linear(5), layer, Linear(2)], 4)
    theta = network.init_weights(rng, np.float64)
    workspace, rngs = (
        NetworkWorkspace(network),
        [np.random.default_rng(1) for _ in "ab"],
    )
    for n_samples in (6, 6, 3, 6):
        X = rng.standard_normal((n_samples, 4))
        again = step(network, theta, X, rngs[0], workspace)
        new = step(network, theta, X, rngs[1], None)
        np.testing.assert_array_equal(again, new)
        theta -= 0.1 * again


def test_a_step_allocates_nothing_that_grows_with_the_batch():
    block = Sequential([Linear(16), "relu", Linear(16)])
    layers = [Residual(block), Parallel([block, "tanh"], "add"), Repeat(block, 2)]
    network = Network([Linear(16), *layers, Frozen(block), Linear(2)], 16)
    rng = np.random.default_rng(0)
    theta = network.init_weights(rng, np.float64)
    X, cotangent = rng.standard_normal((20_000, 16)), rng.standard_normal((20_000, 2))
    workspace, out = NetworkWorkspace(network), np.empty_like(theta)
    for measured in (False, False, True):
        if measured:
            tracemalloc.start()
        at = network.linearize(theta, X, None, workspace)
        network.gradient(theta, at, cotangent, out=out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # One pass of an elementwise function takes the same for any batch.
    assert peak < X.nbytes / 10


class Negated(Linear):
    """A linear layer with another gradient, which every training step must use."""

    name = None

    def weight_vjp(self, weights, X, cotangent, out=None, *, workspace=None):
        out = super().weight_vjp(weights, X, cotangent, out, workspace=workspace)
        for gradient in out.values():
            np.negative(gradient, gradient)
        return out


class Threefold(Residual):
    """A residual whose output, alone, is three times as large."""

    name = None

    def linearize(self, weights, X, *, rng=None, workspace=None):
        output, operator = super().linearize(weights, X, rng=rng, workspace=workspace)
        return 3.0 * output, operator


def test_training_uses_what_subclasses_inside_change():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 5))

    def evaluated(layer):
        network = Network([Sequential([layer])], 5)
        theta = network.init_weights(np.random.default_rng(1), np.float64)
        workspace = NetworkWorkspace(network)
        at = network.linearize(theta, X, None, workspace)
        return at.value.copy(), network.gradient(theta, at, np.ones((6, 5)))

    value, gradient = evaluated(Residual(Linear(5)))
    same, negated = evaluated(Residual(Negated(5)))
    np.testing.assert_array_equal(same, value)
    np.testing.assert_array_equal(negated, -gradient)
    threefold, same = evaluated(Threefold(Linear(5)))
    np.testing.assert_array_equal(threefold, 3.0 * value)
    np.testing.assert_array_equal(same, gradient)
