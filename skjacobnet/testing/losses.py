"""The check of a loss."""

import numpy as np

from skjacobnet.core.workspace import Workspace
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.testing.compare import (
    assert_close,
    assert_same,
    assert_type,
    unchanged,
)
from skjacobnet.testing.finite_differences import empirical_gradient, empirical_jacobian
from skjacobnet.testing.operators import check_operator


def check_loss(loss, n_samples=7, n_raw=4, random_state=0):
    """Check everything that the contract of a loss promises.

    With the softmax link, and with the logistic link for one column and for several,
    without and with sample weights: the gradient for the raw prediction against central
    differences of the value, the Hessian against those of the gradient, the Hessian
    operator by `check_operator`, an integer weight against a repeated row, free leading
    axes, float32, finite results for raw predictions of 1e4 in size, probabilities that
    sum to one, and that neither the loss nor an argument has changed.

    Parameters
    ----------
    loss : Loss
    n_samples : int >= 1, default=7
    n_raw : int >= 2, default=4
        Columns of the raw prediction.
    random_state : int, Generator or None, default=0
        Draws targets, raw predictions and weights.

    Raises
    ------
    AssertionError
        If one of these fails. The message names the loss, the link and the derivative,
        and has both numbers, where they differ most, and the tolerance.

    See Also
    --------
    check_regularizer : The same for a penalty.

    Notes
    -----
    Derivatives must agree to 1e-6 of the largest entry.

    Examples
    --------
    >>> from skjacobnet.losses import CrossEntropy
    >>> check_loss(CrossEntropy())
    """
    loss.validate()
    rng = np.random.default_rng(random_state)
    for link, n_columns in ((SOFTMAX, n_raw), (LOGISTIC, 1), (LOGISTIC, n_raw)):
        y = draw_targets(n_samples, n_columns, link, rng)
        raw = 1.5 * rng.normal(size=y.shape)
        label = f"{loss!r} with the {type(link).__name__.lower()} link"
        for counts in (None, rng.integers(1, 4, n_samples)):
            weights = None if counts is None else counts / np.mean(counts)
            name = label if counts is None else f"{label} and sample weights"
            with unchanged(loss, y=y, raw=raw):
                _check_derivatives(loss, y, raw, weights, link, name)
                _check_variants(loss, y, raw, weights, link, name)
            if counts is not None:
                _check_repeated_rows(loss, y, raw, counts, link, name)
        _check_extremes(loss, y, link, label)
        _check_probabilities(loss, raw, link, label)


def draw_targets(n_samples, n_columns, link, rng):
    """Draw encoded targets: one-hot rows for softmax, zeros and ones for logistic.

    Parameters
    ----------
    n_samples, n_columns : int
    link : Link
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (n_samples, n_columns), float64
    """
    if link is SOFTMAX:
        return np.eye(n_columns)[rng.integers(n_columns, size=n_samples)]
    return rng.integers(2, size=(n_samples, n_columns)).astype(np.float64)


def _check_derivatives(loss, y, raw, weights, link, name):
    gradient = loss.gradient(y, raw, weights, link)
    assert_close(
        gradient,
        empirical_gradient(lambda z: loss.value(y, z, weights, link), raw),
        f"{name}: gradient of the value for the raw prediction",
    )
    hessian = loss.hessian(y, raw, weights, link)
    assert_close(
        hessian.todense(len(raw)),
        empirical_jacobian(lambda z: loss.gradient(y, z, weights, link), raw),
        f"{name}: Hessian, against differences of the gradient",
    )
    try:
        check_operator(hessian, len(raw))
    except AssertionError as error:
        raise AssertionError(f"{name}: Hessian {error}") from error
    value, together = loss.value_and_gradient(
        y, raw, weights, link, workspace=Workspace()
    )
    what = f"{name}: value_and_gradient"
    assert_same(value, loss.value(y, raw, weights, link), f"{what}, value")
    assert_same(together, gradient, f"{what}, gradient")


def _check_variants(loss, y, raw, weights, link, name):
    """Check a stack and float32."""
    raws = np.stack([raw, -raw, 0.5 * raw])
    values = [loss.value(y, z, weights, link) for z in raws]
    gradients = [loss.gradient(y, z, weights, link) for z in raws]
    what = "of a stack against one by one"
    assert_same(loss.value(y, raws, weights, link), values, f"{name}: value {what}")
    stacked = loss.gradient(y, raws, weights, link)
    assert_same(stacked, np.stack(gradients), f"{name}: gradient {what}")

    narrow = [None if a is None else a.astype(np.float32) for a in (y, raw, weights)]
    value = loss.value(*narrow, link)
    gradient = loss.gradient(*narrow, link)
    assert_type(value, np.float32, f"{name}: value in float32")
    assert_type(gradient, np.float32, f"{name}: gradient in float32")
    what = "in float32 against float64"
    assert_close(value, values[0], f"{name}: value {what}", 1e-4, 1e-6)
    assert_close(gradient, gradients[0], f"{name}: gradient {what}", 1e-4, 1e-6)


def _check_repeated_rows(loss, y, raw, counts, link, name):
    weights = counts / np.mean(counts)
    rows = np.repeat(np.arange(len(counts)), counts)
    assert_same(
        loss.value(y, raw, weights, link),
        loss.value(y[rows], raw[rows], None, link),
        f"{name}: value, integer weights against repeated rows",
    )
    summed = np.zeros_like(raw)
    np.add.at(summed, rows, loss.gradient(y[rows], raw[rows], None, link))
    assert_same(
        loss.gradient(y, raw, weights, link),
        summed,
        f"{name}: gradient, integer weights against repeated rows",
    )


def _check_extremes(loss, y, link, label):
    signs = np.where(np.indices(y.shape).sum(axis=0) % 2, -1.0, 1.0)
    for dtype in (np.float32, np.float64):
        raw = (1e4 * np.concatenate([signs, -signs, 0.0 * signs])).astype(dtype)
        targets = np.concatenate([y, y, y]).astype(dtype)
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                results = {
                    "value": loss.value(targets, raw, None, link),
                    "gradient": loss.gradient(targets, raw, None, link),
                    "Hessian": loss.hessian(targets, raw, None, link).todense(len(raw)),
                    "predict_proba": loss.predict_proba(raw, link),
                }
        except FloatingPointError as error:
            raise AssertionError(
                f"{label}: {error} for raw predictions of 1e4 in size."
            ) from error
        for what, result in results.items():
            if not np.all(np.isfinite(result)):
                raise AssertionError(
                    f"{label}: {what} is not finite for raw predictions of 1e4 in size."
                )


def _check_probabilities(loss, raw, link, label):
    proba = loss.predict_proba(raw, link)
    what = f"{label}: predict_proba"
    if np.min(proba) < 0.0 or np.max(proba) > 1.0:
        raise AssertionError(
            f"{what} is from {np.min(proba)} to {np.max(proba)}, not within [0, 1]."
        )
    n_columns = 2 if raw.shape[-1] == 1 else raw.shape[-1]
    if proba.shape != (len(raw), n_columns):
        raise AssertionError(
            f"{what} has the shape {proba.shape}, expected {(len(raw), n_columns)}."
        )
    if link is SOFTMAX or raw.shape[-1] == 1:
        total = np.sum(proba, axis=-1)
        assert_same(total, np.ones(len(raw)), f"{what}, sum over the classes")
