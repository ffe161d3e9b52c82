r"""The factor that shrinks uncertain predictions to a constant.

A network that fits its training set closely is overconfident. Predictions z on held-out
rows give the factor a of the shrinkage to the best constant prediction c:

.. math:: z' = a z + (1 - a) c

The prior of a is a half-Cauchy distribution, so that with few rows a is small unless
the network clearly beats the constant.
"""

import math
from itertools import pairwise

import numpy as np

# The smallest factor, and the largest one.
SMALLEST, LARGEST = 0.025, 2.5
# The scale of the prior. On tables of twenty rows, with four held-out rows for a,
# the log-loss of twenty runs is at worst 1.4 above that of the class shares without a
# prior and .05 with it; the log-loss over fifteen tables stays the same (.658, .659 of
# that of MLPClassifier). For numbers the squared error on twenty rows of noise is 1.32
# times that of the mean without the factor and 1.00 with it, over fifteen tables equal.
PRIOR_SCALE = 0.4


def most_probable(surprise, n_rows, largest=LARGEST):
    r"""Return the factor with the largest posterior probability.

    .. math:: \min_a \; \ell(a) + \frac{1}{m} \log\left(1 + \frac{a^2}{s^2}\right),
        \qquad s = 0.4

    Parameters
    ----------
    surprise : callable
        ``surprise(a)`` returns :math:`\ell`, the mean negative log-likelihood of a row.
    n_rows : float
        Effective number m of rows.
    largest : float, default=2.5

    Returns
    -------
    float
        At least 0.025.

    Notes
    -----
    The intervals below and above 1 are searched separately, since the slope of
    :math:`\ell` may jump at 1.
    """
    from scipy.optimize import minimize_scalar

    def objective(logarithm):
        factor = math.exp(logarithm)
        return surprise(factor) + math.log1p((factor / PRIOR_SCALE) ** 2) / n_rows

    ends = [math.log(end) for end in (SMALLEST, 1.0, largest)]
    found = [
        minimize_scalar(objective, bounds=part, method="bounded")
        for part in pairwise(ends)
        if part[0] < part[1]
    ]
    return math.exp(min(found, key=lambda result: result.fun).x)


def effective_rows(sample_weight, n_rows):
    r"""Return the effective number of rows: as many of equal weight are as informative.

    .. math:: m = \frac{(\sum_s w_s)^2}{\sum_s w_s^2}

    Examples
    --------
    >>> effective_rows(np.array([1.0, 1.0, 1e-9]), 3)
    2.0
    """
    if sample_weight is None:
        return float(n_rows)
    relative = sample_weight / sample_weight.max()
    return float(relative.sum() ** 2 / np.square(relative).sum())
