"""Results of a loss for networks side by side are bit-identical to those alone."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skjacobnet.core import blocks
from skjacobnet.core.workspace import Workspace
from skjacobnet.links import LOGISTIC, SOFTMAX
from skjacobnet.losses import (
    LOSSES,
    REGRESSION_LOSSES,
    Brier,
    CrossEntropy,
    Focal,
    Gaussian,
    Quantile,
    RegressionLoss,
    SquaredError,
)
from skjacobnet.losses.regression import base as regression_base
from skjacobnet.testing.losses import draw_targets
from skjacobnet.testing.losses_of_all_kinds import check_networks_side_by_side
from skjacobnet.testing.regression_losses import draw_targets_for

DTYPES = [np.float32, np.float64]
OF_CLASSES = [*map(LOSSES.make, LOSSES.names), CrossEntropy(0.1), Focal(0.5)]
OF_NUMBERS = [
    *map(REGRESSION_LOSSES.make, REGRESSION_LOSSES.names),
    Quantile([0.1, 0.5, 0.9]),
]
SHAPES = [(1, 1), (1, 2), (2, 1), (3, 10), (33, 1), (33, 3), (40, 10), (5, 130)]
# Losses that use the numbers of a batch in all possible ways.
SOME = [CrossEntropy(), CrossEntropy(0.1), Brier(), SquaredError(), Gaussian()]

each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_shape = pytest.mark.parametrize("shape", SHAPES)


def targets_for(loss, shape, link, rng):
    if isinstance(loss, RegressionLoss):
        return draw_targets_for(loss, shape, rng)
    return draw_targets(*shape, link, rng)


def problem(loss, link, shape, members, dtype=np.float64):
    """Draw targets, raw predictions and weights of several networks."""
    rng = np.random.default_rng(0)
    y = np.stack([targets_for(loss, shape, link, rng) for _ in range(members)])
    n_raw = shape[1] * getattr(loss, "n_per_target", 1)
    raw = rng.normal(size=(members, shape[0], n_raw))
    weight = rng.uniform(0.5, 1.5, raw.shape[:-1])
    return y.astype(dtype), raw.astype(dtype), weight.astype(dtype)


def link_for(loss, link=SOFTMAX):
    return None if isinstance(loss, RegressionLoss) else link


@each_shape
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
@pytest.mark.parametrize("loss", OF_CLASSES, ids=repr)
def test_losses_of_classes(loss, link, shape):
    rng = np.random.default_rng(0)
    y = draw_targets(*shape, link, rng)
    raw = 1.5 * rng.normal(size=shape)
    check_networks_side_by_side(loss, y, raw, link, repr(loss), rng)


@each_shape
@pytest.mark.parametrize("loss", OF_NUMBERS, ids=repr)
def test_losses_of_numbers(loss, shape):
    rng = np.random.default_rng(0)
    y = draw_targets_for(loss, shape, rng)
    raw = 1.5 * rng.normal(size=(shape[0], shape[1] * loss.n_per_target))
    check_networks_side_by_side(loss, y, raw, None, repr(loss), rng)


@each_dtype
@pytest.mark.parametrize("members", [1, 2, 16])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
@pytest.mark.parametrize("loss", SOME, ids=repr)
def test_value_and_gradient_of_any_number_of_networks(
    loss, link, weighted, members, dtype
):
    link = link_for(loss, link)
    y, raw, weight = problem(loss, link, (32, 10), members, dtype)
    workspaces = [Workspace() for _ in range(members + 1)]
    for _ in range(2):
        found = loss.value_and_gradient(
            y, raw, weight if weighted else None, link, workspace=workspaces[-1]
        )
        assert found[0].shape == (members,)
        for k in range(members):
            own = weight[k] if weighted else None
            alone = loss.value_and_gradient(
                y[k], raw[k], own, link, workspace=workspaces[k]
            )
            for together, expected in zip(found, alone, strict=True):
                assert together.dtype == expected.dtype == dtype
                assert_array_equal(together[k], expected)


@each_dtype
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
@pytest.mark.parametrize("extreme", [1e4, -1e4, np.inf, np.nan])
def test_a_network_that_diverges_changes_no_other(extreme, link, dtype):
    for loss in OF_CLASSES:
        y, raw, weight = problem(loss, link, (6, 3), 4, dtype)
        diverged = raw.copy()
        diverged[1, 2] = extreme
        for own in (None, weight):
            before = loss.value_and_gradient(y, raw, own, link)
            with np.errstate(all="ignore"):
                after = loss.value_and_gradient(y, diverged, own, link)
            for a, b in zip(before, after, strict=True):
                assert_array_equal(np.delete(a, 1, 0), np.delete(b, 1, 0))
                assert not np.array_equal(a[1], b[1])


# A pass has no whole network, just one, some of them, or nearly all.
@pytest.mark.parametrize("limit", [7, 40, 100, 150])
@pytest.mark.parametrize("loss", [*OF_CLASSES, *OF_NUMBERS], ids=repr)
def test_passes_are_those_of_a_network_alone(loss, limit, monkeypatch):
    for module in (blocks, regression_base):
        monkeypatch.setattr(module, "PASS_NUMBERS", limit)
    for link, dtype, weighted, shared in product(
        (SOFTMAX, LOGISTIC), DTYPES, (False, True), (False, True)
    ):
        link = link_for(loss, link)
        y, raw, weight = problem(loss, link, (9, 4), 4, dtype)
        raw[0, 5, 1] = 70.0 if link else 7.0  # shifts all rows of its block
        y, weight = (y[0], weight[0]) if shared else (y, weight)
        found = loss.value_and_gradient(y, raw, weight if weighted else None, link)
        for k in range(4):
            own = (weight if shared else weight[k]) if weighted else None
            alone = loss.value_and_gradient(y if shared else y[k], raw[k], own, link)
            assert_array_equal(found[0][k], alone[0])
            assert_array_equal(found[1][k], alone[1])


@each_dtype
@pytest.mark.parametrize("loss", [SquaredError(), Brier(), Gaussian()], ids=repr)
def test_networks_larger_than_a_pass(loss, dtype):
    link = link_for(loss)
    shape = (blocks.PASS_NUMBERS // 10 + 500, 10)
    y, raw, weight = problem(loss, link, shape, 3, dtype)
    for own in (None, weight):
        value, gradient = loss.value_and_gradient(y, raw, own, link)
        for k in range(3):
            w = None if own is None else own[k]
            alone = loss.value_and_gradient(y[k], raw[k], w, link)
            assert_array_equal(value[k], alone[0])
            assert_array_equal(gradient[k], alone[1])


SMOOTHINGS = np.array([0.0, 0.05, 1.0 / 3.0, 0.999])


@each_dtype
@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
@pytest.mark.parametrize("shared", [False, True])
def test_separate_label_smoothing(shared, link, dtype):
    y, raw, _ = problem(CrossEntropy(), link, (6, 3), 4, dtype)
    targets = y[0] if shared else y
    found = CrossEntropy(SMOOTHINGS).value_and_gradient(targets, raw, None, link)
    for k, smoothing in enumerate(SMOOTHINGS.tolist()):
        loss, own = CrossEntropy(smoothing), y[0] if shared else y[k]
        alone = loss.value_and_gradient(own, raw[k], None, link)
        for together, expected in zip(found, alone, strict=True):
            assert together.dtype == dtype
            assert_array_equal(together[k], expected)


@pytest.mark.parametrize("link", [SOFTMAX, LOGISTIC])
def test_smoothed_targets_that_are_integers(link):
    y, raw, _ = problem(CrossEntropy(), link, (6, 3), 4)
    y = y.astype(int)
    value = CrossEntropy(SMOOTHINGS).value(y, raw, None, link)
    gradient = CrossEntropy(SMOOTHINGS).gradient(y, raw, None, link)
    for k, smoothing in enumerate(SMOOTHINGS.tolist()):
        loss = CrossEntropy(smoothing)
        assert value[k] == loss.value(y[k], raw[k], None, link)
        assert_array_equal(gradient[k], loss.gradient(y[k], raw[k], None, link))


def test_functions_of_probabilities():
    smoothings = np.array([0.0, 0.1, 0.3])
    y, raw, weight = problem(CrossEntropy(), SOFTMAX, (6, 3), 3)
    proba = SOFTMAX.proba(raw)
    together = CrossEntropy(smoothings)
    for w in (None, weight):
        value = together.value_from_proba(y, proba, w)
        gradient = together.gradient_from_proba(y, proba, w)
        for k, smoothing in enumerate(smoothings.tolist()):
            loss, own = CrossEntropy(smoothing), None if w is None else w[k]
            assert value[k] == loss.value_from_proba(y[k], proba[k], own)
            assert_array_equal(
                gradient[k], loss.gradient_from_proba(y[k], proba[k], own)
            )
