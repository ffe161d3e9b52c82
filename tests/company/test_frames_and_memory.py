"""What X may be: frames, any type of numbers, rows on disk, large sparse matrices."""

import tracemalloc

import numpy as np
import pytest
import sklearn
from plain import plain_classifier
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

X, Y = load_iris(return_X_y=True)
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]
PREDICTIONS = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


def network(**params):
    defaults = {
        "hidden_layer_sizes": (8,),
        "learning_rate": 0.02,
        "batch_size": 32,
        "max_iter": 20,
        "tol": None,
        "random_state": 0,
    }
    return plain_classifier(**{**defaults, **params})


@pytest.fixture(params=["pandas", "polars"])
def make_frame(request):
    library = pytest.importorskip(request.param)

    def make(rows, names=NAMES):
        columns = dict(zip(names, np.asarray(rows).T, strict=True))
        return library.DataFrame(columns)

    if not hasattr(StandardScaler().fit(make(X)), "feature_names_in_"):
        pytest.skip(f"scikit-learn {sklearn.__version__} reads no names of this frame")
    return make


@pytest.fixture
def make_series(make_frame):
    def make(values):
        frame = make_frame(np.asarray(values)[:, np.newaxis], ["species"])
        return frame["species"]

    return make


def test_a_frame_gives_the_same_network_and_its_names(make_frame, make_series):
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[Y]
    plain = network().fit(X, names)
    framed = network().fit(make_frame(X), make_series(names))
    np.testing.assert_array_equal(framed.weights_, plain.weights_)
    assert framed.feature_names_in_.tolist() == NAMES
    assert not hasattr(plain, "feature_names_in_")
    np.testing.assert_array_equal(framed.classes_, plain.classes_)
    for method in PREDICTIONS:
        np.testing.assert_array_equal(
            getattr(framed, method)(make_frame(X)), getattr(plain, method)(X)
        )
    assert framed.score(make_frame(X), make_series(names)) > 0.9


def test_names_that_do_not_fit(make_frame):
    model = network().fit(make_frame(X), Y)
    others = make_frame(X, [*NAMES[:3], "color"])
    reordered = make_frame(X[:, ::-1], NAMES[::-1])
    fewer = make_frame(X[:, :3], NAMES[:3])
    for method in PREDICTIONS:
        predict = getattr(model, method)
        with pytest.raises(ValueError, match=r"unseen at fit time:\n- color"):
            predict(others)
        with pytest.raises(ValueError, match="must be in the same order"):
            predict(reordered)
        with pytest.raises(ValueError, match=r"missing:\n- petal width"):
            predict(fewer)
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            predict(X)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        network().fit(X, Y).predict(make_frame(X))


def test_names_are_checked_by_partial_fit_and_by_validation_rows(make_frame):
    stream = network().partial_fit(make_frame(X), Y, classes=[0, 1, 2])
    assert stream.feature_names_in_.tolist() == NAMES
    before = stream.weights_.copy()
    with pytest.raises(ValueError, match="must be in the same order"):
        stream.partial_fit(make_frame(X[:, ::-1], NAMES[::-1]), Y)
    np.testing.assert_array_equal(stream.weights_, before)
    with pytest.raises(ValueError, match="unseen at fit time"):
        network().fit(
            make_frame(X), Y, X_val=make_frame(X, ["a", "b", "c", "d"]), y_val=Y
        )


def test_another_fit_takes_other_names(make_frame):
    model = network().fit(make_frame(X), Y)
    model.fit(make_frame(X[:, :2], ["u", "v"]), Y)
    assert model.feature_names_in_.tolist() == ["u", "v"]
    assert not hasattr(model.fit(X, Y), "feature_names_in_")


# Early stopping passes rows to a scorer, which must not warn about missing names.
@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_frames_and_early_stopping(make_frame, make_series, monitor):
    params = {"early_stopping": True, "monitor": monitor, "max_iter": 5}
    framed = network(**params).fit(make_frame(X), make_series(Y))
    plain = network(**params).fit(X, Y)
    np.testing.assert_array_equal(framed.weights_, plain.weights_)
    own = network(monitor=monitor).fit(
        make_frame(X), Y, X_val=make_frame(X), y_val=make_series(Y)
    )
    assert own.feature_names_in_.tolist() == NAMES


def test_a_frame_of_mixed_types_of_numbers():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "a": X[:, 0].astype("f4"),
            "b": (10 * X[:, 1]).astype(int),
            "c": X[:, 2] > 2.5,
            "d": pd.array(10 * X[:, 3], dtype="Int64"),
        }
    )
    plain = frame.astype(float).to_numpy()
    np.testing.assert_array_equal(
        network().fit(frame, Y).weights_, network().fit(plain, Y).weights_
    )


