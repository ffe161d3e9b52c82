"""Medians of alternating rounds."""

from time import perf_counter

import numpy as np


def medians(calls, n_rounds):
    """Time several calls in turns, after one round that does not count.

    Parameters
    ----------
    calls : dict of str to callable
    n_rounds : int

    Returns
    -------
    dict of str to float
        Seconds.
    """
    for call in calls.values():
        call()
    times = {name: [] for name in calls}
    for _ in range(n_rounds):
        for name, call in calls.items():
            start = perf_counter()
            call()
            times[name].append(perf_counter() - start)
    return {name: float(np.median(seconds)) for name, seconds in times.items()}
