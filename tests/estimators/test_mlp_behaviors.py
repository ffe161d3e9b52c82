"""Public behavior of scikit-learn's MLPClassifier, under the names of this package.

Docstrings of tests state intentional differences.
"""

import warnings

import joblib
import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csr_array, csr_matrix
from scipy.special import expit
from sklearn.datasets import load_digits, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from skjacobnet.testing import check_gradients

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
X_IRIS, Y_IRIS = load_iris(return_X_y=True)
IRIS_SCALED = (X_IRIS - X_IRIS.mean(axis=0)) / X_IRIS.std(axis=0)
LABELS = make_multilabel_classification(60, random_state=3)


def digits(n_class, n_rows=240):
    X, y = load_digits(n_class=n_class, return_X_y=True)
    return X[:n_rows] / 16.0, y[:n_rows]


TWO, THREE = digits(2), digits(3)
PROBLEMS = {"two classes": TWO, "three classes": THREE}


def network(**params):
    """Return a small network that trains for exactly `max_iter` epochs."""
    defaults = {"hidden_layer_sizes": (8,), "tol": None, "random_state": 0}
    return plain_classifier(**{**defaults, **params})


def test_stronger_weight_decay_gives_smaller_weights():
    sizes = []
    for strength in (0.0, 1e-3, 1e-2, 1e-1):
        model = network(regularizers={"weight_decay": strength}, learning_rate=0.01)
        coefs = model.fit(*TWO).coefs_
        sizes.append([np.abs(coef).sum() for coef in coefs])
    assert (np.diff(sizes, axis=0) < 0.0).all()


def test_one_step_of_gradient_descent_counted_by_hand():
    x, rate, strength = np.array([0.5, -1.0]), 0.2, 0.3
    model = network(
        hidden_layer_sizes=(2,),
        activation="logistic",
        optimizer="sgd",
        learning_rate=rate,
        regularizers={"weight_decay": strength},
        max_iter=1,
    ).fit([x, -x], [0, 1])
    first = np.array([[0.4, -0.2], [0.1, 0.3]])
    last = np.array([[0.5], [-0.6]])
    for view, value in zip(model.coefs_, [first, last], strict=True):
        view[...] = value
    for view, value in zip(model.intercepts_, [[0.1, -0.1], [0.2]], strict=True):
        view[...] = value

    model.partial_fit([x], [0])

    # Hidden sums: 0.5*0.4 - 0.1 + 0.1 = 0.2 and -0.5*0.2 - 0.3 - 0.1 = -0.5.
    hidden = expit([0.2, -0.5])
    proba = expit(hidden @ last[:, 0] + 0.2)
    # The class is 0: the derivative of the loss by the raw prediction is proba.
    back = proba * last[:, 0] * hidden * (1.0 - hidden)
    new_first = first - rate * (np.outer(x, back) + strength * first)
    new_last = last - rate * (proba * hidden[:, np.newaxis] + strength * last)
    # Intercepts are not decayed.
    new_hidden_intercept = np.array([0.1, -0.1]) - rate * back
    new_last_intercept = 0.2 - rate * proba
    np.testing.assert_allclose(model.coefs_[0], new_first, rtol=1e-13)
    np.testing.assert_allclose(model.coefs_[1], new_last, rtol=1e-13)
    np.testing.assert_allclose(model.intercepts_[0], new_hidden_intercept, rtol=1e-13)
    np.testing.assert_allclose(model.intercepts_[1], new_last_intercept, rtol=1e-13)

    new_hidden = expit(x @ new_first + new_hidden_intercept)
    expected = expit(new_hidden @ new_last + new_last_intercept)
    found = model.predict_proba([x])
    np.testing.assert_allclose(found, [[1.0 - expected[0], expected[0]]], rtol=1e-13)
    assert found[0, 1] < proba


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients(activation, problem):
    X, y = PROBLEMS[problem]
    model = network(activation=activation, regularizers={"weight_decay": 1e-5})
    check_gradients(model, X[:20, 20:35], y[:20] + 1)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lbfgs(activation, problem):
    X, y = PROBLEMS[problem]
    model = network(
        optimizer="lbfgs", activation=activation, hidden_layer_sizes=50, tol=1e-4
    )
    predicted = model.fit(X[:160], y[:160]).predict(X[160:])
    assert model.score(X[:160], y[:160]) > 0.95
    assert np.mean(predicted == y[160:]) > 0.9
    assert predicted.shape == (80,)
    assert predicted.dtype == y.dtype


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lbfgs_within_a_budget(activation):
    """There is no max_fun: only max_iter limits the work."""
    model = network(optimizer="lbfgs", activation=activation, tol=1e-9, max_iter=6)
    with pytest.warns(ConvergenceWarning, match="max_iter=6"):
        model.fit(*THREE)
    assert model.n_iter_ <= 6
    assert len(model.loss_curve_) == model.n_iter_


