"""Candidates of a search, trained together where scikit-learn fits one by one.

scikit-learn's search does all but the fits: it makes the splits, scores, formats the
results and picks the best. It requests one fit after another, for each candidate those
of all splits. The first request on a split trains all candidates on that split; later
requests return their results.
"""

from contextlib import contextmanager, nullcontext

import numpy as np
from joblib import effective_n_jobs, parallel_config
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits

from skjacobnet.estimators.base import JacobianNetwork
from skjacobnet.model_selection.fitting import (
    Candidate,
    by_steps,
    fit_alone,
    fit_together,
    last_step,
)
from skjacobnet.model_selection.in_turn import in_turn
from skjacobnet.model_selection.progress import Progress
from skjacobnet.training.drive import Ended
from skjacobnet.training.population import LARGEST_GROUP

# Least number of candidates that one worker trains together. With eight candidates on
# the digits two workers took 1.4 times as long as one.
SMALLEST_PART = 8


class Counted:
    """Splitter that counts its splits.

    Parameters
    ----------
    splitter : cross-validation splitter
    """

    def __init__(self, splitter):
        self.splitter = splitter
        self.n_splits = 0

    def split(self, *args, **kwargs):
        """Return the splits, as a list."""
        found = list(self.splitter.split(*args, **kwargs))
        self.n_splits = len(found)
        return found

    def __getattr__(self, name):
        if name == "splitter":
            raise AttributeError(name)
        return getattr(self.splitter, name)


