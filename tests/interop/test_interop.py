"""Fitted networks from scikit-learn's MLPClassifier and back, and on to ONNX."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from ensembles import averaged
from plain import plain_classifier, plain_regressor
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import scale

from skjacobnet import JacobianMLPClassifier
from skjacobnet.interop import from_sklearn, to_sklearn
from skjacobnet.layers import Dropout, Identity, LeakyReLU, Linear, Standardize
from skjacobnet.optimizers import LBFGS, SGD, Adam
from skjacobnet.regularizers import WeightDecay
from skjacobnet.schedules import InverseScaling, Plateau

IRIS, IRIS_Y = load_iris(return_X_y=True)
IRIS = scale(IRIS)
CANCER, CANCER_Y = load_breast_cancer(return_X_y=True)
CANCER = scale(CANCER)
WINE, WINE_Y = load_wine(return_X_y=True)
WINE = scale(WINE)
DIGITS = load_digits(return_X_y=True)
DIGITS = DIGITS[0] / 16.0, DIGITS[1]
LABELS = np.column_stack([IRIS_Y == 0, IRIS_Y > 0, IRIS[:, 0] > 0, IRIS[:, 1] > 0])

PROBLEMS = {
    "binary": (CANCER, CANCER_Y),
    "binary strings": (CANCER, np.array(["no", "yes"])[CANCER_Y]),
    "boolean": (CANCER, CANCER_Y == 1),
    "multiclass": (IRIS, IRIS_Y),
    "strings out of order": (WINE, np.array(["zinc", "Ag", "ge"])[WINE_Y]),
    "objects": (WINE, np.array(["zinc", "Ag", "ge"], dtype=object)[WINE_Y]),
    "negative integers": (WINE, np.array([7, -2, 30])[WINE_Y]),
    "two labels": (IRIS, LABELS[:, 1:3].astype(int)),
    "four labels": (IRIS, LABELS.astype(int)),
}
problems = pytest.mark.parametrize("problem", PROBLEMS)
activations = pytest.mark.parametrize(
    "activation", ["identity", "logistic", "tanh", "relu"]
)


def fit_mlp(X, y, sizes=(6, 5), max_iter=4, **parameters):
    mlp = MLPClassifier(sizes, max_iter=max_iter, random_state=3, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mlp.fit(X, y)


def fit_ours(X, y, sizes=(6, 5), **parameters):
    parameters = {"max_iter": 4, "tol": None, "random_state": 3, **parameters}
    return plain_classifier(sizes, **parameters).fit(X, y)


def global_state():
    """Return the state of NumPy's global generator, with its position."""
    _, key, position, *_ = np.random.get_state()  # noqa: NPY002
    return np.append(key, position)


def assert_same_predictions(one, other, X, atol=1e-12):
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    np.testing.assert_allclose(
        one.predict_proba(X), other.predict_proba(X), rtol=0.0, atol=atol
    )


