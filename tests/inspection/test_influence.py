"""Influence against fits without single rows, and against a dense curvature."""

import numpy as np
import pytest
from plain import plain_classifier, plain_regressor
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler, scale

from skjacobnet.core import blocks
from skjacobnet.inspection import influence

X, Y = load_iris(return_X_y=True)
X = scale(X)
LABELS = np.stack([Y > 0, Y < 2, X[:, 0] > 0], axis=1).astype(int)
TEST, Y_TEST = X[5::20] + 0.1, Y[5::20]
DECAY = 0.01


def linear():
    return plain_classifier(
        (),
        optimizer="lbfgs",
        regularizers={"weight_decay": DECAY},
        max_iter=5000,
        tol=1e-9,
        random_state=0,
    )


def losses(model):
    return -model.predict_log_proba(TEST)[np.arange(len(TEST)), Y_TEST]


def test_leaving_rows_of_a_linear_model_out():
    model = linear().fit(X, Y)
    on_loss = influence(model, X, Y, TEST, Y_TEST, damping=1e-9, max_iter=10**4)
    on_proba = influence(model, X, Y, TEST, target=1, damping=1e-9, max_iter=10**4)
    loss, proba = losses(model), model.predict_proba(TEST)[:, 1]
    rows = range(0, 150, 8)
    for estimated, before, measure in [
        (on_loss, loss, losses),
        (on_proba, proba, lambda model: model.predict_proba(TEST)[:, 1]),
    ]:
        changes = []
        for row in rows:
            kept = np.arange(150) != row
            changes.append(measure(linear().fit(X[kept], Y[kept])) - before)
        changes, estimated = np.array(changes).T, estimated[:, list(rows)]
        # To first order: the error is of the order of one row's share squared.
        assert np.corrcoef(changes.ravel(), estimated.ravel())[0, 1] > 0.99
        slope = np.vdot(changes, estimated) / np.vdot(estimated, estimated)
        assert slope == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("test_of", ["loss", "proba", "raw", "log_proba"])
@pytest.mark.parametrize("y", [Y, Y > 0, LABELS], ids=["classes", "binary", "labels"])
def test_against_matrices_written_out(y, test_of):
    model = plain_classifier(
        (4,), "tanh", max_iter=9, tol=None, random_state=0, learning_rate=0.02,
        regularizers={"weight_decay": DECAY},
    ).fit(X, y)  # fmt: skip
    jacobian = model.weight_jacobian(X)
    proba = model.model_.link.proba(model.model_.raw(X))
    if y is Y:
        hessian = np.stack([np.diag(p) - np.outer(p, p) for p in proba])
    else:
        hessian = np.stack([np.diag(p * (1 - p)) for p in proba])
    curvature = np.einsum("sow,sop,spv->wv", jacobian, hessian, jacobian) / 150
    mask = np.concatenate([np.ones(16), np.zeros(4)])
    n_out = model.coefs_[1].shape[1]
    mask = np.concatenate([mask, np.ones(4 * n_out), np.zeros(n_out)])
    curvature += np.diag(DECAY * mask + 0.02)
    if test_of == "loss":
        gradients = model.per_sample_gradients(TEST, y[5::20])
        result = influence(model, X, y, TEST, y[5::20], damping=0.02, tol=1e-10)
    else:
        gradients = model.weight_jacobian(TEST, output=test_of)
        gradients = gradients[:, min(1, gradients.shape[1] - 1)]
        result = influence(
            model, X, y, TEST, target=model.classes_[1], output=test_of,
            damping=0.02, tol=1e-10,
        )  # fmt: skip
    train = model.per_sample_gradients(X, y)
    train = train - train.mean(axis=0)
    expected = gradients @ np.linalg.solve(curvature, train.T) / 149
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-11)


def least_squares(X, y, **parameters):
    return plain_regressor(
        (), optimizer="lbfgs", max_iter=5000, tol=1e-12, **parameters
    ).fit(X, y)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_leaving_rows_of_least_squares_out(n_targets):
    """In the unit of the targets, against fits again and against the exact formula.

    Leaving row i out changes the prediction by :math:`x^T (X^T X)^{-1} x_i r_i /
    (1 - h_i)`, with the residual r; to first order without the leverage h.
    """
    rng = np.random.default_rng(0)
    weights = [[900.0, 0.5], [-200.0, 0.1], [50.0, 0.0], [0.0, -0.3]]
    y = (X @ weights + rng.standard_normal((150, 2)) * [300.0, 0.2] + 4000.0)[
        :, :n_targets
    ]
    model = least_squares(X, y)
    target = n_targets - 1
    chosen = None if n_targets == 1 else target
    result = influence(model, X, y, TEST, target=chosen, damping=0.0, tol=1e-12)
    design, tests = (np.column_stack([rows, np.ones(len(rows))]) for rows in (X, TEST))
    inverse = np.linalg.inv(design.T @ design)
    residual = model.predict(X).reshape(y.shape)[:, target] - y[:, target]
    expected = tests @ inverse @ design.T * residual
    np.testing.assert_allclose(
        result, expected * 150 / 149, atol=1e-7 * y.std(axis=0)[-1]
    )
    leverage = np.vecdot(design @ inverse, design)
    before = model.predict(TEST).reshape(-1, n_targets)[:, target]
    for row in (0, 70, 149):
        kept = np.arange(150) != row
        after = least_squares(X[kept], y[kept]).predict(TEST)
        change = after.reshape(-1, n_targets)[:, target] - before
        np.testing.assert_allclose(
            change * (1.0 - leverage[row]), result[:, row] * 149 / 150,
            rtol=1e-5, atol=1e-6 * y.std(axis=0)[-1],
        )  # fmt: skip


