"""What a run is calibrated with: a temperature, or a decay that suits the noise."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skjacobnet.losses import CrossEntropy
from skjacobnet.training import temperature
from skjacobnet.training.parts import Parts
from skjacobnet.training.pilot import pilot

# The range of the ratio of noise to signal.
SMALLEST_RATIO, LARGEST_RATIO = 0.1, 4.0
# A gain over the best constant that is no larger than what chance gives: of a log-loss
# in standard errors, and of a correlation in units of one over the root of the rows.
# Three runs on each of thirty tables had at least 2.5 and TODO, those on noise less.
CHANCE = 1.0


class Calibration(NamedTuple):
    """What a pilot has found.

    Attributes
    ----------
    parts : Parts
        With the total decay of the full run.
    rescaling : dict of str to array, or None
        Statistics of a last layer `Rescale`.
    beats_constant : bool
        Whether rows that were not trained on were predicted better than by a constant.
    """

    parts: Parts
    rescaling: dict | None = None
    beats_constant: bool = True


def by_pilot(parts, network, table, dtype, rng, encoded_columns, observers_of):
    """Run a pilot where the parts ask for one.

    Parameters
    ----------
    parts : Parts
        Without any ``"auto"``.
    network, table, dtype, rng, encoded_columns
        As in `pilot`.
    observers_of : callable or None
        As in `train`.

    Returns
    -------
    Calibration
    """
    if parts.calibration is None:
        return Calibration(parts)
    run = parts
    if parts.calibration == "noise":
        run = replace(parts, max_iter=-(-parts.max_iter // 2))
    observers = () if observers_of is None else observers_of(run)
    held_out = pilot(run, network, table, dtype, rng, encoded_columns, observers)
    if held_out is None:
        return Calibration(parts)
    if parts.calibration == "temperature":
        rescaling, beats_constant = of_temperature(held_out, table, parts.loss)
        return Calibration(parts, rescaling, beats_constant)
    ratio, beats_constant = of_noise(held_out, table.task)
    decay = ratio * parts.total_weight_decay
    return Calibration(replace(parts, total_weight_decay=decay), None, beats_constant)


def of_temperature(held_out, table, loss):
    """Return the temperature that suits some rows.

    Parameters
    ----------
    held_out : HeldOut
    table : Table
        Whose shares of answers are drawn to.
    loss : Loss

    Returns
    -------
    rescaling, beats_constant
        As in `Calibration`.
    """
    prior, link = table.prior_raw(), table.task.link(loss)
    raw, y, weight = held_out
    factor = temperature.fitted_factor(raw, y, weight, prior, link)
    constant = np.broadcast_to(prior, raw.shape)
    log_loss, calibrated = CrossEntropy(), temperature.calibrated(raw, factor, prior)
    gain = log_loss.sample_values(y, constant, link)
    gain -= log_loss.sample_values(y, calibrated, link)
    gain *= 1.0 if weight is None else weight
    error = gain.std() / math.sqrt(len(gain))
    return temperature.rescaling(factor, prior), bool(gain.mean() > CHANCE * error)


def of_noise(held_out, task):
    """Return the ratio of noise to signal that some rows show.

    Parameters
    ----------
    held_out : HeldOut
    task : Regression

    Returns
    -------
    ratio : float
    beats_constant : bool
        As in `Calibration`. A single row may have most of the squared error, so it is
        asked whether predictions go with the targets.
    """
    predicted, y = task.prediction_and_target(held_out.raw, held_out.y)
    if not y.size:
        return 1.0, True
    weight = held_out.sample_weight
    error = np.average(np.square(predicted - y), axis=0, weights=weight)
    together = max(map(_correlation, predicted.T, y.T))
    return noise_ratio(float(error.mean())), together > CHANCE / math.sqrt(len(y))


def _correlation(x, y):
    """Return the correlation of the ranks of two arrays; 0 where one is constant."""
    from scipy.stats import spearmanr

    if np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return 0.0
    return float(spearmanr(x, y).statistic)


def noise_ratio(unexplained):
    r"""Return the ratio of noise to signal, :math:`\sqrt{v / (1 - v)}` in [0.1, 4].

    Parameters
    ----------
    unexplained : float >= 0
        v, the mean squared error over the variance of the targets.

    Examples
    --------
    >>> noise_ratio(0.5), noise_ratio(0.0), noise_ratio(1.1)
    (1.0, 0.1, 4.0)
    """
    if unexplained >= 1.0:
        return LARGEST_RATIO
    ratio = math.sqrt(unexplained / (1.0 - unexplained))
    return min(max(ratio, SMALLEST_RATIO), LARGEST_RATIO)
