import math
from itertools import pairwise

import pytest
from sklearn.base import clone

from skjacobnet.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    FlatCosine,
    InverseScaling,
    OneCycle,
    Plateau,
    Step,
    Warmup,
)

SCORES = [0.5, 0.6, 0.6, 0.6, 0.55, 0.6, 0.6, 0.6, 0.7, 0.7]

FALLING = [
    Constant(),
    Cosine(),
    Cosine(final=0.3),
    Exponential(),
    Exponential(final=1.0),
    InverseScaling(),
    InverseScaling(power=0.0),
    Step(),
    Step(factor=0.5, milestones=(0.9, 0.1, 0.1)),
    OneCycle(warmup=0.0),
    FlatCosine(warmup=0.0),
    FlatCosine(warmup=0.0, anneal_from=0.99),
    Plateau(),
    Warmup("cosine", fraction=0.0),
]
RISING_FIRST = [
    OneCycle(),
    OneCycle(warmup=0.9, start=0.5, final=0.5),
    FlatCosine(),
    FlatCosine(warmup=0.9, anneal_from=0.2),
    FlatCosine(warmup=0.5, anneal_from=0.0),
    Warmup(),
    Warmup("exponential", fraction=0.5),
    Warmup(OneCycle(), fraction=0.2),
    Warmup(Plateau(patience=1), fraction=0.99),
]


def factors(schedule, n_steps, monitored=()):
    return [schedule(step, n_steps, monitored) for step in range(n_steps)]


def approx(values):
    return pytest.approx(values, rel=1e-12, abs=1e-15)


def test_names():
    assert SCHEDULES.names == [
        "constant",
        "cosine",
        "exponential",
        "flat_cosine",
        "inverse_scaling",
        "one_cycle",
        "plateau",
        "step",
        "warmup",
    ]


@pytest.mark.parametrize("n_steps", [1, 2, 3, 10, 997])
@pytest.mark.parametrize("schedule", FALLING + RISING_FIRST)
def test_factors_are_positive_floats_of_at_most_one(schedule, n_steps):
    for factor in factors(schedule, n_steps, SCORES):
        assert type(factor) is float
        assert 0.0 < factor <= 1.0


@pytest.mark.parametrize("n_steps", [1, 10])
@pytest.mark.parametrize("schedule", FALLING + RISING_FIRST)
def test_beyond_the_end_the_factor_stays(schedule, n_steps):
    last = schedule(n_steps, n_steps, SCORES)
    assert schedule(n_steps + 1, n_steps, SCORES) == last
    assert schedule(100 * n_steps, n_steps, SCORES) == last
    assert 0.0 <= last <= schedule(n_steps - 1, n_steps, SCORES)


@pytest.mark.parametrize("schedule", FALLING)
def test_falling_schedules_never_rise(schedule):
    values = factors(schedule, 50)
    assert values[0] == 1.0
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("schedule", FALLING + RISING_FIRST)
def test_a_call_changes_nothing(schedule):
    before = clone(schedule).get_params(deep=False)
    first = factors(schedule, 7, tuple(SCORES))
    assert repr(schedule.get_params(deep=False)) == repr(before)
    assert factors(schedule, 7, tuple(SCORES)) == first


@pytest.mark.parametrize("schedule", FALLING + RISING_FIRST)
def test_valid_examples_pass_validation(schedule):
    assert SCHEDULES.resolve(schedule) is schedule


def test_only_plateau_changes_between_epochs_alone():
    assert {s.name for s in SCHEDULES.classes if s.per_epoch} == {"plateau"}


def test_constant():
    assert factors(Constant(), 4) == [1.0, 1.0, 1.0, 1.0]


def test_cosine():
    # (1 + cos) / 2 at 0, 60, 90, 120 and 180 degrees.
    schedule = Cosine()
    steps = (0, 4, 6, 8, 12)
    assert [schedule(s, 12) for s in steps] == approx([1.0, 0.75, 0.5, 0.25, 0.0])
    schedule = Cosine(final=0.2)
    assert [schedule(s, 12) for s in steps] == approx([1.0, 0.8, 0.6, 0.4, 0.2])


def test_exponential():
    assert factors(Exponential(final=1e-4), 4) == approx([1.0, 0.1, 0.01, 0.001])
    assert Exponential()(10, 10) == approx(0.01)


def test_step():
    schedule = Step(factor=0.5, milestones=(0.3, 0.6, 0.6))
    assert factors(schedule, 10) == [1.0] * 3 + [0.5] * 3 + [0.125] * 4
    assert Step(milestones=())(9, 10) == 1.0


def test_inverse_scaling():
    schedule = InverseScaling(power=2.0)
    assert factors(schedule, 4) == approx([1.0, 1 / 4, 1 / 9, 1 / 16])
    assert InverseScaling()(15, 100) == 0.25


