"""Drivers of runs: one alone, or several together."""

from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

from skjacobnet.training import population
from skjacobnet.training.optimize import optimize


def alone(run):
    """Drive a run to its end, and return its result.

    Parameters
    ----------
    run : generator
        Generator that yields jobs and receives the outcome of each.
    """
    try:
        job = next(run)
        while True:
            job = run.send(optimize(job))
    except StopIteration as end:
        return end.value


@dataclass
class Ended:
    """Result of one of several runs.

    Attributes
    ----------
    value : object
        Returned value.
    error : Exception or None
        Raised error.
    seconds : float
        Share of the time.
    n_together : int
        Number of runs trained side by side in its last optimization, itself included.
    """

    value: Any = None
    error: Exception | None = None
    seconds: float = 0.0
    n_together: int = 1


class Done(NamedTuple):
    """Group of finished jobs.

    Attributes
    ----------
    places : list of int
        Indices of its jobs.
    outcomes : list of str or Exception
        Outcome of each job.
    seconds : float
        Share of the time of each job.
    n_together : int
        Number of jobs trained side by side, 1 if all were trained alone.
    """

    places: list
    outcomes: list
    seconds: float
    n_together: int


def together(runs, told=None):
    """Drive several runs to their ends, with similar ones trained side by side.

    Each has the result it would have alone, bit-identical on one BLAS thread, or its
    error.

    Parameters
    ----------
    runs : sequence of generator
        As in `alone`.
    told : callable, optional
        As in `skjacobnet.training.population.train`.

    Returns
    -------
    list of Ended
        One for each run.

    Raises
    ------
    KeyboardInterrupt
        At an interrupt. Runs in the interrupted group keep their last complete epoch,
        all others are closed.
    """
    ended, jobs, interrupts = [Ended() for _ in runs], {}, []

    def go_on(place, send):
        """Continue a run to its next job, or to its end."""
        jobs.pop(place, None)
        start = perf_counter()
        try:
            jobs[place] = send()
        except StopIteration as end:
            ended[place].value = end.value
        except Exception as error:
            ended[place].error = error
        except KeyboardInterrupt as error:
            interrupts.append(error)
        ended[place].seconds += perf_counter() - start

    try:
        for place, run in enumerate(runs):
            go_on(place, run.__next__)
        while jobs:
            for done in done_together(jobs, told):
                for place, outcome in zip(done.places, done.outcomes, strict=True):
                    ended[place].seconds += done.seconds
                    ended[place].n_together = done.n_together
                    failed = isinstance(outcome, Exception)
                    run = runs[place]
                    go_on(place, partial(run.throw if failed else run.send, outcome))
                if interrupts:
                    raise interrupts[0]
    finally:
        for run in runs:
            run.close()
    return ended


def done_together(jobs, told=None, across_tables=False):
    """Run jobs, compatible ones side by side.

    Parameters
    ----------
    jobs : dict of int to Job
    told : callable, optional
        As in `skjacobnet.training.population.train`.
    across_tables : bool, default=False
        As in `skjacobnet.training.population.fits`.

    Yields
    ------
    Done
        Result of each group of jobs.
    """
    for places in _groups(jobs, across_tables):
        start = perf_counter()
        outcomes, n_together = population.train([jobs[p] for p in places], told)
        seconds = (perf_counter() - start) / len(places)
        yield Done(places, outcomes, seconds, n_together)


def _groups(jobs, across_tables):
    """Return lists of the indices of jobs that are run together."""
    kinds = []
    for place, job in jobs.items():
        kind = next(
            (k for k in kinds if population.fits(jobs[k[0]], job, across_tables)), None
        )
        if kind is None:
            kinds.append([place])
        else:
            kind.append(place)
    found = []
    for kind in kinds:
        size = population.group_size(jobs[kind[0]], len(kind))
        found += [kind[start : start + size] for start in range(0, len(kind), size)]
    return found
