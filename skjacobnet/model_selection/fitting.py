"""Fits of several estimators to the same rows, side by side where possible."""

from copy import copy
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from skjacobnet.callbacks import has_callbacks
from skjacobnet.core.shared import Shared
from skjacobnet.core.stacking import alike
from skjacobnet.estimators.base import JacobianNetwork
from skjacobnet.training.drive import Ended, together


@dataclass
class Candidate:
    """Unfitted estimator of a search, and the parameters that are searched."""

    estimator: Any
    params: dict

    @property
    def network(self):
        """Estimator itself, or the last step of a pipeline."""
        return last_step(self.estimator)

    @property
    def is_network(self):
        """Whether it can be trained side by side with others."""
        network = self.network
        return (
            isinstance(network, JacobianNetwork)
            # A subclass may override fit.
            and type(network).fit is JacobianNetwork.fit
            # Callbacks assume that fits run one at a time.
            and not has_callbacks(network)
        )

    @property
    def params_of_steps(self):
        """Parameters of all steps of a pipeline except the last."""
        if not isinstance(self.estimator, Pipeline):
            return {}
        last = self.estimator.steps[-1][0]
        return {
            name: value
            for name, value in self.params.items()
            if name.partition("__")[0] != last
        }


def last_step(estimator):
    """Return the last step of a pipeline, or the estimator itself."""
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


class Catch(BaseEstimator):
    """Stand-in for the last step of a pipeline that stores the arguments of `fit`.

    Parameters
    ----------
    like : estimator
        Last step itself, whose metadata requests apply.
    """

    def __init__(self, like=None):
        self.like = like

    def fit(self, X, y=None, **params):
        """Store all arguments."""
        self.given_ = X, y, params
        return self

    def get_metadata_routing(self):
        """Return the metadata requests of the last step."""
        return self.like.get_metadata_routing()

    def __sklearn_tags__(self):
        return self.like.__sklearn_tags__()


def fit_together(candidates, X, y, params, told=None):
    """Fit candidates to the same rows.

    Parameters
    ----------
    candidates : list of Candidate
        Not fitted. Their `params_of_steps` are equal.
    X, y, params
        Arguments of `fit` of each.
    told : callable, optional
        As in `skjacobnet.training.drive.together`.

    Returns
    -------
    list of Ended
        One for each, with the fitted estimator as its value.
    """
    start = perf_counter()
    try:
        whole, *given = first_steps_fitted(candidates[0].estimator, X, y, params)
    except Exception as error:
        return [Ended(error=error) for _ in candidates]
    share = (perf_counter() - start) / len(candidates)
    try:
        runs = runs_of([one.network for one in candidates], *given)
    except TypeError:
        # Arguments that `fit` does not have; `fit` raises the error.
        return [fit_alone(candidate, X, y, params) for candidate in candidates]
    ended = together(runs, told)
    for one in ended:
        one.seconds += share
        if one.error is None:
            one.value = whole(one.value)
    return ended


def first_steps_fitted(estimator, X, y, params):
    """Fit all steps of a pipeline except the last.

    Parameters
    ----------
    estimator : estimator
        Unfitted; nothing is done if it is not a pipeline.
    X, y, params
        Arguments of `fit`.

    Returns
    -------
    whole : callable
        Function that makes the fitted estimator from its fitted last step.
    X, y, params
        Arguments of `fit` of the last step.
    """
    if not isinstance(estimator, Pipeline):
        return (lambda network: network), X, y, params
    caught = _with_last_step(clone(estimator), Catch(last_step(estimator)))
    caught.fit(X, y, **params)
    whole = partial(_with_last_step, caught)
    return whole, *last_step(caught).given_


def runs_of(networks, X, y, params):
    """Return the runs of networks on the same rows."""
    shared = Shared()
    return [network.fit_steps(X, y, shared=shared, **params) for network in networks]


def fit_alone(candidate, X, y, params):
    """Fit one candidate by its own `fit`.

    Returns
    -------
    Ended
    """
    ended, start = Ended(), perf_counter()
    try:
        ended.value = candidate.estimator.fit(X, y, **params)
    except Exception as error:
        ended.error = error
    ended.seconds = perf_counter() - start
    return ended


def by_steps(candidates):
    """Return lists of the indices of candidates that can be fitted together.

    Parameters
    ----------
    candidates : list of Candidate

    Returns
    -------
    list of list of int
        Candidates that are not networks are alone.
    """
    groups = []
    for place, candidate in enumerate(candidates):
        if candidate.is_network:
            params = candidate.params_of_steps
            found = next((own for known, own in groups if alike(known, params)), None)
            if found is not None:
                found.append(place)
                continue
        groups.append((params if candidate.is_network else None, [place]))
    return [places for _, places in groups]


def _with_last_step(pipeline, estimator):
    """Return a copy of a pipeline with another last step."""
    found = copy(pipeline)
    name, _ = pipeline.steps[-1]
    found.steps = [*pipeline.steps[:-1], (name, estimator)]
    return found
