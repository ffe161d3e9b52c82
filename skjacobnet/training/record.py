"""Record of the last step of each epoch, by layer."""

import numpy as np


class LayerRecord:
    r"""Record of gradient norms and update ratios of each layer.

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
        """Store the weights before a step."""
        self._before = theta.copy()

    def before_last(self, batches, n_batches, theta):
        """Yield batches; only the step of the last one is recorded.

        So other steps have no overhead, nor has a run without recording.
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
            Weights after the step.
        gradient : array of shape (n_weights,)

        Returns
        -------
        dict of str to array of shape (n_layers_with_weights,), float64
            A ratio is infinite if only the weights are zero, and NaN if the step is
            zero as well.
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
