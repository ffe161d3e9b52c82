"""Numbers with two distinct values as -1 and +1."""

import numpy as np

from skjacobnet.layers.encodings.base import Encoding
from skjacobnet.layers.encodings.columns import of_kind
from skjacobnet.layers.encodings.columnwise import apply_to_columns
from skjacobnet.layers.encodings.smooth_clip import clipped, curvature, slope

# Limit for other numbers than the two, in units of half their distance.
LIMIT = 3.0
# Keeps the two values at -1 and +1.
UNIT = np.sqrt(1.0 + LIMIT**-2)


class Binary(Encoding):
    r"""Numbers with two distinct values as -1 and +1.

    .. math:: z = \frac{2 x - a - b}{b - a}, \qquad
        y = z \sqrt{\frac{1 + 1/9}{1 + z^2/9}}

    for a numeric column with only two values a < b in the fit. It is smooth, maps a to
    -1 and b to +1, and keeps other numbers between -3.17 and 3.17. A missing number
    stays missing, with slope 0. All other columns pass through.

    Parameters
    ----------
    columns : tuple of int, optional
        Numeric columns with two values. Set by `fitted`.

    See Also
    --------
    Standardize : For numbers with more values; it skips these columns.

    Notes
    -----
    Statistics: ``low`` and ``half``, of shape (n_columns,): a and (b - a) / 2. The
    Jacobian is a diagonal.

    A rare value, such as one in a hundred rows, is ten standard deviations from the
    mean; here it is as large as the frequent one.

    Examples
    --------
    >>> from skjacobnet.layers import Column, EncodedRows
    >>> X = np.array([[0.0], [10.0], [0.0], [0.0]])
    >>> layer, statistics, columns = Binary().fitted(
    ...     [Column(0, "number")], EncodedRows(X)
    ... )
    >>> layer.forward(statistics, X).ravel(), columns[0].kind
    (array([-1.,  1., -1., -1.]), 'binary')
    """

    name = "binary"
    statistics = ("low", "half")
    in_place = True

    def __init__(self, columns=None):
        self.columns = columns

    def fitted(self, columns, rows):
        numbers = np.array(of_kind(columns, "number"), np.intp)
        low, high = _range(rows, numbers)
        two = low < high
        for block, _ in rows.blocks():
            x = block[:, numbers]
            two &= ~((x > low) & (x < high)).any(axis=0)
        numbers, low, high = numbers[two].tolist(), low[two], high[two]
        columns = list(columns)
        for number in numbers:
            columns[number] = columns[number]._replace(kind="binary")
        layer = self.with_structure(columns=tuple(numbers))
        # Halve first, since differences may overflow.
        return layer, {"low": low, "half": 0.5 * high - 0.5 * low}, columns

    def neutral_statistics(self, n_in):
        n = len(self.acts_on)
        return {"low": -np.ones(n), "half": np.ones(n)}

    def encode(self, weights, X, out):
        if out is not X:
            np.copyto(out, X)
        apply_to_columns(_encoded, X, out, self.acts_on, *_line(weights))

    def slopes(self, weights, X, out):
        out.fill(1.0)
        apply_to_columns(_slope, X, out, self.acts_on, *_line(weights))

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        second = np.zeros_like(output)
        apply_to_columns(_curvature, X, second, self.acts_on, *_line(weights))
        return second * np.sum(tangent * cotangent, axis=0), {}


def _range(rows, numbers):
    """Return the smallest and the largest number of some columns."""
    low, high = np.full(len(numbers), np.inf), np.full(len(numbers), -np.inf)
    for block, _ in rows.blocks():
        x = block[:, numbers]
        np.fmin(low, np.fmin.reduce(x, axis=0), low)
        np.fmax(high, np.fmax.reduce(x, axis=0), high)
    return low, high


def _line(weights):
    """Return the lower value and half the distance, infinite if it rounds to zero."""
    half = weights["half"]
    return weights["low"], np.where(half > 0.0, half, half.dtype.type(np.inf))


def _centered(x, low, half):
    """Return -1 for the lower value and +1 for the other one, exactly."""
    # Halves, since a difference of large numbers may overflow.
    with np.errstate(over="ignore"):
        return (0.5 * x - 0.5 * low) / (0.5 * half) - 1.0


def _encoded(x, out, low, half):
    clipped(_centered(x, low, half), out, LIMIT)
    np.multiply(out, UNIT, out)


def _slope(x, out, low, half):
    slope(_centered(x, low, half), out, LIMIT)
    np.multiply(out, UNIT / half, out)


def _curvature(x, out, low, half):
    curvature(_centered(x, low, half), out, LIMIT)
    # Divide twice, since the square of a distance may underflow.
    np.divide(out, half, out)
    np.multiply(out, UNIT / half, out)
