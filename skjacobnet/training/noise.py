"""Noise of the targets, and the calibration to it."""

import math

import numpy as np

from skjacobnet.training.factor import effective_rows, most_probable

# Range of the noise-to-signal ratio.
SMALLEST_RATIO, LARGEST_RATIO = 0.1, 4.0
# A rank correlation above this multiple of one over the root of the rows is
# significant.
CHANCE = 1.0


def of_numbers(held_out, task):
    """Return the noise-to-signal ratio and the calibration from held-out rows.

    Parameters
    ----------
    held_out : HeldOut
    task : Regression

    Returns
    -------
    ratio : float
        Factor of the automatic decay.
    calibration : dict of str to array, or None
        Statistics of a `Rescale` layer that shrinks predictions to the mean; None if
        the raw prediction is not a mean.
    beats_constant : bool
        Whether predictions correlate with the targets. Ranks are compared, since a
        single row may dominate the squared error.
    """
    predicted, y = task.prediction_and_target(held_out.raw, held_out.y)
    learned, weight = ~task.constant, held_out.sample_weight
    if not learned.any():
        return 1.0, None, True
    predicted, y = predicted[:, learned], y[:, learned]
    error = np.average(np.square(predicted - y), axis=0, weights=weight)
    together = max(map(_rank_correlation, predicted.T, y.T))
    calibration = None
    if task.raw_is_mean:
        factors = np.ones(task.n_targets)
        pairs = zip(predicted.T, y.T, strict=True)
        factors[learned] = [shrinkage(*pair, weight) for pair in pairs]
        calibration = {"factor": factors, "shift": np.zeros(task.n_targets)}
    beats_constant = together > CHANCE / math.sqrt(len(y))
    return noise_ratio(float(error.mean())), calibration, beats_constant


def noise_ratio(unexplained):
    r"""Return the noise-to-signal ratio, :math:`\sqrt{v / (1 - v)}` in [0.1, 4].

    Parameters
    ----------
    unexplained : float >= 0
        Mean squared error v over the variance of the targets.

    Examples
    --------
    >>> noise_ratio(0.5), noise_ratio(0.0), noise_ratio(1.1)
    (1.0, 0.1, 4.0)
    """
    if unexplained >= 1.0:
        return LARGEST_RATIO
    ratio = math.sqrt(unexplained / (1.0 - unexplained))
    return min(max(ratio, SMALLEST_RATIO), LARGEST_RATIO)


def shrinkage(predicted, y, sample_weight=None):
    """Return the factor that shrinks predictions to a mean of zero, at most 1.

    Parameters
    ----------
    predicted, y : array of shape (n_rows,)
    sample_weight : array of shape (n_rows,), optional

    Returns
    -------
    float
        Factor for normal errors of unknown variance.

    Examples
    --------
    >>> y = np.arange(-50.0, 50.0)
    >>> bool(shrinkage(0.9 * y, y) > 0.99), bool(shrinkage(y[::-1] ** 2, y) < 0.03)
    (True, True)
    """
    smallest = 1e-12 * np.average(np.square(y), weights=sample_weight)

    def surprise(factor):
        square = np.average(np.square(factor * predicted - y), weights=sample_weight)
        return 0.5 * math.log(max(square, smallest, np.finfo(float).tiny))

    n_rows = effective_rows(sample_weight, len(y))
    return most_probable(surprise, n_rows, largest=1.0)


def _rank_correlation(x, y):
    """Return the rank correlation of two arrays; 0 if one is constant."""
    from scipy.stats import spearmanr

    if np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return 0.0
    return float(spearmanr(x, y).statistic)
