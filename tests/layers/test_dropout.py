import numpy as np
import pytest

from skjacobnet.core import Streams
from skjacobnet.core.workspace import Workspace
from skjacobnet.layers import LAYERS, Dropout, Linear
from skjacobnet.operators import Diagonal, multiply

DTYPES = [np.float32, np.float64]
RATES = [0.0, 0.2, 0.5, 0.9]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_mean_is_preserved(rate, dtype):
    x = np.ones((1000, 200), dtype)
    output, _ = Dropout(rate).linearize({}, x, rng=np.random.default_rng(0))
    assert output.dtype == dtype
    # A mask is 1 / (1 - r) with probability 1 - r: mean 1, variance r / (1 - r).
    error = np.sqrt(rate / (1.0 - rate) / x.size)
    assert abs(output.mean(dtype=np.float64) - 1.0) <= 4.0 * error + 1e-6
    assert abs(np.mean(output == 0.0) - rate) <= 4.0 * np.sqrt(
        rate * (1.0 - rate) / x.size
    )
    kept = np.unique(output[output != 0.0])
    np.testing.assert_allclose(kept, [1.0 / (1.0 - rate)], rtol=np.finfo(dtype).eps)


def test_masks_are_independent_across_features_and_samples():
    n = 500
    x = np.ones((n, n))
    output, _ = Dropout(0.5).linearize({}, x, rng=np.random.default_rng(0))
    mask = output - 1.0
    # Products of neighbors have mean 0 and variance 1.
    for product in (mask[1:] * mask[:-1], mask[:, 1:] * mask[:, :-1]):
        assert abs(product.mean()) <= 4.0 / np.sqrt(product.size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_predicting_is_the_identity(dtype):
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(dtype)
    output, operator = Dropout(0.7).linearize({}, x)
    np.testing.assert_array_equal(output, x)
    np.testing.assert_array_equal(Dropout(0.7).forward({}, x), x)
    assert isinstance(operator, Diagonal)
    assert operator.diagonal.shape == (1, 3)
    assert output.dtype == operator.dtype == dtype
    dense = operator.todense(6)
    np.testing.assert_array_equal(dense, np.broadcast_to(np.eye(3), (6, 3, 3)))
    np.testing.assert_array_equal(operator.vjp(x), x)
    out = np.full_like(x, np.nan)
    assert Dropout().forward({}, x, out) is out
    np.testing.assert_array_equal(out, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_jacobian_is_the_mask(dtype):
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(dtype)
    output, operator = Dropout(0.4).linearize({}, x, rng=np.random.default_rng(1))
    mask = operator.diagonal
    np.testing.assert_array_equal(output, x * mask)
    assert 0 < np.count_nonzero(mask) < mask.size
    dense = np.zeros((6, 3, 3), dtype)
    dense[:, range(3), range(3)] = mask
    np.testing.assert_array_equal(operator.todense(6), dense)
    # The mask is fixed once drawn, so the map is linear: differences are exact slopes.
    ahead, _ = Dropout(0.4).linearize({}, 2.0 * x, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(ahead - output, operator.jvp(x))


def test_equal_generators_give_equal_masks_and_the_next_differs():
    x, rng = np.ones((20, 10)), np.random.default_rng(0)
    first, _ = Dropout().linearize({}, x, rng=rng)
    second, _ = Dropout().linearize({}, x, rng=rng)
    again, _ = Dropout().linearize({}, x, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(first, again)
    assert (first != second).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_live_in_the_workspace(dtype):
    x, rng, workspace = np.ones((20, 10), dtype), np.random.default_rng(0), Workspace()
    first, first_operator = Dropout().linearize({}, x, rng=rng, workspace=workspace)
    copy = first.copy()
    second, operator = Dropout().linearize({}, x, rng=rng, workspace=workspace)
    assert first is second
    assert first_operator.diagonal is operator.diagonal
    assert (copy != second).any()
    np.testing.assert_array_equal(x, np.ones((20, 10)))
    # Predicting in between leaves the mask of training alone, and the other way round.
    mask = operator.diagonal.copy()
    _, identity = Dropout().linearize({}, x, workspace=workspace)
    np.testing.assert_array_equal(operator.diagonal, mask)
    Dropout().linearize({}, x, rng=rng, workspace=workspace)
    np.testing.assert_array_equal(identity.diagonal, np.ones((1, 10)))


def test_leading_axes_equal_one_by_one():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4))
    output, operator = Dropout(0.3).linearize({}, x, rng=np.random.default_rng(1))
    rng = np.random.default_rng(1)
    for index in np.ndindex(2, 3):
        one, one_operator = Dropout(0.3).linearize({}, x[index], rng=rng)
        np.testing.assert_array_equal(output[index], one)
        np.testing.assert_array_equal(operator.diagonal[index], one_operator.diagonal)
    np.testing.assert_array_equal(Dropout(0.3).forward({}, x), x)


def test_identity_multiplies_with_stacked_neighbors():
    rng = np.random.default_rng(0)
    coef = rng.normal(size=(3, 4, 2))
    weights = {"coef": coef, "intercept": np.zeros((3, 2))}
    hidden, constant = Linear(2).linearize(weights, rng.normal(size=(3, 5, 4)))
    _, identity = Dropout().linearize({}, hidden)
    assert identity.diagonal.shape == (1, 1, 2)
    expected = np.broadcast_to(coef.swapaxes(-1, -2)[:, np.newaxis], (3, 5, 2, 4))
    product = multiply(identity, constant)
    np.testing.assert_allclose(product.todense(5), expected, rtol=1e-15)


def test_rate_from_numpy_does_not_widen_the_data_type():
    x = np.ones((4, 3), np.float32)
    rng = np.random.default_rng(0)
    output, operator = Dropout(np.float64(0.5)).linearize({}, x, rng=rng)
    assert output.dtype == operator.dtype == np.float32


def test_use_leaves_the_layer_as_it_was():
    layer = Dropout(0.25)
    layer.validate()
    layer.linearize({}, np.ones((4, 3)), rng=np.random.default_rng(0))
    layer.linearize({}, np.ones((4, 3)))
    assert vars(layer) == {"rate": 0.25}
    assert not layer.is_activation


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_rate_out_of_range_is_refused(rate):
    with pytest.raises(ValueError, match=r"rate must be a number in \[0, 1\)"):
        LAYERS.resolve(Dropout(rate))


def test_name():
    assert LAYERS.resolve("dropout").rate == 0.5


def streams(n=3):
    return Streams([np.random.default_rng(seed) for seed in range(n)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(7, 5), (1, 1), (1, 4), (6, 1)])
@pytest.mark.parametrize("own_rates", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_networks_side_by_side_lose_what_each_loses_alone(
    shared, own_rates, shape, dtype
):
    x = np.random.default_rng(9).normal(size=(3, *shape)).astype(dtype)
    x = x[0] if shared else x
    rates = [0.0, 1.0 / 3.0, 0.9] if own_rates else [0.4] * 3
    layer = Dropout(np.array(rates) if own_rates else 0.4)
    together, alone = streams(), streams().generators
    workspace = Workspace()
    for _ in range(2):
        output, operator = layer.linearize({}, x, rng=together, workspace=workspace)
        assert output.shape == (3, *shape)
        assert output.dtype == operator.dtype == dtype
        for k, rng in enumerate(alone):
            own = x if shared else x[k]
            expected, its = Dropout(rates[k]).linearize({}, own, rng=rng)
            np.testing.assert_array_equal(output[k], expected)
            np.testing.assert_array_equal(operator.diagonal[k], its.diagonal)


def test_networks_side_by_side_have_separate_masks():
    output, _ = Dropout().linearize({}, np.ones((20, 10)), rng=streams())
    assert (output[0] != output[1]).any()
    assert (output[1] != output[2]).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_networks_side_by_side_predict_what_they_are_given(dtype):
    x = np.random.default_rng(9).normal(size=(3, 4, 2)).astype(dtype)
    layer = Dropout(np.array([0.1, 0.2, 0.3]))
    np.testing.assert_array_equal(layer.forward({}, x), x)
    output, operator = layer.linearize({}, x)
    np.testing.assert_array_equal(output, x)
    np.testing.assert_array_equal(operator.vjp(x), x)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (0.0, False),
        (0.1, True),
        (np.zeros(2), False),
        (np.array([0.0, 0.1]), True),
    ],
    ids=str,
)
def test_whether_anything_is_dropped(rate, expected):
    assert Dropout(rate).is_random is expected
