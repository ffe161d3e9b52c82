import numpy as np
import pytest

from skjacobnet.optimizers import LBFGS

DTYPES = [np.float32, np.float64]
CURVATURE = np.logspace(-1, 3, 12)
TARGET = np.linspace(-2.0, 3.0, 12)


def quadratic(theta):
    residual = theta - TARGET.astype(theta.dtype)
    gradient = CURVATURE.astype(theta.dtype) * residual
    return 0.5 * np.vdot(residual, gradient), gradient


def rosenbrock(theta):
    x, y = theta
    value = (1.0 - x) ** 2 + 100.0 * (y - x * x) ** 2
    slope = [-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)]
    return value, np.array(slope, theta.dtype)


class Record:
    """Stores the arguments of a callback."""

    def __init__(self, stop_after=np.inf):
        self.calls = []
        self.stop_after = stop_after

    def __call__(self, theta, value, gradient):
        self.calls.append((theta.copy(), value, gradient.copy()))
        return len(self.calls) >= self.stop_after


@pytest.mark.parametrize("history_size", [1, 10])
def test_minimizes_rosenbrock_to_rounding(history_size):
    theta = np.array([-1.2, 1.0])
    assert LBFGS(history_size).minimize(rosenbrock, theta, 1000, 1e-9)
    np.testing.assert_allclose(theta, [1.0, 1.0], rtol=1e-8)


@pytest.mark.parametrize(("dtype", "tol"), [(np.float32, 1e-3), (np.float64, 1e-5)])
def test_stops_where_no_component_of_the_gradient_is_larger_than_tol(dtype, tol):
    theta = np.zeros(12, dtype)
    record = Record()
    assert LBFGS().minimize(quadratic, theta, 1000, tol, record)
    sizes = [np.abs(gradient).max() for _, _, gradient in record.calls]
    assert sizes[-1] <= tol
    assert min(sizes[:-1]) > tol
    np.testing.assert_array_equal(record.calls[-1][0], theta)


@pytest.mark.parametrize("dtype", DTYPES)
def test_objective_and_callback_see_the_type_of_the_weights(dtype):
    seen = set()

    def objective(theta):
        seen.add(theta.dtype)
        return quadratic(theta)

    record = Record()
    theta = np.zeros(12, dtype)
    LBFGS().minimize(objective, theta, 5, 0.0, record)
    for weights, value, gradient in record.calls:
        assert weights.dtype == gradient.dtype == theta.dtype == dtype
        expected_value, expected_gradient = quadratic(weights)
        assert value == float(expected_value)
        np.testing.assert_array_equal(gradient, expected_gradient)
    assert seen == {np.dtype(dtype)}


@pytest.mark.parametrize("max_iter", [1, 4])
def test_max_iter_counts_iterations_and_is_no_convergence(max_iter):
    record = Record()
    theta = np.zeros(12)
    assert not LBFGS().minimize(quadratic, theta, max_iter, 1e-8, record)
    assert len(record.calls) == max_iter
    assert quadratic(theta)[0] < quadratic(np.zeros(12))[0]


def test_the_callback_stops():
    record = Record(stop_after=3)
    theta = np.zeros(12)
    assert LBFGS().minimize(quadratic, theta, 100, 1e-8, record)
    assert len(record.calls) == 3
    np.testing.assert_array_equal(theta, record.calls[-1][0])


def test_weights_are_up_to_date_when_the_callback_is_called():
    theta = np.zeros(12)
    views = []

    def callback(weights, value, gradient):
        views.append(np.array_equal(weights, theta))

    LBFGS().minimize(quadratic, theta, 5, 0.0, callback)
    assert views == [True] * 5


def test_values_fall_and_the_lowest_is_kept():
    record = Record()
    theta = np.zeros(12)
    LBFGS().minimize(quadratic, theta, 100, 0.0, record)
    values = [value for _, value, _ in record.calls]
    assert values == sorted(values, reverse=True)
    assert quadratic(theta)[0] == values[-1]


@pytest.mark.parametrize("bad", ["value", "gradient"])
def test_a_value_that_is_not_finite_ends_at_the_best_weights(bad):
    record = Record()

    def objective(theta):
        value, gradient = quadratic(theta)
        if len(record.calls) == 4:
            return (np.nan, gradient) if bad == "value" else (value, gradient * np.inf)
        return value, gradient

    theta = np.zeros(12)
    assert not LBFGS().minimize(objective, theta, 100, 1e-8, record)
    np.testing.assert_array_equal(theta, record.calls[-1][0])
    assert len(record.calls) == 4


def test_a_start_that_is_not_finite_stays():
    theta = np.ones(3)

    def objective(theta):
        return np.inf, theta

    assert not LBFGS().minimize(objective, theta, 10, 1e-8)
    np.testing.assert_array_equal(theta, np.ones(3))


def test_a_search_that_finds_nothing_lower_keeps_the_start():
    theta = np.ones(3)
    # The value rises against the gradient, so that no step can succeed.
    assert LBFGS().minimize(lambda theta: (-theta.sum(), theta * 0 + 1), theta, 9, 1e-8)
    np.testing.assert_array_equal(theta, np.ones(3))


def test_the_objective_may_reuse_its_gradient():
    buffer = np.empty(12)

    def objective(theta):
        value, buffer[...] = quadratic(theta)
        return value, buffer

    reused, fresh = np.zeros(12), np.zeros(12)
    LBFGS().minimize(objective, reused, 20, 0.0)
    LBFGS().minimize(quadratic, fresh, 20, 0.0)
    np.testing.assert_array_equal(reused, fresh)


def test_the_part_is_unchanged():
    part = LBFGS(history_size=4)
    part.minimize(quadratic, np.zeros(12), 5, 0.0)
    assert vars(part) == {"history_size": 4}


def test_history_size_reaches_the_search():
    curvature = np.linspace(1.0, 100.0, 30)

    def objective(theta):
        gradient = curvature * (theta - 1.0)
        return 0.5 * np.vdot(theta - 1.0, gradient), gradient

    ends = []
    for history_size in (1, 10):
        theta = np.linspace(-2.0, 3.0, 30)
        LBFGS(history_size).minimize(objective, theta, 30, 0.0)
        ends.append(objective(theta)[0])
    assert ends[1] < 1e-2 * ends[0]


def test_errors_of_the_objective_pass_through():
    def objective(theta):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        LBFGS().minimize(objective, np.ones(2), 5, 1e-4)
