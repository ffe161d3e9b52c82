"""Figures, legends and colors that all displays share."""

from itertools import cycle, product

import numpy as np

from skjacobnet.inspection.displays.replacing import remove_earlier

# Okabe and Ito's palette without its yellow, which is too light for lines.
COLORS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#000000",
)

# Perceptually even, and readable without telling red from green.
SEQUENTIAL = "cividis"
DIVERGING = "RdBu_r"


def pyplot(display):
    """Import and return matplotlib.pyplot.

    Parameters
    ----------
    display : object
        Display that draws, for the error message.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib. Install it with "
            "`pip install skjacobnet[plots]`."
        ) from error
    return plt


def figure_and_axes(display, ax):
    """Return the figure and the axes to draw on, new ones if `ax` is None.

    Raises
    ------
    TypeError
        If `ax` is no Axes.
    ValueError
        If there is more than one.
    """
    plt = pyplot(display)
    if ax is None:
        return plt.subplots(layout="constrained")
    axes = _given(plt, ax)
    if len(axes) != 1:
        raise ValueError(f"ax must be one Axes, got {len(axes)}.")
    remove_earlier(display, axes)
    return axes[0].figure, axes[0]


def figure_and_panels(display, ax, n_panels, n_columns, **options):
    """Return the figure and one Axes for each panel, on a new figure if `ax` is None.

    Parameters
    ----------
    display : object
        Display that draws.
    ax : matplotlib Axes, or array-like of n_panels of them, or None
        Axes to draw on. One Axes is divided into panels.
    n_panels, n_columns : int
        Number of panels, and number of them side by side where one Axes is divided.
    **options
        Arguments of a new figure, by default ``layout="constrained"``.

    Returns
    -------
    figure : matplotlib Figure
    axes : array of shape (n_panels,)

    Raises
    ------
    TypeError
        If `ax` is no Axes.
    ValueError
        If one Axes is not in a grid, or several are not as many as the panels.
    """
    plt = pyplot(display)
    room = {}
    if ax is None:
        grid = plt.figure(**{"layout": "constrained", **options}).add_gridspec
    else:
        axes = _given(plt, ax)
        if len(axes) == n_panels:
            remove_earlier(display, axes)
            for one in axes:
                one.set_axis_on()  # it may have been divided before
            return axes[0].figure, axes
        if len(axes) != 1:
            raise ValueError(f"ax must be one Axes or {n_panels}, got {len(axes)}.")
        (ax,) = axes
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError(
                "ax is in no grid, so its place cannot be divided. Make it with "
                f"plt.subplots(), or give {n_panels} Axes."
            )
        remove_earlier(display, axes)
        ax.set_axis_off()
        grid = place.subgridspec
        if ax.figure.get_layout_engine() is None:
            # Without a layout labels would lie on other panels.
            room = {"hspace": 0.8, "wspace": 0.6}
    n_rows = -(-n_panels // n_columns)
    axes = grid(n_rows, n_columns, **room).subplots(squeeze=False).ravel()
    for unused in axes[n_panels:]:
        unused.remove()
    return axes[0].figure, axes[:n_panels]


def _given(plt, ax):
    """Return the Axes that a user has given, as an array."""
    axes = np.ravel(np.asarray(ax, object))
    for one in axes:
        if not isinstance(one, plt.Axes):
            raise TypeError(
                f"ax must be matplotlib Axes, got {one!r}. Make one with "
                "plt.subplots()."
            )
    return axes


def fresh_scales(ax):
    """Give Axes the scales of new ones, whatever was drawn on them before."""
    ax.set(xscale="linear", yscale="linear", aspect="auto")
    ax.set_autoscale_on(True)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_inverted(False)
        axis.reset_ticks()  # with the size and the rotation of their labels


def whole_numbers(axis):
    """Put ticks at whole numbers only, also where there are few.

    Fixed ticks and those of a logarithmic scale, which a user may have set, stay.
    """
    from matplotlib.ticker import MaxNLocator

    if isinstance(axis.get_major_locator(), MaxNLocator):
        axis.get_major_locator().set_params(integer=True, min_n_ticks=1)


def draw_line(ax, x, values, **style):
    """Draw a line, with a point at each number that has no neighbor to be joined to."""
    seen = np.isfinite(np.asarray(values, float))
    joined = np.zeros_like(seen)
    joined[1:] |= seen[:-1]
    joined[:-1] |= seen[1:]
    alone = np.flatnonzero(seen & ~joined).tolist()
    # Otherwise the legend would show points that are not there.
    points = {"marker": "o", "markevery": alone} if alone else {}
    return ax.plot(x, values, **points, **style)


def legend_above(ax, handles=None):
    """Write a legend above the axes, in columns that fit.

    Parameters
    ----------
    ax : matplotlib Axes
    handles : list of matplotlib artists, optional
        Artists with labels. By default all of `ax`.
    """
    if handles is None:
        handles, _ = ax.get_legend_handles_labels()
    width = ax.get_window_extent().width / ax.figure.dpi
    ax.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        **_style_of_legend(handles, width),
    )


def legend_outside(figure, handles):
    """Write a legend above all panels of a figure."""
    # That of a small figure, so that there is room if it is made smaller.
    style = _style_of_legend(handles, width=5.2)
    figure.legend(handles=handles, loc="outside upper center", **style)


def _style_of_legend(handles, width):
    """Return arguments of a legend with as many columns as fit in a width in inches."""
    # In letters of small print; there is also room left and right of the axes.
    room = 20.0 * width
    n_columns = int(room / (11 + max(len(handle.get_label()) for handle in handles)))
    return {
        "ncols": min(max(n_columns, 1), 4),
        "fontsize": "small",
        "handlelength": 3.0,  # two dashes
        "frameon": False,
    }


def line_styles():
    """Yield arguments of lines that can be told apart: colors, then dashes."""
    for dashes, color in cycle(product(("-", "--", ":"), COLORS)):
        yield {"color": color, "linestyle": dashes}


def sequential_colors(n_colors):
    """Return colors from dark to light without the palest, which is lost on white."""
    from matplotlib import colormaps

    return colormaps[SEQUENTIAL](np.linspace(0.0, 0.85, n_colors))


def log_ticks(axis):
    """Label a logarithmic axis so that no label covers another.

    Decades are labeled where there are enough of them, otherwise ones, twos and fives,
    and over less than that round numbers. Call it once everything is drawn.
    """
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    low, high = sorted(axis.get_view_interval())
    axis.set_minor_formatter(NullFormatter())
    if high < 100.0 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
