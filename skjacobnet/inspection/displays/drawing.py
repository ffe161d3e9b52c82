"""What all displays share: a figure to draw on, and colors that everyone can tell."""

import numpy as np

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
        Who needs it, for the error.

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
    """Return the figure and the axes to draw on, new ones if `ax` is None."""
    plt = pyplot(display)
    if ax is not None:
        return ax.figure, ax
    return plt.subplots(layout="constrained")


def figure_and_panels(display, ax, n_panels, n_columns, **options):
    """Return the figure and one Axes for each panel, on a new figure if `ax` is None.

    Parameters
    ----------
    display : object
        Who needs them, for an error.
    ax : matplotlib Axes, or array-like of n_panels of them, or None
        One gives its place up, to be divided among the panels.
    n_panels, n_columns : int
        How many panels, and how many of them side by side where a place is divided.
    **options
        Of a new figure, by default ``layout="constrained"``.

    Returns
    -------
    figure : matplotlib Figure
    axes : array of shape (n_panels,)

    Raises
    ------
    ValueError
        If one Axes is not in a grid, or several are not as many as the panels.
    """
    plt = pyplot(display)
    if ax is None:
        grid = plt.figure(**{"layout": "constrained", **options}).add_gridspec
    elif isinstance(ax, plt.Axes):
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError(
                "ax is in no grid, so its place cannot be divided. Make it with "
                f"plt.subplots(), or give {n_panels} Axes."
            )
        ax.set_axis_off()
        grid = place.subgridspec
    else:
        axes = np.ravel(ax)
        if len(axes) != n_panels:
            raise ValueError(f"ax must be one Axes or {n_panels}, got {len(axes)}.")
        return axes[0].figure, axes
    n_rows = -(-n_panels // n_columns)
    axes = grid(n_rows, n_columns).subplots(squeeze=False).ravel()
    for unused in axes[n_panels:]:
        unused.remove()
    return axes[0].figure, axes[:n_panels]


def sequential_colors(n_colors):
    """Return colors from dark to light without the palest, which is lost on white."""
    from matplotlib import colormaps

    return colormaps[SEQUENTIAL](np.linspace(0.0, 0.85, n_colors))


def log_ticks(axis):
    """Label a logarithmic axis so that no label covers another.

    Decades are labeled where there are enough of them, otherwise ones, twos and fives,
    and over less than that whatever is round. Call it once everything is drawn.
    """
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    low, high = sorted(axis.get_view_interval())
    axis.set_minor_formatter(NullFormatter())
    if high < 100.0 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
