"""How a raw table is read: numbers, categories, missing values."""

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
    """The columns of a raw table, and how one array is made of them.

    A column of numbers keeps them. A column of categories becomes their codes: places
    in a sorted list of the values that the table of the fit has. NaN stands for missing
    numbers, and for missing and unknown categories.

    Parameters
    ----------
    names : list
        Those of a frame, or the numbers of the columns.
    categories : list of list or None
        For each column of categories its values, for others None.
    dtype : {"float32", "float64"}
        Of the array: float32 where all numbers are, else float64.
    allow_missing : bool, default=True
        Whether numbers may be missing.
    is_read : bool, default=False
        Whether tables are such arrays already, as for scorers during a run.

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
        """Learn what the columns of a table hold.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_columns)
            Checked by `checked_table`.
        categorical_features : "from_dtype", None, or sequence of str, int or bool
            Which columns hold categories. ``"from_dtype"`` takes those of strings,
            objects, categories, booleans and enums.
        encodings : "auto" or sequence of Encoding
            What is to be made of the columns.

        Raises
        ------
        TypeError, ValueError
            If a column cannot be read, or `categorical_features` does not fit. The
            message names the column and a way out.
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
                        "or make numbers of it."
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
        """Whether each column holds categories, an array of bool."""
        return np.array([values is not None for values in self.categories], bool)

    @property
    def raw_columns(self):
        """The columns as encodings know them, a list of Column."""
        return [
            Column(place, "number")
            if values is None
            else Column(place, "category", len(values))
            for place, values in enumerate(self.categories)
        ]

    def read(self, X):
        """Return a table as one array.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_columns)
            Checked by `checked_table`.

        Returns
        -------
        array or CSR matrix of shape (n_samples, n_columns)
            `X` itself where it is an array of numbers of that type.
        """
        if self.is_read:
            return X
        if not self.is_category.any() and not is_frame(X) and X.dtype != object:
            X = _as_numbers(X, self.dtype)
            self._check_missing(X)
            return X
        # Column by column, as they are read.
        table = np.empty(X.shape, self.dtype, order="F")
        for place, (name, values) in enumerate(
            zip(self.names, self.categories, strict=True)
        ):
            given = column(X, place)
            if values is None:
                kind_of(given, name)  # refuses dates
                table[:, place] = numbers_of(given, name)
            else:
                table[:, place] = codes_of(given, name, values)
        self._check_missing(table)
        return table

    def _check_missing(self, table):
        """Refuse missing numbers where nothing fills them in."""
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
                f"X is sparse, which {encoding!r} does not take. Set encoding='auto' "
                "or give X.toarray()."
            )


def codes_of(values, name, categories):
    """Return the place of each value among categories, NaN for all others."""
    if kind_of(values, name) == "number":
        numbers = numbers_of(values, name)
        found, places = np.unique(numbers, return_inverse=True)
        known = {category: code for code, category in enumerate(categories)}
        return np.array([known.get(v, np.nan) for v in found.tolist()])[places]
    factor = factor_of(values, name)
    known = {category: code for code, category in enumerate(categories)}
    # The last one is for missing values, whose code is -1.
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
        Two-dimensional. A list becomes an array; a frame stays as it is.

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
    """Return which columns a user takes for categories.

    Parameters
    ----------
    choice : "from_dtype", None, or sequence of str, int or bool
    names : list
        Of the columns.

    Returns
    -------
    array of bool of shape (n_columns,), or None for ``"from_dtype"``

    Raises
    ------
    TypeError, ValueError
        If it is neither, or names a column that does not exist.

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
            f"numbers of columns or of a bool for each, got {choice!r}."
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
                f"categorical_features names {entry!r}, which is no column of X. "
                f"Columns: {names}."
            )
    return chosen


def _as_array(rows):
    """Return what is no array as one; numbers and strings side by side as objects."""
    try:
        found = np.asarray(rows)
    except ValueError:  # cells of several lengths
        return np.asarray(rows, dtype=object)
    return np.asarray(rows, dtype=object) if found.dtype.kind in "US" else found


def _as_numbers(X, dtype):
    """Return an array of numbers in a type of floats; infinity is refused."""
    X = X.astype(dtype, copy=False)
    values = X.data if issparse(X) else X
    # One number that is infinite or NaN shows in the sum.
    with np.errstate(invalid="ignore", over="ignore"):
        suspicious = not np.isfinite(values.sum(dtype=np.float64))
    if suspicious and np.isinf(values).any():
        if issparse(X):
            place = int(X.indices[np.argmax(np.isinf(values))])
        else:
            place = int(np.argmax(np.isinf(values).any(axis=0)))
        raise ValueError(
            f"Column {place} has an infinity. Input X contains infinity or a value too "
            "large; write NaN where a number is missing."
        )
    return X


def _float_type(dtype):
    return np.dtype(np.float32 if dtype == np.float32 else np.float64)
