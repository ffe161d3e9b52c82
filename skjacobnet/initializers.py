r"""How the first weights are drawn.

An initializer is called as ``initializer(shape, rng, dtype)`` with the shape
``(..., n_in, n_out)`` of the weights of linear layers. Numbers are drawn in float64 and
rounded to `dtype`, so that starts in float32 and float64 agree to rounding. Where there
is a batch of inputs, ``adapt(weights, X)`` may then fit the weights to it.
"""

import math
from abc import abstractmethod

import numpy as np

from skjacobnet._component import Component, Family
from skjacobnet._products import product
from skjacobnet._validation import Interval


class Initializer(Component):
    """A distribution of weight matrices."""

    @abstractmethod
    def __call__(self, shape, rng, dtype):
        """Draw a matrix.

        Parameters
        ----------
        shape : tuple of int
            (..., n_in, n_out); leading axes stack independent matrices.
        rng : numpy.random.Generator
        dtype : data-type

        Returns
        -------
        array of that shape and type
        """

    def for_activation(self, activation):
        """Return the initializer to use in front of an activation.

        Parameters
        ----------
        activation : Layer or None
            The activation behind the weights; None for a linear output.

        Returns
        -------
        Initializer
            Itself unless the distribution depends on the activation.
        """
        return self

    def adapt(self, weights, X):
        """Return the weights of a linear layer, fitted to a batch of its inputs.

        Parameters
        ----------
        weights : dict of str to array
            ``"coef"`` as drawn, and ``"intercept"``, zeros, if there is one.
        X : array or CSR matrix of shape (n_samples, n_in)

        Returns
        -------
        dict of str to array
            The same unless the start depends on the data.
        """
        return weights


class Zeros(Initializer):
    r"""Set all weights to zero.

    .. math:: W_{ij} = 0

    Notes
    -----
    Fine for a single linear layer, whose loss is convex. In front of a hidden layer all
    units stay equal, and with most activations nothing is learned.

    Examples
    --------
    >>> Zeros()((1, 2), np.random.default_rng(0), np.float64)
    array([[0., 0.]])
    """

    name = "zeros"

    def __call__(self, shape, rng, dtype):
        return np.zeros(shape, dtype)


class GlorotUniform(Initializer):
    r"""Draw uniformly, with a variance between those for forward and reverse mode.

    .. math::

        W_{ij} \sim U(-l, l), \quad l = \sqrt{\frac{6}{n_{in} + n_{out}}}, \qquad
        \operatorname{Var} W_{ij} = \frac{2}{n_{in} + n_{out}}

    See Also
    --------
    GlorotNormal : The same variance, normally distributed.

    Notes
    -----
    Activations keep their variance at 1 / n_in, gradients at 1 / n_out; this is the
    inverse of the mean of the two widths. Meant for activations of slope near 1.

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
       feedforward neural networks", AISTATS 2010, Equation 16.
       https://proceedings.mlr.press/v9/glorot10a.html

    Examples
    --------
    With 2 inputs and 4 outputs the limit is 1:

    >>> weights = GlorotUniform()((2, 4), np.random.default_rng(0), np.float64)
    >>> bool(np.all(np.abs(weights) < 1.0))
    True
    """

    name = "glorot_uniform"

    def __call__(self, shape, rng, dtype):
        return _uniform(2.0 / (shape[-2] + shape[-1]), shape, rng, dtype)


class GlorotNormal(Initializer):
    r"""Draw normally, with a variance between those for forward and reverse mode.

    .. math:: W_{ij} \sim N\!\left(0, \frac{2}{n_{in} + n_{out}}\right)

    See Also
    --------
    GlorotUniform : The same variance, uniformly distributed.

    Notes
    -----
    The normal distribution is not truncated.

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
       feedforward neural networks", AISTATS 2010, Equation 12.
       https://proceedings.mlr.press/v9/glorot10a.html

    Examples
    --------
    With 1 input and 1 output the variance is 1:

    >>> weights = GlorotNormal()((1, 1), np.random.default_rng(0), np.float64)
    >>> bool(weights[0, 0] == np.random.default_rng(0).standard_normal())
    True
    """

    name = "glorot_normal"

    def __call__(self, shape, rng, dtype):
        return _normal(2.0 / (shape[-2] + shape[-1]), shape, rng, dtype)


class HeUniform(Initializer):
    r"""Draw uniformly, with a variance that makes up for rectified halves.

    .. math::

        W_{ij} \sim U(-l, l), \quad l = \sqrt{\frac{6}{n_{in}}}, \qquad
        \operatorname{Var} W_{ij} = \frac{2}{n_{in}}

    See Also
    --------
    HeNormal : The same variance, normally distributed.

    Notes
    -----
    A rectifier halves the mean square of a symmetric input; the factor 2 restores it.
    The source draws normally.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers: Surpassing
       Human-Level Performance on ImageNet Classification", ICCV 2015, Equation 10.
       https://arxiv.org/abs/1502.01852

    Examples
    --------
    With 6 inputs the limit is 1:

    >>> weights = HeUniform()((6, 4), np.random.default_rng(0), np.float64)
    >>> bool(np.all(np.abs(weights) < 1.0))
    True
    """

    name = "he_uniform"

    def __call__(self, shape, rng, dtype):
        return _uniform(2.0 / shape[-2], shape, rng, dtype)


