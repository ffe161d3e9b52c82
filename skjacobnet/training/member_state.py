"""What an optimizer remembers, of several members in one state and of each alone."""

import numpy as np


def joined(optimizer, theta, states):
    """Return the state of an optimizer for a stack, from those of its members.

    Parameters
    ----------
    optimizer : Optimizer
        That of the stack.
    theta : array of shape (n_members, n_weights)
    states : list of RunState
        With an `optimizer_state` each.

    Returns
    -------
    dict
    """
    memory = optimizer.init(theta)
    for name, value in memory.items():
        own = [state.optimizer_state[name] for state in states]
        if _is_row(own[0], theta, value):
            value[...] = own
        elif isinstance(value, int | float):
            different = any(number != own[0] for number in own)
            memory[name] = np.array(own) if different else own[0]
    return memory


def taken_out(state, theta, memory, place):
    """Give a member its own weights and its own memory, copied from those of a stack.

    Parameters
    ----------
    state : RunState
        That of the member, changed.
    theta : array of shape (n_members, n_weights)
    memory : dict
    place : int
        Of the member in the stack.
    """
    state.theta = theta[place].copy()
    for name, value in state.optimizer_state.items():
        found = memory[name]
        if _is_row(value, theta, found):
            value[...] = found[place]
        elif isinstance(value, int | float):
            many = isinstance(found, np.ndarray)
            state.optimizer_state[name] = found[place].item() if many else found


def leave(theta, memory, place):
    """Let the last member of a stack move to the place of one that leaves.

    Returns
    -------
    theta : array of shape (n_members - 1, n_weights)
    memory : dict
        Views of what they were.
    """
    n_members = len(theta)

    def without(value):
        if isinstance(value, tuple):
            return tuple(map(without, value))
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            return value
        if len(value) == n_members:
            value[place] = value[-1]
        return value[: n_members - 1]

    memory = {name: without(value) for name, value in memory.items()}
    return without(theta), memory


def _is_row(value, theta, of_stack):
    """Whether a value has a number for each weight, in the states of both.

    Scratch arrays may, too; what they hold is of no account.
    """
    return (
        isinstance(value, np.ndarray)
        and value.shape == theta.shape[1:]
        and of_stack.shape == theta.shape
    )
