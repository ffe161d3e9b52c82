"""Sample weights and class weights, in all places of use."""

import warnings

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.ensemble import BaggingClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.preprocessing import StandardScaler, scale

from skjacobnet.data.table import Table
from skjacobnet.layers import Linear, Tanh
from skjacobnet.links import SOFTMAX
from skjacobnet.losses import CrossEntropy
from skjacobnet.network import build_network
from skjacobnet.tasks import classification_task
from skjacobnet.training.objective import Objective

X, Y = load_wine(return_X_y=True)
X = StandardScaler().fit_transform(X)
RNG = np.random.default_rng(0)
TIMES = RNG.integers(0, 4, len(Y))
CONFIGURATIONS = {
    "plain": {},
    "all regularizers": {
        "activation": "sigmoid",
        "regularizers": {
            "weight_decay": 1e-3,
            "l1": 1e-3,
            "orthogonality": 1e-3,
            "sparsity": 1e-2,
            "certainty": 1e-2,
            "confidence_penalty": 2e-2,
        },
    },
    "kl": {"activation": "sigmoid", "regularizers__sparsity__form": "kl"},
    "brier": {"loss": "brier"},
    "focal": {"loss": "focal"},
    "smoothed": {"loss__label_smoothing": 0.1},
    "balanced": {"class_weight": "balanced"},
    "named": {"class_weight": {0: 3.0, 2: 0.5}},
    "lbfgs": {"optimizer": "lbfgs", "regularizers": {"weight_decay": 1e-2}},
}


def make(**params):
    model = plain_classifier(
        (10,),
        "tanh",
        initializer="glorot_uniform",
        batch_size=1000,
        max_iter=20,
        tol=None,
        random_state=0,
    )
    return model.set_params(**params)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_an_integer_weight_is_a_repeated_row(name):
    params = CONFIGURATIONS[name]
    weighted = make(**params).fit(X, Y, sample_weight=TIMES)
    repeated = make(**params).fit(np.repeat(X, TIMES, axis=0), np.repeat(Y, TIMES))
    # Steps of L-BFGS amplify the rounding of sums further than those of Adam.
    tolerance = 1e-6 if name == "lbfgs" else 1e-10
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, atol=tolerance)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_weight_of_zero_removes_a_row_and_the_scale_is_irrelevant(name):
    params = CONFIGURATIONS[name]
    kept = RNG.random(len(Y)) < 0.7
    weight = RNG.uniform(0.5, 2.0, len(Y))
    tolerance = 1e-6 if name == "lbfgs" else 1e-10
    removed = make(**params).fit(X[kept], Y[kept], sample_weight=weight[kept])
    for factor in (1.0, 1e-6, 3e5):
        zero = make(**params).fit(X, Y, sample_weight=factor * weight * kept)
        np.testing.assert_allclose(zero.weights_, removed.weights_, atol=tolerance)


def test_a_class_of_weight_zero_stays_a_class():
    weight = (Y != 1).astype(float)
    model = make(learning_rate=0.05, max_iter=200, tol=None)
    model.fit(X, Y, sample_weight=weight)
    assert model.classes_.tolist() == [0, 1, 2]
    proba = model.predict_proba(X[weight > 0])
    assert proba.shape == (np.count_nonzero(weight), 3)
    assert np.mean(proba[:, 1]) < 0.05
    balanced = make(class_weight="balanced").fit(X, Y, sample_weight=weight)
    assert balanced.predict_proba(X).shape == (len(Y), 3)


