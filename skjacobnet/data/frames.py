"""Single columns of data frames, arrays and sparse matrices.

Neither pandas nor polars is imported: a frame is recognized by its methods.
"""

from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse

DATES = (
    "Convert it to numbers, such as days since a date, or put skrub's TableVectorizer "
    "before the network."
)


class Factor(NamedTuple):
    """Column as its distinct values and their codes.

    Attributes
    ----------
    values : list
        Distinct values in the order of appearance.
    codes : array of int of shape (n_samples,)
        Indices in `values`; -1 for missing values.
    """

    values: list
    codes: np.ndarray


def is_frame(X):
    """Whether a table is a data frame of pandas or polars."""
    # Checked on the class, since pandas builds a series of all dtypes at each access.
    kind = type(X)
    return hasattr(kind, "columns") and hasattr(kind, "dtypes")


def column_names(X):
    """Return the names of a frame's columns as a list, None for other tables."""
    return list(X.columns) if is_frame(X) else None


def column(X, place):
    """Return one column of a table: a series, or an array of shape (n_samples,)."""
    if is_frame(X):
        return X.iloc[:, place] if hasattr(X, "iloc") else X.to_series(place)
    if issparse(X):
        return X[:, [place]].toarray().ravel()
    return X[:, place]


def kind_of(column, name):
    """Return ``"number"`` or ``"category"``, by the dtype of a column.

    An array of objects is a number if all its values convert to numbers.

    Parameters
    ----------
    column : series or array of shape (n_samples,)
    name : str or int
        Name of the column in messages.

    Raises
    ------
    ValueError
        If a column has dates, complex numbers or nested values.
    """
    if hasattr(column.dtype, "is_numeric"):
        return _kind_in_polars(column.dtype, name)
    kind = getattr(column.dtype, "kind", "O")
    if kind in "Mm":
        raise ValueError(f"Column {name!r} holds dates or times. {DATES}")
    if kind == "c":
        raise ValueError(
            f"Column {name!r} holds complex numbers. Pass their real and imaginary "
            "parts as two columns."
        )
    if kind in "iuf":
        return "number"
    if isinstance(column, np.ndarray) and kind == "O":
        return "category" if _converted(column) is None else "number"
    return "category"


def _kind_in_polars(dtype, name):
    if dtype.is_temporal():
        raise ValueError(f"Column {name!r} holds dates or times. {DATES}")
    if dtype.is_nested() or str(dtype) in ("Object", "Binary"):
        raise ValueError(
            f"Column {name!r} holds values of the type {dtype}. Convert it to columns "
            "of numbers or strings."
        )
    return "number" if dtype.is_numeric() else "category"


def numbers_of(column, name):
    """Return a column as numbers with NaN for missing ones.

    Returns
    -------
    array of shape (n_samples,)
        float32 is kept, anything else becomes float64.

    Raises
    ------
    ValueError
        If a value is infinite or not a number.
    """
    numbers = _converted(column)
    if numbers is None:
        values = factor_of(column, name).values
        if not values:  # all are missing, whatever the dtype of the column
            return np.full(len(column), np.nan)
        strange = next(value for value in values if not isinstance(value, Real))
        raise ValueError(
            f"Column {name!r} must hold numbers, but it has {strange!r}. Correct it, "
            "or name the column in categorical_features."
        )
    if np.isinf(numbers).any():
        row = int(np.argmax(np.isinf(numbers)))
        raise ValueError(
            f"Column {name!r} has an infinity, in row {row}. Input X contains infinity "
            "or a value too large; use NaN for missing numbers."
        )
    return numbers


def _converted(column):
    """Return a column as an array of floats, None if it holds something else."""
    dtype = column.dtype
    narrow = str(dtype) in ("float32", "Float32")
    wanted = np.float32 if narrow else np.float64
    try:
        if hasattr(dtype, "is_numeric"):
            # A column with only missing values has a special dtype.
            if not dtype.is_numeric() and str(dtype) != "Null":
                return None
            return column.cast(_polars_type(narrow)).to_numpy()
        if isinstance(column, np.ndarray):
            if column.dtype.kind == "O":
                missing = [value is None or _is_na(value) for value in column]
                column = np.where(missing, np.nan, column)
            return column.astype(wanted, copy=False)
        return column.to_numpy(dtype=wanted, na_value=np.nan)
    except (TypeError, ValueError, OverflowError):
        return None


def _polars_type(narrow):
    import polars

    return polars.Float32 if narrow else polars.Float64


def factor_of(column, name):
    """Return the distinct values of a column and their codes.

    Raises
    ------
    TypeError
        If a cell of an array is neither a number nor a string.
    ValueError
        If a column mixes values of different kinds.
    """
    if hasattr(column, "factorize"):
        codes, values = _factorized(column, name)
    else:
        cells = column.to_list() if hasattr(column, "to_list") else column.tolist()
        codes, values = _counted(cells, name)
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    _check_one_kind(values, name)
    return Factor(values, np.asarray(codes, np.intp))


def _factorized(column, name):
    try:
        codes, values = column.factorize()
    except TypeError as error:
        raise _nested(column.iloc[0], name) from error
    return codes, list(values)


def _counted(cells, name):
    places, codes = {}, np.empty(len(cells), np.intp)
    for row, cell in enumerate(cells):
        if cell is None or _is_na(cell):
            codes[row] = -1
            continue
        try:
            codes[row] = places.setdefault(cell, len(places))
        except TypeError as error:
            raise _nested(cell, name) from error
    return codes, list(places)


def _nested(cell, name):
    return TypeError(
        f"Column {name!r} has a cell that holds {cell!r}: the argument must be a "
        f"string or a real number, not {type(cell).__name__!r}. Convert "
        "it to columns of numbers or strings."
    )


def _check_one_kind(values, name):
    for value in values:
        if not isinstance(value, str | Real):
            raise _nested(value, name)
    kinds = {"strings" if isinstance(value, str) else "numbers" for value in values}
    if len(kinds) > 1:
        one = next(value for value in values if isinstance(value, str))
        other = next(value for value in values if not isinstance(value, str))
        raise ValueError(
            f"Column {name!r} mixes strings and numbers, such as {one!r} and "
            f"{other!r}. Convert all to strings, for example with astype(str)."
        )


def _is_na(value):
    """Whether a value is NaN, NaT or pandas' NA."""
    try:
        return bool(value != value)
    except TypeError:  # the truth of NA is unknown
        return True
    except ValueError:  # an array has no single truth
        return False
