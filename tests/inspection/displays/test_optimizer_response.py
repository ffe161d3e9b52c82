import numpy as np
import pytest

from skjacobnet.inspection import OptimizerResponseDisplay, impulse_response
from skjacobnet.optimizers import OPTIMIZERS, SGD, Adam


def lines(ax):
    """Return the names and the values that are drawn, without the line at zero."""
    found = [line for line in ax.get_lines() if line.get_label()[0] != "_"]
    return [line.get_label() for line in found], [line.get_ydata() for line in found]


@pytest.mark.parametrize("background", [0.0, 2.0])
def test_values(background, check_picture):
    rules = ["sgd", "momentum", Adam(beta_1=0.5)]
    display = OptimizerResponseDisplay.from_optimizers(
        rules, n_steps=10, background=background
    )
    names, values = lines(display.ax_)
    assert names == ["sgd", "momentum", "Adam(beta_1=0.5)"]
    for rule, drawn in zip(rules, values, strict=True):
        np.testing.assert_array_equal(drawn, impulse_response(rule, 10, background))
    np.testing.assert_allclose(values[1], 0.9 ** np.arange(10), rtol=1e-9)
    np.testing.assert_array_equal(display.ax_.get_lines()[-1].get_xdata(), range(10))
    assert f"(all other gradients: {background:g})" in display.ax_.get_xlabel()
    check_picture(display)


def test_all_optimizers_look_different(check_picture):
    rules = [name for name in OPTIMIZERS.names if name != "lbfgs"]
    display = OptimizerResponseDisplay.from_optimizers(rules, n_steps=100)
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == rules
    _, *drawn = display.ax_.get_lines()
    styles = {(line.get_color(), line.get_linestyle()) for line in drawn}
    assert len(styles) == len(rules)
    check_picture(display)


def test_long_names_and_the_same_name_twice(check_picture):
    rules = [
        Adam(beta_1=beta, beta_2=0.99, epsilon=1e-3, amsgrad=True)
        for beta in (0.5, 0.6, 0.7)
    ]
    display = OptimizerResponseDisplay.from_optimizers([*rules, "adam", "adam"])
    assert len(lines(display.ax_)[1]) == 5
    check_picture(display)
    display = OptimizerResponseDisplay.from_optimizers(rules, names=["a", "b", "c"])
    assert lines(display.ax_)[0] == ["a", "b", "c"]


@pytest.mark.parametrize("rule", ["nesterov", SGD(momentum=0.9, nesterov=True)])
def test_one_alone(rule, check_picture):
    display = OptimizerResponseDisplay.from_optimizers(rule, n_steps=1)
    np.testing.assert_allclose(display.responses, [[1.9]], rtol=1e-12)
    check_picture(display)


def test_a_generator_is_walked_once():
    rules = (SGD(momentum=m) for m in (0.0, 0.5))
    display = OptimizerResponseDisplay.from_optimizers(rules, n_steps=3)
    np.testing.assert_allclose(display.responses, [[1, 0, 0], [1, 0.5, 0.25]])
    assert display.names == ["SGD()", "SGD(momentum=0.5)"]


def test_on_given_axes(plt):
    figure, (left, right) = plt.subplots(ncols=2)
    display = OptimizerResponseDisplay([[1.0, 0.5], [2.0]]).plot(ax=right)
    assert (display.ax_, display.figure_) == (right, figure)
    assert not left.get_lines()
    names, values = lines(right)
    assert names == ["1", "2"]
    np.testing.assert_array_equal(values[0], [1.0, 0.5])
    assert right.get_xlabel() == "steps since the gradient"


def test_what_cannot_be_drawn():
    draw = OptimizerResponseDisplay.from_optimizers
    with pytest.raises(ValueError, match=r"at least one optimizer, got none.*'adam'"):
        draw([])
    with pytest.raises(ValueError, match=r"Unknown optimizer 'adm'.* 'adam'"):
        draw(["sgd", "adm"])
    with pytest.raises(TypeError, match=r"got <class .*Did you mean Adam\(\)"):
        draw(Adam)
    with pytest.raises(TypeError, match="takes all rows at once"):
        draw(["lbfgs"])
    with pytest.raises(ValueError, match="n_steps must be an integer"):
        draw(["sgd"], n_steps=0)
    with pytest.raises(ValueError, match="background must be a number"):
        draw(["sgd"], background=np.nan)
    with pytest.raises(ValueError, match="names must have 1 names, got 2"):
        draw(["sgd"], names=["a", "b"])


def test_no_responses(plt):
    with pytest.raises(ValueError, match="at least one response"):
        OptimizerResponseDisplay([]).plot()
    assert not plt.get_fignums()
