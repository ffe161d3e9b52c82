"""State of an optimizer, for a stack of members and for each member."""

import numpy as np


def joined(optimizer, theta, states):
    """Return the state of an optimizer for a stack from those of its members.

    Parameters
    ----------
    optimizer : Optimizer
        Optimizer of the stack.
    theta : array of shape (n_members, n_weights)
    states : list of RunState
        States with an `optimizer_state`.

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
    """Copy the weights and the optimizer state of a member from those of a stack.

    Parameters
    ----------
    state : RunState
        State of the member, updated.
    theta : array of shape (n_members, n_weights)
    memory : dict
    place : int
        Index of the member in the stack.
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
    """Move the last member of a stack to the index of a leaving one.

    Returns
    -------
    theta : array of shape (n_members - 1, n_weights)
    memory : dict
        Views of the arguments.
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
    """Whether a value has a number for each weight, in a member and in the stack.

    Scratch arrays may as well; their content does not matter.
    """
    return (
        isinstance(value, np.ndarray)
        and value.shape == theta.shape[1:]
        and of_stack.shape == theta.shape
    )
