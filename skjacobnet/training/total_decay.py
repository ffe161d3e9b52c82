"""Weight decay whose total does not depend on the length of the run."""

import numpy as np


class TotalDecay:
    r"""Total weight decay by the factor :math:`e^{-D}` over a whole run.

    In step k, before the optimizer,

    .. math:: W \leftarrow W \exp(-D g_k / \textstyle\sum_j g_j)

    with the factors g of the schedule, taken without scores if they depend on scores.
    After the end of the schedule there is no decay.

    Parameters
    ----------
    total : float >= 0
        Total decay D. Dimensionless.
    schedule : Schedule
    n_steps : int >= 1
        Number of steps of the whole run.
    weights : list of array
        Views of the decayed matrices, changed in place.
    """

    def __init__(self, total, schedule, n_steps, weights):
        self.weights = weights
        self.kept = kept_by_step(total, schedule, n_steps)

    def step(self, number):
        """Decay the weights before step `number`, counted from 0."""
        if number < len(self.kept):
            kept = self.kept[number]
            for array in self.weights:
                np.multiply(array, kept, array)


class MemberDecay:
    """Total weight decay of members trained side by side.

    Parameters
    ----------
    kept : list of list of float
        Decay factors of each step, for each member; None without decay.
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
        """Decay the weights before step `number`, counted from 0."""
        if number < len(self.kept):
            kept = self.kept[number]
            for array in self.weights:
                np.multiply(array, kept.reshape(-1, *(1,) * (array.ndim - 1)), array)


def kept_by_step(total, schedule, n_steps):
    """Return the decay factor of each step, as a list of float."""
    factors = np.array([schedule(step, n_steps) for step in range(n_steps)])
    return np.exp(-total * factors / factors.sum()).tolist()
