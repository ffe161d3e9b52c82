import numpy as np
import pytest

from skjacobnet.inspection import RegularizerFlowDisplay, flow_field
from skjacobnet.regularizers import L1, REGULARIZERS, Sparsity, WeightDecay

QUANTITIES = {
    "certainty": "raw prediction",
    "confidence_penalty": "raw prediction",
    "input_gradient": "Jacobian entry",
    "jacobian_norm": "Jacobian entry",
    "l1": "weight",
    "orthogonality": "weight",
    "sparsity": "activation",
    "weight_decay": "weight",
}


def arrows(panel):
    """Return where arrows are, their directions and their colors' numbers."""
    (quiver,) = panel.collections
    directions = np.stack([quiver.U, quiver.V], axis=-1)
    return np.asarray(quiver.get_offsets()), directions, quiver.get_array().ravel()


def test_values(check_picture):
    display = RegularizerFlowDisplay.from_regularizers(REGULARIZERS.names)
    assert [panel.get_title() for panel in display.ax_] == REGULARIZERS.names
    (scale,) = {panel.collections[0].norm for panel in display.ax_}
    longest = 0.0
    for panel, name in zip(display.ax_, REGULARIZERS.names, strict=True):
        points, directions, lengths = arrows(panel)
        assert len(np.unique(points[:, 0])) == len(np.unique(points[:, 1])) == 11
        field = flow_field(name, points)
        expected = np.linalg.norm(field, axis=-1)
        np.testing.assert_allclose(lengths, np.maximum(expected, scale.vmin))
        rest = expected == 0.0
        np.testing.assert_array_equal(directions[rest], 0.0)
        np.testing.assert_allclose(
            directions[~rest] * expected[~rest, np.newaxis], field[~rest], atol=1e-12
        )
        assert panel.get_xlabel() == f"{QUANTITIES[name]} 1"
        assert panel.get_ylabel() == f"{QUANTITIES[name]} 2"
        longest = max(longest, expected.max())
    assert scale.vmax == longest
    assert display.figure_.axes[-1].get_ylabel() == "length of the gradient"
    check_picture(display)


def test_arrows_by_hand():
    display = RegularizerFlowDisplay.from_regularizers(["weight_decay", "l1"])
    for panel, expected in zip(display.ax_, ([-1.0, 0.0], [-1.0, 0.0]), strict=True):
        points, directions, _ = arrows(panel)
        (here,) = np.flatnonzero(np.all(points == [2.0, 0.0], axis=1))
        np.testing.assert_array_equal(directions[here], expected)
    points, directions, lengths = arrows(display.ax_[1])
    (corner,) = np.flatnonzero(np.all(points == [-2.0, 2.0], axis=1))
    np.testing.assert_allclose(directions[corner], [0.5**0.5, -(0.5**0.5)])
    np.testing.assert_allclose(lengths[corner], 2.0**0.5)


@pytest.mark.parametrize("n_panels", [1, 2, 5, 9])
def test_any_number_of_panels(n_panels, check_picture):
    rules = [*REGULARIZERS.names, Sparsity(form="kl")][-n_panels:]
    display = RegularizerFlowDisplay.from_regularizers(rules)
    assert display.ax_.shape == (n_panels,)
    check_picture(display)


@pytest.mark.parametrize("rule", ["l1", L1(3.0), L1(0.0), WeightDecay(1e-9)])
def test_one_alone(rule, check_picture):
    display = RegularizerFlowDisplay.from_regularizers(rule)
    assert display.ax_[0].get_title() == str(rule)
    check_picture(display)


def test_the_same_name_twice_and_a_generator():
    rules = (rule for rule in ["l1", "l1"])
    display = RegularizerFlowDisplay.from_regularizers(rules, names=["one", "two"])
    assert [panel.get_title() for panel in display.ax_] == ["one", "two"]


def test_on_given_axes(plt):
    figure, axes = plt.subplots(2, 2)
    rules = ["weight_decay", "l1"]
    for given in (axes[:, 1], list(axes[0])):
        display = RegularizerFlowDisplay.from_regularizers(rules, ax=given)
        assert list(display.ax_) == list(given)
        assert display.figure_ is figure
    assert not axes[1, 0].collections


def test_one_axes_is_divided(plt, check_figure):
    figure, (left, right) = plt.subplots(ncols=2, figsize=(12, 4), layout="constrained")
    left.set_xlabel("another")
    display = RegularizerFlowDisplay.from_regularizers(["l1", "weight_decay"], ax=right)
    assert display.figure_ is figure
    assert not right.axison
    check_figure(figure)
    middle = (left.get_position().x1 + display.ax_[0].get_position().x0) / 2
    assert all(panel.get_position().x0 > middle for panel in display.ax_)


def test_given_numbers(check_picture):
    grid = np.stack(np.meshgrid([0.0, 1.0, 2.0], [0.0, 5.0]), axis=-1)
    display = RegularizerFlowDisplay([grid], [np.ones((2, 3, 2))]).plot()
    points, directions, _ = arrows(display.ax_[0])
    np.testing.assert_array_equal(points, grid.reshape(-1, 2))
    np.testing.assert_allclose(directions, 0.5**0.5)
    assert display.ax_[0].get_title() == "1"
    assert display.ax_[0].get_xlabel() == "number 1"
    check_picture(display)


def test_what_cannot_be_drawn(plt):
    draw = RegularizerFlowDisplay.from_regularizers
    with pytest.raises(ValueError, match="at least one regularizer, got none"):
        draw([])
    with pytest.raises(ValueError, match="Unknown regularizer 'l3'"):
        draw(["l3"])
    with pytest.raises(TypeError, match=r"got 0\.1"):
        draw(0.1)
    with pytest.raises(ValueError, match="names must have 2 names, got 1"):
        draw(["l1", "sparsity"], names=["a"])
    figure, axes = plt.subplots(3)
    with pytest.raises(ValueError, match="ax must be one Axes or 2, got 3"):
        draw(["l1", "sparsity"], ax=axes)
    with pytest.raises(ValueError, match=r"in no grid.* or give 2 Axes"):
        draw(["l1", "sparsity"], ax=figure.add_axes((0, 0, 1, 1)))


def test_strengths_as_the_classifier_takes_them():
    mapping = {"l1": 5.0, "mine": WeightDecay(2.0)}
    display = RegularizerFlowDisplay.from_regularizers(mapping)
    assert display.names == ["l1", "mine"]
    for penalty, grid, field in zip(
        (L1(5.0), WeightDecay(2.0)), display.grids, display.fields, strict=True
    ):
        np.testing.assert_array_equal(field, flow_field(penalty, grid))


def test_numbers_that_do_not_go_together(plt):
    with pytest.raises(ValueError, match=r"grids and fields .* got 1 and 2"):
        RegularizerFlowDisplay([np.zeros((1, 1, 2))], [np.zeros((1, 1, 2))] * 2).plot()
    assert not plt.get_fignums()
