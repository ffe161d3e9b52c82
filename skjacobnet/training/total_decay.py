"""A decay of weights whose total does not depend on the length of the run."""

import numpy as np


class TotalDecay:
    r"""Shrinks weights by the factor :math:`e^{-D}` over a whole run.

    In step k, before the optimizer acts,

    .. math:: W \leftarrow W \exp(-D g_k / \textstyle\sum_j g_j)

    with the factors g of the schedule, those without scores where they depend on
    scores. Beyond the end of the schedule nothing decays.

    Parameters
    ----------
    total : float >= 0
        D. Dimensionless.
    schedule : Schedule
    n_steps : int >= 1
        Of the whole run.
    weights : list of array
        Views of the matrices that decay, changed in place.
    """

    def __init__(self, total, schedule, n_steps, weights):
        self.weights = weights
        self.kept = kept_by_step(total, schedule, n_steps)

    def step(self, number):
        """Let the weights decay before step `number`, counted from 0."""
        if number < len(self.kept):
            kept = self.kept[number]
            for array in self.weights:
                np.multiply(array, kept, array)


class MemberDecay:
    """The same for members that are trained side by side.

    Parameters
    ----------
    kept : list of list of float
        What is left of a weight in each step, for each member; None where nothing
        decays.
    weights : list of array of shape (n_members, ...)
    """

    def __init__(self, kept, weights):
        self.weights = weights
        longest = max(len(own) for own in kept if own is not None)
        dtype = weights[0].dtype if weights else np.float64
        self.kept = np.ones((longest, len(kept)), dtype)
        for place, own in enumerate(kept):
            if own is not None:
                self.kept[: len(own), place] = own

    def step(self, number):
        """Let the weights decay before step `number`, counted from 0."""
        if number < len(self.kept):
            kept = self.kept[number]
            for array in self.weights:
                np.multiply(array, kept.reshape(-1, *(1,) * (array.ndim - 1)), array)


def kept_by_step(total, schedule, n_steps):
    """Return what is left of a weight in each step, as a list of float."""
    factors = np.array([schedule(step, n_steps) for step in range(n_steps)])
    return np.exp(-total * factors / factors.sum()).tolist()
