import numpy as np
import pytest

from skjacobnet.inspection import (
    SURFACES,
    OptimizerTrajectoryDisplay,
    Surface,
    trajectory,
)
from skjacobnet.optimizers import OPTIMIZERS, SGD

PLANE = Surface(lambda points: points.sum(-1), np.ones_like, None)
HERE = {"start": (0.0, 0.0), "window": ((-5.0, 1.0), (-5.0, 1.0))}


def line(ax, label):
    """Return the points of the line with a label."""
    (found,) = [line for line in ax.get_lines() if line.get_label() == label]
    return found.get_xydata()


@pytest.mark.parametrize("surface", list(SURFACES))
def test_values(surface, check_picture):
    rules = ["momentum", SGD(momentum=0.5), "lbfgs"]
    display = OptimizerTrajectoryDisplay.from_optimizers(
        rules, surface, n_steps=15, learning_rates=iter([1e-3, 2e-3, None])
    )
    start = display.paths[0][0]
    labels = ["momentum, rate 0.001", "SGD(momentum=0.5), rate 0.002", "lbfgs"]
    for rule, rate, label in zip(rules, (1e-3, 2e-3, None), labels, strict=True):
        expected, _ = trajectory(rule, surface, start, 15, rate)
        if label not in display.ax_[0].get_legend_handles_labels()[1]:
            assert (rule, surface) == ("lbfgs", "saddle")
            label = f"{label} (leaves)"
        else:
            np.testing.assert_array_equal(line(display.ax_[0], label), expected)
    np.testing.assert_array_equal(line(display.ax_[0], "start"), [start])
    minimum = SURFACES[surface].minimum
    if minimum is not None:
        np.testing.assert_array_equal(line(display.ax_[0], "minimum"), [minimum])
    low, high = np.transpose([display.ax_[0].get_xlim(), display.ax_[0].get_ylim()])
    assert np.all((low < start) & (start < high))
    assert np.all(display.window == np.transpose([low, high]))
    check_picture(display)


@pytest.mark.parametrize("surface", ["bowl", "rosenbrock", "beale"])
def test_values_above_the_minimum_at_each_step(surface):
    display = OptimizerTrajectoryDisplay.from_optimizers(["sgd", "adam"], surface)
    right = display.ax_[1]
    assert right.get_yscale() == "log"
    for path, values in zip(display.paths, right.get_lines(), strict=True):
        expected = SURFACES[surface].value(path)  # their minimum is zero
        np.testing.assert_array_equal(values.get_ydata(), expected)
        np.testing.assert_array_equal(values.get_xdata(), range(len(path)))


def test_ends_are_marked():
    display = OptimizerTrajectoryDisplay.from_optimizers(["sgd", "adam"], n_steps=9)
    circles = [line for line in display.ax_[0].get_lines() if line.get_marker() == "o"]
    ends = [circle.get_xydata()[0] for circle in circles[:-1]]
    np.testing.assert_array_equal(ends, [path[-1] for path in display.paths])


@pytest.mark.parametrize("surface", ["bowl", "rosenbrock", "beale"])
def test_contour_lines(surface):
    display = OptimizerTrajectoryDisplay.from_optimizers("sgd", surface, n_steps=3)
    (lines,) = display.ax_[0].collections
    # The minimum of each of them is zero.
    np.testing.assert_allclose(lines.levels[1:] / lines.levels[:-1], 4.0)
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        values = SURFACES[surface].value(path.vertices)
        # Lines are straight within a cell of the grid.
        assert np.median(np.abs(values / level - 1.0)) < 0.1


def test_contour_lines_are_above_the_minimum():
    raised = Surface(
        lambda points: 5.0 + np.sum(points**2, axis=-1),
        lambda points: 2.0 * points,
        (0.0, 0.0),
    )
    display = OptimizerTrajectoryDisplay.from_optimizers("sgd", raised, **HERE)
    (lines,) = display.ax_[0].collections
    np.testing.assert_allclose(lines.levels, 5.0 + 50.0 / 4.0 ** np.arange(6, 0, -1))


@pytest.mark.parametrize("surface", ["bowl", "rosenbrock", "beale"])
def test_the_best_learning_rate_of_each(surface, check_picture):
    rules = ["sgd", "momentum", "nesterov", "adam", "lbfgs"]
    display = OptimizerTrajectoryDisplay.from_optimizers(rules, surface)
    check_picture(display)
    assert display.names[-1] == "lbfgs"
    start = display.paths[0][0]
    for rule, name in zip(rules[:-1], display.names, strict=False):
        rate = float(name.removeprefix(f"{rule}, rate "))
        best, half, double = (
            trajectory(rule, surface, start, 200, rate * factor)[1].mean()
            for factor in (1.0, 0.3, 3.0)
        )
        assert not half < best
        assert not double < best


def test_own_learning_rates_where_there_is_no_minimum(check_picture):
    display = OptimizerTrajectoryDisplay.from_optimizers(["sgd", "adam"], "saddle")
    assert display.names == ["sgd, rate 0.1", "adam, rate 0.001"]
    assert "sgd, rate 0.1 (leaves)" in display.ax_[0].get_legend_handles_labels()[1]
    check_picture(display)


