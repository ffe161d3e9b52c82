"""Calibration by a pilot: a temperature, or a decay and a shrinkage factor."""

from dataclasses import replace
from typing import NamedTuple

from skjacobnet.training.noise import of_numbers
from skjacobnet.training.parts import Parts
from skjacobnet.training.pilot import pilot
from skjacobnet.training.temperature import of_classes


class Calibrated(NamedTuple):
    """Result of a pilot.

    Attributes
    ----------
    parts : Parts
        Parts with the total decay of the full run.
    calibration : dict of str to array, or None
        Statistics of a `Rescale` layer of raw predictions.
    beats_constant : bool
        Whether predictions on held-out rows were better than a constant.
    """

    parts: Parts
    calibration: dict | None = None
    beats_constant: bool = True


def by_pilot(
    parts, network, table, dtype, rng, encoded_columns, observers_of, rows_of=None
):
    """Run a pilot if `parts` require one; a step of a run.

    Parameters
    ----------
    parts : Parts
        Parts without ``"auto"``.
    network, table, dtype, rng, encoded_columns, rows_of
        As in `pilot`.
    observers_of : callable or None
        As in `train`.

    Yields
    ------
    Job

    Returns
    -------
    Calibrated
    """
    if parts.calibration is None:
        return Calibrated(parts)
    run = parts
    if parts.calibration == "noise":
        # Enough to separate noise from signal.
        run = replace(parts, max_iter=-(-parts.max_iter // 2))
    observers = () if observers_of is None else observers_of(run)
    held_out = yield from pilot(
        run, network, table, dtype, rng, encoded_columns, observers, rows_of
    )
    if held_out is None:
        return Calibrated(parts)
    if parts.calibration == "temperature":
        return Calibrated(parts, *by_validation(held_out, table, parts.loss))
    ratio, calibration, beats_constant = of_numbers(held_out, table.task)
    decay = ratio * parts.total_weight_decay
    parts = replace(parts, total_weight_decay=decay)
    return Calibrated(parts, calibration, beats_constant)


def by_validation(held_out, table, loss):
    """Return the calibration of probabilities on held-out rows.

    Parameters
    ----------
    held_out : HeldOut
    table : Table
        Training set, to whose class frequencies predictions are shrunk.
    loss : Loss

    Returns
    -------
    calibration, beats_constant
        As in `Calibrated`.
    """
    return of_classes(held_out, table.prior_raw(), table.task.link(loss))
