"""What displays of single rows share: the row, and the names of its features."""

from textwrap import fill

import numpy as np

from skjacobnet._validation import Interval

# Longer names are cut in the middle, so that room is left for the picture.
LONGEST_NAME = 28

# So many letters of a label fit along an axis.
LONGEST_LINE = 40

# What `output` means in words.
OUTPUTS = {
    "proba": "probability",
    "raw": "raw prediction",
    "log_proba": "log-probability",
}


def one_row(x):
    """Return one row as a table, with the names of its columns where it has any.

    Parameters
    ----------
    x : array-like of shape (n_features,) or (1, n_features), or a frame of one row

    Raises
    ------
    ValueError
        If it is not one row.

    Examples
    --------
    >>> one_row([3.0, 4.0])
    array([[3., 4.]])
    """
    if hasattr(x, "to_frame"):  # a row taken out of a frame
        return x.to_frame().T.infer_objects()
    if not hasattr(x, "shape"):
        x = np.asarray(x)
    if len(x.shape) == 1:
        x = x[np.newaxis]
    if x.shape[0] != 1 or len(x.shape) != 2:
        raise ValueError(
            f"x must be one row, got the shape {x.shape}. Take one, such as X[:1]."
        )
    return x


def checked_names(names, n_names, parameter):
    """Return given names as a list of text, one for each thing to be named.

    Raises
    ------
    ValueError
        If there are not `n_names`.
    """
    if len(names) != n_names:
        raise ValueError(f"{parameter} must have {n_names} names, got {len(names)}.")
    return [str(name) for name in names]


def names_of_features(given, x, n_features):
    """Return the name of each feature: as given, of the frame, or x0, x1, ..."""
    if given is None:
        given = getattr(x, "columns", [f"x{i}" for i in range(n_features)])
    return checked_names(given, n_features, "feature_names")


def shortened(name, longest=LONGEST_NAME):
    """Return a name with its middle left out if it is long.

    Examples
    --------
    >>> shortened("age"), shortened("concentration of hemoglobin in blood (g/l)")
    ('age', 'concentration o\N{HORIZONTAL ELLIPSIS} blood (g/l)')
    """
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
        short = [_without(name, longest, tail) for name in names]
        if len(set(short)) == n_different:
            return short
    return [shortened(name, longest) for name in names]


def _without(name, longest, tail):
    """Return a long name with so many letters of its end, and of its beginning."""
    if len(name) <= longest:
        return name
    head = name[: longest - tail - 1].rstrip()
    return f"{head}\N{HORIZONTAL ELLIPSIS}{name[len(name) - tail :]}"


def wrapped(label):
    """Break a long label of an axis into lines that fit beside a small picture."""
    return fill(label, LONGEST_LINE)


def font_size(n_names):
    """Return a size, in points, at which so many names fit below one another."""
    return min(10.0, 220.0 / n_names)


def checked_image_shape(image_shape, n_pixels, what="features"):
    """Return the height and the width of an image of all features, or other numbers.

    Raises
    ------
    TypeError
        If it is no pair of integers.
    ValueError
        If they are not positive, or it has another number of pixels.
    """
    try:
        height, width = image_shape
    except (TypeError, ValueError):
        raise TypeError(
            f"image_shape must be a pair (height, width), got {image_shape!r}. Leave "
            "out the channels; draw one at a time."
        ) from None
    for size, name in ((height, "height"), (width, "width")):
        Interval(1, np.inf, "left", integer=True).check(
            size, f"The {name} in image_shape"
        )
    if height * width != n_pixels:
        raise ValueError(
            f"image_shape={tuple(image_shape)!r} has {height * width} pixels, but there"
            f" are {n_pixels} {what}. Give (height, width) with that product."
        )
    return height, width


def symmetric_limits(values):
    """Return color limits with zero in the middle, also where all values are zero."""
    largest = float(np.max(np.abs(values)))
    largest = largest if largest > 0.0 else 1.0
    return {"vmin": -largest, "vmax": largest}
