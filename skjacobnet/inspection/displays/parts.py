"""What displays of parts share: names, one line style for each, one legend."""

from itertools import cycle, product

from skjacobnet.inspection.displays.drawing import COLORS
from skjacobnet.inspection.displays.rows import checked_names, shortened


def named_parts(choices, family, names=None):
    """Return a name for each part, and the parts, from what a user has chosen.

    Parameters
    ----------
    choices : str, part, or iterable of them
        One may stand alone.
    family : Family
        Where names are looked up.
    names : sequence of str, optional
        By default the name that was chosen, or how an instance was made.

    Raises
    ------
    TypeError
        If a choice is neither a name nor a part.
    ValueError
        If there is no choice or no such name, or `names` has another number.

    Examples
    --------
    >>> from skjacobnet.optimizers import OPTIMIZERS, SGD
    >>> named_parts(["adam", SGD(momentum=0.5)], OPTIMIZERS)
    (['adam', 'SGD(momentum=0.5)'], [Adam(), SGD(momentum=0.5)])
    """
    if isinstance(choices, str):
        choices = [choices]
    try:
        choices = list(choices)
    except TypeError:
        choices = [choices]
    if not choices:
        raise ValueError(
            f"{family.kind}s must have at least one {family.kind}, got none. "
            f"Available: {', '.join(map(repr, family.names))}."
        )
    parts = [family.resolve(choice) for choice in choices]
    if names is None:
        # Long ones are printed over several lines.
        names = [" ".join(str(choice).split()) for choice in choices]
    return checked_names(names, len(parts), "names"), parts


def line_styles():
    """Yield arguments of lines that can be told apart: colors, then dashes."""
    for dashes, color in cycle(product(("-", "--", ":"), COLORS)):
        yield {"color": color, "linestyle": dashes}


def legend_above(ax):
    """Name what is drawn above the axes, covering nothing, in columns that fit."""
    handles, labels = ax.get_legend_handles_labels()
    labels = [shortened(label, 38) for label in labels]
    # In letters of small print; what is left and right of the axes has room as well.
    room = 20.0 * ax.get_window_extent().width / ax.figure.dpi
    n_columns = int(room / (11 + max(map(len, labels))))
    ax.legend(
        handles,
        labels,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=min(max(n_columns, 1), 4),
        fontsize="small",
        handlelength=3.0,  # two dashes
        frameon=False,
    )
