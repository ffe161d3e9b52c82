"""What displays of parts share: names, and one line style for each."""

from itertools import cycle, product

from skjacobnet.inspection.displays.drawing import COLORS
from skjacobnet.inspection.displays.names import checked_names


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