class Lockstep:
    """Fits of one search.

    Parameters
    ----------
    search : LockstepGridSearchCV or another search
    """

    # Threads, unless the user names another backend.
    workers = {"prefer": "threads"}

    def __init__(self, search):
        self.search = search
        self.estimator = search.estimator
        self.parallel = Parallel(n_jobs=search.n_jobs, **self.workers)
        self.n_jobs = effective_n_jobs(search.n_jobs)
        self.progress = Progress(shows=search.verbose == 1)
        self.candidates = None
        self.n_asked = 0
        self.splits = {}
        self.seconds = []
        self.n_together = []

    @contextmanager
    def at_work(self, X, y):
        """Make the search request its fits one after another, in order."""
        search, verbose, cv = self.search, self.search.verbose, self.search.cv
        self.cv = Counted(check_cv(cv, y, classifier=is_classifier(self.estimator)))
        search.cv = self.cv
        search.estimator = stand_in = in_turn(self.estimator, self.fit)
        search.verbose = 0 if verbose == 1 else verbose
        try:
            with parallel_config(backend="sequential"):
                yield
        finally:
            search.estimator, search.verbose = self.estimator, verbose
            search.cv = cv
            # The scorer of a search keeps a reference to it.
            stand_in.__class__ = type(self.estimator)
            self.progress.close()

    def evaluate(
        self, evaluate_candidates, candidates, cv=None, more_results=None, **settings
    ):
        """Let scikit-learn evaluate candidates with the fits of this object.

        Parameters
        ----------
        evaluate_candidates : callable
            scikit-learn's function.
        candidates : iterable of dict
        cv, more_results, **settings
            Further arguments of `evaluate_candidates`.

        Returns
        -------
        dict
            All results so far.
        """
        self.candidates = list(candidates)
        self.n_asked, self.splits = 0, {}
        n_together = [1] * len(self.candidates)
        more_results = {**(more_results or {}), "n_together": n_together}
        self.n_together = n_together
        try:
            results = evaluate_candidates(
                self.candidates, cv, more_results=more_results, **settings
            )
        finally:
            fits, self.candidates, self.splits = self.splits, None, {}
        by_split = [fits[split].seconds for split in sorted(fits)]
        self.seconds += zip(*by_split, strict=True)
        results["mean_fit_time"] = np.mean(self.seconds, axis=1)
        results["std_fit_time"] = np.std(self.seconds, axis=1)
        self.progress.ends(results)
        return results

    def fit(self, estimator, X, y, **params):
        """Fit an estimator, the next one requested."""
        if self.candidates is None:
            estimator.fit(X, y, **params)
            return
        if self.n_asked == 0:
            self.progress.begins(len(self.candidates), self.cv.n_splits)
        candidate, split = divmod(self.n_asked, self.cv.n_splits)
        self.n_asked += 1
        if candidate == 0:
            try:
                ended = self._fit_all(X, y, params)
            except Exception as error:
                ended = [Ended(error=error) for _ in self.candidates]
            for place, one in enumerate(ended):
                known = [self.n_together[place]] if self.splits else []
                self.n_together[place] = min(one.n_together, *known, LARGEST_GROUP)
            self.splits[split] = _Split(ended)
            self.progress.split_ends()
        fitted = self.splits[split].take(candidate)
        if fitted.error is not None:
            raise fitted.error
        vars(estimator).update(vars(fitted.value))

    def _fit_all(self, X, y, params):
        """Fit all candidates to the rows of one split; return how each ended."""
        candidates, ended = self.made(self.candidates)
        tasks = self._tasks(candidates)
        found = self.spread(
            _fit_task, [([candidates[p] for p in own], X, y, params) for own in tasks]
        )
        for places, results in zip(tasks, found, strict=True):
            ended.update(zip(places, results, strict=True))
        return [ended[place] for place in range(len(ended))]

    def made(self, all_params, **more):
        """Return candidates for dicts of parameters.

        Parameters
        ----------
        all_params : list of dict
        **more
            Further parameters of their last steps.

        Returns
        -------
        candidates : dict of int to Candidate
        ended : dict of int to Ended
            Candidates with invalid parameters.
        """
        candidates, ended = {}, {}
        for place, params in enumerate(all_params):
            estimator = clone(self.estimator)
            try:
                estimator.set_params(**clone(params, safe=False))
                if more:
                    last_step(estimator).set_params(**more)
            except Exception as error:
                ended[place] = Ended(error=error)
            else:
                candidates[place] = Candidate(estimator, params)
        return candidates, ended

    def spread(self, function, tasks):
        """Call a function for each task, on all workers.

        Parameters
        ----------
        function : callable
            ``function(*task, progress)``.
        tasks : list of tuple

        Returns
        -------
        list
        """
        threads = self.n_jobs > 1 and len(tasks) > 1
        try:
            with threadpool_limits(1, "blas") if threads else nullcontext():
                return self.parallel(
                    delayed(_at_work)(function, *task, self.progress) for task in tasks
                )
        except BaseException:
            self.progress.halt()
            raise

    def _tasks(self, candidates):
        """Return lists of indices, each of candidates fitted together by one worker."""
        places = list(candidates)
        groups = [
            [places[i] for i in own] for own in by_steps(list(candidates.values()))
        ]
        if self.n_jobs == 1:
            return groups
        # Smaller groups would lose more than a further worker gains.
        most = max(-(-len(places) // self.n_jobs), SMALLEST_PART)
        tasks = []
        for group in groups:
            group.sort(key=lambda place: _kind(candidates[place]))
            n_tasks = -(-len(group) // most)
            size = -(-len(group) // n_tasks)
            tasks += [group[i : i + size] for i in range(0, len(group), size)]
        return tasks


class _Split:
    """Fits of all candidates on one split, each to be taken once."""

    def __init__(self, ended):
        self.ended = ended
        self.seconds = [one.seconds for one in ended]

    def take(self, place):
        """Return a fit, and delete it here."""
        found, self.ended[place] = self.ended[place], None
        return found


def concerns(search, grid):
    """Whether a search has networks of this package.

    Parameters
    ----------
    search : search
    grid : dict or list of dict
        Its parameters.
    """
    if isinstance(last_step(search.estimator), JacobianNetwork):
        return True
    if not isinstance(search.estimator, Pipeline):
        return False
    grids = grid if isinstance(grid, list | tuple) else [grid]
    values = [v for own in grids if isinstance(own, dict) for v in own.values()]
    lists = [v for v in values if isinstance(v, list | tuple)]
    return any(isinstance(entry, JacobianNetwork) for own in lists for entry in own)


def _at_work(function, *arguments):
    *_, progress = arguments
    with progress:
        return function(*arguments)


def _fit_task(candidates, X, y, params, progress):
    if candidates[0].is_network:
        return fit_together(candidates, X, y, params, progress)
    return [fit_alone(candidate, X, y, params) for candidate in candidates]


def _kind(candidate):
    """Return a sort key that keeps candidates of one kind together."""
    network = candidate.network
    if not candidate.is_network:
        return ""
    names = "hidden_layer_sizes", "layers", "activation", "batch_size", "loss", "dtype"
    optimizer = network.optimizer
    name = optimizer if isinstance(optimizer, str) else type(optimizer).__name__
    return repr([name.lower(), *(getattr(network, name) for name in names)])
