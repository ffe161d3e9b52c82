"""JacobianMLPClassifier in ordinary scikit-learn code."""

import pickle
import re
import sys

import numpy as np
import pytest
from plain import plain_classifier
from scipy.sparse import csc_matrix, csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedShuffleSplit,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import Dropout, Linear
from skjacobnet.links import SOFTMAX
from skjacobnet.losses import CrossEntropy
from skjacobnet.optimizers import OPTIMIZERS, Adam
from skjacobnet.schedules import SCHEDULES

X, Y = load_digits(return_X_y=True)
X = X / 16.0
X_TRAIN, X_TEST, Y_TRAIN, Y_TEST = train_test_split(
    X, Y, test_size=0.2, stratify=Y, random_state=0
)
SMALL = X_TRAIN[:200], Y_TRAIN[:200]


def make(**params):
    defaults = {
        "hidden_layer_sizes": (20,),
        "max_iter": 5,
        "tol": None,
        "random_state": 0,
    }
    return plain_classifier(**{**defaults, **params})


def test_fitted_attributes():
    model = make(hidden_layer_sizes=(20, 7), max_iter=4).fit(X_TRAIN, Y_TRAIN)
    assert model.classes_.tolist() == list(range(10))
    assert model.n_features_in_ == 64
    assert [coef.shape for coef in model.coefs_] == [(64, 20), (20, 7), (7, 10)]
    assert [b.shape for b in model.intercepts_] == [(20,), (7,), (10,)]
    assert all(np.shares_memory(coef, model.weights_) for coef in model.coefs_)
    assert model.weights_.shape == (model.network_.n_weights,)
    assert model.n_iter_ == 4
    columns = ("loss", "penalty", "learning_rate", "gradient_norm", "seconds")
    assert tuple(model.history_) == columns
    assert {len(column) for column in model.history_.values()} == {4}
    assert model.loss_ == model.loss_curve_[-1] < model.loss_curve_[0]
    assert model.history_["penalty"] == [0.0] * 4
    assert model.history_["learning_rate"] == [1e-3] * 4


def test_methods_agree():
    for y in (Y_TRAIN, Y_TRAIN % 2):
        model = make().fit(X_TRAIN, y)
        proba = model.predict_proba(X_TEST)
        np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-12)
        np.testing.assert_array_equal(
            model.predict(X_TEST), model.classes_[proba.argmax(axis=1)]
        )
        np.testing.assert_allclose(
            np.exp(model.predict_log_proba(X_TEST)), proba, rtol=1e-12
        )
        raw = model.decision_function(X_TEST)
        assert raw.shape == ((len(X_TEST),) if len(model.classes_) == 2 else (360, 10))
        np.testing.assert_array_equal(
            model.coefs_[0], model.network_.split(model.weights_)[0]["coef"]
        )


@pytest.mark.parametrize("optimizer", OPTIMIZERS.names)
def test_every_optimizer_learns_digits_by_its_own_rate(optimizer):
    model = make(optimizer=optimizer, batch_size=32, max_iter=40)
    if optimizer == "lbfgs":
        model.set_params(batch_size="auto", max_iter=60)
    model.fit(X_TRAIN, Y_TRAIN)
    assert model.score(X_TEST, Y_TEST) > 0.92


@pytest.mark.parametrize("schedule", SCHEDULES.names)
def test_every_schedule_learns_digits(schedule):
    model = make(schedule=schedule, learning_rate=0.02, batch_size=32, max_iter=30)
    model.fit(X_TRAIN, Y_TRAIN)
    assert model.score(X_TEST, Y_TEST) > 0.92


def test_schedules_reach_the_learning_rate():
    model = make(schedule="cosine", learning_rate=0.1, optimizer="sgd", max_iter=4)
    rates = model.fit(*SMALL).history_["learning_rate"]
    # One batch in each epoch: the rate of its only step.
    np.testing.assert_allclose(rates, 0.05 * (1 + np.cos(np.pi * np.arange(4) / 4)))
    model = make(schedule="plateau", learning_rate=0.5, tol=None, max_iter=40)
    model.set_params(schedule__patience=2, schedule__tol=10.0).fit(*SMALL)
    rates = model.history_["learning_rate"]
    assert rates[0] == 0.5
    assert rates[-1] < 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_seed_same_bits_and_the_global_generator_is_left_alone(dtype):
    rows = X_TRAIN.astype(dtype)
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    params = {"dropout": 0.2, "early_stopping": True, "batch_size": 50}
    first = make(**params).fit(rows, Y_TRAIN)
    second = make(**params).fit(rows, Y_TRAIN)
    fresh = make(**{**params, "random_state": None}).fit(rows, Y_TRAIN)
    other = make(**{**params, "random_state": 1}).fit(rows, Y_TRAIN)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    np.testing.assert_array_equal(first.weights_, second.weights_)
    assert first.weights_.dtype == dtype
    assert not np.array_equal(first.weights_, fresh.weights_)
    assert not np.array_equal(first.weights_, other.weights_)


