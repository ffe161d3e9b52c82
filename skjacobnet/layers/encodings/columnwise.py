"""Functions of single numbers, applied to some columns of a table."""

import numpy as np

from skjacobnet.layers.encodings.columns import put, runs, taken

# Fewer columns side by side are turned into rows first: loops over a few numbers take
# most of their time to begin. Measured with 1,000 rows in float32.
FEWEST_SIDE_BY_SIDE = 32


def apply_to_columns(function, X, out, numbers, *statistics):
    """Apply a function to some columns of a table, and write to those of another.

    Parameters
    ----------
    function : callable
        Takes values, an array to write to, and the statistics of each value's column.
        All broadcast.
    X : array of shape (..., n_samples, n_columns)
    out : array of shape (..., n_samples, n_out)
        Its other columns stay as they are.
    numbers : tuple of int
        Of the columns, in both tables.
    *statistics : array of shape (..., len(numbers))

    Examples
    --------
    >>> X = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> def shifted(x, out, shift):
    ...     np.add(x, shift, out)
    >>> apply_to_columns(shifted, X, X, (1,), np.array([10.0]))
    >>> X
    array([[ 1., 12.],
           [ 3., 14.]])
    """
    found = runs(numbers)
    if len(found) == 1 and len(numbers) >= FEWEST_SIDE_BY_SIDE:
        _, run = found[0]
        rows = (values[..., np.newaxis, :] for values in statistics)
        function(X[..., run], out[..., run], *rows)
    elif numbers:
        result = np.empty((*out.shape[:-2], len(numbers), out.shape[-2]), out.dtype)
        columns = (values[..., np.newaxis] for values in statistics)
        function(taken(X, numbers), result, *columns)
        put(result, out, numbers)