@pytest.mark.parametrize("test_of", ["loss", "prediction", "std", "raw"])
@pytest.mark.parametrize("n_targets", [1, 2])
def test_numbers_against_matrices_written_out(test_of, n_targets):
    y = (100.0 + 30.0 * X[:, :2] + X[:, 2:] ** 2)[:, :n_targets]
    model = plain_regressor(
        (4,), "tanh", loss="gaussian", max_iter=30, tol=None, random_state=0,
        learning_rate=0.02, regularizers={"weight_decay": DECAY},
    ).fit(X, y)  # fmt: skip
    loss, task, n_raw = model.model_.loss, model.task_, 2 * n_targets
    factor = task.rescaling()["factor"][:, np.newaxis]
    # Of the network for scaled targets.
    jacobian = model.weight_jacobian(X) / factor
    raw = model.activations(X)[-2]
    scaled = task.encode(task.codes(y), np.float64)
    basis = np.eye(n_raw)[:, np.newaxis]
    hessian = loss.hessian(scaled, raw).jvp(np.broadcast_to(basis, (n_raw, *raw.shape)))
    curvature = np.einsum("sow,pso,spv->wv", jacobian, hessian, jacobian)
    mask = np.concatenate(
        [np.ones(16), np.zeros(4), np.ones(4 * n_raw), np.zeros(n_raw)]
    )
    curvature += np.diag(DECAY * mask + 0.2)
    options = {"damping": 0.2, "tol": 1e-12}
    if test_of == "loss":
        gradients = model.per_sample_gradients(TEST, y[5::20])
        result = influence(model, X, y, TEST, y[5::20], **options)
    else:
        target = n_targets - 1
        gradients = model.weight_jacobian(TEST, output=test_of)[:, target]
        result = influence(model, X, y, TEST, target=target, output=test_of, **options)
    train = model.per_sample_gradients(X, y)
    expected = gradients @ np.linalg.solve(curvature, (train - train.mean(axis=0)).T)
    np.testing.assert_allclose(
        result, expected / 149, rtol=1e-6, atol=1e-9 * np.abs(expected).max()
    )


def test_blocks_sparse_rows_float32_and_any_steps(monkeypatch):
    model = plain_classifier((4,), max_iter=9, tol=None, random_state=0)
    model.fit(X, Y)
    whole = influence(model, X, Y, TEST, tol=1e-12)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1)
    np.testing.assert_allclose(
        influence(model, X, Y, TEST, tol=1e-12), whole, rtol=1e-6
    )
    csr = sparse.csr_array
    result = influence(model, csr(X), Y, csr(TEST), tol=1e-12)
    np.testing.assert_allclose(result, whole, rtol=1e-6)
    single = plain_classifier((4,), max_iter=9, tol=None, random_state=0)
    single.fit(X.astype(np.float32), Y)
    result = influence(single, X.astype(np.float32), Y, TEST.astype(np.float32))
    np.testing.assert_allclose(result, whole, atol=1e-3 * np.abs(whole).max())
    steps = make_pipeline(StandardScaler(), PolynomialFeatures(), single).fit(X, Y)
    assert influence(steps, X, Y, TEST).shape == (8, 150)


def test_errors_and_warnings():
    model = linear().fit(X, Y)
    with pytest.warns(
        ConvergenceWarning, match="The conjugate gradients of 8 test row"
    ):
        influence(model, X, Y, TEST, damping=0.0, max_iter=1)
    with pytest.raises(ValueError, match="pass one of the two"):
        influence(model, X, Y, TEST, Y_TEST, target=0)
    with pytest.raises(
        ValueError, match=r"damping must be a number in \[0, inf\), got"
    ):
        influence(model, X, Y, TEST, damping=-1.0)
    with pytest.raises(ValueError, match="output must be one of"):
        influence(model, X, Y, TEST, output="probs")
    numbers = plain_regressor((2,), max_iter=1, tol=None).fit(X, X[:, :2])
    with pytest.raises(ValueError, match="has 2 columns"):
        influence(numbers, X, X[:, :2], TEST)
    with pytest.raises(ValueError, match="X_train must have at least two rows"):
        influence(model, X[:1], Y[:1], TEST)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        influence(model, X, Y[1:], TEST)
