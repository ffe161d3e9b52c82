"""Raw tables with categories and missing values, in and out of both estimators."""

import datetime
import pickle

import numpy as np
import pytest
from plain import plain_classifier, plain_regressor
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet.layers import (
    MissingIndicator,
    OneHot,
    PiecewiseLinear,
    SmoothClip,
    Standardize,
)

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

RNG = np.random.default_rng(0)
N = 160
FRAME = pandas.DataFrame(
    {
        "age": RNG.uniform(18.0, 90.0, N),
        "income": np.where(RNG.random(N) < 0.2, np.nan, RNG.exponential(3e4, N)),
        "city": RNG.choice(["Rome", "Oslo", "Lima", None], N),
        "member": RNG.random(N) < 0.4,
        "grade": pandas.Categorical(RNG.choice(["a", "b", "c"], N)),
    }
)
NUMBER = (
    0.05 * FRAME["age"]
    + 2.0 * (FRAME["city"] == "Rome")
    + FRAME["income"].fillna(3e4) / 3e4
).to_numpy() + 0.1 * RNG.normal(size=N)
WORD = np.where(np.median(NUMBER) < NUMBER, "high", "low")
LIST = ["one_hot", "missing_indicator", Standardize()]
PARAMS = {
    "hidden_layer_sizes": (8,),
    "learning_rate": 0.02,
    "max_iter": 20,
    "tol": None,
    "random_state": 0,
}


def in_polars(frame):
    """Return a frame of pandas in polars, without pyarrow."""
    return polars.DataFrame(
        {
            name: [None if pandas.isna(value) else value for value in column]
            for name, column in frame.items()
        }
    )


def classifier(encoding="auto", **params):
    return plain_classifier(encoding=encoding, **{**PARAMS, **params})


def regressor(encoding="auto", **params):
    return plain_regressor(encoding=encoding, **{**PARAMS, **params})


BOTH = [(classifier, WORD, "predict_proba"), (regressor, NUMBER, "predict")]
# Rows at the knots of 8 and of 16 bins, where one side is another.
AT_KNOTS = {classifier: 9, regressor: 17}
both = pytest.mark.parametrize(
    ("make", "y", "method"), BOTH, ids=["classes", "numbers"]
)


@both
@pytest.mark.parametrize("encoding", ["auto", LIST], ids=["auto", "list"])
def test_frames_and_arrays_are_one_table(make, y, method, encoding):
    tables = [FRAME, in_polars(FRAME), FRAME.to_numpy(object)]
    tables[2][:, 3] = np.where(FRAME["member"], "True", "False")
    results = []
    for table in tables:
        model = make(encoding, max_iter=60).fit(table, y)
        assert model.score(table, y) > 0.7
        results.append(getattr(model, method)(table))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@both
@pytest.mark.parametrize("dtype", [None, "float32"])
@pytest.mark.parametrize(
    "encoding",
    [
        "auto",
        LIST,
        [MissingIndicator(), Standardize(), SmoothClip(), OneHot(), PiecewiseLinear(5)],
        [PiecewiseLinear(3), OneHot(min_frequency=0.3), Standardize()],
    ],
    ids=["auto", "list", "other order", "rare"],
)
def test_derivatives_of_the_raw_columns(make, y, method, dtype, encoding):
    model = make(encoding, activation="tanh", dtype=dtype).fit(FRAME, y)
    jacobian = model.input_jacobian(FRAME)
    assert jacobian.dtype == model.weights_.dtype
    assert np.isnan(jacobian[..., 2:]).all()
    exact = clone(model).set_params(dtype="float64").fit(FRAME, y)
    exact.weights_ = model.weights_
    for place, (name, h) in enumerate({"age": 1e-4, "income": 1.0}.items()):
        ends = []
        for sign in (1.0, -1.0):
            moved = FRAME.assign(**{name: FRAME[name] + sign * h})
            ends.append(getattr(exact, method)(moved).reshape(N, -1))
        slope = (ends[0] - ends[1]) / (2.0 * h)
        missing = FRAME[name].isna().to_numpy()
        assert not jacobian[missing, :, place].any()
        size = np.nanmax(np.abs(slope))
        difference = np.abs(jacobian[..., place] - slope)[~missing]
        near = difference < (1e-6 if dtype is None else 1e-4) * size
        if name == "age":
            assert np.sum(~near.all(axis=1)) <= AT_KNOTS[make]
        else:
            assert np.mean(near) > 0.8


@both
def test_derivatives_without_categories(make, y, method):
    X = FRAME[["age"]]
    model = make(activation="tanh").fit(X, y)
    ends = [getattr(model, method)(X + h).reshape(N, -1) for h in (1e-4, -1e-4)]
    slope = (ends[0] - ends[1]) / 2e-4
    difference = np.abs(model.input_jacobian(X)[..., 0] - slope)
    near = difference < 1e-6 * np.abs(slope).max()
    assert np.sum(~near.all(axis=1)) <= AT_KNOTS[make]