@pytest.mark.parametrize(
    ("dtype", "computes_in"),
    [
        ("float32", "float32"),
        ("float64", "float64"),
        ("int64", "float64"),
        ("int8", "float64"),
        ("uint8", "float64"),
        ("bool", "float64"),
    ],
)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_types_of_numbers(dtype, computes_in, container):
    rows = np.rint(X) if dtype != "bool" else np.median(X, axis=0) < X
    given = container(rows.astype(dtype))
    model = network().fit(given, Y)
    assert model.weights_.dtype == computes_in
    assert model.predict_proba(given).dtype == computes_in
    same = network().fit(rows.astype(computes_in), Y)
    # The same numbers in the end; sparse products may round otherwise.
    exact = container is np.asarray
    tolerance = 0.0 if exact else 1e-3 if computes_in == "float32" else 1e-9
    np.testing.assert_allclose(
        model.predict_proba(given),
        same.predict_proba(rows.astype(computes_in)),
        rtol=0.0,
        atol=tolerance,
    )
    assert model.score(given, Y) > 0.7


def freeze(array):
    array = array.copy()
    array.setflags(write=False)
    return array


def test_read_only_arrays():
    weight = np.arange(len(Y)) % 3
    expected = network().fit(X, Y, sample_weight=weight)
    model = network().fit(freeze(X), freeze(Y), sample_weight=freeze(weight))
    np.testing.assert_array_equal(model.weights_, expected.weights_)
    np.testing.assert_array_equal(model.predict(freeze(X)), expected.predict(X))
    matrix = sparse.csr_array(X)
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.setflags(write=False)
    network().fit(matrix, Y).predict(matrix)
    network(batch_size=1000).fit(freeze(X), freeze(Y)).partial_fit(freeze(X), freeze(Y))
    network(optimizer="lbfgs", tol=1e-2, max_iter=100).fit(freeze(X), freeze(Y))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("batch_size", [32, 1000])
def test_data_are_left_alone(order, batch_size):
    rows, targets = np.asarray(X, order=order), Y.copy()
    weight = 1.0 + Y
    model = network(batch_size=batch_size, early_stopping=True, max_iter=3)
    model.fit(rows, targets, sample_weight=weight).predict_proba(rows)
    np.testing.assert_array_equal(rows, X)
    np.testing.assert_array_equal(targets, Y)
    np.testing.assert_array_equal(weight, 1.0 + Y)


@pytest.fixture
def peak():
    """Return the peak of memory that NumPy and Python take during a call."""

    def measure(function, *args, **kwargs):
        tracemalloc.start()
        try:
            result = function(*args, **kwargs)
            return result, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


@pytest.fixture(scope="module")
def rows_on_disk(tmp_path_factory):
    """Return 80 MB of real rows, repeated with a little noise, and their classes."""
    rows, classes = load_breast_cancer(return_X_y=True)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    n_samples, n_features = 80_000, 250
    path = tmp_path_factory.mktemp("disk") / "rows.dat"
    on_disk = np.memmap(path, np.float32, "w+", shape=(n_samples, n_features))
    rng = np.random.default_rng(0)
    chosen = rng.integers(0, len(rows), n_samples)
    for start in range(0, n_samples, 8000):
        block = slice(start, start + 8000)
        on_disk[block, :30] = rows[chosen[block]]
        on_disk[block, 30:] = 0.1 * rng.standard_normal((8000, 220), np.float32)
    on_disk.flush()
    return np.memmap(path, np.float32, "r", shape=(n_samples, n_features)), classes[
        chosen
    ]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"dtype": "float64"},
        {"shuffle": False},
        {"early_stopping": True, "validation_fraction": 0.02},
        {"class_weight": "balanced"},
    ],
    ids=lambda params: "-".join(params) or "plain",
)
def test_rows_on_disk_are_not_read_into_memory(rows_on_disk, peak, params):
    rows, classes = rows_on_disk
    assert rows.nbytes == 80_000_000
    model = network(max_iter=1, batch_size=500, learning_rate=0.01, **params)
    model, most = peak(model.fit, rows, classes)
    assert most < rows.nbytes / 5
    proba, most = peak(model.predict_proba, rows)
    assert most < rows.nbytes / 5
    assert np.mean(proba.argmax(axis=1) == classes) > 0.9


