"""Populations: jobs of one kind, trained side by side with stacked weights.

One set of NumPy calls does a step of all members. The result of each member is
bit-identical to that of its job alone on one BLAS thread: it draws from separate
streams, matrix products are computed member by member inside NumPy, and no decision
depends on several members.
"""

import math

import numpy as np
from scipy.sparse import issparse

from skjacobnet.core.stacking import alike, stackable_with, stacked
from skjacobnet.core.streams import Streams
from skjacobnet.data.member_batches import MemberBatches, one_table, side_by_side
from skjacobnet.network import Network
from skjacobnet.training.member_state import joined, leave, taken_out
from skjacobnet.training.objective import Objective
from skjacobnet.training.optimize import begin, carry_on, optimize
from skjacobnet.training.rates import MemberRates
from skjacobnet.training.total_decay import MemberDecay, kept_by_step
from skjacobnet.training.watch import Watch, diverged

# Bytes of all arrays of a group. Among M = 1 to 64 members groups of this size were the
# fastest or within 5 % of it on six networks, in batches of 4 to 200 rows.
GROUP_BYTES = 8 * 2**20
LARGEST_GROUP = 64
# Stacking does not pay for two jobs.
SMALLEST_GROUP = 3


def fits(job, other, across_tables=False):
    """Whether two jobs can be trained side by side.

    Parameters
    ----------
    job, other : Job
    across_tables : bool, default=False
        Whether they may have different tables, which is slower.

    Returns
    -------
    bool
    """
    if not (_can_be_stacked(job) and _can_be_stacked(other)):
        return False
    own, others = job.objective, other.objective
    states = job.state, other.state
    return (
        own.network.sizes == others.network.sizes
        and states[0].theta.dtype == states[1].theta.dtype
        and states[0].step == states[1].step
        and job.parts.shuffle == other.parts.shuffle
        and _all_stackable(own.network.layers, others.network.layers)
        and np.array_equal(own.network.statistics, others.network.statistics)
        and stackable_with(own.loss, others.loss)
        and _all_stackable(job.parts.regularizers, other.parts.regularizers)
        and _optimizers_fit(job.parts.optimizer, other.parts.optimizer)
        and job.table.task.same_as(other.table.task)
        and side_by_side(job.batches, other.batches)
        and (across_tables or _of_one_table(job, other))
    )