def test_a_random_state_instance_moves_on():
    generator = np.random.RandomState(0)
    first = make(random_state=generator).fit(*SMALL)
    second = make(random_state=generator).fit(*SMALL)
    again = make(random_state=np.random.RandomState(0)).fit(*SMALL)
    np.testing.assert_array_equal(first.weights_, again.weights_)
    assert not np.array_equal(first.weights_, second.weights_)


def test_types_of_numbers():
    assert make().fit(X_TRAIN.astype("f4"), Y_TRAIN).weights_.dtype == np.float32
    assert make().fit((16 * X_TRAIN).astype(int), Y_TRAIN).weights_.dtype == np.float64
    model = make(dtype="float32").fit(X_TRAIN, Y_TRAIN)
    assert model.weights_.dtype == model.predict_proba(X_TEST).dtype == np.float32
    exact = make().fit(X_TRAIN, Y_TRAIN)
    np.testing.assert_allclose(
        model.predict_proba(X_TEST), exact.predict_proba(X_TEST), atol=1e-3
    )


def test_fit_never_changes_a_parameter():
    optimizer, layers = Adam(), [Linear(5), "relu", Dropout(0.1)]
    model = make(
        layers=layers, optimizer=optimizer, regularizers={"l1": 1e-3}, schedule="cosine"
    )
    before = repr(model.get_params())
    model.fit(X_TRAIN, Y_TRAIN)
    assert repr(model.get_params()) == before
    assert model.optimizer is optimizer
    assert set(vars(optimizer)) == {"beta_1", "beta_2", "epsilon", "amsgrad"}
    assert vars(clone(model)).keys() == vars(clone(make())).keys()


def test_the_gradient_through_an_explicit_softmax_equals_the_fused_one():
    model = make().fit(X_TRAIN, Y_TRAIN)
    rows, target = X_TEST[:50], np.eye(10)[Y_TEST[:50]]
    raw = model.decision_function(rows)
    loss = CrossEntropy()
    proba = SOFTMAX.proba(raw)
    explicit = SOFTMAX.jacobian(proba).vjp(loss.gradient_from_proba(target, proba))
    _, fused = loss.value_and_gradient(target, raw)
    np.testing.assert_allclose(explicit, fused, rtol=1e-12, atol=1e-15)


def test_grid_search_over_optimizer_and_learning_rate():
    pipeline = make_pipeline(StandardScaler(), make(max_iter=15))
    grid = {
        "jacobianmlpclassifier__optimizer": ["nesterov", "adam"],
        "jacobianmlpclassifier__learning_rate": [1e-5, 1e-2],
        "jacobianmlpclassifier__regularizers__weight_decay": [0.0, 1e-4],
    }
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(X_TRAIN, Y_TRAIN)
    assert search.best_params_["jacobianmlpclassifier__learning_rate"] == 1e-2
    assert search.score(X_TEST, Y_TEST) > 0.95
    nested = GridSearchCV(
        make(optimizer="sgd"), {"optimizer__momentum": [0.0, 0.9]}, cv=2
    )
    assert len(nested.fit(*SMALL).cv_results_["params"]) == 2


def test_cross_validation():
    model = make_pipeline(StandardScaler(), JacobianMLPClassifier(random_state=0))
    assert cross_val_score(model, X, Y, cv=3).min() > 0.9


def test_strings_booleans_and_mixed_order():
    names = np.array(["ten", "five", "zero"])[Y_TRAIN % 3]
    model = make(max_iter=20).fit(X_TRAIN, names)
    assert model.classes_.tolist() == ["five", "ten", "zero"]
    assert set(model.predict(X_TEST)) <= set(names)
    flags = make(max_iter=20).fit(X_TRAIN, Y_TRAIN > 4)
    assert flags.classes_.tolist() == [False, True]
    assert flags.score(X_TEST, Y_TEST > 4) > 0.85


def test_multilabel():
    rows, labels = make_multilabel_classification(1000, 20, random_state=0)
    rows = StandardScaler().fit_transform(rows)
    model = make(max_iter=60).fit(rows[:800], labels[:800])
    assert model.predict(rows).shape == model.predict_proba(rows).shape == (1000, 5)
    share = labels[:800].mean(axis=0)
    most_common = np.maximum(share, 1.0 - share).mean()
    assert np.mean(model.predict(rows[800:]) == labels[800:]) > most_common + 0.1
    weighted = make(class_weight=[{0: 1.0, 1: 3.0}] * 5).fit(rows, labels)
    plain = make().fit(rows, labels)
    assert weighted.predict(rows).mean() > plain.predict(rows).mean()
    make(class_weight="balanced").fit(rows, labels)