def test_a_warm_start_keeps_the_learning_rate():
    X, y = [[3, 2], [1, 6], [5, 6], [-2, -4]], [1, 1, 1, 0]
    params = {"optimizer": "sgd", "learning_rate": 0.1, "warm_start": True}
    model = network(**params, max_iter=1).fit(X, y).fit(X, y)
    assert model.history_["learning_rate"] == [0.1, 0.1]
    model = network(**params, max_iter=1, schedule="inverse_scaling")
    model.set_params(schedule__power=0.25).fit(X, y).fit(X, y).fit(X, y)
    # Steps are counted, not samples, and the count goes on.
    expected = 0.1 * np.array([1.0, 2.0, 3.0]) ** -0.25
    np.testing.assert_allclose(model.history_["learning_rate"], expected, rtol=1e-13)


def test_multilabel():
    X, y = LABELS
    model = network(optimizer="lbfgs", hidden_layer_sizes=50, activation="logistic")
    assert model.set_params(tol=1e-4).fit(X, y).score(X, y) > 0.97
    # Momentum is a separate choice: "sgd" has none.
    model = network(
        optimizer="nesterov",
        hidden_layer_sizes=50,
        activation="logistic",
        learning_rate=0.2,
    )
    for _ in range(150):
        model.partial_fit(X, y, classes=range(5))
    assert model.score(X, y) > 0.9
    model = network(early_stopping=True, max_iter=20).fit(X, y)
    assert set(np.unique(model.predict(X))) == {0, 1}
    assert len(model.history_["validation_loss"]) == 20


def test_partial_fit_with_other_classes_than_before():
    model = network(optimizer="sgd").partial_fit([[3, 2]], [0], classes=[0, 1])
    with pytest.raises(ValueError, match="not the same as in the first call"):
        model.partial_fit([[3, 2]], [0], classes=[1, 2])


@pytest.mark.parametrize("problem", PROBLEMS)
def test_partial_fit_many_times_is_fit(problem):
    X, y = PROBLEMS[problem]
    params = {"optimizer": "nesterov", "learning_rate": 0.1, "batch_size": 100}
    whole = network(**params, max_iter=60).fit(X, y)
    steps = network(**params)
    for _ in range(60):
        steps.partial_fit(X, y, classes=np.unique(y))
    np.testing.assert_array_equal(steps.predict(X), whole.predict(X))
    np.testing.assert_array_equal(steps.weights_, whole.weights_)
    assert steps.score(X, y) > 0.95


def test_partial_fit_with_a_class_that_comes_later():
    rows, names = np.arange(1.0, 5.0)[:, np.newaxis], np.array(["a", "b", "c", "d"])
    model = network(learning_rate=0.05, hidden_layer_sizes=(20,))
    model.partial_fit(rows[:3], names[:3], classes=names)
    assert model.predict_proba(rows).shape == (4, 4)
    before = model.predict_proba(rows[3:])[0, 3]
    for _ in range(20):
        model.partial_fit(rows[3:], names[3:])
    assert model.predict_proba(rows[3:])[0, 3] > before
    assert model.predict(rows[3:]) == ["d"]
    assert model.classes_.tolist() == names.tolist()