@pytest.mark.parametrize("rate", [0.1, 1e9, 1e300])
def test_paths_to_infinity(rate, check_picture):
    display = OptimizerTrajectoryDisplay.from_optimizers("sgd", learning_rates=rate)
    assert np.isnan(display.paths[0][-1]).all()
    label = f"sgd, rate {rate:g} (leaves)"
    np.testing.assert_array_equal(line(display.ax_[0], label)[0], display.paths[0][0])
    check_picture(display)


def test_all_optimizers_and_the_same_one_twice(check_picture):
    rules = (name for name in [*OPTIMIZERS.names, "sgd"])
    display = OptimizerTrajectoryDisplay.from_optimizers(rules, n_steps=20)
    assert len(display.paths) == len(OPTIMIZERS.names) + 1
    check_picture(display)


def test_a_start_elsewhere_is_seen(check_picture):
    display = OptimizerTrajectoryDisplay.from_optimizers("adam", start=[-3.0, 4.0])
    assert display.ax_[0].get_xlim()[0] < -3.0
    assert display.ax_[0].get_ylim()[1] > 4.0
    check_picture(display)


def test_a_custom_surface(check_picture):
    display = OptimizerTrajectoryDisplay.from_optimizers(
        SGD(), PLANE, learning_rates=0.5, n_steps=4, names=["downhill"], **HERE
    )
    path = -0.5 * np.arange(5.0)
    np.testing.assert_array_equal(
        line(display.ax_[0], "downhill"), np.stack([path] * 2).T
    )
    check_picture(display)


def test_a_flat_surface(check_picture):
    flat = Surface(lambda points: 0.0 * points.sum(-1), np.zeros_like, (0.0, 0.0))
    display = OptimizerTrajectoryDisplay.from_optimizers("sgd", flat, n_steps=2, **HERE)
    assert not display.ax_[0].collections
    check_picture(display)


def test_on_given_axes(plt):
    figure, (left, right) = plt.subplots(ncols=2)
    path = [[0.0, 0.0], [-1.0, -2.0]]
    display = OptimizerTrajectoryDisplay([path], PLANE, HERE["window"]).plot(ax=right)
    assert display.figure_ is figure
    assert not right.axison  # its place is divided
    assert not left.get_lines()
    np.testing.assert_array_equal(line(display.ax_[0], "1"), path)
    display.plot(ax=[left, right])
    np.testing.assert_array_equal(line(left, "1"), path)
    (values,) = right.get_lines()
    np.testing.assert_array_equal(values.get_ydata(), [0.0, -3.0])


def test_what_cannot_be_drawn():
    draw = OptimizerTrajectoryDisplay.from_optimizers
    with pytest.raises(ValueError, match="at least one optimizer, got none"):
        draw([])
    with pytest.raises(ValueError, match=r"Unknown surface 'hill'.*'bowl'"):
        draw("sgd", "hill")
    with pytest.raises(ValueError, match=r"needs a start, got None.* start=\(0"):
        draw("sgd", PLANE, window=HERE["window"])
    with pytest.raises(ValueError, match=r"needs a window, got None.* window=\("):
        draw("sgd", PLANE, start=HERE["start"])
    for start in [[[1.0], [2.0]], (0.0, np.nan)]:
        with pytest.raises(ValueError, match="start must be two finite numbers"):
            draw("sgd", start=start)
    for window in [((0.0, 1.0), (1.0, 1.0)), (0.0, 1.0), ((0.0, np.inf), (0.0, 1.0))]:
        with pytest.raises(ValueError, match="window must be"):
            draw("sgd", window=window)
    with pytest.raises(ValueError, match="one for each of the 2 optimizers, got 3"):
        draw(["sgd", "adam"], learning_rates=[0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="learning_rates must be"):
        draw("sgd", learning_rates=-0.1)
    with pytest.raises(TypeError, match="n_steps must be an integer"):
        draw("sgd", n_steps=1.5)
    with pytest.raises(ValueError, match="names must have 1 names, got 2"):
        OptimizerTrajectoryDisplay(
            [[[0, 0]]], "bowl", HERE["window"], names=["a", "b"]
        ).plot()


def test_paths_that_cannot_be_drawn(plt):
    with pytest.raises(ValueError, match="at least one path"):
        OptimizerTrajectoryDisplay([], "bowl", HERE["window"]).plot()
    with pytest.raises(ValueError, match="window must be"):
        OptimizerTrajectoryDisplay([[[0, 0]]], "bowl", ((0, 1),)).plot()
    with pytest.raises(ValueError, match="Unknown surface"):
        OptimizerTrajectoryDisplay.from_optimizers("sgd", [1])
    assert not plt.get_fignums()


def test_lbfgs_may_run_away(check_picture):
    check_picture(OptimizerTrajectoryDisplay.from_optimizers("lbfgs", "saddle"))