@pytest.mark.parametrize("kind", [csr_matrix, csc_matrix])
@pytest.mark.parametrize("layers", [None, ["tanh", Linear(10), "relu"]])
def test_sparse_rows_give_the_same_network(kind, layers):
    dense = make(batch_size=32, layers=layers).fit(X_TRAIN, Y_TRAIN)
    sparse = make(batch_size=32, layers=layers).fit(kind(X_TRAIN), Y_TRAIN)
    np.testing.assert_allclose(sparse.weights_, dense.weights_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(
        sparse.predict_proba(kind(X_TEST)), dense.predict_proba(X_TEST), rtol=1e-6
    )


def test_class_weight_moves_the_decision():
    rows, few = X_TRAIN, Y_TRAIN == 8
    plain = make(max_iter=10).fit(rows, few)
    balanced = make(max_iter=10, class_weight="balanced").fit(rows, few)
    assert balanced.predict(X_TEST).sum() > plain.predict(X_TEST).sum()
    times = np.where(few, np.sum(~few) / np.sum(few), 1.0)
    weighted = make(max_iter=10).fit(rows, few, sample_weight=times)
    np.testing.assert_allclose(
        weighted.weights_, balanced.weights_, rtol=1e-9, atol=1e-11
    )


def test_sparsity_makes_activations_sparse():
    def mean_activation(strength):
        model = make(
            activation="sigmoid",
            max_iter=60,
            learning_rate=0.01,
            regularizers={"sparsity": strength},
        ).fit(X_TRAIN, Y_TRAIN)
        return model.network_.linearize(model.weights_, X_TEST).outputs[2].mean()

    assert mean_activation(0.1) < 0.5 * mean_activation(0.0)


def test_certainty_and_confidence_penalty_have_opposite_effects():
    def entropy(regularizers):
        model = make(max_iter=100, regularizers=regularizers).fit(X_TRAIN, Y_TRAIN)
        log_proba = model.predict_log_proba(X_TEST)
        return -np.sum(np.exp(log_proba) * log_proba, axis=1).mean()

    plain = entropy(None)
    assert entropy({"certainty": 0.3}) < 0.8 * plain
    assert entropy({"confidence_penalty": 0.3}) > 1.2 * plain


def test_early_stopping_keeps_the_best_weights():
    model = make(
        early_stopping=True,
        max_iter=300,
        tol=1e-4,
        learning_rate=0.02,
        batch_size=32,
        monitor="accuracy",
    ).fit(X_TRAIN, Y_TRAIN)
    scores = model.history_["validation_score"]
    assert model.n_iter_ == len(scores) < 300
    assert model.best_score_ == max(scores) == scores[model.best_iter_ - 1]
    # The validation set is the same for the same seed, so the weights are reproducible.
    again = make(
        early_stopping=True,
        max_iter=model.best_iter_,
        learning_rate=0.02,
        batch_size=32,
        monitor="accuracy",
    ).fit(X_TRAIN, Y_TRAIN)
    np.testing.assert_array_equal(model.weights_, again.weights_)


def test_a_custom_validation_set():
    model = make(max_iter=30).fit(X_TRAIN, Y_TRAIN, X_val=X_TEST, y_val=Y_TEST)
    losses = model.history_["validation_loss"]
    assert model.best_score_ == -min(losses)
    from sklearn.metrics import log_loss

    assert log_loss(Y_TEST, model.predict_proba(X_TEST)) == pytest.approx(min(losses))


def test_without_validation_the_last_weights_are_kept():
    model = make(max_iter=3, warm_start=True).fit(X_TRAIN, Y_TRAIN)
    np.testing.assert_array_equal(model.weights_, model.training_state_.theta)


def test_training_stops_when_the_loss_stops_falling():
    model = make(tol=0.05, max_iter=1000, n_iter_no_change=3, learning_rate=0.02)
    model.fit(*SMALL)
    assert model.n_iter_ < 300
    with pytest.warns(ConvergenceWarning, match="max_iter=2") as record:
        make(tol=1e-4, max_iter=2).fit(*SMALL)
    assert record[0].filename == __file__


@pytest.mark.parametrize("optimizer", ["adam", "nesterov", "rmsprop", "amsgrad"])
def test_warm_start_is_bit_identical(optimizer):
    params = {"optimizer": optimizer, "dropout": 0.3, "batch_size": 30}
    whole = make(**params, max_iter=6).fit(X_TRAIN, Y_TRAIN)
    half = make(**params, max_iter=3, warm_start=True).fit(X_TRAIN, Y_TRAIN)
    half = pickle.loads(pickle.dumps(half)).fit(X_TRAIN, Y_TRAIN)
    np.testing.assert_array_equal(half.weights_, whole.weights_)
    assert half.n_iter_ == 6
    assert half.loss_curve_ == whole.loss_curve_


def test_warm_start_refuses_another_network():
    model = make(warm_start=True).fit(*SMALL)
    with pytest.raises(ValueError, match="layers have changed"):
        model.set_params(hidden_layer_sizes=(7,)).fit(*SMALL)
    # Another optimizer starts with an empty memory.
    model.set_params(hidden_layer_sizes=(20,), optimizer="sgd").fit(*SMALL)


def test_partial_fit_is_one_pass_and_equals_one_epoch():
    stream = make(batch_size=50)
    for _ in range(3):
        stream.partial_fit(X_TRAIN, Y_TRAIN, classes=range(10))
    whole = make(batch_size=50, max_iter=3).fit(X_TRAIN, Y_TRAIN)
    np.testing.assert_array_equal(stream.weights_, whole.weights_)
    blocks = make(batch_size=50)
    for _ in range(30):
        for rows in np.array_split(np.arange(len(X_TRAIN)), 4):
            blocks.partial_fit(X_TRAIN[rows], Y_TRAIN[rows], classes=range(10))
    assert blocks.score(X_TEST, Y_TEST) > 0.9


def test_partial_fit_after_fit_continues_from_the_weights():
    model = make(max_iter=20).fit(X_TRAIN, Y_TRAIN)
    before = model.weights_.copy()
    model.partial_fit(X_TRAIN[:50], Y_TRAIN[:50])
    assert 0 < np.abs(model.weights_ - before).max() < 0.02


def test_a_failing_refit_keeps_the_model():
    model = make().fit(X_TRAIN, Y_TRAIN)
    before = model.predict_proba(X_TEST)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full((5, 3), np.nan), [0, 1, 0, 1, 0])
    np.testing.assert_array_equal(model.predict_proba(X_TEST), before)


