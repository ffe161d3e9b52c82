"""Attacks against gradients by differences; curves against scores by hand."""

import numpy as np
import pandas as pd
import pytest
from plain import plain_classifier
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, PolynomialFeatures

from skjacobnet.core import blocks
from skjacobnet.inspection import (
    fast_gradient_attack,
    gradient_x_input,
    robustness_curve,
)
from skjacobnet.inspection.pipelines import numbers
from skjacobnet.testing import empirical_jacobian

X, Y = load_iris(return_X_y=True)
LABELS = np.stack([Y > 0, Y < 2, X[:, 0] > 6], axis=1).astype(int)


def fitted(y=Y, sizes=(6,), X=X):
    network = plain_classifier(
        sizes, "tanh", max_iter=30, tol=None, random_state=0, learning_rate=0.05
    )
    return make_pipeline(MinMaxScaler(), network).fit(X, y)


def log_loss(model, X, y):
    log_proba = model.predict_log_proba(X)
    if y.ndim == 2:
        proba = model.predict_proba(X)
        return -np.sum(np.where(y, log_proba, np.log1p(-proba)), axis=1)
    return -log_proba[np.arange(len(X)), np.searchsorted(model.classes_, y)]


@pytest.mark.parametrize("y", [Y, Y > 0, LABELS], ids=["classes", "binary", "labels"])
def test_the_direction_is_that_of_the_gradient(y, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    model = fitted(y)
    slope = empirical_jacobian(lambda X: log_loss(model, X, y)[:, np.newaxis], X)[:, 0]
    clear = np.abs(slope) > 1e-7
    assert clear.mean() > 0.9
    epsilon = np.array([0.1, 0.2, 0.0, 0.4])
    change = fast_gradient_attack(model, X, y, epsilon) - X
    expected = epsilon * np.sign(slope)
    np.testing.assert_allclose(change[clear], expected[clear], atol=1e-12)


def test_nothing_in_the_box_is_worse_for_a_linear_binary_model():
    model = fitted(Y > 0, ())
    worst = log_loss(model, fast_gradient_attack(model, X, Y > 0, 0.3), Y > 0)
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = log_loss(model, X + rng.uniform(-0.3, 0.3, X.shape), Y > 0)
        assert (other <= worst + 1e-12).all()


def test_curves_are_scores_on_perturbed_rows():
    model, sizes = fitted(), [0.0, 0.3, 1.0]
    curve = robustness_curve(model, X, Y, sizes)
    by_hand = [model.score(fast_gradient_attack(model, X, Y, e), Y) for e in sizes]
    np.testing.assert_array_equal(curve, by_hand)
    assert curve[0] == model.score(X, Y)
    assert curve[0] > curve[1] > curve[2]
    noise = robustness_curve(
        model, X, Y, sizes, perturbation="noise", n_repeats=3, random_state=0
    )
    rng = np.random.RandomState(0)
    draws = [rng.standard_normal(X.shape) for _ in range(3)]
    by_hand = [np.mean([model.score(X + e * v, Y) for v in draws]) for e in sizes]
    np.testing.assert_allclose(noise, by_hand, rtol=1e-12)
    assert noise[1] > curve[1]


def test_noise_needs_no_affine_steps_and_an_attack_does():
    model = make_pipeline(PolynomialFeatures(), fitted()[-1]).fit(X, Y)
    curve = robustness_curve(model, X, Y, [0.0, 9.0], perturbation="noise")
    assert curve[0] > curve[1]
    with pytest.raises(TypeError, match="not known to be affine"):
        robustness_curve(model, X, Y, [0.0])


def test_frames_sparse_rows_and_types():
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = fitted(X=frame)
    attacked = fast_gradient_attack(model, frame, Y, 0.1)
    assert list(attacked.columns) == list("abcd")
    np.testing.assert_allclose(attacked, fast_gradient_attack(fitted(), X, Y, 0.1))
    assert len(robustness_curve(model, frame, Y, [0.1, 0.2])) == 2
    network = plain_classifier((3,), "tanh", max_iter=2, tol=None)
    network.fit(X.astype(np.float32), Y)
    attacked = fast_gradient_attack(network, sparse.csr_array(X), Y, 0.1)
    assert attacked.dtype == np.float32
    np.testing.assert_allclose(np.abs(attacked - X), 0.1, rtol=1e-5)


def test_words_are_named_with_their_step_or_column():
    words = np.where(Y > 0, "plus", "basic")
    frame = pd.DataFrame(X, columns=list("abcd")).assign(plan=words)
    network = plain_classifier((3,), max_iter=2, tol=None)
    encoded = make_column_transformer(
        (OneHotEncoder(), ["plan"]), remainder=MinMaxScaler()
    )
    model = make_pipeline(encoded, network).fit(frame, Y)
    dropped = make_column_transformer((MinMaxScaler(), list("abcd")))
    without = make_pipeline(dropped, clone(network)).fit(frame, Y)
    for call in (
        lambda model: robustness_curve(model, frame, Y, [0.1]),
        lambda model: fast_gradient_attack(model, frame, Y, 0.1),
        lambda model: gradient_x_input(model, frame),
    ):
        with pytest.raises(TypeError, match=r"Step 'columntr.*onehot.*model\[-1\]"):
            call(model)
        with pytest.raises(ValueError, match="but column 'plan' holds 'basic'"):
            call(without)
    message = r"X must hold only numbers, but column 'plan' .*such as model\[-1\]"
    with pytest.raises(ValueError, match=message):
        robustness_curve(model, frame, Y, [0.1], perturbation="noise")
    # The way out that the message names.
    inputs = model[:-1].transform(frame)
    assert len(robustness_curve(model[-1], inputs, Y, [0.1], perturbation="noise")) == 1
    with pytest.raises(ValueError, match="column 1 holds 'plus'"):
        numbers([[1.0, 2.0], [1.0, "plus"]])
    with pytest.raises(ValueError, match="contains NaN"):
        numbers([[1.0, np.nan]])


def test_noise_goes_with_any_classifier():
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    scores = robustness_curve(model, X, Y, [0.0, 9.0], perturbation="noise")
    assert scores[0] == model.score(X, Y) > scores[1]


def test_errors():
    model = fitted()
    with pytest.raises(
        ValueError, match=r"epsilon must be a number in \[0, inf\), got"
    ):
        fast_gradient_attack(model, X, Y, -0.1)
    with pytest.raises(ValueError, match="epsilon must be one number or one for each"):
        fast_gradient_attack(model, X, Y, [0.1, 0.2])
    with pytest.raises(ValueError, match="perturbation must be one of 'attack', 'nois"):
        robustness_curve(model, X, Y, [0.1], perturbation="blur")
    with pytest.raises(ValueError, match="epsilons must be a number"):
        robustness_curve(model, X, Y, [0.1, -1.0])
    with pytest.raises(ValueError, match="n_repeats must be an integer"):
        robustness_curve(model, X, Y, [0.1], n_repeats=0)
    with pytest.raises(ValueError, match="classes that were not seen before"):
        fast_gradient_attack(model, X[:1], [7], 0.1)
