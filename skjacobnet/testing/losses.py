"""The check of a loss."""

from functools import partial

import numpy as np

from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import RegressionLoss
from skjacobnet.testing.compare import assert_same, unchanged
from skjacobnet.testing.losses_of_all_kinds import (
    check_derivatives,
    check_finite,
    check_networks_side_by_side,
    check_repeated_rows,
    check_variants,
)
from skjacobnet.testing.regression_losses import check_regression_loss


def check_loss(loss, n_samples=7, n_raw=4, random_state=0):
    """Check the whole interface of a loss.

    Without and with sample weights: the gradient with respect to the raw prediction
    against central differences of the value, the Hessian against those of the gradient,
    the Hessian operator by `check_operator`, an integer weight against a repeated row,
    free leading axes, float32, finite results for large raw predictions, and that
    neither the loss nor an argument is modified. For networks side by side, with
    separate raw predictions, targets, sample weights and label smoothing, the results
    of each must be bit-identical to those of the network alone, even if another one
    diverges; this check and that of leading axes are skipped for a loss that is not
    `stackable`.

    A classification loss is checked with the softmax link, and with the logistic link
    for one column and for several; large raw predictions are 1e4 in size. Its
    probabilities must sum to one.

    A `RegressionLoss` is checked for one target and for several, drawn from its domain:
    numbers of both signs, or else counts, or else positive numbers. Large raw
    predictions are 1e4 in size, or 20 with an exponential link. No small change of one
    raw prediction may improve on its best constant.

    Parameters
    ----------
    loss : Loss
    n_samples : int >= 1, default=7
    n_raw : int >= 2, default=4
        Number of columns of the raw prediction, or of regression targets.
    random_state : int, Generator or None, default=0
        Seed of targets, raw predictions and weights.

    Raises
    ------
    AssertionError
        If a check fails. The message names the loss, the link and the derivative, and
        shows both numbers, the place of the largest difference, and the tolerance.

    See Also
    --------
    check_regularizer : Check of a penalty.

    Notes
    -----
    Derivatives must agree to 1e-6 of the largest entry. Kinks do not matter, since
    random numbers do not come close to one.

    Examples
    --------
    >>> from skjacobnet.losses import CrossEntropy
    >>> check_loss(CrossEntropy())
    """
    loss.validate()
    rng = np.random.default_rng(random_state)
    if isinstance(loss, RegressionLoss):
        for n_targets in (1, n_raw):
            check_regression_loss(loss, n_samples, n_targets, rng)
        return
    for link, n_columns in ((SOFTMAX, n_raw), (LOGISTIC, 1), (LOGISTIC, n_raw)):
        y = draw_targets(n_samples, n_columns, link, rng)
        raw = 1.5 * rng.normal(size=y.shape)
        label = f"{loss!r} with the {type(link).__name__.lower()} link"
        for counts in (None, rng.integers(1, 4, n_samples)):
            weights = None if counts is None else counts / np.mean(counts)
            name = label if counts is None else f"{label} and sample weights"
            with unchanged(loss, y=y, raw=raw):
                check_derivatives(loss, y, raw, weights, link, name)
                check_variants(loss, y, raw, weights, link, name)
            if counts is not None:
                check_repeated_rows(loss, y, raw, counts, link, name)
        predict = partial(loss.predict_proba, link=link)
        check_finite(loss, y, 1e4, link, label, predict_proba=predict)
        _check_probabilities(loss, raw, link, label)
        with unchanged(loss, y=y, raw=raw):
            check_networks_side_by_side(loss, y, raw, link, label, rng)


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
