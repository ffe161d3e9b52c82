"""What the last step of an epoch did to the weights of each layer."""

import numpy as np


class LayerRecord:
    r"""Measures steps, layer by layer, where a run is to be looked at.

    For the weights :math:`\theta_l` of layer l, the gradient :math:`g_l` and a step
    from :math:`\theta_l` to :math:`\theta_l'`

    .. math:: \|g_l\|, \qquad \|\theta_l' - \theta_l\| / \|\theta_l\|

    Parameters
    ----------
    network : Network
    """

    def __init__(self, network):
        self.network = network
        self._before = None

    def step_begins(self, theta):
        """Remember the weights before a step."""
        self._before = theta.copy()

    def before_last(self, batches, n_batches, theta):
        """Yield batches; the step of the last one is the one that is measured.

        So nothing has to be asked in the steps before, nor where nothing is recorded.
        """
        for place, batch in enumerate(batches, 1):
            if place == n_batches:
                self.step_begins(theta)
            yield batch

    def columns(self, theta, gradient):
        """Return the entries for the history.

        Parameters
        ----------
        theta : array of shape (n_weights,)
            The weights after the step.
        gradient : array of shape (n_weights,)

        Returns
        -------
        dict of str to array of shape (n_layers_with_weights,), float64
            A ratio is infinite where only the weights are zero, and NaN where the step
            is zero as well.
        """
        before = self._before.astype(np.float64)
        with np.errstate(all="ignore"):
            return {
                "layer_gradient_norms": self._norms(gradient),
                "layer_update_ratios": self._norms(theta - before)
                / self._norms(before),
            }

    def _norms(self, vector):
        layers = self.network.split(vector.astype(np.float64, copy=False))
        return np.array(
            [
                np.sqrt(sum(np.vdot(view, view) for view in views.values()))
                for views in layers
                if views
            ]
        )
