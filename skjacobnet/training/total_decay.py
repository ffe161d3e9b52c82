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
        factors = np.array([schedule(step, n_steps) for step in range(n_steps)])
        self.kept = np.exp(-total * factors / factors.sum()).tolist()

    def step(self, number):
        """Let the weights decay before step `number`, counted from 0."""
        if number < len(self.kept):
            kept = self.kept[number]
            for array in self.weights:
                np.multiply(array, kept, array)