def assert_same_weights(one, other):
    for name in ("coefs_", "intercepts_"):
        ones, others = getattr(one, name), getattr(other, name)
        assert len(ones) == len(others)
        for a, b in zip(ones, others, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


class TestFromSklearn:
    @problems
    def test_predicts_the_same(self, problem):
        X, y = PROBLEMS[problem]
        mlp = fit_mlp(X, y)
        model = from_sklearn(mlp)
        assert_same_predictions(model, mlp, X)
        assert_same_weights(model, mlp)
        np.testing.assert_array_equal(model.classes_, mlp.classes_)
        assert model.predict(X).dtype == mlp.predict(X).dtype
        assert model.score(X, y) == mlp.score(X, y)
        assert model.n_features_in_ == X.shape[1]

    @activations
    @pytest.mark.parametrize("sizes", [(), (9,), (7, 5, 3)])
    def test_architectures(self, activation, sizes):
        mlp = fit_mlp(WINE, WINE_Y, sizes, activation=activation)
        model = from_sklearn(mlp)
        assert_same_predictions(model, mlp, WINE)
        assert model.hidden_layer_sizes == sizes
        assert model.activation == activation

    def test_keeps_float32(self):
        X = WINE.astype(np.float32)
        mlp = fit_mlp(X, WINE_Y)
        model = from_sklearn(mlp)
        assert model.weights_.dtype == np.float32
        assert_same_weights(model, mlp)
        assert_same_predictions(model, mlp, X, atol=1e-6)
        assert model.partial_fit(X, WINE_Y).weights_.dtype == np.float32

    def test_shares_no_array_and_leaves_its_source_alone(self):
        mlp = fit_mlp(WINE, WINE_Y)
        before = copy.deepcopy(mlp)
        model = from_sklearn(mlp).partial_fit(WINE, WINE_Y)
        model.weights_[...] = 0.0
        assert_same_weights(mlp, before)
        assert mlp.get_params() == before.get_params()

    def test_neither_reads_nor_moves_the_global_generator(self):
        mlp = fit_mlp(WINE, WINE_Y).set_params(random_state=None)
        before = global_state()
        from_sklearn(mlp)
        np.testing.assert_array_equal(global_state(), before)

    def test_feature_names(self):
        pytest.importorskip("pandas")
        X, y = load_iris(return_X_y=True, as_frame=True)
        mlp = fit_mlp(X, y)
        model = from_sklearn(mlp)
        np.testing.assert_array_equal(model.feature_names_in_, X.columns)
        assert_same_predictions(model, mlp, X)
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(X[X.columns[::-1]])

    def test_pickles(self):
        mlp = fit_mlp(WINE, WINE_Y)
        model = pickle.loads(pickle.dumps(from_sklearn(mlp)))
        assert_same_predictions(model, mlp, WINE)

    @pytest.mark.parametrize(
        ("given", "optimizer"),
        [
            (
                {"solver": "adam", "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-6},
                Adam(0.8, 0.9, 1e-6),
            ),
            ({"solver": "sgd", "momentum": 0.7}, SGD(0.7, True)),
            (
                {"solver": "sgd", "momentum": 0.7, "nesterovs_momentum": False},
                SGD(0.7),
            ),
            ({"solver": "sgd", "momentum": 0.0}, SGD(0.0)),
            ({"solver": "lbfgs", "alpha": 0.0}, LBFGS()),
        ],
    )
    def test_optimizer(self, given, optimizer):
        model = from_sklearn(fit_mlp(WINE, WINE_Y, **given))
        assert type(model.optimizer) is type(optimizer)
        assert model.optimizer.get_params() == optimizer.get_params()

    def test_plain_parameters(self):
        given = {
            "batch_size": 40,
            "shuffle": False,
            "tol": 0.01,
            "n_iter_no_change": 7,
            "validation_fraction": 0.3,
            "warm_start": True,
            "verbose": False,
        }
        mlp = fit_mlp(WINE, WINE_Y, learning_rate_init=0.02, **given)
        params = from_sklearn(mlp).get_params()
        expected = {**given, "learning_rate": 0.02, "max_iter": 4, "random_state": 3}
        assert {name: params[name] for name in expected} == expected
        assert params["schedule"] == "constant"
        assert params["monitor"] == "loss"
        assert not params["early_stopping"]

    def test_a_clone_can_be_fitted(self):
        model = clone(from_sklearn(fit_mlp(WINE, WINE_Y, max_iter=30)))
        assert model.set_params(tol=None).fit(WINE, WINE_Y).n_iter_ == 30

    def test_a_random_state_instance_is_not_shared(self):
        mlp = fit_mlp(WINE, WINE_Y).set_params(random_state=np.random.RandomState(5))
        model = from_sklearn(mlp)
        model.set_params(tol=None).fit(WINE, WINE_Y)
        fresh = np.random.RandomState(5)
        assert mlp.random_state.randint(1000) == fresh.randint(1000)

    def test_inverse_scaling(self):
        mlp = fit_mlp(
            WINE,
            WINE_Y,
            solver="sgd",
            learning_rate="invscaling",
            power_t=0.3,
            batch_size=50,
        )
        model = from_sklearn(mlp)
        assert isinstance(model.schedule, InverseScaling)
        assert model.schedule.power == 0.3
        # 178 rows are four batches, and it goes on from the end of the fourth epoch.
        model.partial_fit(WINE, WINE_Y)
        rate = 0.001 * (1 + 4 * 4 + 3) ** -0.3
        assert model.history_["learning_rate"][-1] == pytest.approx(rate, rel=1e-12)

    def test_adaptive_stops_where_mlp_classifier_does(self):
        """With a tolerance that no epoch meets, all cuts of the rate are made."""
        mlp = fit_mlp(
            WINE,
            WINE_Y,
            max_iter=200,
            solver="sgd",
            learning_rate="adaptive",
            learning_rate_init=0.01,
            n_iter_no_change=2,
            tol=10.0,
        )
        model = clone(from_sklearn(mlp)).fit(WINE, WINE_Y)
        assert isinstance(model.schedule, Plateau)
        assert model.n_iter_ == mlp.n_iter_
        last = model.history_["learning_rate"][-1]
        assert last == pytest.approx(mlp._optimizer.learning_rate)

    def test_adaptive_continues_at_its_rate(self):
        mlp = fit_mlp(
            WINE,
            WINE_Y,
            max_iter=9,
            solver="sgd",
            learning_rate="adaptive",
            n_iter_no_change=2,
            tol=10.0,
        )
        model = from_sklearn(mlp).partial_fit(WINE, WINE_Y)
        last = model.history_["learning_rate"][-1]
        assert last == pytest.approx(mlp._optimizer.learning_rate)
        assert last < 0.001

    def test_a_schedule_only_with_sgd(self):
        mlp = fit_mlp(WINE, WINE_Y, solver="adam", learning_rate="adaptive")
        assert from_sklearn(mlp).schedule == "constant"

    @pytest.mark.parametrize(
        ("batch_size", "rows"), [(50, 50), ("auto", 178), (178, 178)]
    )
    def test_alpha_is_divided_by_the_rows_of_a_step(self, batch_size, rows):
        mlp = fit_mlp(WINE, WINE_Y, alpha=0.4, batch_size=batch_size)
        assert from_sklearn(mlp).regularizers == {
            "weight_decay": pytest.approx(0.4 / rows)
        }

    def test_alpha_gives_the_same_step(self):
        """One full batch from the same weights: plain descent, penalty included."""
        mlp = fit_mlp(
            WINE,
            WINE_Y,
            activation="tanh",
            solver="sgd",
            momentum=0.0,
            alpha=30.0,
            learning_rate_init=0.1,
            batch_size=178,
        )
        model = from_sklearn(mlp).partial_fit(WINE, WINE_Y)
        mlp.partial_fit(WINE, WINE_Y)
        np.testing.assert_allclose(model.coefs_[0], mlp.coefs_[0], rtol=0, atol=1e-14)
        np.testing.assert_allclose(model.coefs_[2], mlp.coefs_[2], rtol=0, atol=1e-14)

    def test_alpha_of_lbfgs_needs_the_number_of_rows(self):
        mlp = fit_mlp(WINE, WINE_Y, solver="lbfgs", alpha=0.4)
        with pytest.warns(UserWarning, match="alpha=0.4 is dropped.*n_samples"):
            assert from_sklearn(mlp).regularizers is None
        model = from_sklearn(mlp, n_samples=178)
        assert model.regularizers == {"weight_decay": pytest.approx(0.4 / 178)}

    def test_lbfgs_finds_the_same_minimum(self):
        """A linear model with a penalty has one minimum."""
        mlp = fit_mlp(
            WINE, WINE_Y, (), max_iter=2000, solver="lbfgs", alpha=5.0, tol=1e-9
        )
        model = clone(from_sklearn(mlp, n_samples=178)).fit(WINE, WINE_Y)
        np.testing.assert_allclose(
            model.predict_proba(WINE), mlp.predict_proba(WINE), rtol=0, atol=1e-4
        )

    def test_no_alpha_no_penalty(self):
        assert from_sklearn(fit_mlp(WINE, WINE_Y, alpha=0.0)).regularizers is None

    def test_training_is_described(self):
        mlp = fit_mlp(WINE, WINE_Y, max_iter=12, learning_rate_init=0.05)
        model = from_sklearn(mlp)
        assert model.n_iter_ == mlp.n_iter_ == 12
        assert model.loss_curve_ == mlp.loss_curve_
        assert model.loss_ == mlp.loss_
        assert model.best_score_ == -mlp.best_loss_
        assert model.best_iter_ == 1 + int(np.argmin(mlp.loss_curve_))
        assert {len(column) for column in model.history_.values()} == {12}

    def test_lbfgs_tells_of_the_last_iteration(self):
        mlp = fit_mlp(WINE, WINE_Y, solver="lbfgs", alpha=0.0, max_iter=5)
        model = from_sklearn(mlp)
        assert model.n_iter_ == len(model.loss_curve_) == mlp.n_iter_ == 5
        assert model.loss_ == mlp.loss_ == -model.best_score_
        assert np.isnan(model.loss_curve_[:-1]).all()

    def test_early_stopping(self):
        mlp = fit_mlp(IRIS, IRIS_Y, max_iter=60, early_stopping=True)
        model = from_sklearn(mlp)
        assert (model.early_stopping, model.monitor) == (True, "accuracy")
        assert model.best_score_ == mlp.best_validation_score_
        assert model.best_iter_ == 1 + int(np.argmax(mlp.validation_scores_))
        assert model.history_["validation_score"] == mlp.validation_scores_
        assert_same_predictions(model, mlp, IRIS)

    def test_lbfgs_has_no_early_stopping(self):
        mlp = fit_mlp(IRIS, IRIS_Y, solver="lbfgs", alpha=0.0, early_stopping=True)
        assert not from_sklearn(mlp).early_stopping

    def test_partial_fit_goes_on(self):
        mlp = fit_mlp(WINE, WINE_Y, max_iter=3)
        model = from_sklearn(mlp).partial_fit(WINE, WINE_Y)
        assert model.n_iter_ == 4
        assert model.loss_curve_[:3] == mlp.loss_curve_
        # The next loss is that of the converted weights.
        start = -np.log(mlp.predict_proba(WINE)[np.arange(178), WINE_Y]).mean()
        assert model.history_["loss"][-1] == pytest.approx(start, rel=1e-12)

    @pytest.mark.parametrize("problem", ["binary strings", "four labels"])
    def test_warm_start_goes_on(self, problem):
        X, y = PROBLEMS[problem]
        mlp = fit_mlp(X, y, max_iter=3)
        model = from_sklearn(mlp).set_params(warm_start=True, tol=None, max_iter=2)
        model.fit(X, y)
        assert model.n_iter_ == 5
        assert model.loss_curve_[:3] == mlp.loss_curve_
        # Adam moves a weight by about its learning rate of 0.001 in each step.
        for ours, theirs in zip(model.coefs_, mlp.coefs_, strict=True):
            assert 0.0 < np.abs(ours - theirs).max() < 0.02

    def test_a_model_that_has_seen_partial_fit_only(self):
        mlp = MLPClassifier((5,), random_state=0)
        for rows in (slice(0, 60), slice(60, 120), slice(120, 178)):
            mlp.partial_fit(WINE[rows], WINE_Y[rows], classes=[0, 1, 2])
        model = from_sklearn(mlp)
        assert_same_predictions(model, mlp, WINE)
        assert model.n_iter_ == 3
        assert model.loss_curve_ == mlp.loss_curve_

    @pytest.mark.parametrize(
        "other",
        [
            LogisticRegression(),
            JacobianMLPClassifier(),
            make_pipeline(MLPClassifier()),
            MLPClassifier,
            None,
        ],
        ids=["estimator", "ours", "pipeline", "class", "none"],
    )
    def test_something_else(self, other):
        with pytest.raises(
            TypeError, match="mlp must be an MLPClassifier or MLPRegressor"
        ):
            from_sklearn(other)

    def test_one_class(self):
        mlp = fit_mlp(WINE[:50], np.zeros(50, int))
        with pytest.raises(ValueError, match=r"only one class, \[0\]"):
            from_sklearn(mlp)

    @pytest.mark.parametrize("wrong", [0, -3])
    def test_n_samples_out_of_range(self, wrong):
        with pytest.raises(ValueError, match="n_samples must be an integer"):
            from_sklearn(fit_mlp(WINE, WINE_Y), n_samples=wrong)

    def test_a_parameter_out_of_range(self):
        mlp = fit_mlp(WINE, WINE_Y, solver="sgd", momentum=1.0)
        with pytest.raises(ValueError, match="momentum must be"):
            from_sklearn(mlp)


class TestUnfitted:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (
                {},
                {
                    "hidden_layer_sizes": (100,),
                    "activation": "relu",
                    "learning_rate": 0.001,
                    "schedule": "constant",
                    "batch_size": 200,
                    "max_iter": 200,
                    "tol": 1e-4,
                    "n_iter_no_change": 10,
                    "shuffle": True,
                    "early_stopping": False,
                    "validation_fraction": 0.1,
                    "monitor": "loss",
                    "warm_start": False,
                    "random_state": None,
                    "verbose": 0,
                },
            ),
            (
                {
                    "hidden_layer_sizes": (7, 3),
                    "activation": "tanh",
                    "learning_rate_init": 0.02,
                    "batch_size": 40,
                    "max_iter": 9,
                    "tol": 0.01,
                    "n_iter_no_change": 7,
                    "shuffle": False,
                    "early_stopping": True,
                    "validation_fraction": 0.3,
                    "warm_start": True,
                    "random_state": 5,
                    "verbose": True,
                },
                {
                    "hidden_layer_sizes": (7, 3),
                    "activation": "tanh",
                    "learning_rate": 0.02,
                    "batch_size": 40,
                    "max_iter": 9,
                    "tol": 0.01,
                    "n_iter_no_change": 7,
                    "shuffle": False,
                    "early_stopping": True,
                    "validation_fraction": 0.3,
                    "monitor": "accuracy",
                    "warm_start": True,
                    "random_state": 5,
                    "verbose": 1,
                },
            ),
        ],
        ids=["defaults", "given"],
    )
    def test_parameters(self, given, expected):
        mlp = MLPClassifier(**given)
        before = mlp.get_params()
        twin = from_sklearn(mlp)
        assert type(twin) is JacobianMLPClassifier
        params = twin.get_params()
        assert {name: params[name] for name in expected} == expected
        assert mlp.get_params() == before
        assert not hasattr(mlp, "coefs_")

    def test_nothing_is_added_to_what_scikit_learn_does(self):
        params = from_sklearn(MLPClassifier()).get_params()
        plain = {
            "encoding": None,
            "initializer": "glorot_uniform",
            "loss": "cross_entropy",
            "total_weight_decay": 0.0,
            "calibration": None,
            "layers": None,
            "dropout": 0.0,
        }
        assert {name: params[name] for name in plain} == plain

    @pytest.mark.parametrize(
        ("given", "optimizer", "schedule"),
        [
            (
                {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-6},
                Adam(0.8, 0.9, 1e-6),
                "constant",
            ),
            ({"solver": "sgd", "momentum": 0.7}, SGD(0.7, True), "constant"),
            (
                {"solver": "sgd", "momentum": 0.0, "learning_rate": "invscaling"},
                SGD(0.0),
                InverseScaling(0.5),
            ),
            (
                {"solver": "sgd", "learning_rate": "adaptive"},
                SGD(0.9, True),
                Plateau(5.0, 11, 1e-4),
            ),
            ({"solver": "lbfgs", "alpha": 0.0}, LBFGS(), "constant"),
        ],
    )
    def test_optimizer_and_schedule(self, given, optimizer, schedule):
        twin = from_sklearn(MLPClassifier(**given))
        assert repr(twin.optimizer) == repr(optimizer)
        assert repr(twin.schedule) == repr(schedule)

    def test_it_is_not_fitted(self):
        twin = from_sklearn(MLPClassifier((5,)))
        for name in ("weights_", "history_", "batch_size_", "training_state_"):
            assert not hasattr(twin, name)
        with pytest.raises(NotFittedError):
            twin.predict(WINE)

    @pytest.mark.parametrize(
        ("given", "n_samples", "rows"),
        [
            ({}, None, 200),
            ({}, 178, 178),
            ({}, 1000, 200),
            ({"batch_size": 50}, None, 50),
            ({"batch_size": 50}, 178, 50),
            ({"solver": "lbfgs"}, 178, 178),
        ],
    )
    def test_alpha_is_divided_by_the_rows_of_a_step(self, given, n_samples, rows):
        twin = from_sklearn(MLPClassifier(alpha=0.4, **given), n_samples)
        assert twin.regularizers == {"weight_decay": pytest.approx(0.4 / rows)}

    def test_alpha_of_lbfgs_needs_the_number_of_rows(self):
        with pytest.warns(UserWarning, match="alpha=0.4 is dropped.*n_samples"):
            twin = from_sklearn(MLPClassifier(solver="lbfgs", alpha=0.4))
        assert twin.regularizers is None

    @pytest.mark.parametrize("problem", ["binary", "multiclass", "four labels"])
    def test_it_takes_the_same_steps(self, problem):
        """Plain descent in full batches from the same weights, penalty included."""
        X, y = PROBLEMS[problem]
        mlp = MLPClassifier(
            (6, 5),
            "tanh",
            solver="sgd",
            momentum=0.0,
            alpha=3.0,
            learning_rate_init=0.1,
            batch_size=len(X),
            random_state=0,
        )
        twin = from_sklearn(mlp, n_samples=len(X))
        classes = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
        for model in (mlp, twin):
            model.partial_fit(X, y, classes=classes)
        twin.coefs_, twin.intercepts_ = mlp.coefs_, mlp.intercepts_
        for _ in range(20):
            mlp.partial_fit(X, y)
            twin.partial_fit(X, y)
        for name in ("coefs_", "intercepts_"):
            pairs = zip(getattr(twin, name), getattr(mlp, name), strict=True)
            for ours, theirs in pairs:
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)

    @pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
    @pytest.mark.parametrize("problem", ["digits", "binary"])
    def test_it_learns_as_much(self, problem, solver):
        X, y = PROBLEMS[problem] if problem == "binary" else DIGITS
        mlp = MLPClassifier((20,), solver=solver, alpha=1e-2, random_state=0)
        rate = 0.05 if solver == "sgd" else 0.005
        mlp.set_params(learning_rate_init=rate, max_iter=60)
        twin = from_sklearn(mlp, n_samples=len(X) // 2)
        for model in (mlp, twin):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(X[::2], y[::2])
        theirs, ours = (model.score(X[1::2], y[1::2]) for model in (mlp, twin))
        assert theirs > 0.9
        assert abs(ours - theirs) < 0.03

    def test_a_parameter_out_of_range(self):
        with pytest.raises(ValueError, match="momentum must be"):
            from_sklearn(MLPClassifier(solver="sgd", momentum=1.0))


class TestToSklearn:
    @problems
    def test_predicts_the_same(self, problem):
        X, y = PROBLEMS[problem]
        classifier = fit_ours(X, y)
        mlp = to_sklearn(classifier)
        assert type(mlp) is MLPClassifier
        assert_same_predictions(mlp, classifier, X)
        assert_same_weights(mlp, classifier)
        np.testing.assert_array_equal(mlp.classes_, classifier.classes_)
        assert mlp.score(X, y) == classifier.score(X, y)
        assert mlp.n_features_in_ == X.shape[1]
        assert mlp.n_layers_ == 4
        assert mlp.n_outputs_ == classifier.network_.sizes[-1]

    @activations
    @pytest.mark.parametrize("sizes", [(), (9,), (7, 5, 3)])
    def test_architectures(self, activation, sizes):
        classifier = fit_ours(WINE, WINE_Y, sizes, activation=activation)
        mlp = to_sklearn(classifier)
        assert_same_predictions(mlp, classifier, WINE)
        assert mlp.hidden_layer_sizes == sizes
        if sizes:
            assert mlp.activation == activation

    @pytest.mark.parametrize(
        ("layers", "activation"),
        [
            ([Linear(6), "tanh", Dropout(0.3), Linear(5), "tanh"], "tanh"),
            ([Dropout(0.1), Linear(6), Dropout(0.3), "relu", Dropout(0.3)], "relu"),
            ([Linear(6), Identity(), "sigmoid", Identity()], "logistic"),
            ([Linear(6), Linear(5)], "identity"),
            ([Linear(6), "identity", Linear(5)], "identity"),
            ([Dropout(0.2)], "relu"),
        ],
    )
    def test_layers_that_do_nothing_are_left_out(self, layers, activation):
        classifier = fit_ours(WINE, WINE_Y, layers=layers)
        mlp = to_sklearn(classifier)
        assert mlp.activation == activation
        assert_same_predictions(mlp, classifier, WINE)

    def test_a_layer_without_intercept_gets_zeros(self):
        layers = [Linear(6, use_bias=False), "relu", Linear(5), "relu"]
        classifier = fit_ours(WINE, WINE_Y, layers=layers)
        mlp = to_sklearn(classifier)
        np.testing.assert_array_equal(mlp.intercepts_[0], np.zeros(6))
        np.testing.assert_array_equal(mlp.intercepts_[2], classifier.intercepts_[1])
        assert_same_predictions(mlp, classifier, WINE)

    @pytest.mark.parametrize(
        ("layers", "place"),
        [
            ([Linear(6), "gelu", Linear(5), "softplus"], r"layers\[1\], GELU\(\)"),
            ([Linear(6), "relu", Linear(5), "tanh"], r"layers\[3\], Tanh\(\)"),
            ([Linear(6), "relu", Linear(5), LeakyReLU(0.0)], r"layers\[3\], LeakyReLU"),
            ([Linear(6), "tanh", Dropout(), "tanh"], r"layers\[3\], Tanh\(\)"),
            (["tanh", Linear(6), "tanh"], r"layers\[0\], Tanh\(\)"),
            ([Linear(6), "tanh", Linear(5)], r"layers\[3\], Linear\(.*units=3"),
            ([Linear(6), Linear(5), "relu"], r"layers\[2\], ReLU\(\)"),
            ([Linear(6), "softmax"], r"layers\[1\], Softmax\(\)"),
        ],
    )
    def test_the_first_layer_without_counterpart_is_named(self, layers, place):
        classifier = fit_ours(WINE, WINE_Y, layers=layers)
        with pytest.raises(ValueError, match=place) as raised:
            to_sklearn(classifier)
        assert "identity, logistic (sigmoid), relu or tanh" in str(raised.value)

    def test_keeps_float32(self):
        X = WINE.astype(np.float32)
        classifier = fit_ours(X, WINE_Y)
        mlp = to_sklearn(classifier)
        assert_same_weights(mlp, classifier)
        assert mlp.predict_proba(X).dtype == np.float32
        assert_same_predictions(mlp, classifier, X, atol=1e-6)

    def test_shares_no_array_and_leaves_its_source_alone(self):
        classifier = fit_ours(WINE, WINE_Y)
        before = classifier.weights_.copy()
        mlp = to_sklearn(classifier)
        mlp.partial_fit(WINE, WINE_Y)
        assert not np.array_equal(mlp.coefs_[0], classifier.coefs_[0])
        np.testing.assert_array_equal(classifier.weights_, before)

    def test_neither_reads_nor_moves_the_global_generator(self):
        classifier = fit_ours(WINE, WINE_Y, random_state=None)
        before = global_state()
        assert to_sklearn(classifier).random_state is None
        np.testing.assert_array_equal(global_state(), before)

    def test_feature_names(self):
        pytest.importorskip("pandas")
        X, y = load_iris(return_X_y=True, as_frame=True)
        classifier = fit_ours(X, y)
        mlp = to_sklearn(classifier)
        np.testing.assert_array_equal(mlp.feature_names_in_, X.columns)
        assert_same_predictions(mlp, classifier, X)

    def test_pickles(self):
        classifier = fit_ours(WINE, WINE_Y)
        mlp = pickle.loads(pickle.dumps(to_sklearn(classifier)))
        assert_same_predictions(mlp, classifier, WINE)

    def test_a_clone_can_be_fitted(self):
        mlp = clone(to_sklearn(fit_ours(WINE, WINE_Y, max_iter=5)))
        with pytest.warns(ConvergenceWarning):
            assert mlp.fit(WINE, WINE_Y).n_iter_ == 5

    def test_plain_parameters(self):
        given = {
            "batch_size": 40,
            "shuffle": False,
            "tol": 0.01,
            "n_iter_no_change": 7,
            "validation_fraction": 0.3,
            "warm_start": True,
            "max_iter": 60,
        }
        classifier = fit_ours(WINE, WINE_Y, **given, learning_rate=0.05)
        params = to_sklearn(classifier).get_params()
        expected = {**given, "learning_rate_init": 0.05, "solver": "adam", "alpha": 0}
        expected["random_state"] = 3
        assert {name: params[name] for name in expected} == expected

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"optimizer": "adam"}, {"solver": "adam", "learning_rate_init": 0.001}),
            (
                {"optimizer": Adam(0.7, 0.8, 1e-5)},
                {"beta_1": 0.7, "beta_2": 0.8, "epsilon": 1e-5},
            ),
            (
                {"optimizer": "nesterov"},
                {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True},
            ),
            (
                {"optimizer": "sgd", "schedule": InverseScaling(0.3)},
                {"learning_rate": "invscaling", "power_t": 0.3, "momentum": 0.0},
            ),
            (
                {"optimizer": "sgd", "schedule": Plateau(5.0, 4, 0.02)},
                {"learning_rate": "adaptive", "n_iter_no_change": 3, "tol": 0.02},
            ),
            ({"optimizer": "lbfgs"}, {"solver": "lbfgs", "tol": 1e-4}),
            ({"tol": None}, {"tol": 0.0, "n_iter_no_change": np.inf}),
            (
                {"regularizers": {"weight_decay": 0.01}, "batch_size": 50},
                {"alpha": pytest.approx(0.5)},
            ),
            (
                {"regularizers": {"a": WeightDecay(0.01), "l1": 0.1}},
                {"alpha": pytest.approx(1.78)},
            ),
        ],
    )
    def test_parts(self, given, expected):
        params = to_sklearn(fit_ours(WINE, WINE_Y, **given)).get_params()
        assert {name: params[name] for name in expected} == expected

    def test_weight_decay_of_lbfgs_needs_the_number_of_rows(self):
        classifier = fit_ours(
            WINE, WINE_Y, optimizer="lbfgs", regularizers={"weight_decay": 0.01}
        )
        with pytest.warns(UserWarning, match="Weight decay of 0.01 is dropped"):
            assert to_sklearn(classifier).alpha == 0.0
        assert to_sklearn(classifier, n_samples=178).alpha == pytest.approx(1.78)

    def test_training_is_described(self):
        classifier = fit_ours(WINE, WINE_Y, max_iter=6)
        assert to_sklearn(classifier).t_ == 0
        mlp = to_sklearn(classifier, n_samples=178)
        assert mlp.n_iter_ == 6
        assert mlp.t_ == 6 * 178
        assert mlp.loss_curve_ == classifier.loss_curve_
        assert mlp.loss_ == classifier.loss_
        assert mlp.best_loss_ == -classifier.best_score_

    @pytest.mark.parametrize("monitor", ["accuracy", "loss"])
    def test_a_warm_start_with_early_stopping_keeps_good_weights(self, monitor):
        classifier = fit_ours(
            IRIS,
            IRIS_Y,
            max_iter=60,
            learning_rate=0.05,
            early_stopping=True,
            monitor=monitor,
            random_state=1,
        )
        mlp = to_sklearn(classifier).set_params(
            warm_start=True, max_iter=1, learning_rate_init=1e-9
        )
        with pytest.warns(ConvergenceWarning):
            mlp.fit(IRIS, IRIS_Y)
        for name in ("coefs_", "intercepts_"):
            pairs = zip(getattr(classifier, name), getattr(mlp, name), strict=True)
            for ours, theirs in pairs:
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
        if monitor == "accuracy":
            scores = classifier.history_["validation_score"]
            assert mlp.validation_scores_[:-1] == scores
            # No score can be better, so the converted weights are restored.
            assert mlp.best_validation_score_ == classifier.best_score_ == 1.0
        assert mlp.best_loss_ is None

    def test_training_goes_on(self):
        classifier = fit_ours(
            WINE, WINE_Y, activation="tanh", optimizer="sgd", batch_size=178
        )
        mlp = to_sklearn(classifier)
        mlp.partial_fit(WINE, WINE_Y)
        classifier.partial_fit(WINE, WINE_Y)
        for ours, theirs in zip(classifier.coefs_, mlp.coefs_, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)

    @pytest.mark.parametrize("problem", ["binary", "multiclass", "four labels"])
    @pytest.mark.parametrize("sizes", [(), (6, 5)])
    @pytest.mark.parametrize(
        "encoding",
        [
            ["standardize"],
            [Standardize(center=False)],
            ["standardize", Standardize(center=False)],
            None,
        ],
        ids=["standardize", "scale", "two", "none"],
    )
    def test_standardization_and_temperature_are_folded(self, encoding, sizes, problem):
        X, y = PROBLEMS[problem]
        X = X * np.geomspace(1e-3, 1e3, X.shape[1]) + np.arange(X.shape[1])
        # Constant in the rows of the fit, not in all others.
        X = np.column_stack(
            [X[:, :1], np.full(len(X), 3.7), X[:, 1:], np.zeros(len(X))]
        )
        if encoding is None:
            X = X / np.maximum(X.std(axis=0), 0.01)
        model = JacobianMLPClassifier(
            sizes, encoding=encoding, max_iter=20, random_state=0
        ).fit(X, y)
        assert model.calibration == "auto"
        assert abs(model.temperature_ - 1.0) > 1e-3
        mlp = to_sklearn(model)
        others = X + 0.1 * np.random.default_rng(0).normal(size=X.shape) * X.std(axis=0)
        others[:, [1, -1]] += np.arange(len(X))[:, np.newaxis] * (encoding is not None)
        for rows in (X, others):
            assert_same_predictions(mlp, model, rows)
        assert mlp.n_features_in_ == X.shape[1]

    def test_of_a_sparse_table(self):
        """The encodings of "auto" for sparse tables have a counterpart."""
        X = csr_matrix(np.where(np.abs(CANCER) > 1.0, CANCER, 0.0))
        model = JacobianMLPClassifier((6, 5), max_iter=8, random_state=0)
        mlp = to_sklearn(model.fit(X, CANCER_Y))
        assert_same_predictions(mlp, model, X)

    def test_folded_in_float32(self):
        X = (1e3 * CANCER + 50.0).astype(np.float32)
        model = JacobianMLPClassifier((6, 5), encoding=["standardize"], max_iter=8)
        mlp = to_sklearn(model.fit(X, CANCER_Y))
        assert {array.dtype for array in mlp.coefs_ + mlp.intercepts_} == {X.dtype}
        assert_same_predictions(mlp, model, X, atol=1e-5)

    @pytest.mark.parametrize(
        "encoding",
        [
            "auto",
            ["smooth_clip"],
            ["standardize", "smooth_clip"],
            ["binary", "standardize"],
            ["piecewise_linear", "standardize"],
            ["missing_indicator", "standardize"],
            ["one_hot", "standardize"],
        ],
        ids=str,
    )
    def test_other_encodings_are_refused_with_a_way_out(self, encoding):
        model = JacobianMLPClassifier((6,), encoding=encoding, max_iter=2)
        model.fit(WINE, WINE_Y)
        message = r"(?s)network_\.layers\[\d\], .*Fit with encoding=\['standardize'\]"
        with pytest.raises(ValueError, match=message):
            to_sklearn(model)

    def test_a_folded_network_converts_back(self):
        model = JacobianMLPClassifier((6, 5), encoding=["standardize"], max_iter=8)
        back = from_sklearn(to_sklearn(model.fit(WINE, WINE_Y)))
        assert_same_predictions(back, model, WINE)
        np.testing.assert_allclose(
            back.input_jacobian(WINE), model.input_jacobian(WINE), atol=1e-10
        )
        assert back.temperature_ == 1.0

    def test_what_auto_stood_for_is_carried_over(self):
        model = JacobianMLPClassifier((6,), encoding=["standardize"], random_state=0)
        mlp = to_sklearn(model.fit(WINE, WINE_Y))
        assert mlp.batch_size == model.batch_size_ == 16
        assert mlp.max_iter == model.max_iter_ == 34
        assert mlp.learning_rate_init == model.learning_rate_ == 0.01

    def test_unfitted(self):
        with pytest.raises(NotFittedError):
            to_sklearn(JacobianMLPClassifier())

    @pytest.mark.parametrize("other", [MLPClassifier(), JacobianMLPClassifier, None])
    def test_something_else(self, other):
        with pytest.raises(TypeError, match="must be a fitted JacobianMLPClassifier"):
            to_sklearn(other)

    def test_n_samples_must_be_a_number(self):
        with pytest.raises(TypeError, match="n_samples must be an integer"):
            to_sklearn(fit_ours(WINE, WINE_Y), n_samples="178")