def test_one_cycle():
    # Up from 0.04 to 1 over three of ten steps, and at the middle of the way down,
    # (1 + 1e-4) / 2. One third of half a turn leaves (1 + 1/2) / 2 of the way.
    schedule = OneCycle()
    values = factors(schedule, 20)
    assert values[0] == approx(0.04)
    assert values[2] == approx(0.04 + 0.96 * 0.25)
    assert values[3] == approx(0.52)
    assert values[6] == approx(1.0)
    assert values[13] == approx(0.50005)
    assert schedule(20, 20) == approx(1e-4)
    assert values[:7] == sorted(values[:7])
    assert values[6:] == sorted(values[6:], reverse=True)


def test_one_cycle_is_continuous_at_its_peak():
    n_steps = 10**6
    for step in (299_999, 300_000, 300_001):
        assert math.isclose(OneCycle()(step, n_steps), 1.0, abs_tol=1e-9)


def test_flat_cosine():
    # Middles of ten steps: up over the first two, then 3/4 and 1/4 of the way down,
    # (1 + cos(45 degrees)) / 2 and the rest to 1.
    half, schedule = 0.25 * math.sqrt(2.0), FlatCosine(warmup=0.2, anneal_from=0.8)
    assert factors(schedule, 10) == approx(
        [0.25, 0.75] + [1.0] * 6 + [0.5 + half, 0.5 - half]
    )
    # A step in the middle of the fall has half the factor.
    assert factors(FlatCosine(warmup=0.0, anneal_from=0.0), 3) == approx(
        [0.5 + 0.25 * math.sqrt(3.0), 0.5, 0.5 - 0.25 * math.sqrt(3.0)]
    )


def test_flat_cosine_has_three_parts():
    values = factors(FlatCosine(), 200)
    # A tenth of the run rises by equal steps, and half of it falls.
    assert values[:20] == approx([(k + 0.5) / 20 for k in range(20)])
    assert values[20:100] == [1.0] * 80
    falls = [a - b for a, b in pairwise(values[99:])]
    assert min(falls) > 0.0
    # First ever faster, then ever slower, and the same upside down.
    assert falls[1:51] == sorted(falls[1:51])
    assert [1.0 - value for value in values[100:]] == approx(values[:99:-1])


@pytest.mark.parametrize(
    ("warmup", "anneal_from"), [(0.1, 0.5), (0.0, 0.0), (0.3, 0.3), (0.6, 0.9)]
)
def test_the_sum_of_flat_cosine(warmup, anneal_from):
    """What decay and rate add up to is known: halves of the rise and of the fall."""
    mean = 1.0 - 0.5 * warmup - 0.5 * (1.0 - anneal_from)
    for n_steps in (10, 250):
        values = factors(FlatCosine(warmup, anneal_from), n_steps)
        assert sum(values) == pytest.approx(mean * n_steps, rel=1e-12)


@pytest.mark.parametrize(
    ("warmup", "anneal_from"), [(0.1, 0.5), (0.5, 0.5), (0.9, 0.2), (0.4, 0.0)]
)
def test_flat_cosine_is_continuous(warmup, anneal_from):
    n_steps, steepest = 100_000, max(1.0 / warmup, 0.5 * math.pi / (1 - anneal_from))
    values = [0.0, *factors(FlatCosine(warmup, anneal_from), n_steps + 1)]
    jumps = [abs(b - a) for a, b in pairwise(values)]
    assert max(jumps) <= 1.001 * steepest / n_steps


def test_flat_cosine_without_a_plateau_is_the_smaller_one():
    rise = factors(FlatCosine(warmup=0.6, anneal_from=0.99), 50)[:30]
    fall = factors(FlatCosine(warmup=0.0, anneal_from=0.2), 50)
    values = factors(FlatCosine(warmup=0.6, anneal_from=0.2), 50)
    assert values[:30] == [min(pair) for pair in zip(rise, fall[:30], strict=True)]
    assert values[30:] == fall[30:]
    top = values.index(max(values))
    assert 10 < top < 30
    assert values == sorted(values[: top + 1]) + sorted(values[top + 1 :], reverse=True)


def test_flat_cosine_in_runs_of_a_few_steps():
    assert factors(FlatCosine(), 1) == [1.0]
    assert factors(FlatCosine(warmup=0.0), 1) == [1.0]
    assert factors(FlatCosine(warmup=0.8), 1) == approx([0.625])
    assert factors(FlatCosine(anneal_from=0.0), 1) == approx([0.5])
    half = 0.25 * math.sqrt(2.0)
    assert factors(FlatCosine(), 2) == approx([1.0, 0.5])
    assert factors(FlatCosine(), 4) == approx([1.0, 1.0, 0.5 + half, 0.5 - half])
    for step in (4, 5, 400):
        assert FlatCosine()(step, 4) == 0.0


