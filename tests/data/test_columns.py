"""Raw tables: categorical columns, and the conversion to an array."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skjacobnet.data.columns import RawColumns, checked_table, chosen_columns
from skjacobnet.layers import SmoothClip

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
NAN = np.nan


def read(X, *others, **choices):
    """Return the columns of a table, and it and others as arrays."""
    X = checked_table(X)
    columns = RawColumns.of(X, **choices)
    return columns, *(columns.read(checked_table(table)) for table in (X, *others))


def frame(**changes):
    columns = {
        "int": [3, 1, 2],
        "float": [1.5, NAN, 2.5],
        "string": ["b", None, "a"],
        "bool": [True, False, True],
    }
    return pandas.DataFrame({**columns, **changes})


def in_polars(frame):
    """Return a frame of pandas in polars, without pyarrow."""
    return polars.DataFrame(
        {
            name: [None if pandas.isna(value) else value for value in column]
            for name, column in frame.items()
        }
    )


def typed(**types):
    """Return the frame in polars, with other types of columns."""
    columns = [polars.col(name).cast(dtype) for name, dtype in types.items()]
    return in_polars(frame()).with_columns(*columns)


EXPECTED = np.array([[3, 1.5, 1, 1], [1, NAN, NAN, 0], [2, 2.5, 0, 1]])


@pytest.mark.parametrize(
    "X",
    [
        frame(),
        frame(int=pandas.array([3, 1, 2], "Int64"), bool=[1 == 1, False, True]),
        frame(string=pandas.array(["b", None, "a"], "string")),
        frame(string=pandas.Categorical(["b", None, "a"], ["z", "b", "a"])),
        frame(float=pandas.array([1.5, None, 2.5], "Float64")),
        frame(bool=pandas.array([True, False, True], "boolean")),
        typed(),
        typed(string=polars.Categorical),
        typed(string=polars.Enum(["b", "a"])),
        typed(int=polars.UInt8, float=polars.Float64),
    ],
)
def test_frames_of_all_types_are_the_same_array(X):
    columns, table = read(X)
    np.testing.assert_array_equal(table, EXPECTED)
    assert table.dtype == np.float64
    assert columns.names == ["int", "float", "string", "bool"]
    assert columns.categories == [None, None, ["a", "b"], [False, True]]
    assert columns.is_category.tolist() == [False, False, True, True]


def test_arrays_of_objects_and_lists():
    rows = [[3, 1.5, "b", "yes"], [1, None, None, "no"], [2, 2.5, "a", "yes"]]
    for X in (rows, np.array(rows, object)):
        columns, table = read(X)
        np.testing.assert_array_equal(table, EXPECTED)
        assert columns.names == [0, 1, 2, 3]
    # Strings of numbers are numbers, as in scikit-learn.
    _, table = read(np.array([["1", "x"], ["2.5", "y"]]))
    np.testing.assert_array_equal(table, [[1.0, 0.0], [2.5, 1.0]])


def test_the_type_is_that_of_the_numbers():
    X = np.array([[1.0, NAN], [2.0, 3.0]])
    for dtype, expected in (("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i4", "f8")):
        given = np.nan_to_num(X).astype(dtype)
        assert read(given)[1].dtype == expected
        assert read(pandas.DataFrame(given))[1].dtype == expected
    _, table = read(X)
    assert table is checked_table(X)
    mixed = pandas.DataFrame({"a": np.ones(2, "f4"), "b": ["x", "y"]})
    assert read(mixed)[1].dtype == np.float32
    assert read(mixed.assign(c=[1, 2]))[1].dtype == np.float64


def test_categories_are_matched_by_value():
    X = pandas.DataFrame({"c": pandas.Categorical(["u", "v", "w"], ["w", "v", "u"])})
    others = [
        pandas.DataFrame({"c": pandas.Categorical(["v", "new", None])}),
        pandas.DataFrame({"c": ["v", "new", None]}),
        polars.DataFrame({"c": ["v", "new", None]}),
        np.array([["v"], ["new"], [None]], object),
    ]
    _, _, *tables = read(X, *others)
    for table in tables:
        np.testing.assert_array_equal(table, [[1.0], [NAN], [NAN]])


def test_missing_numbers_of_any_type():
    X = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    others = [
        X.assign(a=None),
        X.assign(a=pandas.array([None, None], "Int64")),
        polars.DataFrame({"a": [None, None], "b": ["x", "y"]}),
        np.array([[None, "x"], [None, "y"]], object),
    ]
    _, _, *tables = read(X, *others)
    for table in tables:
        np.testing.assert_array_equal(table, [[NAN, 0.0], [NAN, 1.0]])
    for empty in (X[["b"]].assign(b=None), polars.DataFrame({"b": [None, None]})):
        columns, table = read(empty)
        assert np.isnan(table).all()
        assert columns.categories in ([[]], [None])


def test_numbers_as_categories():
    X = np.array([[7.0, 1.0], [3.0, 2.0], [NAN, 3.0], [7.0, 4.0]])
    unseen = np.array([[3.0, 0.0], [5.0, 0.0]])
    for choice in ([0], [True, False], [-2]):
        columns, table, other = read(X, unseen, categorical_features=choice)
        np.testing.assert_array_equal(table[:, 0], [1.0, 0.0, NAN, 1.0])
        np.testing.assert_array_equal(other[:, 0], [0.0, NAN])
        assert columns.categories == [[3.0, 7.0], None]
    _, table = read(frame(), categorical_features=["int", "string", "bool"])
    np.testing.assert_array_equal(table[:, 0], [2.0, 0.0, 1.0])


def test_strings_are_refused_as_numbers():
    with pytest.raises(
        ValueError, match=r"'string' must hold numbers.*'b'.*categorical"
    ):
        read(frame(), categorical_features=None)
    columns, _ = read(frame(string=0.0, bool=0.0), categorical_features=None)
    assert not columns.is_category.any()


def test_sparse_matrices_stay_sparse():
    X = csr_matrix([[0.0, 2.0], [1.0, 0.0]])
    columns, table = read(X)
    assert (table != X).nnz == 0
    assert not columns.is_category.any()
    with pytest.raises(TypeError, match=r"SmoothClip.*does not accept"):
        read(X, encodings=(SmoothClip(),))
    with pytest.raises(ValueError, match=r"Column 1 has an infinity"):
        read(csr_matrix([[0.0, np.inf]]))


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("all", "'from_dtype', None, or a list"),
        (3, "'from_dtype', None, or a list"),
        (["a", "z"], "'z', which is not a column"),
        ([2], "2, which is not a column"),
        ([True], "a bool for each of the 2"),
        ([1.5], "1.5, which is not a column"),
    ],
)
def test_choices_that_do_not_fit(choice, message):
    with pytest.raises((TypeError, ValueError), match=message):
        chosen_columns(choice, ["a", "b"])
