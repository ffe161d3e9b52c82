"""Medians of rounds in which everything has its turn."""

from time import perf_counter

import numpy as np


def medians(calls, n_rounds):
    """Time several calls in turns, after one round that does not count.

    Each round has another order, since a call leaves something to the next: a
    full cache, or threads of another library that go on waiting for work.

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
    rng = np.random.default_rng(0)
    for _ in range(n_rounds):
        for name in rng.permutation(list(calls)):
            start = perf_counter()
            calls[name]()
            times[name].append(perf_counter() - start)
    return {name: float(np.median(seconds)) for name, seconds in times.items()}
