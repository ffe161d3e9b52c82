r"""A temperature that makes probabilities honest.

A network that has learned its training rows is too sure of itself. Its raw predictions
z are multiplied by a number a < 1 and drawn to those of the class shares,

.. math:: z' = a z + \max(0, 1 - a) \log \pi, \qquad
    \pi_k = \frac{n_k + 1}{n + C},

so that a = 0 predicts the shares. 1/a is the temperature.
"""

import math

import numpy as np

from skjacobnet.losses import CrossEntropy

# The range of a, and the weight of log(a) squared, which decides where few rows do not.
SMALLEST, LARGEST = 0.025, 2.5
PRIOR = 0.002


def fitted_factor(raw, y, sample_weight, prior, link):
    """Return the factor a with the least weighted log-loss.

    Parameters
    ----------
    raw : array of shape (n_samples, n_raw)
        For rows that were not trained on.
    y : array of shape (n_samples, n_raw)
        Encoded targets.
    sample_weight : array of shape (n_samples,) or None
    prior : array of shape (n_raw,)
        The raw prediction of the class shares.
    link : ProbabilityLink

    Returns
    -------
    float

    Notes
    -----
    Where a is below 1 and where it is above, the log-loss is convex in a, so each part
    is searched alone.
    """
    from scipy.optimize import minimize_scalar

    raw, loss = raw.astype(np.float64), CrossEntropy()

    def log_loss(factor):
        return float(loss.value(y, calibrated(raw, factor, prior), sample_weight, link))

    def objective(logarithm):
        return log_loss(math.exp(logarithm)) + PRIOR * logarithm**2

    parts = (math.log(SMALLEST), 0.0), (0.0, math.log(LARGEST))
    found = [minimize_scalar(objective, bounds=p, method="bounded") for p in parts]
    return math.exp(min(found, key=lambda result: result.fun).x)


def calibrated(raw, factor, prior):
    """Return raw predictions with a factor, drawn to those of the shares."""
    return factor * raw + max(0.0, 1.0 - factor) * prior


def rescaling(factor, prior):
    """Return the statistics of the last layer `Rescale` for a factor."""
    return {
        "factor": np.full(len(prior), factor),
        "shift": max(0.0, 1.0 - factor) * prior,
    }
