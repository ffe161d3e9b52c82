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