def group_size(job, n_jobs):
    """Return the number of compatible jobs to train side by side.

    Parameters
    ----------
    job : Job
        One of the jobs.
    n_jobs : int

    Returns
    -------
    int
        Group size, 1 if stacking does not pay.
    """
    network, theta = job.objective.network, job.state.theta
    numbers = 4 * network.n_weights + 5 * job.parts.batch_size * sum(network.widths)
    most = min(max(1, GROUP_BYTES // (numbers * theta.itemsize)), LARGEST_GROUP)
    if min(most, n_jobs) < SMALLEST_GROUP or not _can_be_stacked(job):
        return 1
    n_groups = -(-n_jobs // most)
    return -(-n_jobs // n_groups)


def train(jobs, told=None):
    """Run compatible jobs.

    Parameters
    ----------
    jobs : list of Job
        Jobs; fewer than three are run one by one.
    told : callable, optional
        ``told(n_trained, n_running)`` is called after each epoch with the numbers of
        trained and of continuing members.

    Returns
    -------
    outcomes : list of str or Exception
        How each job ended, as in `Outcome`, or its error.
    n_together : int
        Number of jobs trained side by side.

    Raises
    ------
    KeyboardInterrupt
        At an interrupt before the end of the first epoch.
    """
    if len(jobs) < SMALLEST_GROUP:
        return _one_by_one(jobs, told), 1
    # A custom part may fail on stacks without stackable = False.
    saved = [job.state.copy() for job in jobs] if _has_custom_parts(jobs[0]) else None
    try:
        return _side_by_side(jobs, told), len(jobs)
    except Exception:
        if saved is None:
            raise
    for job, state in zip(jobs, saved, strict=True):
        vars(job.state).update(vars(state))
    return _one_by_one(jobs, told), 1


def _side_by_side(jobs, told):
    population = Population(jobs)
    try:
        while len(population.members) >= SMALLEST_GROUP:
            n_trained = len(population.members)
            population.epoch()
            if told is not None:
                told(n_trained, len(population.members))
    except KeyboardInterrupt:
        if not population.roll_back():
            raise
    population.end_one_by_one(told)
    return [member.ended_by for member in population.all_members]


def _one_by_one(jobs, told):
    outcomes = []
    for job in jobs:
        try:
            outcomes.append(optimize(job, Telling.observers(told)))
        except Exception as error:
            outcomes.append(error)
    return outcomes


class Telling:
    """Observer that reports the epochs of a single job like those of a population."""

    def __init__(self, told):
        self.told = told

    @classmethod
    def observers(cls, told):
        """Return it in a list, empty without `told`."""
        return [] if told is None else [cls(told)]

    def epoch_begins(self, state):
        """Do nothing."""

    def epoch_ends(self, state, model):
        """Report the epoch of one job."""
        self.told(1, 1)

    def run_ends(self, state, model):
        """Do nothing."""

    def close(self):
        """Do nothing."""


class Member:
    """Job in a population."""

    def __init__(self, job):
        self.job = job
        self.state = job.state
        n_epochs = begin(job)
        self.first_epoch = job.state.epoch
        self.last_epoch = job.state.epoch + n_epochs
        self.watch = Watch(job.state, monitor=job.monitor, model=job.model)
        self.ended_by = None
        job.state.prepare(job.parts.optimizer)
        self.kept = None


class Population:
    """Members trained side by side until each has ended.

    Parameters
    ----------
    jobs : list of Job

    Attributes
    ----------
    all_members, members : list of Member
        All members, and those still in training.
    """

    def __init__(self, jobs):
        self.all_members = [Member(job) for job in jobs]
        self.members = list(self.all_members)
        self.theta = np.stack([job.state.theta for job in jobs])
        self.step = jobs[0].state.step
        _decay_together(self.members)
        self._assemble()
        states = [member.state for member in self.members]
        self.memory = joined(self.optimizer, self.theta, states)

    def _assemble(self):
        """Build stacked parts for the members still in training."""
        jobs = [member.job for member in self.members]
        first = jobs[0].objective
        layers = _stacked_each([job.objective.network.layers for job in jobs])
        network = first.network
        if any(a is not b for a, b in zip(layers, network.layers, strict=True)):
            network = Network(layers, network.sizes[0], network.statistics)
        # With new buffers, so that those of a larger stack are freed.
        self.objective = Objective(
            network,
            stacked([job.objective.loss for job in jobs]),
            first.link,
            _stacked_each([job.parts.regularizers for job in jobs]),
        )
        self.optimizer = stacked([job.parts.optimizer for job in jobs])
        self.decay_mask = network.decay_mask(self.theta.dtype)
        states = [member.state for member in self.members]
        shuffles = jobs[0].parts.shuffle
        self.batches = MemberBatches(
            [job.batches for job in jobs],
            [state.shuffle_rng for state in states] if shuffles else None,
        )
        self.streams = Streams([state.noise_rng for state in states])
        self.rates = MemberRates(jobs)
        kept = [member.kept for member in self.members]
        self.decay = None
        if any(own is not None for own in kept):
            self.decay = MemberDecay(kept, network.penalized(self.theta))
        for member, theta in zip(self.members, self.theta, strict=True):
            member.state.theta = theta
            member.watch.share = 1.0 / len(jobs)

    def epoch(self):
        """Train for one epoch; finished members leave."""
        for member in self.members:
            member.watch.epoch_begins()
        theta, memory, optimizer = self.theta, self.memory, self.optimizer
        loss_sum = penalty_sum = 0.0
        self.rates.epoch_begins(self.step)
        # Divergence raises a separate error with the cause and the remedy.
        with np.errstate(all="ignore"):
            for X, y, sample_weight in self.batches.epoch():
                loss, penalty, gradient = self.objective(
                    theta, X, y, sample_weight, self.streams
                )
                rate = self.rates(self.step)
                if self.decay is not None:
                    self.decay.step(self.step)
                optimizer.step(theta, gradient, memory, rate, self.decay_mask)
                self.step += 1
                n_rows = y.shape[-2]
                loss_sum += n_rows * np.asarray(loss, np.float64)
                penalty_sum += n_rows * np.asarray(penalty, np.float64)
            norms = np.sqrt(np.vecdot(gradient, gradient))
        n_members = len(self.members)
        numbers = [
            np.broadcast_to(total, n_members).tolist()
            for total in (
                loss_sum / self.batches.n_rows,
                penalty_sum / self.batches.n_rows,
                np.ravel(rate),
                norms.astype(np.float64),
            )
        ]
        ended = [
            place
            for place, (member, *own) in enumerate(
                zip(self.members, *numbers, strict=True)
            )
            if self._epoch_ends(member, theta[place], *own)
        ]
        if ended:
            self._leave(ended)

    def _epoch_ends(self, member, theta, loss, penalty, rate, norm):
        """Record the epoch of a member; return whether it ends."""
        state, watch = member.state, member.watch
        state.step = self.step
        try:
            if not math.isfinite(loss + penalty):
                raise diverged("The loss", state.epoch + 1, rate)
            if not np.isfinite(theta).all():
                raise diverged("A weight", state.epoch + 1, rate)
            stops = watch.epoch_ends(theta, loss, penalty, rate, norm, {})
        except Exception as error:
            member.ended_by = error
            return True
        if stops or state.epoch >= member.last_epoch:
            member.ended_by = watch.ended_by
            return True
        return False

    def _leave(self, places):
        """Remove members; the last ones move into the gaps."""
        for place in reversed(places):
            member = self.members[place]
            taken_out(member.state, self.theta, self.memory, place)
            self.members[place] = self.members[-1]
            self.members.pop()
            self.theta, self.memory = leave(self.theta, self.memory, place)
        if self.members:
            self._assemble()

    def end_one_by_one(self, told):
        """Train the remaining members one by one."""
        for place, member in enumerate(self.members):
            taken_out(member.state, self.theta, self.memory, place)
            n_epochs = member.last_epoch - member.state.epoch
            member.watch.observers = Telling.observers(told)
            try:
                member.ended_by = carry_on(
                    member.job, member.watch, n_epochs, member.first_epoch
                )
            except Exception as error:
                member.ended_by = error
        self.members = []

    def roll_back(self):
        """Return to the end of the last complete epoch, after an interrupt.

        Returns
        -------
        bool
            False if a member has completed no epoch.
        """
        if any(member.state.epoch == member.first_epoch for member in self.members):
            return False
        for place, member in enumerate(self.members):
            taken_out(member.state, self.theta, self.memory, place)
            member.watch.roll_back()
            member.ended_by = member.watch.ended_by
        self.members = []
        return True


def _decay_together(members):
    """Compute the decay factors of each step, once for equal members."""
    known = []
    for member in members:
        parts, n_steps = member.job.parts, member.state.n_steps
        key = parts.total_weight_decay, parts.schedule, n_steps
        if key[0]:
            found = next((kept for k, kept in known if alike(k, key)), None)
            member.kept = kept_by_step(*key) if found is None else found
            known.append((key, member.kept))


def _can_be_stacked(job):
    looked_at = job.observers or job.record is not None
    sparse = issparse(job.table.X) and job.table.encoded is None
    return not (job.parts.full_batch or looked_at or sparse) and all(
        part.stackable for part in _all_parts(job)
    )


def _has_custom_parts(job):
    package = __name__.partition(".")[0]
    return any(
        type(part).__module__.partition(".")[0] != package for part in _all_parts(job)
    )


def _all_parts(job):
    """Yield the parts that process stacks, inner layers included."""
    parts = job.parts
    yield from (job.objective.loss, *parts.regularizers, parts.optimizer)
    layers = list(job.objective.network.layers)
    while layers:
        layer = layers.pop()
        layers.extend(layer.inner_layers)
        yield layer


def _of_one_table(job, other):
    tasks = job.table.task, other.table.task
    # Targets in the same unit.
    one_unit = tasks[0] is tasks[1] or alike(*(task.rescaling() for task in tasks))
    return one_unit and one_table(job.batches, other.batches)


def _optimizers_fit(optimizer, other):
    """Whether two optimizers are stackable and have the same kind of state."""
    one_weight = np.zeros(1)
    return (
        stackable_with(optimizer, other)
        and optimizer.init(one_weight).keys() == other.init(one_weight).keys()
    )


def _all_stackable(parts, others):
    return len(parts) == len(others) and all(map(stackable_with, parts, others))


def _stacked_each(lists):
    return [stacked(list(parts)) for parts in zip(*lists, strict=True)]
