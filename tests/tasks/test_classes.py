import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.tasks.classes import Targets


@pytest.mark.parametrize(
    ("y", "classes", "n_raw", "link"),
    [
        (np.array([3, 1, 3, 1]), [1, 3], 1, LOGISTIC),
        (np.array([False, True]), [False, True], 1, LOGISTIC),
        (np.array(["b", "c", "a"]), ["a", "b", "c"], 3, SOFTMAX),
        (np.array([2.0, 0.0, 1.0]), [0.0, 1.0, 2.0], 3, SOFTMAX),
        (np.array([[0, 1], [1, 1], [0, 0]]), [0, 1], 2, LOGISTIC),
    ],
)
def test_kinds_of_targets(y, classes, n_raw, link):
    targets = Targets.of(y)
    assert targets.classes.tolist() == classes
    assert (targets.n_raw, targets.link) == (n_raw, link)
    encoded = targets.encode(targets.codes(y), np.float32)
    assert encoded.shape == (len(y), n_raw)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(targets.decide(encoded - 0.5), y)


def test_sparse_labels():
    dense = np.array([[0, 1, 1], [1, 0, 0]])
    targets = Targets.of(csr_matrix(dense))
    np.testing.assert_array_equal(targets.codes(csr_matrix(dense)), dense)


def test_one_class_and_unknown_classes():
    with pytest.raises(ValueError, match="one class only"):
        Targets.of(np.array(["a", "a"]))
    targets = Targets.of(np.array(["a", "b"]))
    with pytest.raises(ValueError, match=r"y_val has classes .*\['c'\].*Known"):
        targets.codes(np.array(["a", "c"]), "y_val")
    labels = Targets.of(np.array([[0, 1], [1, 0]]))
    with pytest.raises(ValueError, match="2 columns"):
        labels.codes(np.array([[0, 1, 1]]))
    with pytest.raises(ValueError, match="Unknown label type"):
        Targets.of(np.array([0.5, 1.7, 2.2]))


@pytest.mark.parametrize("n_classes", [2, 256, 257, 1000])
def test_many_classes(n_classes):
    y = np.random.default_rng(0).permutation(np.arange(2 * n_classes) % n_classes)
    targets = Targets.of(y)
    codes = targets.codes(y)
    np.testing.assert_array_equal(codes, y)
    encoded = targets.encode(codes, np.float32)
    np.testing.assert_array_equal(targets.decide(encoded - 0.5), y)
    assert np.count_nonzero(encoded) == (n_classes if n_classes == 2 else len(y))
