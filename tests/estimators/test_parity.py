"""Against scikit-learn's MLPClassifier: same weights, same predictions, same step."""

import warnings

import numpy as np
import pytest
from plain import plain_classifier
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

X_DIGITS, Y_DIGITS = load_digits(return_X_y=True)
X_DIGITS = X_DIGITS[:300] / 16.0
Y_DIGITS = Y_DIGITS[:300]
PROBLEMS = {
    "binary": (X_DIGITS, Y_DIGITS % 2),
    "multiclass": (X_DIGITS, Y_DIGITS),
    "multilabel": make_multilabel_classification(100, random_state=0),
}
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def fit_both(problem, activation, learning_rate, alpha=0.0):
    """One full-batch step of both from the same weights.

    ours first: a step of length zero gives its initial weights.
    """
    X, y = PROBLEMS[problem]
    theirs = MLPClassifier(
        (7, 5),
        activation=activation,
        solver="sgd",
        momentum=0.0,
        alpha=alpha,
        learning_rate_init=learning_rate,
        batch_size=len(X),
        max_iter=1,
        random_state=0,
    )
    ours = plain_classifier(
        (7, 5),
        activation=activation,
        optimizer="sgd",
        learning_rate=learning_rate,
        batch_size=len(X),
        max_iter=1,
        tol=None,
        warm_start=True,
        random_state=0,
        regularizers={"weight_decay": alpha / len(X)} if alpha else None,
    )
    ours.fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(X, y)
    return ours, theirs, X, y


def copy_weights(ours, theirs):
    for coef, intercept, to_coef, to_intercept in zip(
        ours.coefs_, ours.intercepts_, theirs.coefs_, theirs.intercepts_, strict=True
    ):
        to_coef[...] = coef
        to_intercept[...] = intercept


def test_weights_may_be_assigned():
    ours, theirs, X, y = fit_both("multiclass", "tanh", 0.1)
    ours.coefs_, ours.intercepts_ = theirs.coefs_, theirs.intercepts_
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12, atol=1e-12
    )
    theirs.set_params(warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(X, y)
    ours.fit(X, y)
    for mine, other in zip(
        ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-12)
    before = ours.weights_.copy()
    with pytest.raises(ValueError, match="coefs_ must have the shapes"):
        ours.coefs_ = theirs.coefs_[:-1]
    np.testing.assert_array_equal(ours.weights_, before)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_same_weights_same_probabilities(problem, activation):
    ours, theirs, X, _ = fit_both(problem, activation, 0.1)
    copy_weights(ours, theirs)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12, atol=1e-12
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_one_full_batch_step_moves_the_weights_by_the_same(problem, activation, alpha):
    ours, theirs, X, y = fit_both(problem, activation, 0.1, alpha)
    # A warm start of either starts from the weights it holds.
    start = ours.weights_.copy()
    copy_weights(ours, theirs)
    theirs.set_params(warm_start=True)
    ours.fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(X, y)
    assert np.abs(ours.weights_ - start).max() > 1e-3
    for mine, other in zip(
        ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-12)
