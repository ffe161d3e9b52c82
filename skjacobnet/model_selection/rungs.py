"""Candidates that train up to a rung; the best ones continue from there."""

from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import partial
from math import floor, log
from time import perf_counter
from typing import Any

from sklearn.pipeline import Pipeline

from skjacobnet.callbacks import without_callbacks
from skjacobnet.core.stacking import alike
from skjacobnet.estimators.parameters import resolve
from skjacobnet.model_selection.fitting import (
    by_steps,
    first_steps_fitted,
    last_step,
    runs_of,
)
from skjacobnet.model_selection.lockstep import Lockstep
from skjacobnet.training.drive import Ended, done_together
from skjacobnet.training.recipe import Size, resolved

NOT_CLIMBING = (
    "Halving needs networks of this package that do not override fit, "
    "got {!r}. Use LockstepGridSearchCV, or scikit-learn's HalvingGridSearchCV."
)


@dataclass
class Climber:
    """Candidate on one split, trained from rung to rung.

    Attributes
    ----------
    params : dict
        Searched parameters, without the resource.
    ended : Ended
        Result so far.
    network : JacobianNetwork
        Unfitted until its run has ended.
    whole : callable
        Function that makes the fitted estimator from a fitted network.
    run : generator
    job : Job or None
        None after the end.
    """

    params: dict
    ended: Ended
    network: Any = None
    whole: Any = None
    run: Any = None
    job: Any = None

    def go_on(self, send):
        """Continue the run to its job or to its end."""
        self.job = None
        try:
            self.job = send()
        except StopIteration as end:
            self.ended.value = self.whole(end.value)
        except Exception as error:
            self.ended.error = error

    def rests(self):
        """Make `ended` hold an estimator that predicts as the network does so far."""
        rested = copy(self.network)
        vars(rested).update(self.job.attributes())
        self.ended.value = self.whole(rested)


class Rungs(Lockstep):
    """Fits of a search by successive halving, with epochs as the resource.

    All rungs are parts of one run with one schedule, which ends at the last rung.
    """

    # A run is kept in the memory of this process.
    workers = {"require": "sharedmem"}

    def __init__(self, search):
        super().__init__(search)
        self.climbers = {}
        self.n_epochs = None

    @contextmanager
    def at_work(self, X, y):
        search, given = self.search, self.search.max_resources
        search.resource = "max_iter"
        if isinstance(self.estimator, Pipeline):
            search.resource = f"{self.estimator.steps[-1][0]}__max_iter"
        if given == "auto":
            n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
            parts = resolve(last_step(self.estimator))
            search.max_resources = resolved(parts, Size(n_rows, 1)).max_iter
        try:
            with super().at_work(X, y):
                yield
        finally:
            search.max_resources = given
            del search.resource

    def _fit_all(self, X, y, params):
        split = len(self.splits)
        if split not in self.climbers:
            self.climbers[split] = self._climbers(X, y, params)
            self._climb([split])
        elif split == 0:
            # Few candidates are left: those of all splits are trained together.
            self._climb(list(self.climbers))
        return [climber.ended for climber in self.climbers[split]]

    def _climb(self, splits):
        """Train the requested candidates up to the next rung."""
        resource, going = self.search.resource, []
        rung = self.candidates[0][resource]
        for split in splits:
            known, chosen = list(self.climbers[split]), []
            for own in self.candidates:
                params = without(own, resource)
                place = next(
                    k for k, one in enumerate(known) if alike(one.params, params)
                )
                chosen.append(known.pop(place))
            # Eliminated candidates are deleted.
            self.climbers[split] = chosen
            going += [one for one in self.climbers[split] if one.job is not None]
        for climber in going:
            climber.ended.seconds = 0.0
            climber.job.n_epochs = rung - climber.job.state.epoch
        size = max(1, -(-len(going) // self.n_jobs))
        parts = [going[i : i + size] for i in range(0, len(going), size)]
        self.spread(_climb, [(part, rung == self.n_epochs) for part in parts])

    def _climbers(self, X, y, params):
        """Return all candidates before their first epoch."""
        if self.n_epochs is None:
            self.n_epochs = last_rung(self.search, len(self.candidates))
        resource = self.search.resource
        # Only the best estimator is calibrated, or an ensemble.
        candidates, ended = self.made(
            [without(own, resource) for own in self.candidates],
            max_iter=self.n_epochs,
            calibration=None,
            n_estimators=1,
            verbose=0,
        )
        found = [Climber(own, Ended()) for own in self.candidates]
        for climber in found:
            climber.params = without(climber.params, resource)
        for place, candidate in list(candidates.items()):
            without_callbacks(candidate.network)
            if not candidate.is_network:
                ended[place] = Ended(
                    error=TypeError(NOT_CLIMBING.format(candidate.network))
                )
                del candidates[place]
        for place, one in ended.items():
            found[place].ended = one
        places = list(candidates)
        for group in by_steps(list(candidates.values())):
            own = [places[i] for i in group]
            start = perf_counter()
            try:
                whole, *given = first_steps_fitted(
                    candidates[own[0]].estimator, X, y, params
                )
            except Exception as error:
                for place in own:
                    found[place].ended.error = error
                continue
            networks = [candidates[place].network for place in own]
            for place, network, run in zip(
                own, networks, runs_of(networks, *given), strict=True
            ):
                climber = found[place]
                climber.network, climber.whole, climber.run = network, whole, run
                climber.go_on(run.__next__)
            for place in own:
                found[place].ended.seconds = (perf_counter() - start) / len(own)
        return found


def _climb(climbers, is_last, progress):
    """Train candidates up to the next rung."""
    jobs = {place: climber.job for place, climber in enumerate(climbers)}
    for done in done_together(jobs, progress, across_tables=True):
        for place, outcome in zip(done.places, done.outcomes, strict=True):
            climber = climbers[place]
            climber.ended.seconds += done.seconds
            climber.ended.n_together = done.n_together
            if isinstance(outcome, Exception):
                climber.go_on(partial(climber.run.throw, outcome))
            elif is_last or outcome != "max_iter":
                climber.go_on(partial(climber.run.send, outcome))
            else:
                climber.rests()


def last_rung(search, n_candidates):
    """Return the epochs of the last rung, by scikit-learn's rule.

    Parameters
    ----------
    search : LockstepHalvingGridSearchCV
        Search at the start of its first rung.
    n_candidates : int
    """
    factor, fewest, most = search.factor, search.min_resources_, search.max_resources_
    n_required = 1 + floor(log(n_candidates, factor))
    n_possible = 1 + floor(log(most // fewest, factor))
    power = n_possible if search.aggressive_elimination else min(n_possible, n_required)
    return min(int(factor ** (power - 1) * fewest), most)


def without(params, name):
    """Return a dict without one of its entries."""
    return {key: value for key, value in params.items() if key != name}