@pytest.mark.parametrize(
    ("scores", "factor"),
    [
        ([], 1.0),
        ([0.5], 1.0),
        ([0.5, 0.5], 1.0),
        ([0.5, 0.5, 0.5], 0.25),
        # Counted anew after a division.
        ([0.5, 0.5, 0.5, 0.5], 0.25),
        ([0.5, 0.5, 0.5, 0.5, 0.5], 0.0625),
        # A gain in between starts the count anew.
        ([0.5, 0.5, 0.7, 0.7], 1.0),
        ([0.5, 0.5, 0.7, 0.7, 0.6], 0.25),
        # The gain is measured from the best score, not from the last.
        ([0.5, 0.2, 0.4], 0.25),
        # A gain of tol is none, and creeping gains are none either.
        ([0.5, 0.625, 0.75], 0.25),
        ([0.5, 0.5625, 0.6875], 0.25),
        ([0.5, 0.5, 0.65], 1.0),
        # Scores may be negative, and not a number is no gain.
        ([-9.0, -5.0, -6.0, -5.5], 0.25),
        ([0.5, math.nan, math.nan, 0.9], 0.25),
        ([math.nan, 0.5, 0.5], 1.0),
    ],
)
def test_plateau(scores, factor):
    schedule = Plateau(divisor=4.0, patience=2, tol=0.125)
    assert schedule(3, 10, scores) == factor
    assert schedule(0, 1, tuple(scores)) == factor


def test_plateau_defaults():
    scores = [0.5] * 11
    values = [Plateau()(0, 1, scores[:n]) for n in range(12)]
    assert values == approx([1.0] * 6 + [0.2] * 5 + [0.04])


def test_warmup_rises_to_one_and_stays():
    assert factors(Warmup(fraction=0.4), 10) == approx([0.25, 0.5, 0.75] + [1.0] * 7)


@pytest.mark.parametrize("inner", [Cosine(), Exponential(), Step(), OneCycle()])
def test_warmup_is_followed_by_the_schedule_of_the_remaining_steps(inner):
    values = factors(Warmup(inner, fraction=0.2), 20)
    assert values[4:] == factors(inner, 16)
    first = inner(0, 16)
    assert values[:4] == approx([first * k / 4 for k in (1, 2, 3, 4)])


def test_warmup_takes_a_name_or_an_instance():
    assert factors(Warmup("step"), 30) == factors(Warmup(Step()), 30)
    assert factors(Warmup("step"), 30) != factors(Warmup(Step(0.2)), 30)


def test_warmup_hands_the_scores_on():
    schedule = Warmup(Plateau(divisor=2.0, patience=1), fraction=0.5)
    scores = [0.5, 0.5]
    assert factors(schedule, 4, scores) == [0.25, 0.5, 0.5, 0.5]


def test_warmup_in_a_warmup():
    schedule = Warmup(Warmup("constant", fraction=0.5), fraction=0.2)
    # Two steps of the outer rise at the inner's first factor 1/4, then the inner one.
    assert factors(schedule, 10) == approx(
        [0.125, 0.25, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]
    )


def test_a_warmup_leaves_at_least_one_step():
    assert factors(Warmup(fraction=0.99), 1) == [1.0]
    assert factors(Warmup(fraction=0.99), 2) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Cosine(final=-0.1), r"Cosine: final must be a number in \[0.0, 1.0\]"),
        (
            Exponential(final=0.0),
            r"Exponential: final must be a number in \(0.0, 1.0\]",
        ),
        (Step(factor=0.0), "Step: factor"),
        (Step(milestones=(0.5, 1.5)), "Step: each of milestones .* got 1.5"),
        (Step(milestones=0.5), "Step: milestones must be a sequence"),
        (Step(milestones="0.5"), "Step: milestones must be a sequence"),
        (InverseScaling(power=-1.0), "InverseScaling: power"),
        (OneCycle(warmup=1.0), "OneCycle: warmup"),
        (OneCycle(start=0.0), "OneCycle: start"),
        (OneCycle(final=2.0), "OneCycle: final"),
        (
            FlatCosine(warmup=1.0),
            r"FlatCosine: warmup must be a number in \[0.0, 1.0\)",
        ),
        (FlatCosine(warmup=-0.1), "FlatCosine: warmup"),
        (FlatCosine(anneal_from=1.0), "FlatCosine: anneal_from"),
        (FlatCosine(anneal_from="half"), "FlatCosine: anneal_from"),
        (Plateau(divisor=1.0), "Plateau: divisor"),
        (Plateau(patience=0), "Plateau: patience"),
        (Plateau(patience=2.5), "Plateau: patience must be an integer"),
        (Plateau(tol=-1e-4), "Plateau: tol"),
        (Warmup(fraction=1.0), "Warmup: fraction"),
        (Warmup("cosin"), "Did you mean 'cosine'"),
        (Warmup(Cosine(final=2.0)), "Cosine: final"),
        (Warmup(0.5), "schedule must be the name of a schedule"),
    ],
)
def test_wrong_arguments_are_refused(schedule, message):
    with pytest.raises((TypeError, ValueError), match=message):
        SCHEDULES.resolve(schedule)


def test_nested_parameters_reach_the_inner_schedule():
    schedule = Warmup(Cosine(), fraction=0.1).set_params(schedule__final=0.5)
    assert schedule(100, 100) == 0.5
