"""scikit-learn's own checks of an estimator, over a matrix of configurations."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.utils.estimator_checks import parametrize_with_checks

from skjacobnet import JacobianMLPClassifier
from skjacobnet.layers import (
    Dropout,
    Frozen,
    Linear,
    Parallel,
    Repeat,
    Residual,
    Sequential,
)

WEIGHTS_AT_1E_7 = (
    "compares two fits at 1e-7; see test_weights_equal_repetition for the tolerance "
    "that holds"
)
EXPECTED_FAILURES = {
    "lbfgs": {
        "check_classifiers_multilabel_output_format_predict_proba": (
            "wants probabilities below one; L-BFGS separates the tiny table so well "
            "that some round to one"
        ),
    },
    "float32": {
        "check_sample_weight_equivalence_on_dense_data": WEIGHTS_AT_1E_7,
        "check_sample_weight_equivalence_on_sparse_data": WEIGHTS_AT_1E_7,
    },
}
ESTIMATORS = {
    "default": JacobianMLPClassifier(),
    "layers": JacobianMLPClassifier(layers=[Linear(12), "tanh", Linear(8), "sigmoid"]),
    "layers in layers": JacobianMLPClassifier(
        layers=[
            Parallel([Linear(8), Sequential([Frozen(Linear(6)), "tanh"])]),
            "relu",
            Residual(Repeat(Sequential([Linear(14), "tanh"]), 2)),
        ]
    ),
    "lbfgs": JacobianMLPClassifier(optimizer="lbfgs"),
    "float32": JacobianMLPClassifier(dtype="float32"),
}


def expected_failures(estimator):
    for name, known in ESTIMATORS.items():
        if estimator is known:
            return EXPECTED_FAILURES.get(name, {})
    return {}


# The checks train for a few iterations on purpose.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    list(ESTIMATORS.values()), expected_failed_checks=expected_failures
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [("default", 1e-9), ("layers", 1e-9), ("lbfgs", 1e-6), ("float32", 1e-3)],
)
def test_weights_equal_repetition(name, tolerance):
    X, y = load_iris(return_X_y=True)
    times = np.random.default_rng(0).integers(0, 4, len(y))
    params = {**ESTIMATORS[name].get_params(deep=False), "random_state": 0}
    if name == "lbfgs":
        params["regularizers"] = {"weight_decay": 1e-2}
    # A full batch, since mini-batches of other rows are other steps.
    params |= {"batch_size": 1000, "max_iter": 20, "tol": None}
    weighted = JacobianMLPClassifier(**params).fit(X, y, sample_weight=times)
    scaled = JacobianMLPClassifier(**params).fit(X, y, sample_weight=7.0 * times)
    repeated = JacobianMLPClassifier(**params).fit(
        np.repeat(X, times, axis=0), np.repeat(y, times)
    )
    expected = repeated.predict_proba(X)
    np.testing.assert_allclose(weighted.predict_proba(X), expected, atol=tolerance)
    np.testing.assert_allclose(scaled.predict_proba(X), expected, atol=tolerance)


def test_dropout_is_in_the_list_of_layers():
    model = JacobianMLPClassifier(layers=[Linear(5), "relu", Dropout(0.2)], max_iter=2)
    X, y = load_iris(return_X_y=True)
    model.set_params(tol=None).fit(X, y)
    assert len(model.network_.layers) == 4
