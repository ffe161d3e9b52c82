"""Data frames of results, with the names of the input."""

import sys

import numpy as np


def feature_names(values):
    """Return the feature names of a table, or of a Series that is one row.

    Returns
    -------
    list, or None where `values` has no names
    """
    pandas = sys.modules.get("pandas")
    names = getattr(values, "columns", None)
    if pandas is not None and isinstance(values, pandas.Series):
        names = values.index
    return None if names is None else list(names)


def row_as_table(x):
    """Return a single row as a table, with the names of a Series; tables are unchanged.

    Examples
    --------
    >>> row_as_table([3.0, 4.0])
    array([[3., 4.]])
    """
    if hasattr(x, "infer_objects") and x.ndim == 1:  # a row of a data frame
        return x.to_frame().T.infer_objects()
    if not hasattr(x, "shape"):
        x = np.asarray(x)
    return x[np.newaxis] if len(x.shape) == 1 else x


def labeled(values, X, index=None, kind="class"):
    """Return values with a column for each feature, as a frame if `X` is one.

    Neither pandas nor polars is imported here: if `X` is a frame, its library is
    loaded.

    Parameters
    ----------
    values : array of shape (n_rows, n_features)
    X : array, sparse matrix or data frame
    index : sequence of length n_rows, optional
        Classes, or other columns of an output, in the rows; by default the rows are
        those of `X`.
    kind : str, default="class"
        Name of the content of `index`.

    Returns
    -------
    pandas.DataFrame or polars.DataFrame if `X` is one, else `values`
        `index` is that of the frame in pandas. In polars, which has no index, it is the
        first column, named `kind`, with underscores appended if a feature has that
        name.
    """
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        index = X.index if index is None else np.asarray(index)
        return pandas.DataFrame(values, index=index, columns=X.columns)
    if polars is not None and isinstance(X, polars.DataFrame):
        frame = polars.DataFrame(values, schema=X.columns, orient="row")
        if index is None:
            return frame
        name = kind
        while name in X.columns:
            name += "_"
        return frame.insert_column(0, polars.Series(name, np.asarray(index).tolist()))
    return values
