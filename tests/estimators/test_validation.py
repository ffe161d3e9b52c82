"""Early stopping: the validation set, the score, and the kept weights."""

import re
import warnings

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, f1_score, make_scorer
from sklearn.preprocessing import StandardScaler

from skjacobnet.regularizers import Sparsity

X, Y = load_wine(return_X_y=True)
X = StandardScaler().fit_transform(X)
TRAIN, HELD = np.arange(len(Y)) % 3 > 0, np.arange(len(Y)) % 3 == 0
VALIDATION = {"X_val": X[HELD], "y_val": Y[HELD]}


def make(**params):
    defaults = {
        "hidden_layer_sizes": (6,),
        "max_iter": 20,
        "tol": None,
        "random_state": 0,
        "learning_rate": 0.02,
    }
    return plain_classifier(**{**defaults, **params})


def plain_function(estimator, X, y):
    return accuracy_score(y, estimator.predict(X))


def weighing_function(estimator, X, y, sample_weight=None):
    return accuracy_score(y, estimator.predict(X), sample_weight=sample_weight)


@pytest.mark.parametrize(
    "monitor",
    [
        "loss",
        "accuracy",
        "f1_macro",
        "neg_log_loss",
        "roc_auc_ovr",
        make_scorer(f1_score, average="macro"),
        plain_function,
        weighing_function,
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_best_epoch_of_any_monitor_is_kept(monitor, weighted):
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(Y)) if weighted else None
    weights = {"sample_weight": weight[TRAIN]} if weighted else {}
    if weighted and monitor != "roc_auc_ovr":
        weights["sample_weight_val"] = weight[HELD]
    model = make(monitor=monitor).fit(X[TRAIN], Y[TRAIN], **VALIDATION, **weights)
    column = "validation_loss" if monitor == "loss" else "validation_score"
    scores = np.array(model.history_[column]) * (-1 if monitor == "loss" else 1)
    assert model.best_score_ == scores.max()
    assert model.best_iter_ == scores.argmax() + 1
    again = make(monitor=monitor, max_iter=model.best_iter_)
    again.fit(X[TRAIN], Y[TRAIN], **VALIDATION, **weights)
    np.testing.assert_array_equal(model.weights_, again.weights_)


def test_a_monitor_that_does_not_suit_is_refused_before_training():
    y = np.where(np.arange(len(Y)) < 30, 1, 0)
    y[0] = 2
    model = make(monitor="neg_log_loss", early_stopping=True)
    with pytest.raises(ValueError, match=r"none of the classes \[2\].*'loss'"):
        model.fit(X, y)
    assert not hasattr(model, "classes_")
    message = "monitor='roc_auc' cannot score.*such as 'roc_auc_ovr', 'loss'"
    with pytest.raises(ValueError, match=message):
        make(monitor="roc_auc", early_stopping=True).fit(X, Y)
    for monitor in ("loss", "accuracy", "f1_macro"):
        make(monitor=monitor, early_stopping=True, max_iter=20).fit(X, y)


ALL_BUT_FEW = np.r_[np.zeros(170, int), np.ones(5, int), np.full(3, 2)]


@pytest.mark.parametrize(
    ("y", "counts", "classes"),
    [
        (np.arange(6) % 3, "1 of 6 rows", r"\[\d, \d\]"),
        (np.arange(4), "1 of 4 rows", r"\[\d, \d, \d\]"),
        (ALL_BUT_FEW, "18 of 178 rows", r"\[2\]"),
    ],
)
def test_a_validation_set_without_a_class_is_warned_of_once(y, counts, classes):
    model = make(early_stopping=True, warm_start=True, max_iter=2)
    message = f"{counts}, .* the classes {classes}.*validation_fraction.*X_val.*=False"
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("always", "early_stopping")
        model.fit(X[: len(y)], y)
        model.fit(X[: len(y)], y)
    assert [warning.filename for warning in record] == [__file__]
    assert re.search(message, str(record[0].message))


def test_a_validation_set_with_all_possible_classes_gives_no_warning():
    single = np.where(ALL_BUT_FEW < 2, ALL_BUT_FEW, 1)
    single[0] = 2
    labels = np.stack([single > 0, single > 1], axis=1).astype(int)
    few = np.arange(12) % 2
    for y in (Y, single, labels, few, ["a", "b"] * 5):
        make(early_stopping=True, max_iter=20, validation_fraction=0.2).fit(
            X[: len(y)], y
        )
    y_val = np.zeros(3, int)
    make(max_iter=2).fit(X, Y, X_val=X[:3], y_val=y_val)


def own_metric(y_true, y_pred, scale=1.0):
    return scale * accuracy_score(y_true, y_pred)


@pytest.mark.parametrize(
    ("monitor", "message"),
    [
        (f1_score, r"as \(estimator, X, y\).*pass make_scorer\(f1_score\)"),
        (own_metric, r"as \(estimator, X, y\).*pass make_scorer\(own_metric\)"),
        (
            "f1",
            r"make_scorer\(f1_score, pos_label='stayed'\), or .* 'f1_macro', 'loss'",
        ),
        ("precision", r"make_scorer\(precision_score, pos_label='stayed'\)"),
        (make_scorer(f1_score), r"make_scorer\(metric, pos_label='stayed'\)"),
    ],
)
def test_a_monitor_that_fails_says_how_to_make_one_that_does_not(monitor, message):
    y = np.where(Y > 0, "churned", "stayed")
    with pytest.raises(ValueError, match=message):
        make(monitor=monitor, early_stopping=True).fit(X, y)
    for scorer in (
        make_scorer(f1_score, pos_label="stayed"),
        make_scorer(own_metric),
        "f1_macro",
    ):
        make(monitor=scorer, early_stopping=True, max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="such as 'f1_macro', 'loss' or 'accuracy'"):
        make(monitor="f1", early_stopping=True).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_another_rule_keeps_the_best_weights():
    model = make(early_stopping=True, monitor="accuracy", warm_start=True)
    model.set_params(batch_size=32).fit(X, Y)
    best, weights = model.best_score_, model.weights_.copy()
    for params in ({"tol": 1e-3}, {"batch_size": 20}, {"n_iter_no_change": 3}):
        model.set_params(**params, max_iter=1, learning_rate=1e-9).fit(X, Y)
        assert model.best_score_ == best
        np.testing.assert_array_equal(model.weights_, weights)


def test_other_validation_rows_restart_the_count():
    model = make(monitor="accuracy", warm_start=True).fit(
        X[TRAIN], Y[TRAIN], **VALIDATION
    )
    wrong = {"X_val": X[HELD], "y_val": (Y[HELD] + 1) % 3}
    model.set_params(max_iter=3).fit(X[TRAIN], Y[TRAIN], **wrong)
    assert model.best_score_ == max(model.history_["validation_score"][-3:]) < 0.5
    assert model.best_iter_ > 20


def test_partial_fit_continues_from_the_kept_weights():
    model = make(early_stopping=True, warm_start=True, monitor="accuracy")
    model.fit(X, Y)
    assert np.abs(model.weights_ - model.training_state_.theta).max() > 1e-3
    kept = model.weights_.copy()
    model.set_params(learning_rate=1e-12).partial_fit(X, Y)
    np.testing.assert_allclose(model.weights_, kept, atol=1e-9)


def test_balanced_weights_of_validation_rows_are_those_of_training():
    rows, few = X[TRAIN], (Y[TRAIN] == 0).astype(int)
    held, held_few = X[HELD][10:], (Y[HELD][10:] == 0).astype(int)
    model = make(class_weight="balanced", monitor="accuracy", max_iter=1)
    model.fit(rows, few, X_val=held, y_val=held_few)
    counts = np.bincount(few)
    weight = (len(few) / (2 * counts))[held_few]
    expected = accuracy_score(held_few, model.predict(held), sample_weight=weight)
    assert model.best_score_ == pytest.approx(expected)


def test_an_interruption_while_validating_leaves_a_whole_record():
    calls = []

    def monitor(estimator, X, y):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return estimator.score(X, y)

    model = make(monitor=monitor, warm_start=True)
    with pytest.raises(KeyboardInterrupt, match="interrupted after 2 epochs"):
        model.fit(X[TRAIN], Y[TRAIN], **VALIDATION)
    assert model.n_iter_ == 2
    assert {len(column) for column in model.history_.values()} == {2}
    model.fit(X[TRAIN], Y[TRAIN], **VALIDATION)
    assert model.n_iter_ == 22 == len(model.loss_curve_)


def test_warm_start_may_be_set_after_a_plain_fit():
    model = make().fit(X, Y)
    before = model.weights_.copy()
    model.set_params(warm_start=True, learning_rate=1e-12).fit(X, Y)
    assert model.n_iter_ == 40
    np.testing.assert_allclose(model.weights_, before, atol=1e-8)
    with pytest.raises(ValueError, match="continues in float64"):
        model.set_params(dtype="float32").fit(X, Y)


@pytest.mark.parametrize("form", ["l1", "kl"])
def test_lbfgs_in_blocks_is_lbfgs_at_once(form, monkeypatch):
    """The form "kl" of sparsity is not a mean over rows."""
    from skjacobnet.core import blocks

    rows, labels = load_breast_cancer(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    params = {"optimizer": "lbfgs", "learning_rate": "auto", "max_iter": 10}
    params["warm_start"] = True
    params["regularizers"] = {
        "weight_decay": 0.1,
        "sparsity": Sparsity(0.01, form),
        "certainty": 0.01,
    }
    params["activation"] = "sigmoid"
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(labels))
    whole = make(**params).fit(rows, labels, sample_weight=weight)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    monkeypatch.setattr("skjacobnet.training.job.FEWEST_ROWS", 100)
    blocks = make(**params).fit(rows, labels, sample_weight=weight)
    np.testing.assert_allclose(blocks.weights_, whole.weights_, atol=1e-7)
    np.testing.assert_allclose(blocks.loss_curve_, whole.loss_curve_, rtol=1e-9)
    # A continued schedule counts its iterations, not their blocks.
    assert blocks.training_state_.step == blocks.training_state_.n_steps == 10


def test_the_progress_line_ends_before_an_error(capsys):
    calls = []

    def monitor(estimator, X, y):
        calls.append(1)
        if len(calls) == 4:
            raise RuntimeError("out of luck")
        return estimator.score(X, y)

    with pytest.raises(RuntimeError, match="out of luck"):
        make(verbose=1, monitor=monitor).fit(X[TRAIN], Y[TRAIN], **VALIDATION)
    text = capsys.readouterr().out
    assert "epoch 1/20" in text
    assert text.endswith("\n")


@pytest.mark.parametrize("held", ["a part", "given"])
def test_the_validation_loss_is_the_mean_over_blocks_of_any_size(held, monkeypatch):
    from skjacobnet.core import blocks

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    weight = np.random.default_rng(0).uniform(0.0, 2.0, len(Y))
    weight[::5] = 0.0
    if held == "given":
        model = make().fit(X, Y, **VALIDATION, sample_weight_val=weight[HELD])
        rows = np.flatnonzero(HELD)
    else:
        scored = []

        def monitor(estimator, inputs, targets):
            scored.append((inputs, targets))
            return 1.0 / (1.0 + len(scored))

        make(early_stopping=True, validation_fraction=0.2, monitor=monitor).fit(
            X, Y, sample_weight=weight
        )
        inputs = scored[0][0]
        rows = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in inputs]
        model = make(early_stopping=True, validation_fraction=0.2, max_iter=1)
        model.fit(X, Y, sample_weight=weight)
    assert len(rows) % 8
    chosen = weight[rows]
    losses = -model.predict_log_proba(X[rows])[np.arange(len(rows)), Y[rows]]
    best = model.best_iter_ - 1
    np.testing.assert_allclose(
        model.history_["validation_loss"][best],
        np.average(losses, weights=chosen),
        rtol=1e-10,
    )
