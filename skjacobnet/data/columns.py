"""Columns of raw tables: numbers, categories, missing values."""

from collections import Counter
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from skjacobnet.data.frames import (
    column,
    column_names,
    factor_of,
    is_frame,
    kind_of,
    numbers_of,
)
from skjacobnet.layers import Column, OneHot


@dataclass(frozen=True, eq=False)
class RawColumns:
    """Types of the columns of a raw table, and its conversion to one array.

    Numeric columns are kept. Categories become codes: indices in a sorted list of the
    values in the table of the fit. NaN is a missing number, and a missing or unknown
    category.

    Parameters
    ----------
    names : list
        Names of a frame's columns, or indices of the columns.
    categories : list of list or None
        For each categorical column its values, for others None.
    dtype : {"float32", "float64"}
        Type of the array: float32 if all numbers are, else float64.
    allow_missing : bool, default=True
        Whether missing numbers are allowed.
    is_read : bool, default=False
        Whether tables are already converted, as for scorers during a run.

    Examples
    --------
    >>> X = np.array([[1.5, "red"], [None, "blue"]], dtype=object)
    >>> columns = RawColumns.of(X)
    >>> columns.categories
    [None, ['blue', 'red']]
    >>> columns.read(X)
    array([[1.5, 1. ],
           [nan, 0. ]])
    """

    names: list
    categories: list
    dtype: str
    allow_missing: bool = True
    is_read: bool = False

    @classmethod
    def of(cls, X, categorical_features="from_dtype", encodings="auto"):
        """Determine the types of the columns of a table.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_columns)
            Table checked by `checked_table`.
        categorical_features : "from_dtype", None, or sequence of str, int or bool
            Categorical columns. ``"from_dtype"`` takes columns of strings, objects,
            categories, booleans and enums.
        encodings : "auto" or sequence of Encoding
            Encodings of the columns.

        Raises
        ------
        TypeError, ValueError
            If a column cannot be converted, or `categorical_features` is invalid. The
            message names the column and the remedy.
        """
        names = column_names(X) or list(range(X.shape[1]))
        chosen = chosen_columns(categorical_features, names)
        if issparse(X) and (chosen is None or not chosen.any()):
            _check_sparse(encodings)
            return cls(names, [None] * len(names), _float_type(X.dtype).name)
        categories, types = [], []
        takes_categories = _any(encodings, OneHot)
        for place, name in enumerate(names):
            values = column(X, place)
            kind = kind_of(values, name)
            if chosen is not None:
                kind = "category" if chosen[place] else "number"
            if kind == "category":
                found = sorted(factor_of(values, name).values)
                if not takes_categories:
                    raise ValueError(
                        f"Column {name!r} holds categories. Add 'one_hot' to encoding, "
                        "or convert it to numbers."
                    )
                categories.append(found)
            else:
                types.append(numbers_of(values, name).dtype)
                categories.append(None)
        dtype = np.result_type(*types or [np.float64])
        allow_missing = encodings == "auto" or any(e.fills_missing for e in encodings)
        return cls(names, categories, dtype.name, allow_missing)

    @property
    def is_category(self):
        """Mask of the categorical columns."""
        return np.array([values is not None for values in self.categories], bool)

    @property
    def raw_columns(self):
        """Descriptions of the columns for encodings, a list of Column."""
        return [
            Column(place, "number")
            if values is None
            else Column(place, "category", len(values))
            for place, values in enumerate(self.categories)
        ]

    def read(self, X):
        """Convert a table to one array.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_columns)
            Table checked by `checked_table`.

        Returns
        -------
        array or CSR matrix of shape (n_samples, n_columns)
            `X` itself if it is an array of numbers of that dtype.
        """
        if self.is_read:
            return X
        if not self.is_category.any() and not is_frame(X) and X.dtype != object:
            X = _as_numbers(X, self.dtype)
            self._check_missing(X)
            return X
        # Stored by columns, in the order of conversion.
        table = np.empty(X.shape, self.dtype, order="F")
        for place, (name, values) in enumerate(
            zip(self.names, self.categories, strict=True)
        ):
            given = column(X, place)
            if values is None:
                kind_of(given, name)  # raises an error for dates
                table[:, place] = numbers_of(given, name)
            else:
                table[:, place] = codes_of(given, name, values)
        self._check_missing(table)
        return table

    def _check_missing(self, table):
        """Raise an error for missing numbers without imputation."""
        if self.allow_missing:
            return
        values = table.data[:, np.newaxis] if issparse(table) else table
        for place in range(values.shape[1]):
            known = issparse(table) or self.categories[place] is None
            if known and np.isnan(values[:, place]).any():
                raise ValueError(
                    f"Input X contains NaN: column {self.names[place]!r} has missing "
                    "values. Add 'missing_indicator' to encoding, or impute them."
                )


def _any(encodings, kind):
    return encodings == "auto" or any(isinstance(e, kind) for e in encodings)


