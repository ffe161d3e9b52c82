"""Pilot runs, which hold out a part of the rows for calibration."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from skjacobnet.core.blocks import row_blocks
from skjacobnet.network import NetworkWorkspace
from skjacobnet.training.job import Job
from skjacobnet.training.objective import Objective
from skjacobnet.training.start import draw_weights
from skjacobnet.training.state import RunState

# Share of the held-out rows of a pilot.
HELD_OUT = 0.2
# Least number of rows that are split.
FEWEST_ROWS = 10


class HeldOut(NamedTuple):
    """Raw predictions on held-out rows, and their targets.

    Attributes
    ----------
    raw : array of shape (n_rows, n_raw)
    y : array of shape (n_rows, n_columns)
        Encoded.
    sample_weight : array of shape (n_rows,) or None
    """

    raw: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None


def pilot(
    parts, network, table, dtype, rng, encoded_columns, observers=(), rows_of=None
):
    """Train on 80 % of the rows, and predict the others; a step of a run.

    Parameters
    ----------
    parts : Parts
        Parts of the full run, resolved for all rows.
    network : Network
    table : Table
    dtype : data-type
        Type of the weights.
    rng : numpy.random.Generator
        Generator of the pilot only.
    encoded_columns : tuple of Column
    observers : sequence, default=()
    rows_of : callable, optional
        ``rows_of(table)`` returns training rows and held-out rows. By default they are
        drawn.

    Yields
    ------
    Job

    Returns
    -------
    HeldOut, or None
        None if there are too few rows to split.

    Raises
    ------
    KeyboardInterrupt
        At an interrupt, also after complete epochs.
    """
    if table.n_rows < FEWEST_ROWS:
        return None
    state = RunState.begun(np.empty(network.n_weights, dtype), rng)
    if rows_of is None:
        rows, others = table.split(HELD_OUT, state.split_rng)
    else:
        rows, others = rows_of(table)
    trained, held_out = table.only(rows), table.only(others)
    parts = replace(parts, early_stopping=False, tol=None)
    draw_weights(parts, network, state, trained, encoded_columns)
    link = table.task.link(parts.loss)
    objective = Objective(network, parts.loss, link, parts.regularizers)
    ended_by = yield Job(parts, objective, trained, state, observers=observers)
    if ended_by == "interrupt":
        raise KeyboardInterrupt(
            "The pilot was interrupted. The estimator is unchanged."
        )
    return predicted(network, state.theta, held_out)


def predicted(network, theta, table):
    """Return raw predictions for all rows of positive weight.

    Parameters
    ----------
    network : Network
    theta : array of shape (n_weights,)
    table : Table

    Returns
    -------
    HeldOut
    """
    batches = table.batches(
        row_blocks(network, 1, theta.itemsize), theta.dtype, network.accepts_sparse
    )
    workspace, found = NetworkWorkspace(network), []
    for X, y, weight in batches.epoch():
        raw = network.forward(theta, X, workspace=workspace)
        found.append((raw.copy(), y.copy(), None if weight is None else weight.copy()))
    raw, y, weight = zip(*found, strict=True)
    weight = None if weight[0] is None else np.concatenate(weight)
    return HeldOut(np.concatenate(raw), np.concatenate(y), weight)
