"""Dropout."""

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.core.numbers import exact, fitting
from skjacobnet.core.streams import Streams
from skjacobnet.core.workspace import Workspace
from skjacobnet.layers.base import Layer
from skjacobnet.operators import Diagonal


class Dropout(Layer):
    r"""Dropout: features set to zero at random while training.

    With the rate r and independent uniform variables :math:`u` on [0, 1),

    .. math::

        y = m x, \qquad m = \frac{[u \ge r]}{1 - r}, \qquad J = \operatorname{diag}(m)

    so that the mean of y over the masks is x. Without a random generator the layer
    predicts: :math:`y = x`.

    Parameters
    ----------
    rate : float in [0, 1), default=0.5
        Probability that a feature of a sample is set to zero. Dimensionless.

    Notes
    -----
    Each feature of each sample, and of each entry of leading axes, has a separate mask.
    The operator holds the mask; in prediction it is a diagonal of ones shared by all
    samples. The uniform variables are drawn in the dtype of the input, so float32 and
    float64 have different masks for the same seed. Networks side by side that share an
    input have separate masks.

    The kept features are scaled up in training [1]_ (Section 10), instead of scaling
    down the weights in prediction.

    References
    ----------
    .. [1] N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov,
       "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15,
       1929-1958, 2014. https://jmlr.org/papers/v15/srivastava14a.html

    Examples
    --------
    Features are set to zero or, at this rate, multiplied by 4:

    >>> layer = Dropout(rate=0.75)
    >>> X = np.ones((1, 1000))
    >>> output, operator = layer.linearize({}, X, rng=np.random.default_rng(0))
    >>> np.unique(output)
    array([0., 4.])
    >>> bool(np.all(layer.forward({}, X) == X))
    True
    """

    name = "dropout"
    member_numbers = ("rate",)
    constraints = {"rate": Interval(0, 1, "left")}
    twice_differentiable = True

    def __init__(self, rate=0.5):
        self.rate = rate

    @property
    def is_random(self):
        """Whether the rate is positive."""
        return bool(np.any(exact(self.rate) > 0.0))

    def forward(self, weights, X, out=None):
        return np.positive(X, out)

    def linearize(self, weights, X, *, rng=None, workspace=None):
        workspace = Workspace() if workspace is None else workspace
        if rng is None:
            output = workspace.array("output", X.shape, X.dtype)
            n = X.shape[-1]
            ones = workspace.ones(n, X.dtype).reshape((1,) * (X.ndim - 1) + (n,))
            return np.positive(X, output), Diagonal(ones)
        if isinstance(rng, Streams):
            mask = workspace.array("mask", (len(rng), *X.shape[-2:]), X.dtype)
            rng.random(dtype=X.dtype, out=mask, axis=0)
        else:
            mask = workspace.array("mask", X.shape, X.dtype)
            rng.random(dtype=X.dtype, out=mask)
        if isinstance(self.rate, np.ndarray):
            rate = fitting(exact(self.rate), 2, X.dtype)
            factor = fitting(1.0 / (1.0 - exact(self.rate)), 2, X.dtype)
        else:
            rate = float(self.rate)
            factor = 1.0 / (1.0 - rate)
        np.greater_equal(mask, rate, mask)
        np.multiply(mask, factor, mask)
        output = workspace.array("output", mask.shape, X.dtype)
        return np.multiply(X, mask, output), Diagonal(mask)

    def second_vjp(self, weights, X, output, operator, tangent, cotangent):
        return None, {}