def test_partial_fit_and_weights_do_not_read_rows_into_memory(rows_on_disk, peak):
    rows, classes = rows_on_disk
    model = network(batch_size=500, learning_rate=0.01)
    weight = np.arange(len(classes)) % 2
    _, most = peak(
        model.partial_fit, rows, classes, classes=[0, 1], sample_weight=weight
    )
    assert most < rows.nbytes / 5
    model = network(batch_size=500, learning_rate=0.01, max_iter=1)
    _, most = peak(model.fit, rows, classes, sample_weight=weight)
    assert most < rows.nbytes / 5
    assert model.score(rows[:2000], classes[:2000]) > 0.9


def test_rows_on_disk_give_the_same_network(rows_on_disk):
    rows, classes = rows_on_disk
    rows, classes = rows[:3000], classes[:3000]
    np.testing.assert_array_equal(
        network(max_iter=2).fit(rows, classes).weights_,
        network(max_iter=2).fit(np.array(rows), classes).weights_,
    )


@pytest.fixture(scope="module")
def large_sparse():
    """Return 20,000 rows with the sign of a sparse sum as the target."""
    rng = np.random.default_rng(0)
    shape = 20_000, 5_000
    n_stored = shape[0] * shape[1] // 1000
    places = (rng.integers(0, shape[0], n_stored), rng.integers(5, shape[1], n_stored))
    matrix = sparse.coo_array((rng.standard_normal(n_stored), places), shape)
    # One of five columns in each row, so that there is something to generalize.
    column = rng.integers(0, 5, shape[0])
    value = rng.choice([-1.0, 1.0], shape[0])
    few = sparse.coo_array((value, (np.arange(shape[0]), column)), shape)
    return sparse.csr_array(matrix + few), value > 0.0


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
@pytest.mark.parametrize("first_layer", ["linear", "tanh"])
def test_large_sparse_rows_are_never_made_dense(large_sparse, peak, kind, first_layer):
    matrix, classes = large_sparse
    matrix = matrix.asformat(kind)
    dense_bytes = matrix.shape[0] * matrix.shape[1] * 8
    assert dense_bytes == 800_000_000
    # A first layer other than a linear one needs dense batches, but only batches.
    layers = {"linear": None, "tanh": ["tanh"]}[first_layer]
    model = network(layers=layers, max_iter=1, batch_size=100, dtype="float32")
    train = slice(None, 16_000) if kind != "coo" else slice(None)
    rows = matrix if kind == "coo" else matrix[train]
    model, most = peak(model.fit, rows, classes[train])
    assert most < dense_bytes / 20
    proba, most = peak(model.predict_proba, matrix)
    assert most < dense_bytes / 20
    test = slice(16_000, None)
    assert np.mean(proba[test].argmax(axis=1) == classes[test]) > 0.8


def test_large_sparse_rows_with_all_at_once(large_sparse, peak):
    matrix, classes = large_sparse
    model = network(optimizer="lbfgs", max_iter=5, regularizers={"weight_decay": 1e-3})
    model, most = peak(model.fit, matrix, classes)
    assert most < 80_000_000
    assert model.score(matrix, classes) > 0.8


def test_sparse_rows_and_early_stopping(large_sparse, peak):
    matrix, classes = large_sparse
    model = network(max_iter=2, batch_size=200, early_stopping=True, monitor="accuracy")
    model, most = peak(model.fit, matrix, classes)
    assert most < 80_000_000
    assert model.best_score_ > 0.8


def test_dense_rows_are_not_copied(peak):
    rows, classes = load_breast_cancer(return_X_y=True)
    rows = np.tile((rows - rows.mean(axis=0)) / rows.std(axis=0), (150, 1))
    classes = np.tile(classes, 150)
    train, test = train_test_split(np.arange(569), random_state=0)
    for given in (rows, rows.astype("f4"), rows > 0.0):
        model = network(max_iter=1, batch_size=500)
        model, most = peak(model.fit, given, classes)
        assert most < rows.nbytes / 3
        _, most = peak(model.predict_proba, given)
        assert most < rows.nbytes / 3
    assert network().fit(rows[train], classes[train]).score(
        rows[test], classes[test]
    ) > (0.93)


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda X: np.repeat(X, 2, axis=1)[:, ::2]]
)
def test_rows_that_are_not_in_order_in_memory(peak, layout):
    rows, classes = load_breast_cancer(return_X_y=True)
    rows = np.tile((rows - rows.mean(axis=0)) / rows.std(axis=0), (150, 1))
    given, classes = layout(rows), np.tile(classes, 150)
    model, most = peak(network(max_iter=1, batch_size=500).fit, given, classes)
    assert most < rows.nbytes / 3
    same = network(max_iter=1, batch_size=500).fit(rows, classes)
    np.testing.assert_array_equal(model.weights_, same.weights_)
