"""partial_fit and warm_start: what continues, restarts, or is unchanged."""

import copy

import numpy as np
import pytest
import sklearn
from plain import plain_classifier
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skjacobnet.layers import Dropout, LeakyReLU, Linear

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)


def make(**params):
    defaults = {
        "hidden_layer_sizes": (6,),
        "max_iter": 5,
        "tol": None,
        "random_state": 0,
        "learning_rate": 0.01,
        "warm_start": True,
    }
    return plain_classifier(**{**defaults, **params})


@pytest.mark.parametrize("schedule", ["constant", "inverse_scaling"])
@pytest.mark.parametrize("validated", [False, True])
def test_halves_make_a_whole(schedule, validated):
    params = {"schedule": schedule, "early_stopping": validated, "batch_size": 20}
    params |= {"tol": 1e-4, "n_iter_no_change": 100, "dropout": 0.2}
    whole, halves = make(**params, max_iter=10), make(**params)
    with pytest.warns(ConvergenceWarning):
        whole.fit(X, Y)
    for _ in range(2):
        with pytest.warns(ConvergenceWarning):
            halves = copy.deepcopy(halves).fit(X, Y)
    np.testing.assert_array_equal(whole.weights_, halves.weights_)
    assert whole.best_score_ == halves.best_score_
    assert whole.best_iter_ == halves.best_iter_
    whole.history_.pop("seconds"), halves.history_.pop("seconds")
    assert whole.history_ == halves.history_


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "step", "exponential"])
def test_a_schedule_is_spread_over_the_steps_to_come(schedule):
    model = make(schedule=schedule).fit(X, Y)
    before = model.weights_.copy()
    model.fit(X, Y)
    rates = model.history_["learning_rate"]
    assert len(rates) == 10
    assert rates[5] > 2.0 * rates[4]
    assert not np.array_equal(model.weights_, before)
    stream = make(schedule=schedule, max_iter=10)
    for _ in range(10):
        stream.partial_fit(X, Y, classes=[0, 1, 2])
    whole = make(schedule=schedule, max_iter=10).fit(X, Y)
    assert stream.history_["learning_rate"] == whole.history_["learning_rate"]


def test_edited_weights_are_the_ones_that_go_on():
    for start in (
        lambda: make().fit(X, Y),
        lambda: make().partial_fit(X, Y, classes=[0, 1, 2]),
        lambda: make(warm_start=False).fit(X, Y),
    ):
        model = start()
        model.coefs_[0][...] = 0.0
        model.intercepts_[1][...] = 7.0
        model.partial_fit(X, Y)
        assert np.abs(model.coefs_[0]).max() < 0.1
        assert np.abs(model.intercepts_[1] - 7.0).max() < 0.1


def test_a_failing_continuation_changes_nothing():
    model = make(optimizer="sgd").partial_fit(X, Y, classes=[0, 1, 2])
    weights, theta = model.weights_.copy(), model.training_state_.theta.copy()
    history = copy.deepcopy(model.history_)
    model.set_params(learning_rate=1e308, batch_size=10)
    for go_on in (model.partial_fit, model.fit):
        with pytest.raises(ValueError, match="in epoch 2"):
            go_on(X, Y)
    np.testing.assert_array_equal(model.weights_, weights)
    np.testing.assert_array_equal(model.training_state_.theta, theta)
    assert model.history_ == history
    model.set_params(learning_rate=0.01, batch_size=200).partial_fit(X, Y)
    fresh = make(optimizer="sgd").partial_fit(X, Y, classes=[0, 1, 2])
    np.testing.assert_array_equal(model.weights_, fresh.partial_fit(X, Y).weights_)


def test_copies_go_their_own_ways():
    model = make().partial_fit(X, Y, classes=[0, 1, 2])
    history, twin = model.history_, copy.copy(model)
    before = model.weights_.copy()
    twin.partial_fit(X, Y)
    assert len(history["loss"]) == len(model.history_["loss"]) == 1
    np.testing.assert_array_equal(model.weights_, before)
    np.testing.assert_array_equal(model.training_state_.theta, before)


