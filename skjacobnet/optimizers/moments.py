"""Running moments of the gradient, stored without their factors.

The textbook moments ``m = beta_1 m + (1 - beta_1) g`` and ``v = beta_2 v + (1 - beta_2)
g^2`` are linear in their factors ``1 - beta``. Here they are stored without these: ``m
= beta_1 m + g`` and ``v = beta_2 v + g^2``. The factors enter each step once, together
with the bias corrections, through two numbers that scale the learning rate and epsilon,
which saves passes over all weights. The numbers are Python floats, so the step is
exactly the textbook's and the arrays keep their dtype.
"""

import math

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.core.numbers import exact, power
from skjacobnet.optimizers.blocks import blocks, zeros_and_scratch
from skjacobnet.optimizers.numbers import numbers_for

DECAY_RATE = Interval(0.0, 1.0, "left")
POSITIVE = Interval(0.0, math.inf, "neither")


def accumulate(moment, gradient, decay):
    """Set ``moment = decay * moment + gradient`` in place."""
    np.multiply(moment, decay, moment)
    np.add(moment, gradient, moment)


def accumulate_square(moment, gradient, decay, scratch):
    """Set ``moment = decay * moment + gradient**2`` in place."""
    np.multiply(moment, decay, moment)
    np.multiply(gradient, gradient, scratch)
    np.add(moment, scratch, moment)


def first_factor(beta_1, step):
    """Return the ratio of the corrected first moment to the stored one."""
    return (1.0 - beta_1) / (1.0 - power(beta_1, step))


def second_root(beta_2, step):
    """Return the ratio of the roots of the stored and the corrected second moment.

    With it, ``1 / (sqrt(corrected) + epsilon)`` is
    ``second_root / (sqrt(moment) + epsilon * second_root)``.
    """
    return root((1.0 - power(beta_2, step)) / (1.0 - beta_2))


def root(value):
    """Return the square root of a number, or of one for each member."""
    return np.sqrt(value) if isinstance(value, np.ndarray) else math.sqrt(value)


def adam_init(theta, amsgrad):
    """Return the initial state of Adam and AdamW."""
    state = zeros_and_scratch(theta, "first_moment", "second_moment")
    state["step"] = 0
    # NumPy reads a number from a 0-d array a third of a microsecond faster than from
    # Python: in all a fortieth of a training step on a small network.
    state["numbers"] = tuple(np.zeros((), theta.dtype) for _ in range(3))
    if amsgrad:
        state["largest_second_moment"] = np.zeros_like(theta)
    return state


def adam_step(
    theta, gradient, state, learning_rate, *, beta_1, beta_2, epsilon, amsgrad
):
    """Take one step of Algorithm 1 of Kingma and Ba, with ten calls of ufuncs."""
    state["step"] += 1
    numbers_of = _of_one if theta.ndim == 1 else _of_stack
    rate, decay_1, decay_2, floor = numbers_of(
        theta, state, learning_rate, beta_1, beta_2, epsilon
    )
    for (
        theta,
        gradient,
        first,
        second,
        largest,
        scratch,
        rate,
        decay_1,
        decay_2,
        floor,
    ) in blocks(
        theta,
        gradient,
        state["first_moment"],
        state["second_moment"],
        state["largest_second_moment"] if amsgrad else None,
        state["scratch"],
        rate,
        decay_1,
        decay_2,
        floor,
    ):
        accumulate(first, gradient, decay_1)
        accumulate_square(second, gradient, decay_2, scratch)
        if amsgrad:
            second = np.maximum(largest, second, out=largest)
        np.sqrt(second, scratch)
        np.add(scratch, floor, scratch)
        np.divide(first, scratch, scratch)
        np.multiply(scratch, rate, scratch)
        np.subtract(theta, scratch, theta)


def _of_one(theta, state, learning_rate, beta_1, beta_2, epsilon):
    """Return the rate of a step, both decays and epsilon, of one network."""
    step, beta_1, beta_2 = state["step"], float(beta_1), float(beta_2)
    # `first_factor` and `second_root`, inlined.
    scale = math.sqrt((1.0 - beta_2**step) / (1.0 - beta_2))
    rate = learning_rate * ((1.0 - beta_1) / (1.0 - beta_1**step) * scale)
    decay_1, decay_2, floor = state["numbers"]
    decay_1[()], decay_2[()], floor[()] = beta_1, beta_2, float(epsilon) * scale
    return rate, decay_1, decay_2, floor


def _of_stack(theta, state, learning_rate, beta_1, beta_2, epsilon):
    """Return the same for a stack, where they may differ by member."""
    step, beta_1, beta_2 = state["step"], exact(beta_1), exact(beta_2)
    scale = second_root(beta_2, step)
    factor = first_factor(beta_1, step) * scale
    numbers = beta_1, beta_2, exact(epsilon) * scale
    return numbers_for(theta, learning_rate, factor, *numbers)
