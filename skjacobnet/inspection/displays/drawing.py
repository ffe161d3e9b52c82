"""What all displays share: a figure to draw on, and colors that everyone can tell."""

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