@both
def test_missing_unknown_and_rare_values(make, y, method):
    encoding = [OneHot(min_frequency=20), MissingIndicator(), Standardize()]
    model = make(encoding, activation="tanh")
    model.fit(FRAME.assign(grade=["rare", *["a", "b", "c"] * 53]), y)
    predict = getattr(model, method)
    row = FRAME.iloc[[0]].assign(grade="a")
    empty = predict(row.assign(grade=None, city=None))
    np.testing.assert_array_equal(
        predict(row.assign(grade="rare", city="Paris")), empty
    )
    np.testing.assert_array_equal(predict(row.assign(grade="new", city=None)), empty)
    assert np.abs(predict(row.assign(city=None)) - empty).max() > 0.0
    no_income = predict(row.assign(income=np.nan))
    assert np.isfinite(no_income).all()
    assert np.abs(no_income - predict(row)).max() > 0.0


@both
def test_weights_equal_repeated_rows(make, y, method):
    times = RNG.integers(0, 3, N)
    rows = np.repeat(np.arange(N), times)
    params = {"batch_size": 1000}
    repeated = make(**params).fit(FRAME.iloc[rows], y[rows])
    weighted = make(**params).fit(FRAME, y, sample_weight=times)
    known = weighted.network_.statistics, repeated.network_.statistics
    np.testing.assert_allclose(*known, rtol=1e-12)
    np.testing.assert_allclose(
        getattr(weighted, method)(FRAME), getattr(repeated, method)(FRAME), rtol=1e-8
    )


@both
def test_order_of_rows_and_columns(make, y, method):
    order = RNG.permutation(N)
    statistics = make().fit(FRAME, y).network_.statistics
    shuffled = make().fit(FRAME.iloc[order], y[order]).network_.statistics
    np.testing.assert_allclose(shuffled, statistics, rtol=1e-12)
    turned = make().fit(FRAME[FRAME.columns[::-1]], y)
    np.testing.assert_allclose(
        np.sort(turned.network_.statistics), np.sort(statistics), rtol=1e-12
    )
    with pytest.raises(ValueError, match="order"):
        turned.predict(FRAME)
    with pytest.warns(UserWarning, match="feature names"):
        by_place = turned.predict(FRAME[FRAME.columns[::-1]].to_numpy(object))
    np.testing.assert_array_equal(by_place, turned.predict(FRAME[FRAME.columns[::-1]]))


@both
def test_continued_runs_keep_the_encodings(make, y, method):
    whole = make(warm_start=True, max_iter=20).fit(FRAME, y)
    halves = make(warm_start=True, max_iter=10).fit(FRAME, y)
    halves = pickle.loads(pickle.dumps(halves)).fit(FRAME, y)
    np.testing.assert_array_equal(whole.weights_, halves.weights_)
    statistics = halves.network_.statistics
    halves.fit(FRAME.assign(age=1000, city="Quito"), y)
    np.testing.assert_array_equal(halves.network_.statistics, statistics)
    for encoding in (None, LIST, ["one_hot", "missing_indicator"]):
        other = clone(halves).set_params(encoding="auto").fit(FRAME, y)
        other.set_params(encoding=encoding)
        with pytest.raises(ValueError, match=r"the encodings of the last fit.*warm_st"):
            other.fit(FRAME, y)
    extra = {"classes": ["high", "low"]} if make is classifier else {}
    model = make().partial_fit(FRAME.iloc[:100], y[:100], **extra)
    statistics = model.network_.statistics
    model.partial_fit(FRAME.iloc[100:].assign(city="Quito"), y[100:])
    np.testing.assert_array_equal(model.network_.statistics, statistics)
    assert np.isfinite(getattr(model, method)(FRAME)).all()


