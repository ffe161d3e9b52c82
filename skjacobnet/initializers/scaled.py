"""Independent initial weights, whose variance depends only on the widths."""

import math

import numpy as np

from skjacobnet.initializers.base import Initializer


class Zeros(Initializer):
    r"""Zero weights.

    .. math:: W_{ij} = 0

    Notes
    -----
    Suitable for a single linear layer, whose loss is convex. In a hidden layer all
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
    r"""Glorot uniform weights, for forward and reverse mode alike.

    .. math::

        W_{ij} \sim U(-l, l), \quad l = \sqrt{\frac{6}{n_{in} + n_{out}}}, \qquad
        \operatorname{Var} W_{ij} = \frac{2}{n_{in} + n_{out}}

    See Also
    --------
    GlorotNormal : Same variance, normal distribution.

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
    r"""Glorot normal weights, for forward and reverse mode alike.

    .. math:: W_{ij} \sim N\!\left(0, \frac{2}{n_{in} + n_{out}}\right)

    See Also
    --------
    GlorotUniform : Same variance, uniform distribution.

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
    r"""He uniform weights, for rectifiers.

    .. math::

        W_{ij} \sim U(-l, l), \quad l = \sqrt{\frac{6}{n_{in}}}, \qquad
        \operatorname{Var} W_{ij} = \frac{2}{n_{in}}

    See Also
    --------
    HeNormal : Same variance, normal distribution.

    Notes
    -----
    A rectifier halves the mean square of a symmetric input; the factor 2 restores it.
    The source uses a normal distribution.

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
    r"""He normal weights, for rectifiers.

    .. math:: W_{ij} \sim N\!\left(0, \frac{2}{n_{in}}\right)

    See Also
    --------
    HeUniform : Same variance, uniform distribution.

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
    r"""LeCun normal weights, which keep unit variances in forward mode.

    .. math:: W_{ij} \sim N\!\left(0, \frac{1}{n_{in}}\right)

    See Also
    --------
    HeNormal : Twice the variance, for rectifiers.

    Notes
    -----
    Assumed by `skjacobnet.layers.SELU`. The normal distribution is not truncated.

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


def _uniform(variance, shape, rng, dtype):
    limit = math.sqrt(3.0 * variance)
    return rng.uniform(-limit, limit, shape).astype(dtype, copy=False)


def _normal(variance, shape, rng, dtype):
    draws = rng.standard_normal(shape)
    draws *= math.sqrt(variance)
    return draws.astype(dtype, copy=False)
