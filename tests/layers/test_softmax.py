import numpy as np
import pytest
from autograd import jacobian
from autograd import numpy as anp

from skjacobnet.core.workspace import Workspace
from skjacobnet.layers import LAYERS, Softmax
from skjacobnet.links import SOFTMAX
from skjacobnet.operators import DiagonalMinusRankOne

X = np.random.default_rng(0).normal(scale=2.0, size=(6, 4))


def reference(x):
    powers = anp.exp(x)
    return powers / anp.sum(powers)


def test_value_and_jacobian_agree_with_autograd():
    output, operator = Softmax().linearize({}, X)
    assert isinstance(operator, DiagonalMinusRankOne)
    expected = np.stack([jacobian(reference)(row) for row in X])
    np.testing.assert_allclose(output, [reference(row) for row in X], rtol=1e-13)
    np.testing.assert_allclose(operator.todense(6), expected, rtol=1e-9, atol=1e-12)


def test_jacobian_agrees_with_central_differences():
    h, tangent = 6e-6, np.random.default_rng(1).normal(size=X.shape)
    layer = Softmax()
    _, operator = layer.linearize({}, X)
    ahead, behind = (
        layer.forward({}, X + h * tangent),
        layer.forward({}, X - h * tangent),
    )
    difference = (ahead - behind) / (2.0 * h)
    np.testing.assert_allclose(operator.jvp(tangent), difference, rtol=1e-6, atol=1e-10)


def test_value_and_jacobian_by_hand():
    # Shares 1/6, 2/6, 3/6; J = diag(p) - p p^T in units of 1/36.
    output, operator = Softmax().linearize({}, np.log(np.array([[1.0, 2.0, 3.0]])))
    np.testing.assert_allclose(output, [[1 / 6, 2 / 6, 3 / 6]], rtol=1e-15)
    np.testing.assert_allclose(
        36.0 * operator.todense(1),
        [[[5.0, -2.0, -3.0], [-2.0, 8.0, -6.0], [-3.0, -6.0, 9.0]]],
        rtol=1e-13,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_inputs_reach_the_limits(dtype):
    x = np.array([[1e4, -1e4, 0.0], [1e4, 1e4, -1e4]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        output, operator = Softmax().linearize({}, x)
        dense = operator.todense(2)
    assert output.dtype == dense.dtype == dtype
    np.testing.assert_array_equal(output, [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    np.testing.assert_array_equal(dense[0], np.zeros((3, 3)))
    np.testing.assert_array_equal(dense[1, :2, :2], [[0.25, -0.25], [-0.25, 0.25]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_out_and_workspace_are_used(dtype):
    x = X.astype(dtype)
    out = np.full_like(x, np.nan)
    assert Softmax().forward({}, x, out) is out
    np.testing.assert_array_equal(out, SOFTMAX.proba(x))
    workspace = Workspace()
    first, _ = Softmax().linearize({}, x, workspace=workspace)
    second, operator = Softmax().linearize({}, 2.0 * x, workspace=workspace)
    assert first is second
    np.testing.assert_array_equal(second, SOFTMAX.proba(2.0 * x))
    np.testing.assert_array_equal(x, X.astype(dtype))
    assert operator.dtype == dtype


def test_leading_axes_equal_one_by_one():
    x = np.random.default_rng(2).normal(size=(2, 3, 5, 4))
    tangent = np.random.default_rng(3).normal(size=x.shape)
    output, operator = Softmax().linearize({}, x)
    pushed, pulled = operator.jvp(tangent), operator.vjp(tangent)
    for index in np.ndindex(2, 3):
        one, one_operator = Softmax().linearize({}, x[index])
        np.testing.assert_allclose(output[index], one, rtol=1e-14)
        for stacked, single in (
            (pushed, one_operator.jvp(tangent[index])),
            (pulled, one_operator.vjp(tangent[index])),
        ):
            np.testing.assert_allclose(stacked[index], single, rtol=1e-12, atol=1e-15)


def test_it_is_an_activation_found_by_name():
    layer = LAYERS.resolve("softmax")
    assert type(layer) is Softmax
    assert layer.is_activation
    layer.linearize({}, X)
    assert vars(layer) == {}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("extreme", [1.0, 1e4, np.inf, np.nan])
@pytest.mark.parametrize("shape", [(1, 3), (33, 10), (5, 130)])
def test_networks_side_by_side_get_what_each_gets_alone(shape, extreme, dtype):
    x = np.random.default_rng(0).normal(size=(4, *shape)).astype(dtype)
    x[1, 0, 0] *= extreme
    tangent = np.random.default_rng(1).normal(size=x.shape).astype(dtype)
    layer = Softmax()
    with np.errstate(invalid="ignore"):
        output, operator = layer.linearize({}, x, workspace=Workspace())
        pulled_back = operator.vjp(tangent)
        for k in range(4):
            expected, its = layer.linearize({}, x[k], workspace=Workspace())
            np.testing.assert_array_equal(output[k], expected)
            np.testing.assert_array_equal(pulled_back[k], its.vjp(tangent[k]))
