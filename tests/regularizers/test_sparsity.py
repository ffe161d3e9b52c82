import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from skjacobnet.layers import ReLU
from skjacobnet.layers.base import Elementwise
from skjacobnet.regularizers import Sparsity

FORMS = [Sparsity(0.7), Sparsity(0.7, "kl", 0.2)]
DTYPES = [np.float32, np.float64]
WEIGHTS = [None, np.array([0.5, 2.0, 0.0, 1.5, 1.0])]


def reference(form, activation, sample_weight, target=0.2):
    n_samples = activation.shape[0]
    weights = np.ones(n_samples) if sample_weight is None else sample_weight
    if form == "l1":
        return anp.sum(weights[:, None] * anp.abs(activation)) / n_samples
    mean = anp.dot(weights, activation) / np.sum(weights)
    return anp.sum(
        target * anp.log(target / mean)
        + (1 - target) * anp.log((1 - target) / (1 - mean))
    )


def draw(shape=(5, 3), seed=0):
    return np.random.default_rng(seed).uniform(0.1, 0.9, shape)


class Bounded(Elementwise):
    """An activation between `low` and `high`."""

    def __init__(self, low, high):
        self.low = low
        self.high = high

    @property
    def value_range(self):
        return (self.low, self.high)

    def function(self, x, out=None):
        raise NotImplementedError

    derivative = second_derivative = function


@pytest.mark.parametrize("sample_weight", WEIGHTS)
@pytest.mark.parametrize("regularizer", FORMS)
def test_value_and_cotangent_are_those_of_the_formula(regularizer, sample_weight):
    def function(activation):
        return 0.7 * reference(regularizer.form, activation, sample_weight)

    activation = draw()
    if regularizer.form == "l1":
        activation[::2] *= -1
    np.testing.assert_allclose(
        regularizer.value(activation, sample_weight), function(activation), rtol=1e-12
    )
    np.testing.assert_allclose(
        regularizer.cotangent(activation, sample_weight),
        autograd.grad(function)(activation),
        rtol=1e-9,
        atol=1e-15,
    )


@pytest.mark.parametrize("sample_weight", WEIGHTS)
@pytest.mark.parametrize("regularizer", FORMS)
def test_cotangent_is_the_slope_of_the_value(regularizer, sample_weight):
    activation, direction = draw(seed=1), draw(seed=2)
    h = 6e-6
    slope = regularizer.value(activation + h * direction, sample_weight)
    slope -= regularizer.value(activation - h * direction, sample_weight)
    slope /= 2 * h
    exact = np.sum(regularizer.cotangent(activation, sample_weight) * direction)
    assert abs(exact - slope) <= 1e-6 * abs(slope)


