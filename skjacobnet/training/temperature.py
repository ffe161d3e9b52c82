r"""Temperature scaling of probabilities.

Raw predictions z are multiplied by a factor a and shrunk to those of the class
frequencies,

.. math:: z' = a z + \max(0, 1 - a) \log \pi, \qquad
    \pi_k = \frac{n_k + 1}{n + C}.

1/a is the temperature. The frequencies are weighted: weights that are multiples of the
smallest one count as repeated rows, others are scaled to a mean of one.
"""

import math

import numpy as np

from skjacobnet.losses import CrossEntropy
from skjacobnet.training.factor import effective_rows, most_probable

# A gain over the class frequencies of more standard errors is significant. Three runs
# on each of fifteen tables had at least 2.5, and of 48 runs on noise one had more than
# 1.
CHANCE = 1.0


def of_classes(held_out, prior, link):
    """Return the temperature for held-out rows.

    Parameters
    ----------
    held_out : HeldOut
    prior : array of shape (n_raw,)
        Raw prediction of the class frequencies.
    link : ProbabilityLink

    Returns
    -------
    calibration : dict of str to array
        Statistics of a `Rescale` layer.
    beats_constant : bool
        Whether predictions are better than the class frequencies.
    """
    raw, y, weight = held_out
    raw, loss = raw.astype(np.float64), CrossEntropy()

    def calibrated(factor):
        return factor * raw + max(0.0, 1.0 - factor) * prior

    factor = most_probable(
        lambda factor: float(loss.value(y, calibrated(factor), weight, link)),
        effective_rows(weight, len(raw)),
    )
    gain = loss.sample_values(y, np.broadcast_to(prior, raw.shape), link)
    gain -= loss.sample_values(y, calibrated(factor), link)
    gain *= 1.0 if weight is None else weight
    error = gain.std() / math.sqrt(len(gain))
    shift = max(0.0, 1.0 - factor) * prior
    calibration = {"factor": np.full(len(prior), factor), "shift": shift}
    return calibration, bool(gain.mean() > CHANCE * error)
