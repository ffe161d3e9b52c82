"""The check of a regression loss."""

import numpy as np

from skjacobnet.links import IdentityLink, SortedQuantiles
from skjacobnet.testing.compare import assert_same, assert_type, unchanged
from skjacobnet.testing.losses_of_all_kinds import (
    check_derivatives,
    check_finite,
    check_networks_side_by_side,
    check_repeated_rows,
    check_variants,
)

# Perturbation of the best raw prediction, relative to the larger of its size and one.
SMALL_CHANGES = 1e-5, 1e-3


def check_regression_loss(loss, n_samples, n_targets, rng):
    """Check a regression loss, as `check_loss` does.

    Parameters
    ----------
    loss : RegressionLoss
    n_samples, n_targets : int >= 1
    rng : numpy.random.Generator

    Raises
    ------
    AssertionError
        If something fails.
    """
    label = f"{loss!r} for {n_targets} target{'s' * (n_targets > 1)}"
    y = draw_targets_for(loss, (n_samples, n_targets), rng)
    raw = 1.5 * rng.normal(size=(n_samples, n_targets * loss.n_per_target))
    for counts in (None, rng.integers(1, 4, n_samples)):
        weights = None if counts is None else counts / np.mean(counts)
        name = label if counts is None else f"{label} and sample weights"
        with unchanged(loss, y=y, raw=raw):
            check_derivatives(loss, y, raw, weights, None, name)
            check_variants(loss, y, raw, weights, None, name)
            _check_best_constant(loss, y, weights, name)
            if counts is not None:
                _check_constant_of_repeated_rows(loss, y, counts, name)
        if counts is not None:
            check_repeated_rows(loss, y, raw, counts, None, name)
    exponential = not isinstance(loss.link, IdentityLink | SortedQuantiles)
    check_finite(loss, y, 20.0 if exponential else 1e4, None, label)
    with unchanged(loss, y=y, raw=raw):
        check_networks_side_by_side(loss, y, raw, None, label, rng)


def draw_targets_for(loss, shape, rng):
    """Draw targets from the domain of a loss.

    Parameters
    ----------
    loss : RegressionLoss
    shape : tuple of int
    rng : numpy.random.Generator

    Returns
    -------
    array of the given shape, float64
        Normal numbers; or else counts, the first of them 0; or else positive numbers.

    Raises
    ------
    AssertionError
        If the loss refuses all three.
    """
    counts = rng.poisson(2.0, shape).astype(np.float64)
    counts.flat[0] = 0.0
    for y in (rng.normal(size=shape), counts, rng.gamma(2.0, size=shape)):
        try:
            loss.check_targets(y)
        except ValueError as error:
            refusal = error
        else:
            return y
    raise AssertionError(
        f"{loss!r}: check_targets refuses normal numbers, counts and positive numbers: "
        f"{refusal}"
    )


def _check_best_constant(loss, y, weights, name):
    what = f"{name}: best_constant"
    best = loss.best_constant(y, weights)
    assert_type(best, np.float64, what)
    n_raw = y.shape[-1] * loss.n_per_target
    if best.shape != (n_raw,) or not np.all(np.isfinite(best)):
        raise AssertionError(f"{what}: expected {n_raw} finite numbers, got {best}.")

    def value(constant):
        raw = np.broadcast_to(constant, (len(y), n_raw))
        return float(loss.value(y, raw, weights))

    least = value(best)
    rounding = 1000.0 * float(np.finfo(np.float64).eps) * max(1.0, abs(least))
    for index in range(n_raw):
        for change in SMALL_CHANGES:
            for sign in (-1.0, 1.0):
                other = best.copy()
                other[index] += sign * change * max(1.0, abs(best[index]))
                if value(other) < least - rounding:
                    raise AssertionError(
                        f"{what}: {best[index]!s} at index ({index},) gives the loss "
                        f"{least!s}, but {other[index]!s} gives {value(other)!s}."
                    )


def _check_constant_of_repeated_rows(loss, y, counts, name):
    """Check that constants are equally good; there may be several minimizers."""
    repeated = np.repeat(y, counts, axis=0)
    constants = loss.best_constant(y, counts), loss.best_constant(repeated)
    least, expected = (
        loss.value(repeated, np.broadcast_to(best, (len(repeated), len(best))))
        for best in constants
    )
    what = f"{name}: least loss, integer weights against repeated rows"
    assert_same(least, expected, what)
