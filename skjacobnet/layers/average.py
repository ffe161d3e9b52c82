"""The layer that averages the predictions of an ensemble."""

from skjacobnet.core.constraints import Interval
from skjacobnet.core.matrix_products import written
from skjacobnet.layers.base import Layer


class Average(Layer):
    r"""Raw prediction of the average of several networks.

    With the link :math:`\mu` from raw predictions to predictions, and the raw
    predictions :math:`x = (z_1, \dots, z_M)` of the networks side by side, the output
    is the y with

    .. math:: \mu(y) = \frac{1}{M} \sum_m \mu(z_m).

    Parameters
    ----------
    link : Link
        Link :math:`\mu`, which knows its Jacobian.
    n_members : int >= 1
        Number M of networks.

    Raises
    ------
    ValueError
        In a network, if the width of the input is not a multiple of `n_members`.

    See Also
    --------
    skjacobnet.model.average_of : Builds a network with this layer.

    Notes
    -----
    Probabilities are averaged: y is the logarithm of the mean of softmax, or column by
    column the logit of the mean of logistic probabilities. For regression the
    predictions are averaged, for quantiles the sorted ones. For means with standard
    deviations, y has the mean and the deviation of the mixture. The computation stays
    in logarithms: y is finite where probabilities underflow, and accurate where they
    round to one.

    The layer has no weights. Jacobian: a `skjacobnet.operators.BlockRow`, whose product
    costs a few multiplications for each raw prediction of each network. It is not among
    the layers that can be chosen by name.

    References
    ----------
    .. [1] B. Lakshminarayanan, A. Pritzel and C. Blundell, "Simple and Scalable
       Predictive Uncertainty Estimation using Deep Ensembles", NeurIPS 2017, Section
       2.4. https://arxiv.org/abs/1612.01474

    Examples
    --------
    Probabilities of one half and of one, averaged:

    >>> import numpy as np
    >>> from skjacobnet.links import LOGISTIC
    >>> raw = Average(LOGISTIC, 2).forward({}, np.array([[0.0, 1000.0]]))
    >>> LOGISTIC.proba(raw)
    array([[0.75]])
    """

    twice_differentiable = True
    constraints = {"n_members": Interval(1, float("inf"), "left", integer=True)}

    def __init__(self, link, n_members):
        self.link = link
        self.n_members = n_members

    def output_size(self, n_in):
        if n_in % self.n_members:
            raise ValueError(
                f"{self!r} averages raw predictions of one width, but its input has "
                f"{n_in} columns. All networks must have the same outputs."
            )
        return n_in // self.n_members

    def forward(self, weights, X, out=None):
        return written(self.link.average(self._members(X)), out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        return self.forward(weights, X), self.link.average_jacobian(self._members(X))

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        found = self.link.average_second_vjp(
            self._members(X), self._members(tangent), cotangent
        )
        return None if found is None else found.reshape(X.shape), {}

    def _members(self, X):
        """Reshape raw predictions side by side to give the networks an axis."""
        width = self.output_size(X.shape[-1])
        return X.reshape(*X.shape[:-1], self.n_members, width)
