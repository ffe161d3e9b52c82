"""Constraints on constructor arguments, with errors that name the allowed values."""

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np


@dataclass(frozen=True)
class Interval:
    """Interval of numbers from ``low`` to ``high``.

    Parameters
    ----------
    low, high : float
        Ends of the interval; ``inf`` for no bound.
    closed : {"both", "left", "right", "neither"}, default="both"
        Ends that belong to the interval. An infinite end never does.
    integer : bool, default=False
        Whether only integers are allowed.
    allowed : tuple, default=()
        Further allowed values, such as ``None`` or ``"auto"``.

    Examples
    --------
    >>> Interval(0, 1, closed="left").check(0.5, "momentum")
    >>> Interval(0, 1, closed="left").check(1.5, "momentum")
    Traceback (most recent call last):
    ValueError: momentum must be a number in [0, 1), got 1.5.
    """

    low: float
    high: float
    closed: str = "both"
    integer: bool = False
    allowed: tuple = ()

    def __str__(self):
        left = "[" if self.closed in ("both", "left") else "("
        right = "]" if self.closed in ("both", "right") else ")"
        left, right = (
            "(" if self.low == -float("inf") else left,
            ")" if self.high == float("inf") else right,
        )
        kind = "an integer" if self.integer else "a number"
        text = f"{kind} in {left}{self.low}, {self.high}{right}"
        return " or ".join([text, *map(repr, self.allowed)])

    def __contains__(self, value):
        above = (
            value >= self.low if self.closed in ("both", "left") else value > self.low
        )
        below = (
            value <= self.high
            if self.closed in ("both", "right")
            else value < self.high
        )
        return bool(above and below and abs(value) != float("inf"))

    def check(self, value, parameter):
        """Raise a TypeError or ValueError that names the parameter and the value."""
        if any(type(value) is type(v) and value == v for v in self.allowed):
            return
        kind = Integral if self.integer else Real
        if isinstance(value, bool) or not isinstance(value, kind):
            raise TypeError(f"{parameter} must be {self}, got {value!r}.")
        if value not in self:
            raise ValueError(f"{parameter} must be {self}, got {value!r}.")


@dataclass(frozen=True)
class OneOf:
    """One of several values.

    Examples
    --------
    >>> OneOf("l1", "kl").check("l2", "form")
    Traceback (most recent call last):
    ValueError: form must be one of 'l1', 'kl', got 'l2'.
    """

    values: tuple

    def __init__(self, *values):
        object.__setattr__(self, "values", values)

    def check(self, value, parameter):
        """Raise a ValueError that names the parameter, the choices and the value."""
        if not any(type(value) is type(v) and value == v for v in self.values):
            choices = ", ".join(map(repr, self.values))
            raise ValueError(f"{parameter} must be one of {choices}, got {value!r}.")


class Boolean:
    """Boolean parameter of Python or NumPy."""

    def check(self, value, parameter):
        """Raise a TypeError that names the parameter and the value."""
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{parameter} must be True or False, got {value!r}.")


BOOLEAN = Boolean()
