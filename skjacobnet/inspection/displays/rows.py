"""Rows, names of features and shapes of images, for the displays of single rows."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.inspection.displays.names import checked_names
from skjacobnet.inspection.frames import row_as_table

# Label of each `output`.
OUTPUTS = {
    "proba": "probability",
    "raw": "raw prediction",
    "log_proba": "log-probability",
    "prediction": "prediction",
    "std": "standard deviation",
    "quantiles": "quantile",
}


def one_row(x):
    """Return one row as a table, with the names of its columns where it has any.

    Parameters
    ----------
    x : array-like of shape (n_features,) or (1, n_features), or a frame of one row
        One row.

    Raises
    ------
    ValueError
        If it is not one row.

    Examples
    --------
    >>> one_row([3.0, 4.0])
    array([[3., 4.]])
    """
    x = row_as_table(x)
    if len(x.shape) != 2 or x.shape[0] != 1:
        raise ValueError(
            f"x must be one row, got the shape {x.shape}. Take one, such as X[:1]."
        )
    return x


def names_of_features(given, known, n_features):
    """Return the name of each feature: as given, as known, or x0, x1, ..."""
    if given is None:
        given = [f"x{i}" for i in range(n_features)] if known is None else known
    return checked_names(given, n_features, "feature_names")


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
    largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    largest = largest or 1.0
    return {"vmin": -largest, "vmax": largest}
