import numpy as np
import pytest

from skjacobnet.training.split import split_rows


def test_stratified_where_possible():
    codes = np.repeat([0, 1], [80, 20])
    train, validation = split_rows(codes, 0.1, np.random.default_rng(0))
    assert sorted([*train, *validation]) == list(range(100))
    assert np.bincount(codes[validation]).tolist() == [8, 2]


def test_a_class_seen_once_is_trained_on():
    codes = np.array([0] * 30 + [1] * 30 + [2])
    for seed in range(5):
        train, _ = split_rows(codes, 0.2, np.random.default_rng(seed))
        assert 60 in train


def test_too_few_rows_for_each_class_still_split():
    codes = np.arange(10) // 2
    train, validation = split_rows(codes, 0.2, np.random.default_rng(0))
    assert (len(train), len(validation)) == (8, 2)


def test_labels_and_tiny_tables():
    codes = np.zeros((10, 2), int)
    train, validation = split_rows(codes, 0.3, np.random.default_rng(0))
    assert (len(train), len(validation)) == (7, 3)
    with pytest.raises(ValueError, match="at least 3 rows"):
        split_rows(np.array([0, 1]), 0.1, np.random.default_rng(0))


def test_same_seed_same_split():
    codes = np.arange(50) % 3
    first = split_rows(codes, 0.2, np.random.default_rng(5))
    second = split_rows(codes, 0.2, np.random.default_rng(5))
    np.testing.assert_array_equal(first[1], second[1])