def test_predictions_do_not_depend_on_the_blocks(monkeypatch):
    from skjacobnet.core import blocks

    model = make().fit(X_TRAIN, Y_TRAIN)
    whole = model.predict_proba(X_TEST)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    np.testing.assert_allclose(model.predict_proba(X_TEST), whole, rtol=1e-12)


def test_verbose_shows_one_line_that_changes_in_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    make(verbose=1, max_iter=3).fit(*SMALL)
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert text.endswith("\n")
    last = text.strip().split("\r")[-1]
    assert last.startswith("epoch 3/3, loss ")


@pytest.mark.parametrize("n_epochs", [1, 27, 28, 29, 55, 57, 200])
def test_verbose_writes_at_most_thirty_whole_lines_to_a_file(capsys, n_epochs):
    make(verbose=1, max_iter=n_epochs, tol=None).fit(*SMALL)
    text = capsys.readouterr().out
    assert "\r" not in text
    lines = text.splitlines()
    assert min(n_epochs, 15) <= len(lines) <= 30
    assert lines[0].startswith(f"epoch 1/{n_epochs}, loss ")
    assert lines[-1].startswith(f"epoch {n_epochs}/{n_epochs}, loss ")
    assert lines[-1].endswith(" s")


def test_verbose_shows_the_monitored_score(capsys):
    make(verbose=1, max_iter=9, early_stopping=True, monitor="accuracy").fit(*SMALL)
    assert re.search(r"validation score 0\.\d", capsys.readouterr().out)
    make(max_iter=3).fit(*SMALL)
    assert capsys.readouterr().out == ""


def test_a_plain_fit_pickles_to_its_weights():
    model = make(hidden_layer_sizes=(300,)).fit(X_TRAIN, Y_TRAIN)
    assert len(pickle.dumps(model)) < 1.1 * model.weights_.nbytes + 30_000


@pytest.mark.parametrize(
    ("params", "at_least"),
    [
        (
            {
                "layers": [],
                "optimizer": "momentum",
                "learning_rate": 1e-3,
                "batch_size": 12,
                "max_iter": 50,
            },
            0.92,
        ),
        (
            {
                "layers": [Linear(30), "sigmoid"],
                "learning_rate": 5e-4,
                "batch_size": 4,
                "max_iter": 50,
            },
            0.95,
        ),
        (
            {
                "layers": [Linear(128), "sigmoid"],
                "optimizer": "momentum",
                "learning_rate": 0.1,
                "batch_size": 16,
                "max_iter": 20,
            },
            0.96,
        ),
    ],
)
def test_accuracy_on_unseen_digits(params, at_least):
    """Three of the experiments of examples/plot_digits.py, on other splits."""
    rows = X.astype(np.float32)
    scores = []
    splits = StratifiedShuffleSplit(3, test_size=0.2, random_state=1).split(rows, Y)
    for train, test in splits:
        model = plain_classifier(tol=None, random_state=0, **params)
        scores.append(model.fit(rows[train], Y[train]).score(rows[test], Y[test]))
    assert np.mean(scores) >= at_least
