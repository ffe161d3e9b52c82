"""JacobianMLPRegressor: units, answers, training, errors."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from plain import plain_classifier, plain_regressor
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import scale

from skjacobnet.callbacks import Checkpoint
from skjacobnet.losses import REGRESSION_LOSSES, CrossEntropy, Huber, Quantile
from skjacobnet.regularizers import REGULARIZERS, PredictionRegularizer

X, Y = load_diabetes(return_X_y=True)
X, Y = scale(X)[:120], Y[:120]
TWO = np.column_stack([Y, Y[::-1] ** 2])
LOSSES = REGRESSION_LOSSES.names
LEVELS = Quantile((0.1, 0.4, 0.6, 0.9))
each_loss = pytest.mark.parametrize("loss", [*LOSSES, LEVELS], ids=str)


def make(loss="squared_error", **params):
    defaults = {
        "hidden_layer_sizes": (6,),
        "activation": "tanh",
        "learning_rate": 0.02,
        "batch_size": 30,
        "max_iter": 8,
        "tol": None,
        "random_state": 0,
    }
    return plain_regressor(loss=loss, **{**defaults, **params})


@each_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_types_of_answers(loss, dtype):
    x, n = X.astype(dtype), len(X)
    for y, shape in ((Y, (n,)), (Y[:, np.newaxis], (n,)), (TWO, (n, 2))):
        model = make(loss).fit(x, y)
        assert model.predict(x).shape == shape
        for given in (x, x.astype(np.float64), csr_matrix(x)):
            assert model.predict(given).dtype == given.dtype
        n_targets = 1 if len(shape) == 1 else 2
        assert model.input_jacobian(x).shape == (n, n_targets, 10)
        assert model.weight_jacobian(x[:3]).shape == (
            3,
            n_targets * model.model_.loss.n_per_target,
            model.weights_.size,
        )
        assert model.per_sample_gradients(x, y).shape == (n, model.weights_.size)
        assert len(model.activations(x)) == len(model.network_.layers) == 4
        np.testing.assert_allclose(
            model.score(x, y), r2_score(y, model.predict(x)), rtol=1e-6
        )


def test_the_type_of_a_network_in_float32_does_not_limit_predictions():
    y = Y + 1e8
    narrow = make(dtype="float32").fit(X, y)
    assert narrow.weights_.dtype == np.float32
    assert narrow.predict(X).dtype == np.float64
    near = make(dtype="float32").fit(X, Y).predict(X)
    np.testing.assert_allclose(narrow.predict(X) - 1e8, near, atol=1e-2)


@each_loss
def test_a_unit_changes_nothing(loss):
    base = make(loss).fit(X, Y)
    exponential = not base.model_.loss.scales_target
    for unit, location in ((1e-6, 0.0), (1e6, 0.0), (2.0**10, 2.0**12)):
        if exponential:
            break
        model = make(loss).fit(X, unit * Y + location)
        expected = unit * base.predict(X) + location
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-9)
        np.testing.assert_allclose(
            model.input_jacobian(X), unit * base.input_jacobian(X), rtol=1e-7
        )
        np.testing.assert_allclose(model.loss_curve_, base.loss_curve_, rtol=1e-9)


@each_loss
def test_a_constant_target_gives_a_constant(loss):
    y = np.column_stack([Y, np.full(len(Y), 0.1)])
    model = make(loss).fit(X, y)
    np.testing.assert_allclose(model.predict(X)[:, 1], 0.1, rtol=1e-14)
    assert not model.input_jacobian(X)[:, 1].any()
    alone = make(loss).fit(X, y[:, 1]).predict(X)
    np.testing.assert_allclose(alone, 0.1, rtol=1e-14)
    assert np.ptp(alone) == 0.0


def answer(model, x, output):
    """Return an output by its public method, with a column for each number."""
    if output == "std":
        values = model.predict(x, return_std=True)[1]
    elif output == "quantiles":
        values = model.predict_quantiles(x)
    else:
        values = model.predict(x) if output == "prediction" else model.model_.raw(x)
    return values.reshape(len(x), -1)


@pytest.mark.parametrize("y", [Y, TWO], ids=["one", "two"])
@pytest.mark.parametrize(
    "loss", ["squared_error", "poisson", "gaussian", LEVELS], ids=str
)
def test_derivatives_in_the_unit_of_the_target(loss, y):
    model = make(loss).fit(X, y)
    model.weights_ = model.weights_ + 0.3  # levels that cross
    moved, x, h = copy.deepcopy(model), X[:9], 1e-5
    for output in model.task_.outputs:
        steps = [
            answer(model, x + h * unit, output) - answer(model, x - h * unit, output)
            for unit in np.eye(10)
        ]
        expected = np.stack(steps, axis=-1) / (2 * h)
        tolerance = {"rtol": 1e-5, "atol": 1e-7 * np.abs(expected).max()}
        for mode in ("auto", "forward", "reverse"):
            found = model.input_jacobian(x, output=output, mode=mode)
            np.testing.assert_allclose(found, expected, **tolerance)
        exact = model.weight_jacobian(x, output=output)
        tolerance["atol"] = 1e-7 * np.abs(exact).max()
        for place in (0, 30, -1):
            step = h * np.eye(1, model.weights_.size, place % model.weights_.size)[0]
            ends = []
            for sign in (1, -1):
                moved.weights_ = model.weights_ + sign * step
                ends.append(answer(moved, x, output))
            slope = (ends[0] - ends[1]) / (2 * h)
            np.testing.assert_allclose(exact[..., place], slope, **tolerance)


@each_loss
def test_gradients_of_rows_are_those_of_the_training_loss(loss):
    model = make(loss).fit(X, TWO)
    gradients = model.per_sample_gradients(X, TWO)
    norms = model.per_sample_gradient_norms(X, TWO)
    np.testing.assert_allclose(norms, np.linalg.norm(gradients, axis=1))
    stepped = clone(model).set_params(
        optimizer="sgd", learning_rate=1e-3, batch_size=len(X), warm_start=True
    )
    stepped.set_params(max_iter=1).fit(X, TWO)
    before = stepped.weights_.copy()
    mean = stepped.per_sample_gradients(X, TWO).mean(axis=0)
    stepped.fit(X, TWO)
    np.testing.assert_allclose(
        stepped.weights_, before - 1e-3 * mean, rtol=1e-12, atol=1e-14
    )


def test_one_step_is_that_of_mlp_regressor():
    common = {"max_iter": 1, "batch_size": len(X), "random_state": 0}
    for y in (Y, TWO):
        mlp = MLPRegressor(
            hidden_layer_sizes=(6,),
            activation="tanh",
            solver="sgd",
            momentum=0.0,
            alpha=0.0,
            shuffle=False,
            **common,
        )
        ours = make(optimizer="sgd", learning_rate=0.001, shuffle=False, **common)
        y = (y - y.mean(axis=0)) / y.std(axis=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            start, other = clone(mlp).fit(X, y), clone(mlp).fit(X, y)
            ours.fit(X, y).set_params(warm_start=True)
            ours.coefs_, ours.intercepts_ = start.coefs_, start.intercepts_
            other.set_params(warm_start=True).fit(X, y)
            ours.fit(X, y)
        for name in ("coefs_", "intercepts_"):
            for a, b in zip(getattr(ours, name), getattr(other, name), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_the_output_starts_at_the_best_constant():
    for loss, constant in (("poisson", np.log(Y.mean())), ("absolute_error", None)):
        model = make(loss, learning_rate=1e-12, max_iter=1).fit(X, Y)
        if constant is None:
            task = model.task_
            constant = (np.sort(Y)[59] - task.location[0]) / task.scale[0]
        np.testing.assert_allclose(model.intercepts_[-1], constant, atol=1e-9)


@each_loss
def test_integer_weights_equal_repeated_rows(loss):
    times = np.random.default_rng(0).integers(0, 4, len(Y))
    params = {"batch_size": 1000, "max_iter": 20}
    rows = np.repeat(np.arange(len(Y)), times)
    repeated = make(loss, **params).fit(X[rows], TWO[rows])
    for factor in (1.0, 7.0):
        weighted = make(loss, **params).fit(X, TWO, sample_weight=factor * times)
        np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-9)
        np.testing.assert_allclose(weighted.task_.scale, repeated.task_.scale)


@pytest.mark.parametrize("loss", ["squared_error", "gaussian", "poisson"])
@pytest.mark.parametrize("validated", [False, True])
def test_halves_make_a_whole(loss, validated):
    params = {"early_stopping": validated, "warm_start": True, "dropout": 0.2}
    whole, halves = make(loss, **params, max_iter=10), make(loss, **params, max_iter=5)
    whole.fit(X, Y)
    for _ in range(2):
        halves = pickle.loads(pickle.dumps(halves)).fit(X, Y)
    np.testing.assert_array_equal(whole.weights_, halves.weights_)
    np.testing.assert_array_equal(whole.predict(X), halves.predict(X))
    np.testing.assert_array_equal(whole.network_.statistics, halves.network_.statistics)


def test_a_continued_run_keeps_the_unit():
    model = make(warm_start=True).fit(X, Y)
    statistics = model.network_.statistics
    model.fit(X, 2.0 * Y + 5.0)
    np.testing.assert_array_equal(model.network_.statistics, statistics)
    with pytest.raises(ValueError, match=r"continues with the targets.*2 columns"):
        model.fit(X, TWO)
    with pytest.raises(ValueError, match=r"loss=Poisson\(\).*warm_start=False"):
        model.set_params(loss="poisson").fit(X, Y)
    # A constant has no unit to keep.
    model = make(warm_start=True).fit(X, np.full(len(Y), 3.0)).fit(X, Y)
    assert model.score(X, Y) > 0.0


def test_partial_fit_takes_the_unit_of_its_first_call():
    model = make().partial_fit(X[:60], Y[:60])
    np.testing.assert_allclose(model.task_.location, Y[:60].mean())
    for _ in range(100):
        model.partial_fit(X[60:], Y[60:])
    np.testing.assert_allclose(model.task_.scale, Y[:60].std())
    assert model.score(X[60:], Y[60:]) > 0.5
    for first in (Y[:1], np.full(60, 9.0)):
        model = make().partial_fit(X[: len(first)], first)
        np.testing.assert_array_equal(model.predict(X), first[0])
        for _ in range(100):
            model.partial_fit(X, Y)
        assert model.score(X, Y) > 0.5
    model = make("poisson").partial_fit(X, 0.0 * Y)
    assert not model.predict(X).any()
    for _ in range(200):
        model.partial_fit(X, 0.1 * Y)
    assert model.score(X, 0.1 * Y) > 0.5


def test_a_constant_target_leaves_the_others_alone():
    for loss in ("squared_error", "gaussian"):
        alone = make(loss, max_iter=60).fit(X, Y)
        beside = make(loss, max_iter=60).fit(X, np.column_stack([Y, np.full(120, 7.0)]))
        assert abs(r2_score(Y, beside.predict(X)[:, 0]) - alone.score(X, Y)) < 0.1
        assert beside.loss_ < alone.loss_ + 1.0


def test_quantiles_never_cross_and_the_middle_one_is_predicted():
    model = make(LEVELS).fit(X, TWO)
    model.weights_ = np.random.default_rng(0).normal(size=model.weights_.size)
    quantiles = model.predict_quantiles(X)
    assert quantiles.shape == (len(X), 2, 4)
    assert (np.diff(quantiles, axis=-1) >= 0.0).all()
    assert (np.diff(model.model_.raw(X).reshape(-1, 2, 4)) < 0.0).any()
    np.testing.assert_array_equal(model.predict(X), quantiles[..., 1])
    assert make(Quantile(0.3)).fit(X, Y).predict_quantiles(X).shape == (len(X), 1)


@pytest.mark.parametrize("monitor", ["loss", "r2", "neg_mean_absolute_error"])
def test_early_stopping(monitor):
    x, y = make_friedman1(300, noise=1.0, random_state=0)
    x = scale(x)
    params = {"max_iter": 100, "tol": 1e-4, "monitor": monitor, "learning_rate": 0.05}
    model = make(early_stopping=True, **params).fit(x, y)
    column = "validation_loss" if monitor == "loss" else "validation_score"
    sign = -1.0 if monitor == "loss" else 1.0
    assert model.best_score_ == max(sign * np.array(model.history_[column]))
    own = make(**params).fit(x[:200], y[:200], X_val=x[200:], y_val=y[200:])
    assert own.score(x[200:], y[200:]) > 0.6
    if monitor == "r2":
        assert own.best_score_ == pytest.approx(own.score(x[200:], y[200:]))


def test_a_scorer_for_classes_is_refused_before_training():
    for monitor in ("accuracy", "roc_auc"):
        with pytest.raises(ValueError, match=r"cannot score the validation.*'r2'"):
            make(early_stopping=True, monitor=monitor).fit(X, Y)
    model = make(early_stopping=True, monitor=make_scorer(r2_score)).fit(X, Y)
    assert np.isfinite(model.best_score_)


def test_sparse_lbfgs_and_regularizers():
    sparse = csr_matrix(np.where(np.abs(X) > 0.5, X, 0.0))
    dense = make().fit(sparse.toarray(), Y).predict(X)
    np.testing.assert_allclose(make().fit(sparse, Y).predict(X), dense, rtol=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for loss in LOSSES:
            model = make(loss, optimizer="lbfgs", max_iter=50, tol=1e-4).fit(X, Y)
            assert model.score(X, Y) > 0.4
    for name in REGULARIZERS.names_alone:
        model = make(regularizers={name: 1e-3})
        if issubclass(REGULARIZERS.class_of(name)[0], PredictionRegularizer):
            with pytest.raises(ValueError, match="penalty on class probabilities"):
                model.fit(X, Y)
        else:
            assert np.isfinite(model.fit(X, TWO).loss_)


def test_checkpoint_and_search(tmp_path):
    model = make().set_callbacks(Checkpoint(tmp_path / "model.pickle")).fit(X, Y)
    loaded = pickle.loads((tmp_path / "model.pickle").read_bytes())
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    search = GridSearchCV(
        make("huber"), {"loss__delta": [0.5, 2.0], "optimizer": ["adam", "sgd"]}, cv=2
    )
    assert search.fit(X, Y).best_estimator_.loss.delta in (0.5, 2.0)


def test_a_far_worse_loss_than_that_of_a_constant_warns():
    with pytest.warns(ConvergenceWarning, match="baseline loss 0.5"):
        make("squared_error", learning_rate=2.0, max_iter=1).fit(1e3 * X, Y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"loss": "cross_entropy"},
            "'cross_entropy' is a classification loss.*regressor",
        ),
        ({"loss": CrossEntropy()}, "classification loss"),
        ({"loss": "log_loss"}, "'log_loss' is a classification loss"),
        ({"loss": Quantile({0.1, 0.9})}, "must be a sequence"),
        ({"loss": "mse"}, "Unknown loss 'mse'. Did you mean 'squared_error'"),
        ({"loss": "hubr"}, "Did you mean 'huber'"),
        ({"loss": Quantile((0.9, 0.1))}, "levels"),
        ({"loss": Quantile((0.0, 0.5))}, "levels"),
        ({"loss": Quantile(())}, "levels"),
        ({"loss": Huber(0.0)}, "delta"),
        ({"monitor": "neg_mean_square_error"}, "Did you mean 'neg_mean_squared_error'"),
    ],
)
def test_bad_parameters(params, message):
    model = make().fit(X, Y)
    before = vars(model).copy()
    with pytest.raises((TypeError, ValueError), match=message):
        model.set_params(**params).fit(X, Y)
    model.set_params(**{name: before[name] for name in params})
    assert vars(model) == before


def test_a_classifier_refuses_losses_of_numbers():
    for loss in ("squared_error", "mae", Huber()):
        with pytest.raises(ValueError, match="is a regression loss"):
            plain_classifier(loss=loss).fit(X, Y > 100)


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("squared_error", np.array(["a"] * 120), "'a'.*JacobianMLPClassifier"),
        ("squared_error", np.r_[Y[1:], np.nan], "NaN"),
        ("squared_error", np.r_[Y[1:], np.inf], "infinity"),
        ("squared_error", Y[1:], "inconsistent numbers of samples"),
        ("squared_error", np.zeros((120, 2, 2)), "dim 3"),
        ("poisson", Y - 100.0, "Poisson.*negative|negative.*Poisson"),
        ("gamma", np.r_[Y[1:], 0.0], "Gamma"),
    ],
)
def test_bad_targets(loss, y, message):
    model = make(loss).fit(X, Y)
    before = vars(model).copy()
    for method in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=message):
            method(X, y)
        assert vars(model) == before


def test_a_unit_beyond_float32_is_refused():
    for loss, y in (
        ("squared_error", 1e50 * Y),
        ("poisson", 1e150 * Y),
        ("gamma", 1e-50 * Y),
    ):
        with pytest.raises(ValueError, match=r"beyond the range of float32.*float64"):
            make(loss, dtype="float32").fit(X, y)
    with pytest.raises(ValueError, match="computes: convert y to another unit"):
        make().fit(X, 1e-310 * Y)
    assert make().fit(X, 1e50 * Y).score(X, 1e50 * Y) > 0.1


def test_answers_that_a_loss_has_not():
    model = make().fit(X, Y)
    with pytest.raises(ValueError, match=r"return_std=True needs loss='gaussian'.*Squ"):
        model.predict(X, return_std=True)
    with pytest.raises(ValueError, match="predict_quantiles needs loss='quantile'"):
        model.predict_quantiles(X)
    with pytest.raises(ValueError, match="output must be"):
        model.input_jacobian(X, output="proba")
    # The fitted parameters count, not those set later.
    model.set_params(loss="gaussian")
    with pytest.raises(ValueError, match="fitted with SquaredError"):
        model.predict(X, return_std=True)


def test_tags():
    tags = make().__sklearn_tags__()
    assert tags.estimator_type == "regressor"
    assert tags.target_tags.multi_output
    positive = {
        loss
        for loss in LOSSES
        if make(loss).__sklearn_tags__().target_tags.positive_only
    }
    assert positive == {"poisson", "gamma"}


def test_the_printed_network_ends_in_the_unit_of_the_targets():
    assert "4 Rescale" in str(make().fit(X, Y).network_)
