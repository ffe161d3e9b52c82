import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from skjacobnet.regularizers import L1, Orthogonality, WeightDecay

SHAPES = [(6, 3), (4, 4), (3, 6), (1, 1), (1, 5), (5, 1)]
DTYPES = [np.float32, np.float64]


def decay(coef):
    return 0.5 * anp.sum(coef**2)


def absolute(coef):
    return anp.sum(anp.abs(coef))


def gram_distance(coef):
    return anp.sum((coef.T @ coef - anp.eye(coef.shape[1])) ** 2)


PENALTIES = [(WeightDecay, decay), (L1, absolute), (Orthogonality, gram_distance)]


def draw(shape, seed=0):
    """Numbers of both signs, at least 0.1 from zero."""
    coef = np.random.default_rng(seed).normal(size=shape)
    return coef + 0.1 * np.sign(coef)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("penalty", "reference"), PENALTIES)
def test_value_and_gradient_are_those_of_the_formula(penalty, reference, shape):
    coef = draw(shape)
    regularizer = penalty(0.7)
    np.testing.assert_allclose(
        regularizer.value(coef), 0.7 * reference(coef), rtol=1e-12
    )
    np.testing.assert_allclose(
        regularizer.gradient(coef),
        0.7 * autograd.grad(reference)(coef),
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("penalty", [WeightDecay, L1, Orthogonality])
def test_gradient_is_the_slope_of_the_value(penalty, shape):
    coef = draw(shape, seed=1)
    direction = np.random.default_rng(2).normal(size=shape)
    regularizer = penalty(1.3)
    h = 6e-6
    slope = regularizer.value(coef + h * direction)
    slope = (slope - regularizer.value(coef - h * direction)) / (2 * h)
    exact = np.sum(regularizer.gradient(coef) * direction)
    assert abs(exact - slope) <= 1e-6 * abs(slope)


def test_values_by_hand():
    coef = np.array([[1.0, -2.0], [0.0, 2.0]])
    assert WeightDecay(2.0).value(coef) == 9.0
    assert L1(2.0).value(coef) == 10.0
    np.testing.assert_array_equal(
        L1(2.0).gradient(coef), [[2.0, -2.0], [0.0, 2.0]], strict=True
    )
    # W^T W = [[1, -2], [-2, 8]], so W^T W - I = [[0, -2], [-2, 7]].
    assert Orthogonality(0.5).value(coef) == 0.5 * (0 + 4 + 4 + 49)
    # W (W^T W - I) = [[4, -16], [-4, 14]].
    np.testing.assert_array_equal(
        Orthogonality(0.5).gradient(coef), [[8.0, -32.0], [-8.0, 28.0]]
    )


@pytest.mark.parametrize("shape", [(6, 3), (4, 4)])
def test_orthonormal_columns_cost_nothing(shape):
    coef, _ = np.linalg.qr(draw(shape))
    assert abs(Orthogonality().value(coef)) < 1e-28
    np.testing.assert_allclose(Orthogonality().gradient(coef), 0.0, atol=1e-14)


def test_orthonormal_rows_of_a_wide_matrix_cost_the_columns_that_are_too_many():
    coef = np.linalg.qr(draw((6, 3)))[0].T
    np.testing.assert_allclose(Orthogonality(2.0).value(coef), 2.0 * 3, rtol=1e-14)
    np.testing.assert_allclose(Orthogonality().gradient(coef), 0.0, atol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(6, 3), (4, 4), (3, 6)])
@pytest.mark.parametrize("penalty", [WeightDecay, L1, Orthogonality])
def test_a_stack_equals_one_by_one(penalty, shape, dtype):
    coefs = draw((2, 3, *shape)).astype(dtype)
    regularizer = penalty(0.7)
    values, gradients = regularizer.value(coefs), regularizer.gradient(coefs)
    assert values.shape == (2, 3)
    rtol = 1e-6 if dtype == np.float32 else 1e-14
    for index in np.ndindex(2, 3):
        np.testing.assert_allclose(
            values[index], regularizer.value(coefs[index]), rtol=rtol
        )
        single = regularizer.gradient(coefs[index])
        np.testing.assert_allclose(
            gradients[index], single, rtol=rtol, atol=rtol * abs(single).max()
        )


@pytest.mark.parametrize("strength", [1, 0.5, np.float64(0.5)])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("penalty", [WeightDecay, L1, Orthogonality])
def test_dtype_is_kept_and_out_is_used(penalty, dtype, strength):
    coef = draw((3, 4)).astype(dtype)
    before = coef.copy()
    regularizer = penalty(strength)
    out = np.full_like(coef, np.nan)
    gradient = regularizer.gradient(coef, out)
    assert gradient is out
    np.testing.assert_array_equal(out, regularizer.gradient(coef), strict=True)
    assert regularizer.value(coef).dtype == dtype
    np.testing.assert_array_equal(coef, before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("penalty", [WeightDecay, L1, Orthogonality])
def test_large_weights_stay_finite(penalty, dtype):
    coef = np.array([[1e4, -1e4, 0.0], [0.0, 1e4, 1e4]], dtype)
    assert np.isfinite(penalty().value(coef))
    assert np.isfinite(penalty().gradient(coef)).all()


@pytest.mark.parametrize("penalty", [WeightDecay, L1, Orthogonality])
def test_strength_zero_is_no_penalty(penalty):
    coef = draw((3, 4))
    assert penalty(0.0).value(coef) == 0.0
    assert not penalty(0.0).gradient(coef).any()
