import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder

from skjacobnet.layers import Column, EncodedRows, OneHot
from skjacobnet.operators import Expansion
from skjacobnet.testing import check_encoding


def fitted(codes, weight=None, n_categories=9, **arguments):
    X = np.reshape(np.asarray(codes, float), (-1, 1))
    columns = [Column(0, "category", n_categories)]
    return OneHot(**arguments).fitted(columns, EncodedRows(X, weight))


def kept(*arguments, **keywords):
    return fitted(*arguments, **keywords)[0].codes[0]


def test_by_hand():
    X = np.array(
        [[0.0, 0.5, 1.0], [2.0, 0.6, 4.0], [np.nan, 0.7, 1.0], [3.0, 0.8, np.nan]]
    )
    columns = [Column(7, "category", 5), Column(8, "number"), Column(9, "category", 5)]
    layer, statistics, columns_out = OneHot().fitted(columns, EncodedRows(X))
    assert statistics == {}
    assert columns_out == [
        Column(8, "number"),
        *(Column(7, "one_hot", place=code) for code in (0, 2, 3)),
        Column(9, "one_hot", place=4),
    ]
    output, operator = layer.linearize({}, X)
    expected = [
        [0.5, 1.0, -0.5, -0.5, -1.0],
        [0.6, -0.5, 1.0, -0.5, 1.0],
        [0.7, -0.5, -0.5, -0.5, -1.0],
        [0.8, -0.5, -0.5, 1.0, 0.0],
    ]
    np.testing.assert_array_equal(output, expected)
    assert isinstance(operator, Expansion)
    slopes = np.zeros((4, 5, 3))
    slopes[:, 0, 1] = 1.0
    np.testing.assert_array_equal(operator.todense(4), slopes)
    unknown = np.array([[1.0, 0.5, 0.0], [4.0, 0.5, 2.0], [-1.0, 0.5, 99.0]])
    output = layer.forward({}, unknown)
    np.testing.assert_array_equal(output, [[0.5, -0.5, -0.5, -0.5, 0.0]] * 3)


def test_columns_without_a_choice_give_nothing():
    for codes in ([2, 2, np.nan], [np.nan, np.nan], [12, 12, 1]):
        layer, _, columns = fitted(codes)
        assert columns == []
        assert layer.forward({}, np.ones((3, 1))).shape == (3, 0)
        assert layer.linearize({}, np.ones((3, 1)))[1].todense(3).shape == (3, 0, 1)


def test_rare_categories_by_hand():
    codes = [0] * 5 + [3] * 3 + [5] * 2 + [6] * 2 + [np.nan] * 8
    assert kept(codes) == (0, 3, 5, 6)
    assert kept(codes, min_frequency=3) == (0, 3)
    assert kept(codes, min_frequency=4) == (0,)
    assert kept(codes, min_frequency=6) == ()
    # Of twenty rows, the missing ones included.
    assert kept(codes, min_frequency=0.15) == (0, 3)
    assert kept(codes, min_frequency=0.16) == (0,)
    assert kept(codes, max_categories=5) == (0, 3, 5, 6)
    # The pooled ones count as one category.
    assert kept(codes, max_categories=4) == (0, 3, 6)
    assert kept(codes, max_categories=3) == (0, 3)
    assert kept(codes, max_categories=1) == ()
    assert kept(codes, min_frequency=3, max_categories=2) == (0,)
    # Two columns where a third category is pooled, no sign.
    layer, _, columns = fitted(codes, min_frequency=3)
    assert len(columns) == 2
    output = layer.forward({}, np.array([[0.0], [3.0], [5.0]]))
    np.testing.assert_array_equal(output, [[1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    # A single kept category differs from all others by one.
    layer, _, columns = fitted(codes, min_frequency=4)
    assert len(columns) == 1
    output = layer.forward({}, np.array([[0.0], [3.0], [np.nan]]))
    np.testing.assert_array_equal(output, [[1.0], [0.0], [0.0]])


def test_weights_count_rows():
    codes, weight = [0, 1, 2, 3], np.array([3.0, 1.0, 2.0, 0.0])
    assert kept(codes, weight) == (0, 1, 2)
    assert kept(codes, weight, min_frequency=2) == (0, 2)
    assert kept(codes, weight, min_frequency=0.5) == (0,)
    assert kept(codes, weight, max_categories=3) == (0, 2)
    assert kept(np.repeat(codes, weight.astype(int)), max_categories=3) == (0, 2)


def test_sums_of_equal_weights_are_equal():
    codes = np.tile(np.arange(5), 30)
    order = np.random.default_rng(0).permutation(150)
    for weight in (np.full(150, 0.1), np.full(150, 1e-9)):
        assert kept(codes[order], weight, max_categories=3) == (3, 4)
        assert kept(codes[order], weight, min_frequency=0.2) == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"min_frequency": 15},
        {"min_frequency": 0.1},
        {"max_categories": 4},
        {"max_categories": 7},
        {"max_categories": 1},
        {"min_frequency": 20, "max_categories": 4},
    ],
    ids=repr,
)
def test_agrees_with_scikit_learn(arguments, dtype):
    rng = np.random.default_rng(4)
    X = np.stack([rng.binomial(n, 0.4, size=150) for n in (7, 12, 30)], axis=1)
    X = X.astype(dtype)
    columns = [Column(i, "category", 40) for i in range(3)]
    layer, _, columns_out = OneHot(**arguments).fitted(columns, EncodedRows(X))
    encoder = OneHotEncoder(
        sparse_output=False, handle_unknown="infrequent_if_exist", **arguments
    ).fit(X)
    names = encoder.get_feature_names_out()
    frequent = np.array(["infrequent" not in name for name in names])
    expected = encoder.transform(X)[:, frequent]
    # The others of c categories have -1 / (c - 1) in place of zero.
    sources = np.array([column.source for column in columns_out], int)
    n_kept = np.bincount(sources, minlength=3)[sources]
    off = np.where(n_kept > 1, -1.0 / np.maximum(n_kept - 1, 1), 0.0).astype(dtype)
    expected = np.where(expected > 0.0, expected, off)
    np.testing.assert_array_equal(layer.forward({}, X), expected)
    found = [f"x{column.source}_{float(column.place)}" for column in columns_out]
    assert found == names[frequent].tolist()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"min_frequency": 0}, "min_frequency must be an integer"),
        ({"min_frequency": 1.5}, "min_frequency must be a number in"),
        ({"min_frequency": "few"}, "min_frequency must be"),
        ({"min_frequency": True}, "min_frequency must be"),
        ({"max_categories": 0}, "max_categories must be an integer"),
        ({"max_categories": 2.5}, "max_categories must be an integer"),
    ],
)
def test_arguments_that_make_no_sense(arguments, words):
    with pytest.raises((ValueError, TypeError), match=f"OneHot: {words}"):
        OneHot(**arguments).validate()


@pytest.mark.parametrize(
    "arguments", [{}, {"min_frequency": 4}, {"max_categories": 3}], ids=repr
)
def test_the_contract(arguments):
    check_encoding(OneHot(**arguments), random_state=9)
