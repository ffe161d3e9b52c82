import numpy as np
import pytest

from skjacobnet.testing import empirical_jacobian, finite_difference
from skjacobnet.testing.compare import assert_close, assert_written, unchanged
from skjacobnet.testing.finite_differences import empirical_gradient


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_finite_difference_of_a_smooth_function(size, dtype):
    rng = np.random.default_rng(0)
    x = (size * rng.normal(size=(3, 4))).astype(dtype)
    direction = rng.normal(size=(3, 4)).astype(dtype)
    measured = finite_difference(lambda x: np.sin(x / size), x, direction)
    exact = np.cos(x.astype(np.float64) / size) / size * direction
    assert measured.dtype == np.float64
    # The step is 6e-6 at least, which counts where the function bends at 1e-3.
    tolerance = 1e-5 if size < 1 else 1e-9
    np.testing.assert_allclose(
        measured, exact, rtol=0, atol=tolerance * abs(exact).max()
    )


def test_the_step_counts_as_it_was_rounded():
    """A line has its slope to rounding, also where x is large and the step is odd."""
    x, direction = np.array([12345.678]), np.array([0.3])
    measured = finite_difference(lambda x: 3.0 * (x - 12345.0), x, direction)
    np.testing.assert_allclose(measured, 0.9, rtol=1e-13)


def test_finite_difference_is_central():
    """The second-order term drops out: exact for a parabola."""
    measured = finite_difference(np.square, np.zeros(1), np.ones(1))
    assert measured == 0.0


def test_finite_difference_along_nothing_is_zero():
    measured = finite_difference(np.sum, np.ones(3), np.zeros(3))
    assert measured == 0.0


def test_the_length_of_the_direction_counts():
    x, direction = np.array([0.5, 2.0]), np.array([1.0, -3.0])
    np.testing.assert_allclose(
        finite_difference(np.exp, x, 1e6 * direction),
        1e6 * finite_difference(np.exp, x, direction),
        rtol=1e-12,
    )


def test_empirical_jacobian_has_samples_outputs_inputs():
    X = np.random.default_rng(0).normal(size=(4, 3))
    coef = np.arange(6.0).reshape(3, 2)
    measured = empirical_jacobian(lambda X: np.sin(X) @ coef, X)
    exact = coef.T[np.newaxis] * np.cos(X)[:, np.newaxis]
    assert measured.shape == (4, 2, 3)
    np.testing.assert_allclose(measured, exact, atol=1e-9)


def test_empirical_jacobian_takes_integers():
    measured = empirical_jacobian(np.square, np.array([[1, 2]]))
    np.testing.assert_allclose(measured, [[[2, 0], [0, 4]]], rtol=1e-10)


@pytest.mark.parametrize(
    ("function", "X", "match"),
    [
        (lambda X: X, np.ones(3), "X must have the shape"),
        (lambda X: X[:, 0], np.ones((2, 3)), r"got \(2,\)"),
        (lambda X: X[:1], np.ones((2, 3)), r"\(2, n_out\), got \(1, 3\)"),
    ],
)
def test_empirical_jacobian_refuses_other_shapes(function, X, match):
    with pytest.raises(ValueError, match=match):
        empirical_jacobian(function, X)


def test_empirical_gradient():
    x = np.random.default_rng(0).normal(size=(2, 3))
    measured = empirical_gradient(lambda x: np.sum(x**3), x)
    np.testing.assert_allclose(measured, 3 * x**2, rtol=1e-8)


@pytest.mark.parametrize(
    ("exact", "empirical", "match"),
    [
        ([[1.0, 2.0]], [[1.0, 2.002]], r"2\.0 and .* 2\.002 at index \(0, 1\).*2e-06"),
        ([1.0, np.nan], [1.0, 2.0], r"nan and .*index \(1,\)"),
        ([1.0, np.inf], [1.0, 2.0], r"inf and .*index \(1,\)"),
        ([1.0, 2.0], [[1.0, 2.0]], r"shape \(2,\) is not the expected \(1, 2\)"),
        (1.0, 2.0, r"at index \(\)"),
    ],
)
def test_assert_close_says_where_and_how_much(exact, empirical, match):
    with pytest.raises(AssertionError, match=f"^slope: .*{match}"):
        assert_close(exact, empirical, "slope")


def test_assert_close_accepts():
    assert_close([1.0, 1e3], [1.0 + 9e-4, 1e3], "slope")
    assert_close(np.zeros((0, 2)), np.zeros((0, 2)), "slope")


def test_assert_written_wants_out_itself():
    out = np.ones(2)
    assert_written(out, out, np.ones(2), "sum")
    with pytest.raises(AssertionError, match="sum: `out` was given but not returned"):
        assert_written(np.ones(2), out, np.ones(2), "sum")
    with pytest.raises(AssertionError, match="sum, written to `out`"):
        assert_written(out, out, np.zeros(2), "sum")


class Part:
    def __init__(self):
        self.memory = [1]

    def __repr__(self):
        return "Part()"


def test_unchanged_names_what_has_changed():
    part, x = Part(), np.ones(2)
    with unchanged(part, x=x):
        pass
    with (
        pytest.raises(AssertionError, match=r"Part.*attribute 'memory'"),
        unchanged(part),
    ):
        part.memory.append(2)
    with (
        pytest.raises(AssertionError, match=r"Part.*attribute 'step'"),
        unchanged(part),
    ):
        part.step = 1
    with pytest.raises(AssertionError, match="argument 'x'"), unchanged(part, x=x):
        x[0] = 2.0