def test_a_single_class_with_weight_is_predicted():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = make(learning_rate=0.05, max_iter=100, tol=None)
        model.fit(X, Y, sample_weight=1.0 * (Y == 1))
    assert (model.predict(X[Y == 1]) == 1).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_bagging_with_a_rare_class(classes):
    """Bootstraps leave a class with two of 150 rows out in one draw of eight."""
    rows, labels = load_iris(return_X_y=True)
    labels = np.where(np.arange(150) < 2, 0, 1 + (np.arange(150) % (classes - 1)))
    bag = BaggingClassifier(make(max_iter=2, tol=None), n_estimators=20, random_state=0)
    bag.fit(scale(rows), labels)
    assert any((chosen[chosen < 2]).size == 0 for chosen in bag.estimators_samples_)
    assert {len(model.classes_) for model in bag.estimators_} == {classes}
    assert bag.predict_proba(scale(rows)).shape == (150, classes)


def test_equal_weights_are_no_weights():
    plain = make(batch_size=20).fit(X, Y)
    equal = make(batch_size=20).fit(X, Y, sample_weight=np.full(len(Y), 0.3))
    np.testing.assert_array_equal(plain.weights_, equal.weights_)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_the_gradient_of_small_batches_is_unbiased(batch_size):
    """Normalizing weights in each batch would make them vanish at batch size one."""
    rows, labels = X[:170], Y[:170]
    weight = np.where(np.arange(170) % 10 == 0, 10.0, 1.0)
    network = build_network([Linear(6), Tanh()], X.shape[1], 3)
    theta = network.init_weights(np.random.default_rng(0), np.float64)
    objective = Objective(network, CrossEntropy(), SOFTMAX)
    table = Table.of(classification_task(labels), rows, labels, weight)

    def gradients(batch_size):
        batches = table.batches(batch_size, np.float64, sparse=False)
        return [
            objective(theta, *batch)[2].copy()
            for batch in batches.epoch(np.random.default_rng(1))
        ]

    (full,) = gradients(170)
    np.testing.assert_allclose(np.mean(gradients(batch_size), axis=0), full, rtol=1e-10)
    ((x, y, relative),) = table.batches(170, np.float64, sparse=False).epoch()
    loss = objective(theta, x, y, relative)[0]
    proba = SOFTMAX.proba(network.forward(theta, rows))
    assert loss == pytest.approx(log_loss(labels, proba, sample_weight=weight))


