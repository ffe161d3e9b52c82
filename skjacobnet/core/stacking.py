"""Parts of networks trained side by side."""

from copy import copy

import numpy as np

from skjacobnet.core.component import Component


def member_numbers(part):
    """Return the names of arguments that may differ by member, as a tuple.

    Only those declared by the class of the part itself, not by its base classes.
    """
    return vars(type(part)).get("member_numbers", ())


def alike(value, other, but=()):
    """Whether two values are equal.

    Parameters
    ----------
    value, other : object
        Values; parts are compared by class and arguments, lists and dicts entry by
        entry.
    but : tuple of str
        Arguments of a part that may differ.

    Examples
    --------
    >>> from skjacobnet.optimizers import Adam
    >>> alike([1, Adam()], [1, Adam()]), alike(Adam(), Adam(beta_1=0.5))
    (True, False)
    >>> alike(Adam(), Adam(beta_1=0.5), but=("beta_1",))
    True
    """
    if value is other:
        return True
    if type(value) is not type(other):
        return False
    if isinstance(value, Component):
        # A part holds only its arguments.
        own, others = vars(value), vars(other)
        return own.keys() == others.keys() and all(
            name in but or alike(own[name], others[name]) for name in own
        )
    if isinstance(value, np.ndarray):
        return np.array_equal(value, other)
    if isinstance(value, list | tuple):
        return len(value) == len(other) and all(map(alike, value, other))
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(
            alike(value[key], other[key]) for key in value
        )
    try:
        return bool(value == other)
    except ValueError:  # tables, which are not compared
        return False


def stackable_with(part, other):
    """Whether two parts differ only in numbers that may differ by member."""
    return alike(part, other, but=member_numbers(part))


def stacked(parts):
    """Return one part for all members of a stack.

    Parameters
    ----------
    parts : list of Component
        One for each member, `stackable_with` each other.

    Returns
    -------
    Component
        The first part if all are equal, else a copy with an array ``(n_members,)`` for
        each number that differs.

    Examples
    --------
    >>> from skjacobnet.optimizers import Adam
    >>> stacked([Adam(beta_1=0.5), Adam(beta_1=0.75)]).beta_1
    array([0.5 , 0.75])
    """
    found = parts[0]
    for name in member_numbers(found):
        numbers = [float(getattr(part, name)) for part in parts]
        if any(number != numbers[0] for number in numbers):
            found = copy(found) if found is parts[0] else found
            setattr(found, name, np.array(numbers))
    return found
