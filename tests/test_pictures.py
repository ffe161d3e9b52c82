"""The check of figures finds covered, cut and missing texts."""

import pytest


def labeled(plt, **subplots):
    figure, axes = plt.subplots(layout="constrained", **subplots)
    for ax in figure.axes:
        ax.set(xlabel="epoch", ylabel="loss")
        ax.plot([1.0, 2.0], [1.0, 3.0])
    return figure, axes


def test_good_figures(plt, check_figure):
    check_figure(labeled(plt)[0])
    check_figure(labeled(plt, nrows=2, sharex=True)[0])
    figure, ax = labeled(plt)
    ax.set(yscale="log", ylim=(1e-12, 30.0))
    check_figure(figure)


def test_covered_text(plt, check_figure):
    figure, ax = labeled(plt)
    ax.text(1.5, 2.0, "one")
    ax.text(1.5, 2.0, "other")
    with pytest.raises(AssertionError, match="'one' covers 'other'"):
        check_figure(figure)


def test_covered_ticks(plt, check_figure):
    figure, ax = labeled(plt)
    ax.set_xticks([1.0, 1.001], ["long name", "another"])
    with pytest.raises(AssertionError, match="'long name' covers 'another'"):
        check_figure(figure)


def test_ticks_on_the_right(plt, check_figure):
    figure, ax = labeled(plt)
    right = ax.twinx()
    right.set_ylabel("score")
    right.set_yticks([0.5, 0.501], ["first", "second"])
    with pytest.raises(AssertionError, match="'first' covers 'second'"):
        check_figure(figure)


def test_cut_text(plt, check_figure):
    figure, _ = labeled(plt)
    figure.text(0.95, 0.99, "much too far to the right")
    with pytest.raises(AssertionError, match="is cut off at 640 x 480"):
        check_figure(figure)


def test_missing_labels(plt, check_figure):
    figure, _ = plt.subplots()
    with pytest.raises(AssertionError):
        check_figure(figure)


def test_nothing_to_see(plt, check_figure):
    figure = plt.figure()
    with pytest.raises(AssertionError, match="nothing to see"):
        check_figure(figure)
