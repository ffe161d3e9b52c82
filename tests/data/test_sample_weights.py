import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from skjacobnet.data.sample_weights import (
    check_weights,
    class_factors,
    combine,
    mean_weight,
    row_factors,
)
from skjacobnet.tasks import classification_task


def class_weights(class_weight, targets, codes, sample_weight):
    factors = class_factors(class_weight, targets, codes, sample_weight)
    return row_factors(factors, codes)


def test_weights_are_checked():
    assert check_weights(None, 3) is None
    np.testing.assert_array_equal(check_weights(2, 3), [2.0, 2.0, 2.0])
    for bad, message in [
        ([1.0, 2.0], r"shape \(3,\)"),
        ([[1.0], [1.0], [1.0]], r"shape \(3,\)"),
        ([1.0, -2.0, 1.0], "must not be negative, got -2.0 in row 1"),
        ([0.0, 0.0, 0.0], "zero for every row"),
        ([1.0, np.nan, 1.0], "NaN"),
        ([1.0, np.inf, 1.0], "infinity"),
    ]:
        with pytest.raises(ValueError, match=message):
            check_weights(bad, 3)


def test_balanced_equals_that_of_scikit_learn():
    y = np.array(["a"] * 7 + ["b"] * 2 + ["c"])
    targets = classification_task(y)
    weight = class_weights("balanced", targets, targets.codes(y), None)
    np.testing.assert_allclose(weight, compute_sample_weight("balanced", y))


def test_balanced_counts_weights_like_repeated_rows():
    y = np.array([0, 0, 1, 1, 1])
    times = np.array([1, 4, 2, 1, 3])
    targets = classification_task(y)
    weighted = class_weights("balanced", targets, y, times.astype(float))
    repeated = class_weights("balanced", targets, np.repeat(y, times), None)
    np.testing.assert_allclose(np.repeat(weighted, times), repeated)


def test_dicts():
    y = np.array(["no", "yes", "no"])
    targets = classification_task(y)
    codes = targets.codes(y)
    weight = class_weights({"yes": 3.0}, targets, codes, None)
    np.testing.assert_array_equal(weight, [1.0, 3.0, 1.0])
    with pytest.raises(ValueError, match="'maybe', which y does not have"):
        class_weights({"maybe": 3.0}, targets, codes, None)
    with pytest.raises(ValueError, match="not negative"):
        class_weights({"yes": -3.0}, targets, codes, None)


def test_the_mean_is_that_of_the_rows_that_count():
    weight = np.array([0.0, 2.0, 4.0, 9.0])
    assert mean_weight(weight, np.array([1, 2])) == 3.0
    np.testing.assert_allclose(mean_weight(weight), 3.75)
    assert mean_weight(np.full(4, 7.0)) is None
    assert mean_weight(None) is None


def test_weights_are_multiplied():
    np.testing.assert_array_equal(
        combine(np.ones(2), None, np.full(2, 3.0)), [3.0, 3.0]
    )
    assert combine(None, None) is None


def test_labels():
    y = np.array([[0, 1], [1, 1], [0, 1], [0, 0]])
    targets = classification_task(y)
    per_label = class_weights([{1: 3.0}, {0: 2.0}], targets, y, None)
    np.testing.assert_array_equal(per_label, [1.0, 3.0, 1.0, 2.0])
    same = class_weights({1: 3.0}, targets, y, None)
    np.testing.assert_array_equal(same, [3.0, 9.0, 3.0, 1.0])
    balanced = class_weights("balanced", targets, y, None)
    np.testing.assert_allclose(balanced, compute_sample_weight("balanced", y))
    times = np.array([2, 1, 3, 1])
    weighted = class_weights("balanced", targets, y, times.astype(float))
    repeated = class_weights("balanced", targets, np.repeat(y, times, axis=0), None)
    np.testing.assert_allclose(np.repeat(weighted, times), repeated)
    for bad, message in [
        ([{0: -3.0}, {}], "not negative"),
        ([{0: np.nan}, {}], "finite"),
        ([{2: 1.0}, {}], "names the class 2"),
        ([{}], "2 dicts"),
    ]:
        with pytest.raises(ValueError, match=message):
            class_weights(bad, targets, y, None)


def test_huge_weights_do_not_overflow():
    weight = np.array([1e308, 1e308, 0.5e308])
    np.testing.assert_allclose(weight / mean_weight(weight), [1.2, 1.2, 0.6])
