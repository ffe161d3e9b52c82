import numpy as np
import pytest

from skjacobnet.inspection import (
    SURFACES,
    Surface,
    flow_field,
    impulse_response,
    trajectory,
)
from skjacobnet.optimizers import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    RMSProp,
)
from skjacobnet.regularizers import REGULARIZERS, Orthogonality, Sparsity
from skjacobnet.testing.finite_differences import empirical_gradient

K = np.arange(6)
SMALL_STEPS = [name for name in OPTIMIZERS.names if name != "lbfgs"]


@pytest.mark.parametrize("background", [0.0, 3.0, -0.5])
@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("sgd", 0.0**K),
        (SGD(0.9), 0.9**K),
        (SGD(0.9, nesterov=True), np.where(K == 0, 1.9, 0.9 ** (K + 1))),
    ],
    ids=str,
)
def test_momentum_is_linear(optimizer, expected, background):
    response = impulse_response(optimizer, 6, background, n_before=500)
    np.testing.assert_allclose(response, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("optimizer", [Adam(), AdamW(weight_decay=0.5)], ids=repr)
@pytest.mark.parametrize("background", [2.0, -0.25])
def test_adam_takes_back_what_a_larger_gradient_adds(optimizer, background):
    """The moments are g and g^2, plus (1 - b1) b1^k d and (1 - b2) b2^k 2 g d."""
    response = impulse_response(optimizer, 6, background)
    expected = (0.1 * 0.9**K - 0.001 * 0.999**K) / abs(background)
    np.testing.assert_allclose(response, expected, rtol=1e-5)
    long = impulse_response(optimizer, 15_000, background)
    assert abs(np.sum(long)) < 1e-4 * np.max(long)


def test_rmsprop_by_hand():
    """With v = g^2 the step g / sqrt(v): 1 - (1 - r) at first, then -(1 - r) r^k."""
    response = impulse_response(RMSProp(rho=0.9), 6, 2.0, n_before=1000)
    expected = ((K == 0) - 0.1 * 0.9**K) / 2.0
    np.testing.assert_allclose(response, expected, rtol=1e-6, atol=1e-9)


def test_adagrad_never_forgets_by_hand():
    """After n gradients b the step is b / sqrt(n b^2), and d adds 2 b d to the sum."""
    n, b = 100, 2.0
    response = impulse_response(AdaGrad(), 6, b, n_before=n)
    total = n + 1 + K
    expected = (K == 0) / (b * np.sqrt(total)) - 1.0 / (b * total**1.5)
    np.testing.assert_allclose(response, expected, rtol=1e-6, atol=1e-9)


def test_without_a_background_a_single_gradient_counts_whole():
    """Adam's first step is one; after the gradients 1 and 0 see its docstring."""
    response = impulse_response(Adam(0.5, 0.5, 1e-12), 2)
    np.testing.assert_allclose(response, [1.0, 1.0 / np.sqrt(3.0)], rtol=1e-9)


def test_adamax_by_hand():
    """A larger gradient raises the maximum at once, and for that one step alone."""
    response = impulse_response("adamax", 6, 2.0, n_before=1000)
    expected = (0.1 * 0.9**K - (K == 0)) / 2.0
    np.testing.assert_allclose(response, expected, rtol=1e-4)


@pytest.mark.parametrize("name", sorted({*SMALL_STEPS} - {"adamax"}))
def test_every_rule_moves_with_a_gradient_at_first(name):
    response = impulse_response(name, 3, 1.0, n_before=50)
    assert response.shape == (3,)
    assert np.isfinite(response).all()
    assert response[0] > 0.0


def test_what_has_no_response():
    with pytest.raises(TypeError, match=r"LBFGS.* takes all rows at once"):
        impulse_response("lbfgs", 3)
    with pytest.raises(ValueError, match="n_steps must be at least 1, got 0"):
        impulse_response("sgd", 0)


@pytest.mark.parametrize("name", SURFACES)
def test_gradients_of_surfaces(name):
    surface = SURFACES[name]
    points = np.random.default_rng(0).uniform(-2.0, 2.0, (3, 4, 2))
    values, gradients = surface.value(points), surface.gradient(points)
    assert values.shape == (3, 4)
    for index in np.ndindex(3, 4):
        expected = empirical_gradient(surface.value, points[index])
        np.testing.assert_allclose(gradients[index], expected, rtol=1e-6, atol=1e-6)
    if surface.minimum is not None:
        minimum = np.array(surface.minimum)
        assert surface.value(minimum) == 0.0
        np.testing.assert_array_equal(surface.gradient(minimum), 0.0)
        assert (values > 0.0).all()


def test_values_of_surfaces_by_hand():
    at = {name: float(s.value(np.array([2.0, 1.0]))) for name, s in SURFACES.items()}
    # (4 + 100) / 2; 1 + 100 (1 - 4)^2; 1.5, 2.25 and 2.625 squared; (4 - 1) / 2.
    assert at == {"bowl": 52.0, "rosenbrock": 901.0, "beale": 14.203125, "saddle": 1.5}


def test_gradient_descent_on_the_bowl_is_two_geometric_series():
    points, values = trajectory(SGD(), "bowl", [1.0, -2.0], 20, 0.015)
    steps = np.arange(21)
    expected = np.stack([0.985**steps, -2.0 * (-0.5) ** steps], axis=-1)
    np.testing.assert_allclose(points, expected, rtol=1e-12)
    heights = 0.5 * (expected[:, 0] ** 2 + 100.0 * expected[:, 1] ** 2)
    np.testing.assert_allclose(values, heights, rtol=1e-12)


def test_the_saddle_is_left_along_its_ridge():
    points, values = trajectory("sgd", "saddle", [1.0, 1e-3], 50, 0.1)
    np.testing.assert_allclose(points[-1], [0.9**50, 1e-3 * 1.1**50], rtol=1e-12)
    assert values[-1] < values[0]


@pytest.mark.parametrize("name", SMALL_STEPS)
def test_starts_side_by_side_equal_one_by_one(name):
    starts = np.array([[1.0, 1.0], [-1.0, 2.0], [0.5, -0.5]])
    before = starts.copy()
    points, values = trajectory(name, "rosenbrock", starts, 7, 1e-3)
    assert points.shape == (8, 3, 2)
    assert values.shape == (8, 3)
    np.testing.assert_array_equal(starts, before)
    for index, start in enumerate(starts):
        alone, heights = trajectory(name, "rosenbrock", start, 7, 1e-3)
        np.testing.assert_allclose(points[:, index], alone, rtol=1e-12)
        np.testing.assert_allclose(values[:, index], heights, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "start"),
    [("bowl", [-1.0, 1.5]), ("rosenbrock", [-1.2, 1.0]), ("beale", [1.0, 1.0])],
)
def test_lbfgs_finds_the_minimum(name, start):
    points, values = trajectory(LBFGS(), name, start, 200)
    np.testing.assert_array_equal(points[0], start)
    np.testing.assert_allclose(points[-1], SURFACES[name].minimum, atol=1e-5)
    assert len(points) == len(values) <= 201
    assert (np.diff(values) <= 0.0).all()