def test_weights_work_at_batch_size_one():
    """A linear model with a tenth of the rows at weight ten, against repeated rows."""
    X_digits, y_digits = load_digits(n_class=4, return_X_y=True)
    X_digits = X_digits[:200] / 16.0
    y_digits = y_digits[:200]
    times = np.where(np.arange(200) % 10 == 0, 10, 1)
    params = {"hidden_layer_sizes": (), "optimizer": "sgd", "learning_rate": 1e-3}
    steps = 60 * 380

    def fit(rows, labels, n_epochs, **more):
        model = make(**params, batch_size=1, max_iter=n_epochs)
        return model.fit(rows, labels, **more).predict_proba(X_digits)

    # The weights are relative, so an epoch of 200 steps is worth as much as one of 380.
    weighted = fit(X_digits, y_digits, steps // 200, sample_weight=times)
    repeated = fit(np.repeat(X_digits, times, axis=0), np.repeat(y_digits, times), 60)
    plain = fit(X_digits, y_digits, steps // 200)
    difference = np.abs(weighted - repeated).max()
    assert difference < 0.2 * np.abs(plain - repeated).max()


def test_class_weight_and_sample_weight_multiply():
    weight = RNG.uniform(0.5, 2.0, len(Y))
    both = make(class_weight={1: 5.0}).fit(X, Y, sample_weight=weight)
    product = make().fit(X, Y, sample_weight=weight * np.where(Y == 1, 5.0, 1.0))
    np.testing.assert_allclose(both.weights_, product.weights_, rtol=1e-12)


def test_class_weight_by_names_of_classes():
    names = np.array(["low", "middle", "high"])[Y]
    named = make(class_weight={"middle": 4.0}).fit(X, names)
    weighted = make().fit(X, names, sample_weight=np.where(Y == 1, 4.0, 1.0))
    np.testing.assert_allclose(named.weights_, weighted.weights_, rtol=1e-12)


def test_weights_reach_the_validation_score():
    weight = RNG.uniform(0.1, 5.0, len(Y))
    train, held = np.arange(len(Y)) % 3 > 0, np.arange(len(Y)) % 3 == 0
    for monitor, metric in [
        ("accuracy", "validation_score"),
        ("loss", "validation_loss"),
    ]:
        model = make(monitor=monitor).fit(
            X[train],
            Y[train],
            X_val=X[held],
            y_val=Y[held],
            sample_weight_val=weight[held],
        )
        best = model.best_iter_ - 1
        if monitor == "loss":
            proba = model.predict_proba(X[held])
            expected = log_loss(Y[held], proba, sample_weight=weight[held])
        else:
            predicted = model.predict(X[held])
            expected = accuracy_score(Y[held], predicted, sample_weight=weight[held])
        assert model.history_[metric][best] == pytest.approx(expected)


def test_score_takes_weights():
    model = make().fit(X, Y)
    weight = RNG.uniform(0.1, 5.0, len(Y))
    expected = accuracy_score(Y, model.predict(X), sample_weight=weight)
    assert model.score(X, Y, sample_weight=weight) == expected


def test_partial_fit_takes_weights_as_they_are():
    plain = make(optimizer="sgd", learning_rate=0.1)
    double = make(optimizer="sgd", learning_rate=0.1)
    plain.partial_fit(X, Y, classes=[0, 1, 2])
    start = make(optimizer="sgd", learning_rate=1e-300)
    start = start.partial_fit(X, Y, classes=[0, 1, 2]).weights_
    double.partial_fit(X, Y, classes=[0, 1, 2], sample_weight=np.full(len(Y), 2.0))
    np.testing.assert_allclose(
        double.weights_ - start, 2.0 * (plain.weights_ - start), rtol=1e-9, atol=1e-13
    )


def test_balanced_helps_a_rare_class():
    rows, labels = load_breast_cancer(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    few = np.concatenate(
        [np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)[:15]]
    )
    rest = np.setdiff1d(np.flatnonzero(labels == 0), few)
    recalls = [
        make(class_weight=weight, max_iter=10)
        .fit(rows[few], labels[few])
        .score(rows[rest], labels[rest])
        for weight in (None, "balanced")
    ]
    assert recalls[1] > recalls[0]


@pytest.mark.parametrize("other", [2, None])
def test_a_list_for_labels_holds_no_numbers(other):
    labels = np.stack([Y > 0, Y > 1], axis=1).astype(int)
    message = rf"class_weight\[1\] must be a dict of the weights of 0 .* got {other}"
    with pytest.raises(TypeError, match=message):
        make(class_weight=[{1: 3.0}, other]).fit(X, labels)


@pytest.mark.parametrize("class_weight", ["balanced", [{0: 1.0, 1: 3.0}, {}, {0: 2.0}]])
def test_labels_are_weighed_by_the_same_rules(class_weight):
    labels = (np.random.default_rng(1).random((len(Y), 3)) > 0.6).astype(int)
    params = {"class_weight": class_weight}
    weighted = make(**params).fit(X, labels, sample_weight=TIMES)
    repeated = make(**params).fit(
        np.repeat(X, TIMES, axis=0), np.repeat(labels, TIMES, axis=0)
    )
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, atol=1e-10)
    used = TIMES > 0
    removed = make(**params).fit(X[used], labels[used], sample_weight=TIMES[used])
    np.testing.assert_allclose(weighted.weights_, removed.weights_, atol=1e-10)


def test_weights_of_any_size():
    weight = RNG.uniform(0.5, 2.0, len(Y))
    plain = make().fit(X, Y, sample_weight=weight)
    huge = make().fit(X, Y, sample_weight=weight * 8e307)
    np.testing.assert_allclose(plain.weights_, huge.weights_, atol=1e-10)