@both
def test_validation_monitors_searches_and_pipelines(make, y, method):
    monitor = "accuracy" if make is classifier else "r2"
    params = {"early_stopping": True, "monitor": monitor, "max_iter": 40}
    assert make(**params).fit(FRAME, y).score(FRAME, y) > 0.6
    own = make(monitor=monitor, max_iter=40)
    own.fit(FRAME[:120], y[:120], X_val=FRAME[120:], y_val=y[120:])
    assert own.best_score_ == pytest.approx(own.score(FRAME[120:], y[120:]))
    assert np.isfinite(cross_val_score(make(), FRAME, y, cv=3)).all()
    grid = {"encoding": ["auto", LIST], "max_iter": [5]}
    search = GridSearchCV(make(), grid, cv=2, n_jobs=2).fit(FRAME, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    model = make_pipeline(StandardScaler(), make()).fit(FRAME[["age", "income"]], y)
    assert getattr(model, method)(FRAME[["age", "income"]]).shape[0] == N


@both
def test_sparse_tables_are_only_scaled(make, y, method):
    X = csr_matrix(np.where(RNG.random((N, 6)) < 0.4, RNG.normal(size=(N, 6)), 0.0))
    X = X.multiply([1e-6, 1.0, 1e6, 1.0, 1.0, 1.0]).tocsr()
    model = make().fit(X, y)
    assert [type(layer).__name__ for layer in model.network_.layers[:2]] == [
        "Standardize",
        "Linear",
    ]
    dense = make([Standardize(center=False)]).fit(X.toarray(), y)
    np.testing.assert_allclose(
        getattr(model, method)(X), getattr(dense, method)(X.toarray()), rtol=1e-9
    )


@both
def test_nothing_that_is_known_changes_without_an_encoding(make, y, method):
    X = FRAME[["age"]].to_numpy(float)
    model = make(None).fit(X, y)
    assert model.model_.columns is None
    assert model.network_.n_encodings == 0
    assert not model.__sklearn_tags__().input_tags.allow_nan
    assert make().__sklearn_tags__().input_tags.allow_nan
    assert not make(["smooth_clip"]).__sklearn_tags__().input_tags.allow_nan


def test_timestamps_survive_float32():
    seconds = 1.7e9 + np.arange(N) * 60.0
    y = np.sin(np.arange(N) / 20.0)
    model = regressor(dtype="float32", max_iter=200, encoding=["standardize"])
    model.fit(seconds[:, np.newaxis], y)
    assert len(np.unique(model.predict(seconds[:, np.newaxis]))) > 100


OF_A_COLUMN = {
    "dates": (
        pandas.date_range("2020", periods=N),
        "'bad' holds dates or times.*skrub",
    ),
    "zoned dates": (pandas.date_range("2020", periods=N, tz="UTC"), "dates or times"),
    "durations": (pandas.to_timedelta(np.arange(N)), "dates or times"),
    "python dates": ([datetime.date(2020, 1, 1)] * N, "'bad' has a cell"),
    "periods": (pandas.period_range("2020", periods=N, freq="D"), "'bad' has a cell"),
    "intervals": (pandas.interval_range(0, N), "'bad' has a cell"),
    "complex": (np.full(N, 1j), "complex numbers"),
    "lists": ([[1, 2]] * N, "'bad' has a cell that holds .1, 2."),
    "dicts": ([{"a": 1}] * N, "'bad' has a cell"),
    "sets": ([{1}] * N, "'bad' has a cell"),
    "tuples": ([(1, 2)] * N, "'bad' has a cell"),
    "arrays": ([np.ones(2)] * N, "'bad' has a cell"),
    "objects": ([object()] * N, "'bad' has a cell"),
    "bytes": ([b"x"] * N, "'bad' has a cell"),
    "mixed": (["a", 1] * (N // 2), "'bad' mixes strings and numbers"),
    "mixed bools": (["a", True] * (N // 2), "'bad' mixes strings and numbers"),
    "mixed, missing": (["a", None, 1.5, "b"] * (N // 4), "'bad' mixes"),
    "mixed categories": (pandas.Categorical(["a", 1] * (N // 2)), "'bad' mixes"),
    "infinity": (np.r_[np.inf, np.zeros(N - 1)], "'bad' has an infinity, in row 0"),
    "minus infinity": (np.r_[0.0, -np.inf, np.zeros(N - 2)], "in row 1"),
    "infinity in float32": (np.full(N, np.inf, np.float32), "infinity"),
    "nullable infinity": (pandas.array([np.inf] * N, "Float64"), "infinity"),
}
OF_POLARS = {
    "dates": ([datetime.date(2020, 1, 1)] * N, None, "dates or times"),
    "times": ([datetime.datetime(2020, 1, 1)] * N, None, "dates or times"),
    "durations": ([datetime.timedelta(1)] * N, None, "dates or times"),
    "lists": ([[1.0]] * N, None, "of the type List"),
    "structs": ([{"a": 1}] * N, None, "of the type Struct"),
    "objects": ([object()] * N, polars.Object, "of the type Object"),
    "binary": ([b"x"] * N, None, "of the type Binary"),
    "infinity": ([np.inf] * N, None, "infinity"),
}
OF_TABLES = {
    "one column twice": (
        lambda: pandas.concat([FRAME, FRAME[["age"]]], axis=1),
        "several columns of the name 'age'",
    ),
    "no rows": (lambda: FRAME.iloc[:0], "0 sample"),
    "no columns": (lambda: FRAME[[]], "0 feature"),
    "no rows in polars": (lambda: in_polars(FRAME)[:0], "0 sample"),
    "one dimension": (lambda: np.zeros(N), "Expected 2D array"),
    "three dimensions": (lambda: np.zeros((N, 2, 2)), "dim 3"),
    "no array rows": (lambda: np.zeros((0, 2)), "0 sample"),
    "no array columns": (lambda: np.zeros((N, 0)), "0 feature"),
    "complex array": (lambda: np.full((N, 2), 1j), "Complex"),
    "dates in an array": (lambda: np.full((N, 1), "2020", "M8[D]"), "dates or times"),
    "infinity in an array": (lambda: np.full((N, 2), np.inf), "infinity"),
    "a dict in an array": (
        lambda: np.array([[{}]] * N, object),
        "argument must be a string or a real number",
    ),
    "mixed in an array": (lambda: np.array([["a"], [1]] * (N // 2), object), "mixes"),
    "names of two kinds": (lambda: FRAME.rename(columns={"age": 3}), "strings"),
    "short": (lambda: FRAME.iloc[:-1], "inconsistent numbers of samples"),
}


def assert_unchanged_by(error_of, model, message, kinds=(TypeError, ValueError)):
    before = vars(model).copy()
    with pytest.raises(kinds, match=message):
        error_of()
    assert vars(model) == before


FITTED = {make: make().fit(FRAME, y) for make, y, _ in BOTH}


@both
@pytest.mark.parametrize("name", OF_A_COLUMN)
def test_bad_columns(make, y, method, name):
    values, message = OF_A_COLUMN[name]
    # The bad column replaces a good one.
    table = FRAME.assign(age=pandas.Series(values)).rename(columns={"age": "bad"})
    fresh = make()
    assert_unchanged_by(lambda: fresh.fit(table, y), fresh, message)
    model = FITTED[make]
    assert_unchanged_by(lambda: model.fit(table, y), model, message)
    table = table.rename(columns={"bad": "age"})
    assert_unchanged_by(lambda: model.predict(table), model, "'age'")


@both
@pytest.mark.parametrize("name", OF_POLARS)
def test_bad_columns_in_polars(make, y, method, name):
    values, dtype, message = OF_POLARS[name]
    table = in_polars(FRAME).with_columns(polars.Series("age", values, dtype=dtype))
    model = FITTED[make]
    assert_unchanged_by(lambda: model.fit(table, y), model, f"'age'.*{message}")
    assert_unchanged_by(lambda: model.predict(table), model, f"'age'.*{message}")


@both
@pytest.mark.parametrize("name", OF_TABLES)
def test_bad_tables(make, y, method, name):
    table, message = OF_TABLES[name]
    model = FITTED[make]
    assert_unchanged_by(lambda: model.fit(table(), y), model, message)


@both
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_tables_that_do_not_follow_that_of_the_fit(make, y, method):
    model = FITTED[make]
    for table, message in [
        (FRAME.drop(columns="age"), "feature names|features"),
        (FRAME.assign(more=1), "feature names"),
        (FRAME.rename(columns={"age": "years"}), "feature names"),
        (FRAME.assign(age="old"), "'age' must hold numbers.*'old'"),
        (FRAME.to_numpy(object)[:, :3], "3 features"),
        (csr_matrix((N, 4)), "4 features"),
    ]:
        assert_unchanged_by(lambda table=table: model.predict(table), model, message)


@both
def test_encodings_that_do_not_suit_the_table(make, y, method):
    for encoding, table, message in [
        (["standardize"], FRAME, "'city' holds categories. Add 'one_hot'"),
        (["one_hot"], FRAME, "'income' has missing values. Add 'missing_indicator'"),
        (["smooth_clip"], np.full((N, 1), np.nan), "column 0 has missing values"),
        (["one_hot", "standardiz"], FRAME, "Did you mean 'standardize'"),
        ("onehot", FRAME, "Did you mean 'one_hot'"),
        ([OneHot], FRAME, r"Did you mean OneHot\(\)"),
        (3, FRAME, "None, 'auto', or a list"),
        ([OneHot(), PiecewiseLinear(0)], FRAME, "n_bins"),
        ([OneHot(min_frequency=-1)], FRAME, "min_frequency"),
        (["smooth_clip"], csr_matrix((N, 2)), "X is sparse"),
    ]:
        model = make(encoding)
        assert_unchanged_by(lambda m=model, t=table: m.fit(t, y), model, message)
    model = make(categorical_features=["town"])
    assert_unchanged_by(
        lambda: model.fit(FRAME, y), model, "'town', which is not a column"
    )
    model = make(["one_hot"]).fit(FRAME.drop(columns="income"), y)
    gaps = FRAME.drop(columns="income").assign(age=np.nan)
    assert_unchanged_by(lambda: model.predict(gaps), model, "'age' has missing values")