def test_a_path_may_leave_for_good():
    points, values = trajectory("sgd", "rosenbrock", [-1.2, 1.0], 12, 0.01)
    assert np.isfinite(points[:3]).all()
    assert not np.isfinite(values[-1])


def test_a_custom_surface_and_an_unknown_one():
    plane = Surface(lambda p: p[..., 0], lambda p: p * 0.0 + [1.0, 0.0], None)
    points, _ = trajectory(AdaDelta(), plane, [0.0, 0.0], 1, 2.0)
    # The first step of AdaDelta: sqrt(1e-6) / sqrt(0.1 + 1e-6).
    expected = -2.0 * np.sqrt(1e-6 / (0.1 + 1e-6))
    np.testing.assert_allclose(points[1], [expected, 0.0], rtol=1e-9)
    with pytest.raises(ValueError, match=r"Unknown surface 'hill'\. Available: 'bowl'"):
        trajectory("sgd", "hill", [0.0, 0.0], 1)


@pytest.mark.parametrize("name", REGULARIZERS.names)
def test_a_flow_on_a_grid_is_that_of_its_points(name):
    axis = np.linspace(0.1, 0.9, 4)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)
    regularizer = REGULARIZERS.make(name)
    flow = flow_field(regularizer, grid)
    assert flow.shape == (4, 4, 2)
    for index in np.ndindex(4, 4):
        np.testing.assert_allclose(
            flow[index], flow_field(name, grid[index]), rtol=1e-12
        )
    double = flow_field(type(regularizer)(2.0), grid)
    np.testing.assert_allclose(double, 2.0 * flow, rtol=1e-12)


def test_flows_by_hand():
    point = np.array([3.0, 4.0])
    # -4 w (|w|^2 - 1) with |w| = 5.
    np.testing.assert_allclose(flow_field(Orthogonality(), point), -96.0 * point)
    np.testing.assert_allclose(flow_field("jacobian_norm", point), -point)
    np.testing.assert_allclose(flow_field(Sparsity(0.5), point), [-0.5, -0.5])
    # Odds of 3: the gradient of the entropy for the first is -log(3) 3 / 16.
    raw = np.array([np.log(3.0), 0.0])
    pull = np.log(3.0) * 3.0 / 16.0
    np.testing.assert_allclose(flow_field("certainty", raw), [pull, -pull])
    np.testing.assert_allclose(flow_field("confidence_penalty", raw), [-pull, pull])


def test_a_grid_of_something_else_is_refused():
    with pytest.raises(ValueError, match=r"shape \(..., 2\), got \(4, 3\)"):
        flow_field("l1", np.ones((4, 3)))