class HeNormal(Initializer):
    r"""Draw normally, with a variance that makes up for rectified halves.

    .. math:: W_{ij} \sim N\!\left(0, \frac{2}{n_{in}}\right)

    See Also
    --------
    HeUniform : The same variance, uniformly distributed.

    Notes
    -----
    A rectifier halves the mean square of a symmetric input; the factor 2 restores it.
    The normal distribution is not truncated.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren and J. Sun, "Delving Deep into Rectifiers: Surpassing
       Human-Level Performance on ImageNet Classification", ICCV 2015, Equation 10.
       https://arxiv.org/abs/1502.01852

    Examples
    --------
    With 2 inputs the variance is 1:

    >>> weights = HeNormal()((2, 1), np.random.default_rng(0), np.float64)
    >>> bool(weights[0, 0] == np.random.default_rng(0).standard_normal())
    True
    """

    name = "he_normal"

    def __call__(self, shape, rng, dtype):
        return _normal(2.0 / shape[-2], shape, rng, dtype)


class LecunNormal(Initializer):
    r"""Draw normally, with the variance that carries unit variances forward.

    .. math:: W_{ij} \sim N\!\left(0, \frac{1}{n_{in}}\right)

    See Also
    --------
    HeNormal : Twice the variance, for rectifiers.

    Notes
    -----
    What `skjacobnet.layers.SELU` assumes. The normal distribution is not truncated.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, G. B. Orr and K.-R. Müller, "Efficient BackProp", in
       Neural Networks: Tricks of the Trade, Springer, 1998, Equation 16.
       https://doi.org/10.1007/3-540-49430-8_2

    Examples
    --------
    With 1 input the variance is 1:

    >>> weights = LecunNormal()((1, 1), np.random.default_rng(0), np.float64)
    >>> bool(weights[0, 0] == np.random.default_rng(0).standard_normal())
    True
    """

    name = "lecun_normal"

    def __call__(self, shape, rng, dtype):
        return _normal(1.0 / shape[-2], shape, rng, dtype)


class Orthogonal(Initializer):
    r"""Draw a matrix with orthonormal rows or columns, times a gain.

    .. math::

        W^T W = g^2 I \quad (n_{in} \ge n_{out}), \qquad
        W W^T = g^2 I \quad (n_{in} \le n_{out})

    Parameters
    ----------
    gain : float > 0 or "auto", default="auto"
        The factor g, the value of all singular values. Dimensionless. ``"auto"`` takes
        the gain of the activation behind the weights, and 1 where there is none.

    See Also
    --------
    skjacobnet.layers.Layer : Its `gain` is the inverse of the layer's typical slope.

    Notes
    -----
    The Q factor of a matrix of independent normal numbers, with the columns' signs
    corrected by those of the diagonal of R; without that the distribution would depend
    on how the factorization chooses signs, with it square matrices are uniform over the
    orthogonal group [1]_. A gain that is the inverse of the activation's slope gives
    layers whose Jacobians nearly keep lengths, the start that lets deep and narrow
    networks learn [2]_ [3]_. Cost: that of a QR factorization,
    O(max(n_in, n_out) min(n_in, n_out)^2).

    References
    ----------
    .. [1] F. Mezzadri, "How to generate random matrices from the classical compact
       groups", Notices of the AMS 54(5), 592-604, 2007.
       https://arxiv.org/abs/math-ph/0609050
    .. [2] A. M. Saxe, J. L. McClelland and S. Ganguli, "Exact solutions to the
       nonlinear dynamics of learning in deep linear neural networks", ICLR 2014.
       https://arxiv.org/abs/1312.6120
    .. [3] J. Pennington, S. S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in
       deep learning through dynamical isometry: theory and practice", NIPS 2017.
       https://arxiv.org/abs/1711.04735

    Examples
    --------
    >>> weights = Orthogonal(gain=2.0)((3, 2), np.random.default_rng(0), np.float64)
    >>> np.linalg.svd(weights, compute_uv=False)
    array([2., 2.])
    """

    name = "orthogonal"
    constraints = {"gain": Interval(0, np.inf, "neither", allowed=("auto",))}

    def __init__(self, gain="auto"):
        self.gain = gain

    def __call__(self, shape, rng, dtype):
        *stack, n_in, n_out = shape
        tall = (*stack, max(n_in, n_out), min(n_in, n_out))
        q, r = np.linalg.qr(rng.standard_normal(tall))
        diagonal = np.diagonal(r, axis1=-2, axis2=-1)
        q *= np.copysign(1.0, diagonal)[..., np.newaxis, :]
        q *= 1.0 if self.gain == "auto" else self.gain
        q = q if n_in >= n_out else q.swapaxes(-1, -2)
        return np.ascontiguousarray(q, dtype)

    def for_activation(self, activation):
        if self.gain != "auto":
            return self
        return Orthogonal(1.0 if activation is None else activation.gain)