def test_kl_by_hand():
    # Means 1/2 and 1/4 with target 1/4: only the first unit differs.
    activation = np.array([[0.5, 0.0], [0.5, 0.5]])
    regularizer = Sparsity(2.0, "kl", 0.25)
    by_hand = 2.0 * (0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    np.testing.assert_allclose(regularizer.value(activation), by_hand, rtol=1e-14)
    # Slopes 2 (-(1/4)/(1/2) + (3/4)/(1/2)) = 2 and 0, shared by two rows.
    np.testing.assert_allclose(
        regularizer.cotangent(activation), [[1.0, 0.0], [1.0, 0.0]], atol=1e-15
    )


@pytest.mark.parametrize("regularizer", FORMS)
def test_an_integer_weight_is_a_repeated_row(regularizer):
    activation = draw()
    counts = np.array([2, 1, 3, 1, 1])
    repeated = np.repeat(activation, counts, axis=0)
    weights = counts / counts.mean()
    np.testing.assert_allclose(
        regularizer.value(activation, weights),
        regularizer.value(repeated),
        rtol=1e-13,
    )
    rows = np.repeat(np.arange(5), counts)
    summed = np.zeros_like(activation)
    np.add.at(summed, rows, regularizer.cotangent(repeated))
    np.testing.assert_allclose(
        regularizer.cotangent(activation, weights), summed, rtol=1e-13
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sample_weight", WEIGHTS)
@pytest.mark.parametrize("regularizer", FORMS)
def test_a_stack_equals_one_by_one(regularizer, sample_weight, dtype):
    activations = draw((2, 3, 5, 4)).astype(dtype)
    values = regularizer.value(activations, sample_weight)
    cotangents = regularizer.cotangent(activations, sample_weight)
    assert values.shape == (2, 3)
    rtol = 1e-5 if dtype == np.float32 else 1e-13
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(
            values[index],
            regularizer.value(activations[index], sample_weight),
            rtol=rtol,
        )
        np.testing.assert_allclose(
            cotangents[index],
            regularizer.cotangent(activations[index], sample_weight),
            rtol=rtol,
        )


@pytest.mark.parametrize("sample_weight", WEIGHTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", ["l1", "kl"])
def test_dtype_is_kept(form, dtype, sample_weight):
    regularizer = Sparsity(np.float64(0.5), form, np.float64(0.2))
    activation = draw().astype(dtype)
    before = activation.copy()
    assert regularizer.value(activation, sample_weight).dtype == dtype
    cotangent = regularizer.cotangent(activation, sample_weight)
    assert cotangent.dtype == dtype
    assert not np.shares_memory(cotangent, activation)
    np.testing.assert_array_equal(activation, before)


@pytest.mark.parametrize("dtype", DTYPES)
def test_units_that_are_always_off_or_on_are_pulled_back(dtype):
    activation = np.array([[0.0, 1.0], [0.0, 1.0]], dtype)
    regularizer = Sparsity(1.0, "kl", 0.25)
    assert np.isfinite(regularizer.value(activation))
    cotangent = regularizer.cotangent(activation)
    assert np.isfinite(cotangent).all()
    assert (cotangent[:, 0] < 0).all()
    assert (cotangent[:, 1] > 0).all()


@pytest.mark.parametrize("mean", [1e-17, 5e-17])
def test_kl_goes_on_along_its_tangent_below_the_machine_precision(mean):
    regularizer = Sparsity(1.0, "kl", 0.25)
    here, there = np.array([[mean]]), np.array([[2.2e-16]])
    rise = regularizer.value(here) - regularizer.value(there)
    slope = regularizer.cotangent(here)[0, 0]
    np.testing.assert_allclose(rise, slope * (mean - 2.2e-16), rtol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_l1_of_large_activations(dtype):
    activation = np.array([[1e4, -1e4], [0.0, 1e4]], dtype)
    assert Sparsity().value(activation) == dtype(1.5e4)
    np.testing.assert_array_equal(
        Sparsity().cotangent(activation),
        np.array([[0.5, -0.5], [0.0, 0.5]], dtype),
        strict=True,
    )


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.25, 0.75)])
def test_kl_accepts_activations_between_0_and_1(low, high):
    Sparsity(form="kl").check_layer(Bounded(low, high))


@pytest.mark.parametrize("layer", [ReLU(), Bounded(-1.0, 1.0), Bounded(0.0, 1.1)])
def test_kl_refuses_others_and_l1_accepts_all(layer):
    with pytest.raises(ValueError, match=rf"'kl'.*{type(layer).__name__}.*form='l1'"):
        Sparsity(form="kl").check_layer(layer)
    Sparsity(form="l1").check_layer(layer)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"form": "l2"}, "form must be one of 'l1', 'kl'"),
        ({"target": 0.0}, "target must be a number in"),
        ({"target": 1.0}, "target must be a number in"),
        ({"strength": -1.0}, "strength must be a number in"),
    ],
)
def test_arguments_out_of_range(arguments, match):
    with pytest.raises(ValueError, match=match):
        Sparsity(**arguments).validate()
