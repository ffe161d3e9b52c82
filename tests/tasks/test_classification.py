import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import DataConversionWarning

from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import Brier, CrossEntropy, Focal
from skjacobnet.tasks import Classes, Labels, classification_task, declared_task


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
    task = classification_task(y)
    assert task.classes.tolist() == classes
    assert (task.n_raw, task.link()) == (n_raw, link)
    encoded = task.encode(task.codes(y), np.float32)
    assert encoded.shape == (len(y), n_raw)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(task.decide(encoded - 0.5), y)


def test_sparse_labels():
    dense = np.array([[0, 1, 1], [1, 0, 0]])
    task = classification_task(csr_matrix(dense))
    np.testing.assert_array_equal(task.codes(csr_matrix(dense)), dense)


def test_one_class_and_unknown_classes():
    with pytest.raises(ValueError, match="one class only"):
        classification_task(np.array(["a", "a"]))
    task = classification_task(np.array(["a", "b"]))
    with pytest.raises(ValueError, match=r"y_val has classes .*\['c'\].*Known"):
        task.codes(np.array(["a", "c"]), "y_val")
    labels = classification_task(np.array([[0, 1], [1, 0]]))
    with pytest.raises(ValueError, match="2 columns"):
        labels.codes(np.array([[0, 1, 1]]))
    with pytest.raises(ValueError, match="Unknown label type"):
        classification_task(np.array([0.5, 1.7, 2.2]))


@pytest.mark.parametrize("n_classes", [2, 256, 257, 1000])
def test_many_classes(n_classes):
    y = np.random.default_rng(0).permutation(np.arange(2 * n_classes) % n_classes)
    task = classification_task(y)
    codes = task.codes(y)
    np.testing.assert_array_equal(codes, y)
    encoded = task.encode(codes, np.float32)
    np.testing.assert_array_equal(task.decide(encoded - 0.5), y)
    assert np.count_nonzero(encoded) == (n_classes if n_classes == 2 else len(y))


def test_columns_are_read_as_one_class_in_each_row():
    task = Classes(np.array(["a", "b"]))
    with pytest.warns(DataConversionWarning, match="column-vector"):
        codes = task.codes(np.array([["b"], ["a"]]))
    assert codes.tolist() == [1, 0]


def test_declared_classes():
    task = declared_task(["b", "a", "b"], np.array(["a"]))
    assert task.classes.tolist() == ["a", "b"]
    assert declared_task([0, 1], np.array([[0, 1], [1, 1]])).n_labels == 2
    with pytest.raises(ValueError, match="indices 0 to 1 of the columns"):
        declared_task([0, 2], np.array([[0, 1], [1, 1]]))


def test_weights_fit_the_same_task_only():
    classes = np.array(["a", "b"])
    assert Classes(classes).same_as(Classes(classes.copy()))
    assert not Classes(classes).same_as(Classes(np.array(["a", "c"])))
    assert not Classes(np.arange(3)).same_as(Labels(3))
    assert Labels(3).same_as(Labels(3))
    assert not Labels(3).same_as(Labels(2))


@pytest.mark.parametrize("loss", [CrossEntropy(0.1), Brier(), Focal()])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["two", "three", "labels"])
def test_the_loss_of_a_constant_is_the_mean_over_rows(loss, kind, weighted):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 7 % (2 if kind == "two" else 3)
    if kind == "labels":
        y = rng.integers(0, 2, (60, 3))
    weight = rng.integers(0, 4, 60).astype(float) if weighted else None
    task = classification_task(y)
    codes = task.codes(y)
    raw = task.constant_raw(codes, weight, loss)
    assert raw.shape == (task.n_raw,)
    repeated = np.repeat(codes, weight.astype(int), axis=0) if weighted else codes
    expected = loss.value(
        task.encode(repeated, float),
        np.tile(raw, (len(repeated), 1)),
        None,
        task.link(),
    )
    found = task.loss_of_constant(raw, codes, weight, loss)
    assert found == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("kind", ["two", "three", "labels"])
def test_no_other_constant_has_a_lower_cross_entropy(kind):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2 if kind == "two" else 3, 50)
    if kind == "labels":
        y = rng.integers(0, 2, (50, 3))
    task, loss = classification_task(y), CrossEntropy()
    codes, weight = task.codes(y), rng.uniform(0.0, 2.0, 50)
    raw = task.constant_raw(codes, weight, loss)
    best = task.loss_of_constant(raw, codes, weight, loss)
    for _ in range(20):
        other = raw + 0.1 * rng.standard_normal(raw.shape)
        assert task.loss_of_constant(other, codes, weight, loss) >= best


def test_what_tells_rows_apart():
    task = Classes(np.array(["a", "b", "c"]))
    assert task.absent(np.array([0, 2, 2])) == ["b"]
    assert task.strata(np.array([0, 2])).tolist() == [0, 2]
    assert Labels(2).absent(np.array([[0, 0]])) == []
    assert Labels(2).strata(np.array([[0, 0]])) is None
    assert [task.n_outputs(name) for name in ("raw", "proba")] == [3, 3]
    two = Classes(np.array(["a", "b"]))
    assert [two.n_outputs(name) for name in ("raw", "proba", "log_proba")] == [1, 2, 2]
