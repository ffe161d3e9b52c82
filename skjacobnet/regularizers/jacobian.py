"""Penalties on the Jacobian, for smooth predictions."""

import math

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.core.streams import Streams
from skjacobnet.regularizers.base import JacobianRegularizer, Regularizer


class JacobianNorm(JacobianRegularizer):
    r"""Squared norm of the Jacobian of the raw prediction.

    .. math::

        R = \frac{\lambda}{2 n} \sum_s w_s \lVert J_s \rVert_F^2, \qquad
        J_s = \partial z_s / \partial x_s

    for raw predictions z, inputs x, weights w and n rows, or an unbiased estimate of it
    from m random unit vectors v for each row,

    .. math::

        \lVert J_s \rVert_F^2 \approx
        \frac{n_{raw}}{m} \sum_{k=1}^m \lVert J_s^T v_{ks} \rVert^2.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`. Unit: that of the loss times the square of that of X.
    n_projections : int >= 1 or None, default=None
        Number m of random projections; None takes all n_raw unit vectors and is exact.

    Raises
    ------
    ValueError
        From `check_layer`, for a layer without a second derivative; from `probes`, for
        random projections without a generator.

    See Also
    --------
    InputGradient : Penalizes the gradient of the loss instead.

    Notes
    -----
    Small changes of the inputs then have little effect; margins against noise and
    adversaries grow [1]_. The gradient is exact, by a second pass over the same
    operators. Where an activation is piecewise linear its second derivative is taken as
    0, also at the kinks.

    Each projection costs about three matrix products with every weight matrix, as much
    as a training step; memory is that of the activations times the number of
    projections, or times n_raw without projections. Projections are drawn uniformly
    from the unit sphere for each row of each batch, so they vary in training and need a
    mini-batch optimizer. A binary problem has one raw prediction, for which a single
    projection is exact.

    References
    ----------
    .. [1] J. Hoffman, D. A. Roberts and S. Yaida, "Robust Learning with Jacobian
       Regularization", 2019, Equations 4 and 8. https://arxiv.org/abs/1908.02729

    Examples
    --------
    A linear model has the same Jacobian everywhere, here with the squared norm 9 + 16:

    >>> from skjacobnet.layers import Linear
    >>> from skjacobnet.network import Network
    >>> network = Network([Linear(1)], n_in=2)
    >>> at = network.linearize(np.array([3.0, 4.0, 0.0]), np.zeros((5, 2)))
    >>> norm = JacobianNorm(2.0)
    >>> probes = norm.probes(at.value, None, None, None, None)
    >>> norm.value(at.vjp(probes))
    np.float64(25.0)
    """

    name = "jacobian_norm"
    member_numbers = ("strength",)
    constraints = {
        **Regularizer.constraints,
        "n_projections": Interval(1, np.inf, "left", integer=True, allowed=(None,)),
    }

    def __init__(self, strength=1.0, n_projections=None):
        self.strength = strength
        self.n_projections = n_projections

    @property
    def draws(self):
        """Whether projections are random."""
        return self.n_projections is not None

    def probes(self, raw, y, loss, link, rng):
        n_raw = raw.shape[-1]
        if not self.draws:
            basis = np.eye(n_raw, dtype=raw.dtype)
            basis = basis.reshape(n_raw, *(1,) * (raw.ndim - 1), n_raw)
            # As a copy: matrix products of repeated rows are slow.
            return np.array(np.broadcast_to(basis, (n_raw, *raw.shape)))
        if rng is None:
            raise ValueError(
                f"{self!r} draws random projections and needs a generator, got "
                "rng=None. Set n_projections=None for the exact norm."
            )
        shape = self.n_projections, *raw.shape
        if isinstance(rng, Streams):
            probes = rng.standard_normal(shape, raw.dtype, axis=1)
        else:
            probes = rng.standard_normal(shape, raw.dtype)
        length = np.sqrt(np.vecdot(probes, probes))[..., np.newaxis]
        probes *= math.sqrt(n_raw / self.n_projections) / length
        return probes


class InputGradient(JacobianRegularizer):
    r"""Squared gradient of the loss with respect to the inputs.

    .. math::

        R = \frac{\lambda}{2 n} \sum_s w_s
        \left\lVert \frac{\partial \ell(y_s, z_s)}{\partial x_s} \right\rVert^2

    for the loss :math:`\ell` of the fit, raw predictions z, inputs x, weights w and n
    rows.

    Parameters
    ----------
    strength : float >= 0, default=1.0
        :math:`\lambda`. Unit: the square of that of X, divided by that of the loss.

    Raises
    ------
    ValueError
        From `check_layer`, for a layer without a second derivative.

    See Also
    --------
    JacobianNorm : Does not depend on the targets.

    Notes
    -----
    Double backpropagation [1]_; the source has no factor 1/2. With
    :math:`g = \partial \ell / \partial z` the gradient for the inputs is :math:`J^T g`,
    and the penalty depends on z also through g, whose derivative is the Hessian of the
    loss. It vanishes with the loss, so it acts most on rows with large losses. Costs
    about three matrix products with every weight matrix, as much as a training step.

    References
    ----------
    .. [1] H. Drucker and Y. LeCun, "Improving Generalization Performance Using Double
       Backpropagation", IEEE Transactions on Neural Networks 3(6), 991-997, 1992.
       https://doi.org/10.1109/72.165600

    Examples
    --------
    At the raw prediction 0 the cross-entropy of the target 1 has the slope -1/2, and
    the gradient for the inputs is that times the weights, (-3/2, -2):

    >>> from skjacobnet.layers import Linear
    >>> from skjacobnet.links import LOGISTIC
    >>> from skjacobnet.losses import CrossEntropy
    >>> from skjacobnet.network import Network
    >>> network = Network([Linear(1)], n_in=2)
    >>> at = network.linearize(np.array([3.0, 4.0, 0.0]), np.zeros((1, 2)))
    >>> penalty = InputGradient(2.0)
    >>> probes = penalty.probes(
    ...     at.value, np.array([[1.0]]), CrossEntropy(), LOGISTIC, None
    ... )
    >>> penalty.value(at.vjp(probes))
    np.float64(6.25)
    """

    name = "input_gradient"
    member_numbers = ("strength",)
    probes_depend_on_raw = True

    def probes(self, raw, y, loss, link, rng):
        return loss.sample_gradients(y, raw, link)[np.newaxis]

    def probes_vjp(self, raw, y, loss, link, tangent):
        ones = np.ones((raw.shape[-2], 1), raw.dtype)
        return loss.sample_hessians(y, raw, link, ones).jvp(tangent[0])
