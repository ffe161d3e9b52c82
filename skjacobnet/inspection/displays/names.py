"""Names of features, classes and layers, shortened so that all of them fit."""

from textwrap import fill

# Longer names are cut, so that room is left for the axes.
LONGEST_NAME = 28
# So many letters of a label fit along an axis.
LONGEST_LINE = 36
# More names of columns than this would cover one another.
MOST_COLUMNS = 25
# The same for names of rows.
MOST_ROWS = 30
# Names of columns stand upright if they have more letters than this together,
UPRIGHT = 24
# and are then cut, so that the axes above them stay high enough.
LONGEST_UPRIGHT = 14
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def checked_names(names, n_names, parameter, first=1):
    """Return given names as a list of text, one for each thing to be named.

    Parameters
    ----------
    names : sequence, or None
        Given names, or None for numbers.
    n_names : int
        Number of names.
    parameter : str
        Name of the parameter, for the message.
    first : int, default=1
        First number.

    Raises
    ------
    TypeError
        If they are no sequence.
    ValueError
        If there are not `n_names`.

    Examples
    --------
    >>> checked_names(None, 2, "names"), checked_names(["a", 7], 2, "names")
    (['1', '2'], ['a', '7'])
    """
    if names is None:
        names = range(first, first + n_names)
    if isinstance(names, str) or not hasattr(names, "__len__"):
        raise TypeError(f"{parameter} must be a list of names, got {names!r}.")
    if len(names) != n_names:
        raise ValueError(f"{parameter} must have {n_names} names, got {len(names)}.")
    return [str(name) for name in names]


def shortened(name, longest=LONGEST_NAME):
    """Return a name with its middle left out if it is long.

    Examples
    --------
    >>> shortened("age"), shortened("concentration of hemoglobin in blood (g/l)")
    ('age', 'concentration o\N{HORIZONTAL ELLIPSIS} blood (g/l)')
    """
    return _literal(cut(name, longest))


def cut(name, longest):
    """Return what `shortened` does, for a name that is not written out yet."""
    return _without(name, longest, longest // 2 - 2)


def shortened_names(names, longest=LONGEST_NAME):
    """Return names, short where they are long, that still tell all things apart.

    Where some are long, the steps of a column transformer that all begin with are left
    out; then the middle of long names, or if that makes some the same, their beginning
    or their end.

    Examples
    --------
    >>> shortened_names(["encoder__plan_plus", "encoder__plan_pro"], longest=12)
    ['plan_plus', 'plan_pro']
    >>> shortened_names(["price in euros, last week", "price in euros, next week"], 16)
    ['\N{HORIZONTAL ELLIPSIS}uros, last week', '\N{HORIZONTAL ELLIPSIS}uros, next week']
    """
    n_different = len(set(names))
    if max(map(len, names), default=0) > longest:
        bare = [name.partition("__")[2] for name in names]
        if all(bare) and len(set(bare)) == n_different:
            names = bare
    for tail in (longest // 2 - 2, longest - 1, 0):
        short = [_literal(_without(name, longest, tail)) for name in names]
        if len(set(short)) == n_different:
            return short
    return [shortened(name, longest) for name in names]


def _without(name, longest, tail):
    """Return a long name with so many letters of its end, and of its beginning."""
    name = " ".join(name.split())
    if len(name) <= longest:
        return name
    head = name[: longest - tail - 1].rstrip()
    return f"{head}{ELLIPSIS}{name[len(name) - tail :]}"


def _literal(name):
    """Return a name that matplotlib writes as it is.

    It would set text between two dollars as mathematics, and leave names that begin
    with an underscore out of legends.
    """
    name = name.replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name


def wrapped(label):
    """Break a long label of an axis into lines that fit beside a small figure."""
    return fill(label, LONGEST_LINE)


def font_size(n_names):
    """Return a size, in points, at which so many names fit below one another."""
    return min(10.0, 220.0 / n_names)


def thinned(n_names, most):
    """Return the places of at most so many names, evenly spaced, the last one included.

    Examples
    --------
    >>> thinned(4, 25), thinned(10, 4)
    ([0, 1, 2, 3], [0, 3, 6, 9])
    """
    every = -(-n_names // most)
    return [*range(0, n_names - every, every), n_names - 1]


def name_columns(ax, names, most=MOST_COLUMNS, upright_letters=LONGEST_UPRIGHT):
    """Write at most so many names under columns, upright if there are many."""
    places = thinned(len(names), most)
    names = [names[place] for place in places]
    upright = len(names) > 1 and sum(map(len, names)) > UPRIGHT
    names = shortened_names(names, upright_letters if upright else LONGEST_NAME)
    ax.set_xticks(places, names, rotation=90 if upright else 0)


def name_rows(ax, names, most=MOST_ROWS):
    """Write at most so many names beside rows."""
    places = thinned(len(names), most)
    names = shortened_names([names[place] for place in places])
    ax.set_yticks(places, names, fontsize=font_size(len(places)))
