import numpy as np
import pytest
from autograd import elementwise_grad
from autograd import numpy as anp

from skjacobnet.layers import SmoothClip
from skjacobnet.testing import check_encoding


def test_by_hand():
    # 4 / sqrt(1 + 16/9) = 12/5; slope (5/3)^-3 = 27/125.
    X = np.array([[0.0, 7.0], [4.0, 7.0], [-4.0, 7.0], [np.nan, np.nan]])
    layer = SmoothClip(columns=(0,))
    output, operator = layer.linearize({}, X)
    np.testing.assert_allclose(output[:, 0], [0.0, 2.4, -2.4, np.nan], rtol=1e-15)
    np.testing.assert_array_equal(output[:, 1], X[:, 1])
    np.testing.assert_allclose(
        operator.diagonal, [[1.0, 1.0], [0.216, 1.0], [0.216, 1.0], [0.0, 1.0]]
    )


@pytest.mark.parametrize("limit", [0.5, 3.0])
def test_derivatives_agree_with_autograd(limit):
    X = np.random.default_rng(0).normal(scale=4.0, size=(50, 3))
    layer = SmoothClip(limit, columns=(0, 1, 2))

    def reference(x):
        return x / anp.sqrt(1.0 + (x / limit) ** 2)

    output, operator = layer.linearize({}, X)
    slope, curvature = (
        elementwise_grad(reference),
        elementwise_grad(elementwise_grad(reference)),
    )
    np.testing.assert_allclose(output, reference(X), rtol=1e-13)
    np.testing.assert_allclose(operator.diagonal, slope(X), rtol=1e-12)
    ones = np.ones((1, *X.shape))
    found, _ = layer.second_vjp({}, X, output, operator, ones, ones)
    np.testing.assert_allclose(found, curvature(X), rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_numbers_reach_the_limit(dtype):
    largest = np.finfo(dtype).max
    X = np.array([[largest, -largest, 1e-30]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        output, operator = SmoothClip(2.0, columns=(0, 1, 2)).linearize({}, X)
    assert output.dtype == dtype
    np.testing.assert_allclose(output, [[2.0, -2.0, 1e-30]], rtol=1e-6)
    np.testing.assert_allclose(operator.diagonal, [[0.0, 0.0, 1.0]], atol=1e-20)


def test_works_in_place():
    X = np.array([[4.0, 9.0]])
    layer = SmoothClip(columns=(0,))
    assert layer.forward({}, X, X) is X
    np.testing.assert_allclose(X, [[2.4, 9.0]])


@pytest.mark.parametrize("limit", [0.0, -1.0, np.inf])
def test_limits_that_make_no_sense(limit):
    with pytest.raises(ValueError, match="SmoothClip: limit must be a number in"):
        SmoothClip(limit).validate()


def test_the_contract():
    check_encoding(SmoothClip(0.7), random_state=9)
