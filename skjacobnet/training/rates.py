"""Learning rates of runs side by side."""

import numpy as np

from skjacobnet.core.stacking import alike


class MemberRates:
    """Learning rate of each member in each step.

    Parameters
    ----------
    jobs : list of Job
        Jobs of the members. Scores for schedules are read from their states.
    """

    def __init__(self, jobs):
        self._schedules = [job.parts.schedule for job in jobs]
        self._states = [job.state for job in jobs]
        rates = [job.parts.learning_rate for job in jobs]
        one_rate = all(rate == rates[0] for rate in rates)
        self._base = rates[0] if one_rate else np.array(rates)[:, np.newaxis]
        first = self._schedules[0]
        # One call for all members if all have the same factor.
        self._one_factor = not vars(type(first)).get("depends_on_scores", True) and all(
            alike(schedule, first) and state.n_steps == self._states[0].n_steps
            for schedule, state in zip(self._schedules, self._states, strict=True)
        )
        self._factors = [1.0] * len(jobs)
        self._per_step = any(not schedule.per_epoch for schedule in self._schedules)
        self._rate = None

    def epoch_begins(self, step):
        """Update the rates that change between epochs."""
        self._rate = self._at(step, per_epoch=True)

    def __call__(self, step):
        """Return the rates of a step.

        Returns
        -------
        float, or array of shape (n_members, 1), float64
        """
        if self._per_step:
            self._rate = self._at(step, per_epoch=False)
        return self._rate

    def _at(self, step, per_epoch):
        if self._one_factor:
            schedule, n_steps = self._schedules[0], self._states[0].n_steps
            if schedule.per_epoch != per_epoch:
                return self._rate
            return self._base * schedule(step, n_steps)
        pairs = zip(self._schedules, self._states, strict=True)
        for place, (schedule, state) in enumerate(pairs):
            if schedule.per_epoch == per_epoch:
                factor = schedule(step, state.n_steps, state.scores)
                self._factors[place] = factor
        return self._base * np.array(self._factors)[:, np.newaxis]
