"""Smooth clipping of numbers."""

from functools import partial

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.layers.encodings.base import Encoding
from skjacobnet.layers.encodings.columns import of_kind
from skjacobnet.layers.encodings.columnwise import apply_to_columns

# Beyond it the output equals the limit up to rounding; squares must not overflow.
LARGEST_RATIO = 1e9


class SmoothClip(Encoding):
    r"""Smooth clipping of numbers.

    .. math:: y = \frac{x}{\sqrt{1 + (x/c)^2}}

    It is nearly x for small numbers, and stays in the interval from -c to c. Its slope
    is :math:`(1 + (x/c)^2)^{-3/2}`, without kinks. A missing number stays missing, with
    slope 0.

    Parameters
    ----------
    limit : float > 0, default=3.0
        Limit :math:`c`. Unit: that of the input, mostly standard deviations.
    columns : tuple of int, optional
        Numeric columns. Set by `fitted`.

    See Also
    --------
    Standardize : Precedes it.

    Notes
    -----
    No statistics. The Jacobian is a diagonal, 1 for all columns that are not numbers,
    which pass through.

    Examples
    --------
    >>> layer = SmoothClip(columns=(0,))
    >>> layer.forward({}, np.array([[0.0], [4.0], [1e9]])).ravel()
    array([0. , 2.4, 3. ])
    """

    name = "smooth_clip"
    constraints = {"limit": Interval(0.0, np.inf, "neither")}
    in_place = True

    def __init__(self, limit=3.0, columns=None):
        self.limit = limit
        self.columns = columns

    def fitted(self, columns, rows):
        layer = self.with_structure(columns=of_kind(columns, "number"))
        return layer, {}, list(columns)

    def encode(self, weights, X, out):
        if out is not X:
            np.copyto(out, X)
        apply_to_columns(partial(clipped, limit=self.limit), X, out, self.acts_on)

    def slopes(self, weights, X, out):
        out.fill(1.0)
        apply_to_columns(partial(slope, limit=self.limit), X, out, self.acts_on)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        second = np.zeros_like(X)
        apply_to_columns(partial(curvature, limit=self.limit), X, second, self.acts_on)
        return second * np.sum(tangent * cotangent, axis=0), {}


def clipped(x, out, limit):
    """Write clipped numbers to `out`."""
    ratio, root = _ratio_and_root(x, limit)
    np.divide(ratio, root, out)
    np.multiply(out, limit, out)


def slope(x, out, limit):
    """Write the derivative of `clipped` to `out`, 0 where a number is missing."""
    _, root = _ratio_and_root(x, limit)
    np.divide(1.0, root * root * root, out)
    np.copyto(out, 0.0, where=np.isnan(x))


def curvature(x, out, limit):
    """Write the second derivative of `clipped`, 0 where a number is missing."""
    ratio, root = _ratio_and_root(x, limit)
    np.divide(-3.0 * ratio, limit * root**5, out)
    np.copyto(out, 0.0, where=np.isnan(x))


def _ratio_and_root(x, limit):
    """Return the ratio, clipped where that has no effect, and the root of the sum."""
    ratio = np.clip(x / limit, -LARGEST_RATIO, LARGEST_RATIO)
    return ratio, np.sqrt(1.0 + ratio * ratio)