@problems
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back(problem, dtype):
    X, y = PROBLEMS[problem]
    classifier = fit_ours(X.astype(dtype), y, activation="tanh", batch_size=30)
    back = from_sklearn(to_sklearn(classifier, n_samples=len(X)), n_samples=len(X))
    np.testing.assert_array_equal(back.weights_, classifier.weights_)
    assert back.weights_.dtype == classifier.weights_.dtype == dtype
    np.testing.assert_array_equal(
        back.predict_proba(X.astype(dtype)), classifier.predict_proba(X.astype(dtype))
    )
    assert back.loss_curve_ == classifier.loss_curve_
    assert back.training_state_.step == 4 * -(-len(X) // 30)


# For two labels skl2onnx takes the columns of any MLPClassifier for those of a binary
# problem and puts two more before them.
@pytest.mark.parametrize("problem", sorted({*PROBLEMS} - {"two labels"}))
def test_onnx(problem):
    skl2onnx = pytest.importorskip("skl2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    X, y = PROBLEMS[problem]
    X = X.astype(np.float32)
    layers = [Linear(6), "tanh", Dropout(0.2), Linear(5, use_bias=False), "tanh"]
    classifier = fit_ours(X, y, layers=layers, max_iter=20, learning_rate=0.05)
    mlp = to_sklearn(classifier)
    options = {"zipmap": False}
    converted = skl2onnx.to_onnx(mlp, X[:1], options={id(mlp): options})
    session = onnxruntime.InferenceSession(
        converted.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (name,) = (entry.name for entry in session.get_inputs())
    predictions, proba = session.run(None, {name: X})
    np.testing.assert_allclose(proba, classifier.predict_proba(X), rtol=1e-4, atol=1e-6)
    expected = classifier.predict(X)
    np.testing.assert_array_equal(predictions, expected.astype(predictions.dtype))
    assert len(np.unique(expected)) > 1


def test_the_methods_of_the_classifier_do_the_same():
    X, y = load_iris(return_X_y=True)
    model = plain_classifier((5,), max_iter=3, tol=None).fit(X, y)
    again = from_sklearn(to_sklearn(model))
    np.testing.assert_array_equal(again.weights_, model.weights_)
    np.testing.assert_allclose(
        again.predict_proba(X), model.predict_proba(X), atol=1e-12
    )


@pytest.mark.parametrize("make", [plain_classifier, plain_regressor])
def test_an_average_of_networks_has_no_counterpart(make):
    estimator, members = averaged(make((3,), max_iter=2, tol=None), IRIS, IRIS_Y)
    with pytest.raises(ValueError, match=r"averages 3 networks, .* a single network"):
        to_sklearn(estimator)
    # Each of them has one.
    for member in members:
        mlp = to_sklearn(member)
        np.testing.assert_allclose(mlp.predict(IRIS), member.predict(IRIS), rtol=1e-12)
