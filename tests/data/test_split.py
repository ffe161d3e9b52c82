import numpy as np
import pytest

from skjacobnet.data.split import split_rows


def test_stratified_where_possible():
    codes = np.repeat([0, 1], [80, 20])
    train, validation = split_rows(codes, len(codes), 0.1, np.random.default_rng(0))
    assert sorted([*train, *validation]) == list(range(100))
    assert np.bincount(codes[validation]).tolist() == [8, 2]


def test_a_class_seen_once_is_trained_on():
    codes = np.array([0] * 30 + [1] * 30 + [2])
    for seed in range(5):
        train, _ = split_rows(codes, len(codes), 0.2, np.random.default_rng(seed))
        assert 60 in train


def test_as_many_rows_of_a_class_as_its_share_and_at_most_one_more_or_less():
    rng = np.random.default_rng(0)
    codes = rng.choice(7, 500, p=[0.4, 0.3, 0.1, 0.1, 0.05, 0.03, 0.02])
    for fraction in (0.1, 0.37, 0.8):
        train, validation = split_rows(codes, len(codes), fraction, rng)
        assert len(validation) == round(fraction * 500)
        shares = len(validation) * np.bincount(codes) / 500
        assert np.all(np.abs(np.bincount(codes[validation]) - shares) < 1.0)
        assert sorted([*train, *validation]) == list(range(500))


def test_every_class_keeps_a_row_to_train_on():
    codes = np.repeat([0, 1, 2], [40, 2, 3])
    for seed in range(5):
        train, _ = split_rows(codes, len(codes), 0.9, np.random.default_rng(seed))
        assert np.unique(codes[train]).tolist() == [0, 1, 2]


def test_every_row_of_a_class_may_be_held_out():
    codes = np.repeat([0, 1], 10)
    rngs = map(np.random.default_rng, range(60))
    seen = np.unique(
        np.concatenate([split_rows(codes, len(codes), 0.2, rng)[1] for rng in rngs])
    )
    assert len(seen) == 20


def test_too_few_rows_for_each_class_still_split():
    codes = np.arange(10) // 2
    train, validation = split_rows(codes, len(codes), 0.2, np.random.default_rng(0))
    assert (len(train), len(validation)) == (8, 2)


def test_class_indices_may_have_gaps():
    codes = np.repeat([0, 5, 9], [10, 20, 30])
    train, validation = split_rows(codes, len(codes), 0.2, np.random.default_rng(0))
    assert np.bincount(codes[validation])[[0, 5, 9]].tolist() == [2, 4, 6]
    assert len(train) == 48


def test_no_strata_and_tiny_tables():
    train, validation = split_rows(None, 10, 0.3, np.random.default_rng(0))
    assert (len(train), len(validation)) == (7, 3)
    with pytest.raises(ValueError, match="at least 3 rows"):
        split_rows(np.array([0, 1]), 2, 0.1, np.random.default_rng(0))


def test_same_seed_same_split():
    codes = np.arange(50) % 3
    first = split_rows(codes, len(codes), 0.2, np.random.default_rng(5))
    second = split_rows(codes, len(codes), 0.2, np.random.default_rng(5))
    np.testing.assert_array_equal(first[1], second[1])