def _check_sparse(encodings):
    for encoding in () if encodings == "auto" else encodings:
        if not encoding.accepts_sparse:
            raise TypeError(
                f"X is sparse, which {encoding!r} does not accept. Set encoding='auto' "
                "or pass X.toarray()."
            )


def codes_of(values, name, categories):
    """Return the index of each value among categories, NaN for all others."""
    if kind_of(values, name) == "number":
        numbers = numbers_of(values, name)
        found, places = np.unique(numbers, return_inverse=True)
        known = {category: code for code, category in enumerate(categories)}
        return np.array([known.get(v, np.nan) for v in found.tolist()])[places]
    factor = factor_of(values, name)
    known = {category: code for code, category in enumerate(categories)}
    # The last entry is for missing values, whose code is -1.
    codes = np.array([*(known.get(v, np.nan) for v in factor.values), np.nan])
    return codes[factor.codes]


def checked_table(X):
    """Check the shape of a table and the names of its columns.

    Parameters
    ----------
    X : data frame of pandas or polars, array-like or sparse matrix

    Returns
    -------
    data frame, array or CSR matrix
        Two-dimensional table. A list becomes an array; a frame is unchanged.

    Raises
    ------
    TypeError, ValueError
        If it has no rows or columns, or two columns of the same name.
    """
    if is_frame(X):
        repeated = [n for n, times in Counter(X.columns).items() if times > 1]
        if repeated:
            raise ValueError(
                f"X has several columns of the name {repeated[0]!r}. Give each column "
                "another name."
            )
        for size, noun in zip(X.shape, ("sample", "feature"), strict=True):
            if size == 0:
                raise ValueError(
                    f"Found array with 0 {noun}(s) (shape={X.shape}) while a minimum "
                    "of 1 is required."
                )
        return X
    dtype = "numeric"
    if not issparse(X):
        X = X if hasattr(X, "dtype") else _as_array(X)
        dtype = None if X.dtype.kind in "OUSMm" else "numeric"
        X = X.astype(object) if X.dtype.kind in "US" else X
    return check_array(
        X, accept_sparse="csr", dtype=dtype, ensure_all_finite=False, input_name="X"
    )


def chosen_columns(choice, names):
    """Return the mask of the categorical columns chosen by a user.

    Parameters
    ----------
    choice : "from_dtype", None, or sequence of str, int or bool
    names : list
        Names of the columns.

    Returns
    -------
    array of bool of shape (n_columns,), or None for ``"from_dtype"``

    Raises
    ------
    TypeError, ValueError
        If `choice` is of another type, or names an unknown column.

    Examples
    --------
    >>> chosen_columns(["color"], ["size", "color"])
    array([False,  True])
    """
    n_columns = len(names)
    if isinstance(choice, str) and choice == "from_dtype":
        return None
    if choice is None:
        return np.zeros(n_columns, bool)
    if isinstance(choice, str) or not np.iterable(choice):
        raise TypeError(
            "categorical_features must be 'from_dtype', None, or a list of names or "
            f"indices of columns or of a bool for each, got {choice!r}."
        )
    choice = [c.item() if isinstance(c, np.generic) else c for c in choice]
    if choice and all(isinstance(c, bool) for c in choice):
        if len(choice) != n_columns:
            raise ValueError(
                "categorical_features must have a bool for each of the "
                f"{n_columns} columns, got {len(choice)}."
            )
        return np.array(choice)
    chosen = np.zeros(n_columns, bool)
    for entry in choice:
        if isinstance(entry, Integral) and -n_columns <= entry < n_columns:
            chosen[entry] = True
        elif entry in names:
            chosen[names.index(entry)] = True
        else:
            raise ValueError(
                f"categorical_features names {entry!r}, which is not a column of X. "
                f"Columns: {names}."
            )
    return chosen


def _as_array(rows):
    """Convert rows to an array; mixed numbers and strings become objects."""
    try:
        found = np.asarray(rows)
    except ValueError:  # cells of several lengths
        return np.asarray(rows, dtype=object)
    return np.asarray(rows, dtype=object) if found.dtype.kind in "US" else found


def _as_numbers(X, dtype):
    """Convert an array of numbers to floats; infinity raises an error."""
    X = X.astype(dtype, copy=False)
    values = X.data if issparse(X) else X
    # An infinity or NaN propagates to the sum.
    with np.errstate(invalid="ignore", over="ignore"):
        suspicious = not np.isfinite(values.sum(dtype=np.float64))
    if suspicious and np.isinf(values).any():
        if issparse(X):
            place = int(X.indices[np.argmax(np.isinf(values))])
        else:
            place = int(np.argmax(np.isinf(values).any(axis=0)))
        raise ValueError(
            f"Column {place} has an infinity. Input X contains infinity or a value too "
            "large; use NaN for missing numbers."
        )
    return X


def _float_type(dtype):
    return np.dtype(np.float32 if dtype == np.float32 else np.float64)