def test_another_table_is_split_anew():
    rng = np.random.default_rng(0)
    model = make(early_stopping=True).fit(X, Y)
    order = rng.permutation(len(Y))[:60]
    model.fit(X[order], Y[order])
    train, held = model.training_state_.split[1]
    assert sorted([*train, *held]) == list(range(60))
    model.fit(np.repeat(X, 4, axis=0), np.repeat(Y, 4))
    assert sum(map(len, model.training_state_.split[1])) == 600
    weight = (np.arange(150) % 2).astype(float)
    model.fit(X, Y, sample_weight=weight)
    rows = np.concatenate(model.training_state_.split[1])
    assert (rows % 2 == 1).all()


def test_todays_rule_decides_when_to_stop():
    model = make(tol=10.0, n_iter_no_change=3, max_iter=50).fit(X, Y)
    stopped = model.n_iter_
    assert stopped == 5
    # A continued run regains its patience.
    model.fit(X, Y)
    assert model.n_iter_ == stopped + 4
    model.set_params(tol=None, max_iter=7).fit(X, Y)
    assert model.n_iter_ == stopped + 4 + 7


def test_validation_may_begin_later():
    model = make().fit(X, Y)
    model.set_params(early_stopping=True, max_iter=4).fit(X, Y)
    columns = model.history_
    assert {len(column) for column in columns.values()} == {9}
    assert np.isnan(columns["validation_loss"][:5]).all()
    assert model.best_score_ == -np.nanmin(columns["validation_loss"])
    # partial_fit has no validation and gives the last weights.
    model.partial_fit(X, Y)
    np.testing.assert_array_equal(model.weights_, model.training_state_.theta)


def test_arguments_of_layers_take_effect_and_other_shapes_are_refused():
    layers = [Linear(6), LeakyReLU(0.1), Dropout(0.1)]
    model = make(layers=layers, hidden_layer_sizes=(100,)).fit(X, Y)
    before = model.weights_.copy()
    model.set_params(layers=[Linear(6), LeakyReLU(0.5), Dropout(0.4)])
    model.set_params(learning_rate=1e-300).fit(X, Y)
    assert model.network_.layers[1].negative_slope == 0.5
    assert model.network_.layers[2].rate == 0.4
    np.testing.assert_array_equal(model.weights_, before)
    for other in ([Linear(7), "relu"], [Linear(6, use_bias=False), "relu"]):
        model.set_params(layers=other)
        for go_on in (model.fit, model.partial_fit):
            with pytest.raises(ValueError, match="layers have changed"):
                go_on(X, Y)


def test_the_memory_of_the_optimizer_does_not_hang_on_how_it_is_printed():
    whole, halves = make(max_iter=10).fit(X, Y), make().fit(X, Y)
    with sklearn.config_context(print_changed_only=False):
        halves.fit(X, Y)
    np.testing.assert_array_equal(whole.weights_, halves.weights_)
    halves.set_params(optimizer="rmsprop").fit(X, Y)
    assert "first_moment" not in halves.training_state_.optimizer_state


def test_lbfgs_says_that_its_memory_starts_anew():
    model = make(optimizer="lbfgs", learning_rate="auto").fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="restarts its memory of gradients"):
        model.fit(X, Y)
    assert model.n_iter_ == 10


def test_lbfgs_that_has_nothing_to_do():
    model = make(optimizer="lbfgs", tol=10.0, warm_start=False).fit(X, Y)
    assert (model.n_iter_, len(model.loss_curve_)) == (1, 1)
    assert np.isfinite(model.loss_)
    with pytest.raises(ValueError, match="Scale the features"):
        model.fit(1e300 * X, Y)


def test_partial_fit_after_fit_continues_the_record():
    model = make(warm_start=False).fit(X, Y)
    model.partial_fit(X, Y)
    assert model.n_iter_ == len(model.loss_curve_) == 6


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        (0 * Y, [0], "one class only"),
        (np.stack([Y, Y], axis=1), [0, 1, 2], "several columns of classes"),
        (np.eye(3, dtype=int)[Y], ["a", "b", "c"], "indices 0 to 2 of the columns"),
    ],
)
def test_classes_that_make_no_sense(y, classes, message):
    with pytest.raises(ValueError, match=message):
        make().partial_fit(X, y, classes=classes)
    with pytest.raises(ValueError, match="several columns of classes"):
        make().fit(X, np.stack([Y, Y], axis=1))
    with pytest.raises(ValueError, match="zeros and ones"):
        make().fit(X, 2 * np.eye(3, dtype=int)[Y])


def test_the_global_generator_given_as_the_module():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make(random_state=np.random).fit(X, Y)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
