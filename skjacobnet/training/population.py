"""Jobs of one kind, trained side by side with stacked weights.

The NumPy calls of a step are paid once for all members. Each member ends as it would
alone, bit for bit on one BLAS thread: it draws from its own streams, the products of
matrices are taken member by member inside NumPy, and nothing is decided by looking at
several members at once.
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

# All arrays of a group together. Of M = 1 to 64 members this many were the fastest or
# within 5 % of it on six nets, in batches of 4 to 200 rows.
GROUP_BYTES = 8 * 2**20
LARGEST_GROUP = 64
# What a stack saves does not pay for two.
SMALLEST_GROUP = 3


def fits(job, other, across_tables=False):
    """Whether two jobs can be trained side by side.

    Parameters
    ----------
    job, other : Job
    across_tables : bool, default=False
        Whether they may be of different tables, which is dearer.

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
    """Return how many jobs that fit each other are trained side by side at a time.

    Parameters
    ----------
    job : Job
        One of them.
    n_jobs : int

    Returns
    -------
    int
        1 where stacking does not pay.
    """
    network, theta = job.objective.network, job.state.theta
    numbers = 4 * network.n_weights + 5 * job.parts.batch_size * sum(network.widths)
    most = min(max(1, GROUP_BYTES // (numbers * theta.itemsize)), LARGEST_GROUP)
    if min(most, n_jobs) < SMALLEST_GROUP or not _can_be_stacked(job):
        return 1
    n_groups = -(-n_jobs // most)
    return -(-n_jobs // n_groups)


def train(jobs, told=None):
    """Do jobs that fit each other.

    Parameters
    ----------
    jobs : list of Job
        Fewer than three are done one by one.
    told : callable, optional
        ``told(n_trained, n_running)`` is called after each epoch with the number of
        members in it and of those that go on.

    Returns
    -------
    outcomes : list of str or Exception
        How each job ended, as in `Outcome`, or why it could not.
    n_together : int
        How many were trained side by side.

    Raises
    ------
    KeyboardInterrupt
        If there is one before an epoch has been completed.
    """
    if len(jobs) < SMALLEST_GROUP:
        return _one_by_one(jobs, told), 1
    # A custom part may fail on stacks, though it does not say so.
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
    """An observer of a job alone that tells what a population does of its members."""

    def __init__(self, told):
        self.told = told

    @classmethod
    def observers(cls, told):
        """Return it as a list, empty where nobody is told."""
        return [] if told is None else [cls(told)]

    def epoch_begins(self, state):
        """Do nothing."""

    def epoch_ends(self, state, model):
        """Tell of the epoch of one job."""
        self.told(1, 1)

    def run_ends(self, state, model):
        """Do nothing."""

    def close(self):
        """Do nothing."""


class Member:
    """One job of a population."""

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
    """Members that are trained side by side, until each has ended.

    Parameters
    ----------
    jobs : list of Job

    Attributes
    ----------
    all_members, members : list of Member
        All, and those that go on.
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
        """Make one of each part for the members that go on."""
        jobs = [member.job for member in self.members]
        first = jobs[0].objective
        layers = _stacked_each([job.objective.network.layers for job in jobs])
        network = first.network
        if any(a is not b for a, b in zip(layers, network.layers, strict=True)):
            network = Network(layers, network.sizes[0], network.statistics)
        # With buffers of its own, so that those of a larger stack are freed.
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
        """Train for one epoch; members that end leave."""
        for member in self.members:
            member.watch.epoch_begins()
        theta, memory, optimizer = self.theta, self.memory, self.optimizer
        loss_sum = penalty_sum = 0.0
        self.rates.epoch_begins(self.step)
        # Divergence is met by an error of its own, with a cause and a way out.
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
        """Let a member take note of the epoch; return whether it ends."""
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
        """Let members leave; the last ones move into the gaps."""
        for place in reversed(places):
            member = self.members[place]
            taken_out(member.state, self.theta, self.memory, place)
            self.members[place] = self.members[-1]
            self.members.pop()
            self.theta, self.memory = leave(self.theta, self.memory, place)
        if self.members:
            self._assemble()

    def end_one_by_one(self, told):
        """Train those that are left, each by itself."""
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
            False where a member has completed none.
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
    """Compute what is left of weights in each step, once for members that agree."""
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
    """Yield the parts that see stacks, layers inside layers included."""
    parts = job.parts
    yield from (job.objective.loss, *parts.regularizers, parts.optimizer)
    layers = list(job.objective.network.layers)
    while layers:
        layer = layers.pop()
        layers.extend(layer.inner_layers)
        yield layer


def _of_one_table(job, other):
    tasks = job.table.task, other.table.task
    # Targets in one unit.
    one_unit = tasks[0] is tasks[1] or alike(*(task.rescaling() for task in tasks))
    return one_unit and one_table(job.batches, other.batches)


def _optimizers_fit(optimizer, other):
    """Whether two optimizers are stackable and remember the same things."""
    one_weight = np.zeros(1)
    return (
        stackable_with(optimizer, other)
        and optimizer.init(one_weight).keys() == other.init(one_weight).keys()
    )


def _all_stackable(parts, others):
    return len(parts) == len(others) and all(map(stackable_with, parts, others))


def _stacked_each(lists):
    return [stacked(list(parts)) for parts in zip(*lists, strict=True)]