def test_partial_fit_errors():
    with pytest.raises(ValueError, match="classes"):
        network().partial_fit([[3, 2], [1, 6]], [1, 0], classes=[2])
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        network().partial_fit([[3, 2], [1, 6]], [1, 0])
    assert not hasattr(network(optimizer="lbfgs"), "partial_fit")
    assert hasattr(network(optimizer="sgd"), "partial_fit")


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lbfgs"])
def test_inputs_too_large_to_count_with(optimizer):
    largest = np.finfo(np.float64).max
    X = largest * np.random.default_rng(0).uniform(size=(10, 2))
    with pytest.raises(ValueError, match=r"scale the features|Scale the features"):
        network(optimizer=optimizer, max_iter=5).fit(X, [0, 1] * 5)


def assert_logarithms_fit(model, X):
    proba, log_proba = model.predict_proba(X), model.predict_log_proba(X)
    np.testing.assert_allclose(np.exp(log_proba), proba, rtol=1e-10)
    # Logarithms differ where probabilities round to the same number.
    most = np.take_along_axis(proba, log_proba.argmax(axis=1)[:, np.newaxis], axis=1)
    np.testing.assert_array_equal(most[:, 0], proba.max(axis=1))
    return proba


def test_probabilities_of_two_classes():
    X, y = TWO
    model = network(activation="logistic", learning_rate=0.02).fit(X[:60], y[:60])
    proba = assert_logarithms_fit(model, X[60:])
    assert proba.shape == (180, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
    assert roc_auc_score(y[60:], proba[:, 1]) > 0.999
    assert roc_auc_score(y[60:], model.decision_function(X[60:])) > 0.999


def test_probabilities_of_three_classes():
    X, y = THREE
    model = network(learning_rate=0.02).fit(X[:60], y[:60])
    proba = assert_logarithms_fit(model, X[60:])
    assert proba.shape == (180, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
    assert np.mean(proba.argmax(axis=1) == y[60:]) > 0.9


def test_probabilities_of_labels():
    X, y = LABELS
    model = network(optimizer="lbfgs", hidden_layer_sizes=30, tol=1e-4).fit(X, y)
    proba = assert_logarithms_fit(model, X)
    np.testing.assert_array_equal(proba > 0.5, y == 1)
    # Each label has a separate probability.
    assert np.abs(proba.sum(axis=1) - 1.0).max() > 0.5


def test_shuffling_is_a_choice_and_repeats():
    def trained(shuffle):
        model = network(shuffle=shuffle, max_iter=1, batch_size=1)
        return model.fit(*THREE).weights_

    np.testing.assert_array_equal(trained(True), trained(True))
    np.testing.assert_array_equal(trained(False), trained(False))
    assert not np.array_equal(trained(True), trained(False))


@pytest.mark.parametrize("container", [csr_matrix, csr_array])
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_sparse_rows(container, optimizer):
    X, y = TWO
    model = network(optimizer=optimizer, hidden_layer_sizes=15, batch_size=20)
    model.set_params(max_iter=60)
    dense = model.fit(X[:120], y[:120]).predict(X)
    model.fit(container(X[:120]), y[:120])
    np.testing.assert_array_equal(model.predict(container(X)), dense)
    np.testing.assert_array_equal(model.predict(X), dense)
    assert model.score(container(X), y) > 0.95


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lbfgs"])
def test_tolerance_ends_training(optimizer):
    model = network(optimizer=optimizer, tol=0.5, max_iter=3000)
    assert model.fit([[3, 2], [1, 6]], [1, 0]).n_iter_ < 100


def test_verbose(capsys):
    """Here the progress is one line, and partial_fit is silent: it is one epoch."""
    X, y = [[3, 2], [1, 6]], [1, 0]
    model = network(optimizer="sgd", max_iter=2, verbose=10).fit(X, y)
    shown = capsys.readouterr().out
    assert "epoch 2/2" in shown
    assert f"loss {model.loss_:.4g}" in shown


def test_early_stopping():
    X, y = TWO
    params = {"tol": 0.2, "max_iter": 3000, "optimizer": "momentum"}
    model = network(**params, early_stopping=True, monitor="accuracy").fit(X, y)
    scores = model.history_["validation_score"]
    assert len(scores) == model.n_iter_ < 3000
    assert model.best_score_ == max(scores) == scores[model.best_iter_ - 1]
    # No epoch in the patience has beaten the best score by more than tol.
    assert max(scores[-2:]) < model.best_score_ + 0.2
    # At least 100 steps of patience, of which an epoch has two.
    assert model.n_iter_ > 50
    model = network(**params, early_stopping=False).fit(X, y)
    assert "validation_score" not in model.history_
    assert "validation_loss" not in model.history_
    # Without a validation set the training loss is monitored.
    assert model.best_score_ == -min(model.loss_curve_)


def test_the_adaptive_schedule():
    """It is named "plateau", and tol or max_iter end training, not the rate."""
    params = {"optimizer": "sgd", "learning_rate": 0.1, "schedule": "plateau"}
    model = network(**params, max_iter=200).set_params(schedule__tol=10.0)
    rates = model.fit([[3, 2], [1, 6]], [1, 0]).history_["learning_rate"]
    assert rates[0] == 0.1
    assert rates[-1] < 1e-6
    assert (np.diff(rates) <= 0.0).all()
    model = network(**params, tol=0.5, max_iter=3000).fit([[3, 2], [1, 6]], [1, 0])
    assert model.n_iter_ < 3000


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_warm_start_needs_the_same_classes(optimizer):
    def fitted():
        model = network(optimizer=optimizer, tol=1e-2, max_iter=100, warm_start=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(IRIS_SCALED, Y_IRIS).fit(IRIS_SCALED, Y_IRIS)
            return model.fit(IRIS_SCALED, np.repeat([0, 1, 2], [40, 40, 70]))

    model = fitted()
    for classes in ([0, 1], [0, 1, 3], [0, 1, 2, 3], [0, 1, 2, 3, 4]):
        y = np.resize(classes, 150)
        before = model.weights_.copy()
        with pytest.raises(ValueError, match="classes of the last fit") as error:
            model.fit(IRIS_SCALED, y)
        assert "[0, 1, 2]" in str(error.value)
        assert str(classes) in str(error.value)
        np.testing.assert_array_equal(model.weights_, before)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lbfgs"])
def test_a_warm_start_trains_for_max_iter_more_epochs(optimizer):
    """Here n_iter_ counts all epochs so far, as the curves do."""
    params = {"optimizer": optimizer, "tol": 1e-9, "n_iter_no_change": np.inf}
    model = network(**params, warm_start=True, max_iter=10)
    for max_iter, total in ((10, 10), (20, 30), (20, 50)):
        model.set_params(max_iter=max_iter)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(IRIS_SCALED, Y_IRIS)
        assert {warning.category for warning in caught} == {ConvergenceWarning}
        assert f"max_iter={max_iter} " in str(caught[-1].message)
        assert model.n_iter_ == len(model.loss_curve_) == total
    assert model.loss_curve_[0] > model.loss_curve_[-1]


@pytest.mark.parametrize("patience", [2, 5, 10, 50])
def test_patience_is_counted_in_epochs(patience):
    model = network(tol=0.01, max_iter=3000, optimizer="sgd", learning_rate=0.05)
    model.set_params(n_iter_no_change=patience).fit(*TWO)
    losses = np.array(model.loss_curve_)
    best_before = np.minimum.accumulate(np.r_[np.inf, losses])[:-1]
    progress = np.flatnonzero(losses < best_before - 0.01)
    # Training ends with the first epoch beyond the patience.
    assert len(losses) - 1 - progress[-1] == patience + 1
    assert np.diff(progress).max(initial=0) <= patience + 1
    assert model.n_iter_ < 3000


def test_endless_patience():
    model = network(tol=1e9, max_iter=150, optimizer="sgd", n_iter_no_change=np.inf)
    with pytest.warns(ConvergenceWarning):
        model.fit(*TWO)
    assert model.n_iter_ == 150


@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_a_class_too_rare_for_the_validation_set(monitor):
    """An error in MLPClassifier; here the only row of a class is a training row."""
    X, y = TWO
    names = np.where(y == 0, "zero", "one").astype(object)
    names[7] = "rare"
    model = network(early_stopping=True, monitor=monitor, learning_rate=0.05)
    model.set_params(max_iter=20, batch_size=20).fit(X, names)
    assert model.classes_.tolist() == ["one", "rare", "zero"]
    assert len(model.history_["validation_loss"]) == 20
    assert np.isfinite(model.history_["validation_loss"]).all()
    assert model.score(X, names) > 0.9
    small = network(early_stopping=True, monitor=monitor, max_iter=2)
    with warnings.catch_warnings():
        # A single row may have a loss far above the baseline.
        warnings.simplefilter("ignore", ConvergenceWarning)
        small.fit([[1, 2], [2, 3], [3, 4], [4, 5]], [0, 0, 0, 1])
    assert small.predict_proba([[1, 2]]).shape == (1, 2)


def test_names_of_classes_and_early_stopping():
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[Y_IRIS]
    model = network(early_stopping=True, monitor="accuracy", max_iter=50)
    scores = model.fit(IRIS_SCALED, names).history_["validation_score"]
    assert len(scores) == model.n_iter_ == 50
    assert np.isfinite(scores).all()
    assert max(scores) > scores[0]


def test_single_precision_predicts_as_double():
    X, y = THREE
    params = {"hidden_layer_sizes": (5, 3), "max_iter": 100, "activation": "tanh"}
    params["learning_rate"] = 0.02
    double = network(**params).fit(X[:180], y[:180])
    single = network(**params).fit(X[:180].astype(np.float32), y[:180])
    rest = X[180:]
    np.testing.assert_array_equal(
        single.predict(rest.astype(np.float32)), double.predict(rest)
    )
    np.testing.assert_allclose(
        single.predict_proba(rest.astype(np.float32)),
        double.predict_proba(rest),
        rtol=1e-2,
    )
    assert double.score(rest, y[180:]) > 0.9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_weights_have_the_type_of_the_rows(dtype, optimizer):
    X, y = THREE
    model = network(optimizer=optimizer, hidden_layer_sizes=(5, 3), max_iter=5)
    model.fit(X.astype(dtype), y)
    arrays = [*model.coefs_, *model.intercepts_, model.predict_proba(X.astype(dtype))]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_a_loaded_model_continues_learning(tmp_path):
    X, y = TWO
    trained = network(activation="tanh", learning_rate=0.01, max_iter=40).fit(X, y)
    joblib.dump(trained, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(X), trained.predict_proba(X))
    row, other = X[:1], 1 - y[:1]
    assert loaded.predict(row) != other
    for _ in range(200):
        loaded.partial_fit(row, other)
    assert loaded.predict_proba(row)[0, other[0]] > 0.9
    assert trained.predict(row) != other


@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_names_of_columns_and_early_stopping(monitor):
    """One class alone is an error here: there is nothing to tell apart."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(IRIS_SCALED, columns=list("abcd"))
    series = pd.Series(Y_IRIS, name="species")
    model = network(early_stopping=True, validation_fraction=0.2, monitor=monitor)
    # Warnings are errors in this suite.
    model.set_params(max_iter=5).fit(frame, series).predict(frame)
    assert model.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="one class only"):
        model.fit(frame, pd.Series(np.ones(150, int)))


@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_a_warm_start_with_early_stopping(monitor):
    params = {"early_stopping": True, "warm_start": True, "monitor": monitor}
    model = network(**params, max_iter=10).fit(IRIS_SCALED, Y_IRIS)
    first = list(model.history_["validation_loss"])
    model.set_params(max_iter=20).fit(IRIS_SCALED, Y_IRIS)
    assert len(model.history_["validation_loss"]) == 30
    assert model.history_["validation_loss"][:10] == first
    assert min(model.history_["validation_loss"]) < min(first)


def test_partial_fit_and_early_stopping():
    """MLPClassifier raises an error; here it is a pass over all rows."""
    model = network(early_stopping=True, max_iter=30).fit(IRIS_SCALED, Y_IRIS)
    before, score = model.weights_.copy(), model.score(IRIS_SCALED, Y_IRIS)
    for _ in range(60):
        model.partial_fit(IRIS_SCALED, Y_IRIS)
    assert not np.array_equal(model.weights_, before)
    assert model.score(IRIS_SCALED, Y_IRIS) > score
    # There is no validation set: the result is the same without early stopping.
    one, other = (
        network(early_stopping=flag).partial_fit(IRIS_SCALED, Y_IRIS, classes=[0, 1, 2])
        for flag in (True, False)
    )
    np.testing.assert_array_equal(one.weights_, other.weights_)


def test_divergence():
    """MLPClassifier continues with NaN weights; here it is an error."""
    model = network(
        hidden_layer_sizes=100,
        activation="identity",
        optimizer="sgd",
        learning_rate=1e6,
        regularizers={"weight_decay": 1.0},
        max_iter=50,
    )
    with pytest.raises(ValueError, match=r"epoch \d+ with learning_rate=1e\+06"):
        model.fit(X_IRIS, Y_IRIS)
    assert not hasattr(model, "classes_")


def test_equal_weights_are_no_weights():
    params = {"early_stopping": True, "batch_size": 10, "max_iter": 30}
    plain = network(**params).fit(IRIS_SCALED, Y_IRIS)
    weighted = network(**params).fit(IRIS_SCALED, Y_IRIS, sample_weight=np.ones(150))
    np.testing.assert_array_equal(weighted.weights_, plain.weights_)
    uneven = network(**params).fit(IRIS_SCALED, Y_IRIS, sample_weight=1.0 + Y_IRIS)
    assert not np.array_equal(uneven.weights_, plain.weights_)


def test_too_few_rows_for_a_validation_set():
    model = network(early_stopping=True)
    with pytest.raises(ValueError, match="at least 3 rows for a validation set, got 2"):
        model.fit([[1.0, 2.0], [3.0, 4.0]], [0, 1])


@pytest.mark.parametrize("problem", PROBLEMS)
def test_without_a_hidden_layer_it_is_a_logistic_regression(problem):
    """MLPClassifier needs a trick for this; here () is a linear model."""
    X, y = PROBLEMS[problem]
    strength = 1e-2
    model = network(
        hidden_layer_sizes=(),
        optimizer="lbfgs",
        regularizers={"weight_decay": strength},
        tol=1e-9,
        max_iter=1000,
    ).fit(X, y)
    linear = LogisticRegression(C=1.0 / (strength * len(y)), tol=1e-10, max_iter=5000)
    expected = linear.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X), expected, atol=1e-5)
    other = network(
        hidden_layer_sizes=(3,), optimizer="lbfgs", tol=1e-4, max_iter=1000
    ).fit(X, y)
    assert np.abs(other.predict_proba(X) - expected).max() > 1e-2


@pytest.mark.parametrize("monitor", ["loss", "accuracy", "neg_log_loss"])
def test_divergence_with_early_stopping(monitor):
    model = network(
        hidden_layer_sizes=100,
        activation="identity",
        optimizer="sgd",
        learning_rate=1e6,
        early_stopping=True,
        monitor=monitor,
        regularizers={"weight_decay": 1.0},
        max_iter=50,
    )
    with pytest.raises(ValueError, match=r"epoch \d+ with learning_rate=1e\+06"):
        model.fit(X_IRIS, Y_IRIS)
    assert not hasattr(model, "classes_")


def test_divergence_of_the_weights_alone():
    model = network(hidden_layer_sizes=(4,), optimizer="sgd")
    model.partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2]).set_params(learning_rate=1e300)
    with pytest.raises(ValueError, match="A weight is not finite"):
        model.partial_fit(X_IRIS * 1e10, Y_IRIS)