class Isometric(Initializer):
    r"""Draw orthogonal weights, and scale them until layers keep lengths on the data.

    With an orthogonal matrix Q, inputs x of n rows and the function f of the
    activation, the layer is :math:`y = f(g (x - \bar x) Q)`, and g is the smallest
    number for which the mean squared singular value of its Jacobians is one:

    .. math::

        \frac{1}{n \min(n_{in}, n_{out})} \sum_s
        \left\lVert \frac{\partial y_s}{\partial x_s} \right\rVert_F^2 = 1

    Parameters
    ----------
    activation : Layer or None, default=None
        The activation behind the weights; the network fills it in.

    See Also
    --------
    Orthogonal : The same from a gain alone, without data.

    Notes
    -----
    Without a batch it is `Orthogonal` with the gain of the activation. With one,
    :math:`\bar x` is its mean: the intercepts start at :math:`-g \bar x Q`, so that the
    activation works around its center. Far from it the slope of a saturating activation
    falls faster than g grows, and there may be no g at all; then the one with the
    largest value within a factor of 1024 is taken. Without an intercept, which only a
    layer in front of an activation gets, nothing is centered.

    The classifier gives at most 256 rows, evenly spaced over those to train on. Each
    layer sees what the layers before it make of them. Costs about 100 evaluations of
    the activation on that batch.

    The source derives gains for random inputs of infinitely wide layers; here they are
    measured.

    References
    ----------
    .. [1] J. Pennington, S. S. Schoenholz and S. Ganguli, "Resurrecting the sigmoid in
       deep learning through dynamical isometry: theory and practice", NIPS 2017.
       https://arxiv.org/abs/1711.04735

    Examples
    --------
    A sigmoid has the slope 1/4 at its center, so equal rows give g = 4:

    >>> from skjacobnet.layers import Sigmoid
    >>> isometric = Isometric(Sigmoid())
    >>> weights = {"coef": np.array([[1.0]]), "intercept": np.zeros(1)}
    >>> isometric.adapt(weights, np.array([[3.0], [3.0]]))
    {'coef': array([[4.]]), 'intercept': array([-12.])}
    """

    name = "isometric"

    def __init__(self, activation=None):
        self.activation = activation

    def __call__(self, shape, rng, dtype):
        gain = 1.0 if self.activation is None else float(self.activation.gain)
        return Orthogonal(gain)(shape, rng, dtype)

    def for_activation(self, activation):
        return self if activation is None else Isometric(activation)

    def adapt(self, weights, X):
        coef = weights["coef"].astype(np.float64)
        Z = product(X.astype(np.float64), coef)
        center = np.zeros(coef.shape[-1])
        if "intercept" in weights and self.activation is not None:
            center = np.mean(Z, axis=0)
        Z = Z - center
        factor = _factor_to_one(lambda g: g * g * self._mean_squared_slope(coef, g * Z))
        if factor is None:
            return weights
        start = {"coef": factor * coef, "intercept": -factor * center}
        return {name: start[name].astype(w.dtype) for name, w in weights.items()}

    def _mean_squared_slope(self, coef, Z):
        """Return the mean squared singular value behind pre-activations `Z`."""
        if self.activation is None:
            norms = np.sum(np.square(coef))
        else:
            _, operator = self.activation.linearize({}, Z)
            norms = operator.squared_norm_after(coef)
        return np.mean(norms) / min(coef.shape)


def _factor_to_one(function):
    """Return the smallest factor at which a function of it is one.

    The one with the largest value where it stays below, and None where that is 0 or not
    a number.
    """
    low, best, best_value = 0.0, None, 0.0
    for high in 2.0 ** np.arange(-10.0, 10.25, 0.25):
        value = function(high)
        if value >= 1.0:
            break
        if value > best_value:
            best, best_value = high, value
        low = high
    else:
        return best
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if function(middle) >= 1.0 else (middle, high)
    return high


def _uniform(variance, shape, rng, dtype):
    limit = math.sqrt(3.0 * variance)
    return rng.uniform(-limit, limit, shape).astype(dtype, copy=False)


def _normal(variance, shape, rng, dtype):
    draws = rng.standard_normal(shape)
    draws *= math.sqrt(variance)
    return draws.astype(dtype, copy=False)


INITIALIZERS = Family(
    "initializer",
    Initializer,
    globals(),
    elsewhere={
        "glorot": "glorot_uniform",
        "he": "he_uniform",
        "kaiming": "he_uniform",
        "kaiming_normal": "he_normal",
        "kaiming_uniform": "he_uniform",
        "xavier": "glorot_uniform",
        "xavier_normal": "glorot_normal",
        "xavier_uniform": "glorot_uniform",
    },
)
