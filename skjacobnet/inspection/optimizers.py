"""Optimizers and penalties at work: impulse responses, paths and flow fields."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skjacobnet.links import SOFTMAX
from skjacobnet.optimizers import OPTIMIZERS, FullBatchOptimizer
from skjacobnet.regularizers import (
    REGULARIZERS,
    ActivationRegularizer,
    PredictionRegularizer,
    WeightRegularizer,
)


def impulse_response(optimizer, n_steps, background=0.0, n_before=20_000):
    r"""Return the impulse response of an optimizer: the effect of one past gradient.

    .. math::

        h_k = -\frac{1}{\eta} \frac{\partial (\theta_{t+k} - \theta_{t+k-1})}
        {\partial g_t}, \qquad k = 0, 1, \dots

    for a weight whose gradients are :math:`g = b`, the background, at all other steps.

    Parameters
    ----------
    optimizer : str or Optimizer
        Optimizer to measure.
    n_steps : int >= 1
        Number of steps of the response.
    background : float, default=0.0
        Gradient b of all other steps. Unit: that of the gradient.
    n_before : int >= 0, default=20_000
        Number of steps with the background only, until the state is steady. They are
        skipped without a background.

    Returns
    -------
    array of shape (n_steps,)
        Response. Unit: that of a step with learning rate one, per unit of the gradient.

    Raises
    ------
    TypeError
        If `optimizer` is a full-batch optimizer, which has no response to one gradient.
    ValueError
        If `n_steps` is less than 1.

    Notes
    -----
    SGD with momentum is linear, so the background does not matter:
    :math:`h_k = m^k`, and with Nesterov's momentum :math:`h_0 = 1 + m` and
    :math:`h_k = m^{k+1}`. Rules that divide by past gradients are not. Around a
    background Adam has

    .. math::

        h_k = \frac{(1 - \beta_1) \beta_1^k - (1 - \beta_2) \beta_2^k}{|b|},

    which sums up to zero: the size of the steps does not depend on that of the
    gradients, so later steps slowly take back what a larger gradient adds at first.

    A central difference of two runs, with impulses of 1e-5 b. Without a background,
    of two runs with the impulses 1 and -1 after no gradients at all, a step of finite
    size. Weight decay is left out.

    Examples
    --------
    >>> from skjacobnet.optimizers import SGD
    >>> impulse_response(SGD(momentum=0.5), 4)
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    optimizer = OPTIMIZERS.resolve(optimizer)
    if isinstance(optimizer, FullBatchOptimizer):
        raise TypeError(
            f"{optimizer!r} takes all rows at once and has no response to one "
            "gradient. Choose another optimizer, such as 'adam'."
        )
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, got {n_steps}.")
    size = 1e-5 * abs(background) if background else 1.0
    steady = np.full(2, float(background))
    # Two runs side by side, without weight decay.
    theta, fixed = np.zeros(2), np.zeros(2)
    state = optimizer.init(theta)
    for _ in range(n_before if background else 0):
        optimizer.step(theta, steady, state, 1.0, fixed)
    responses = np.empty(n_steps)
    gradient = steady + np.array([size, -size])
    for k in range(n_steps):
        theta[...] = 0.0  # keeps a step exact, however far the weights have moved
        optimizer.step(theta, gradient, state, 1.0, fixed)
        responses[k] = (theta[1] - theta[0]) / (2.0 * size)
        gradient = steady
    return responses


@dataclass(frozen=True)
class Surface:
    """Function of two variables for paths of optimizers.

    Attributes
    ----------
    value, gradient : callable
        Functions of points (..., 2) that return an array (...), and an array (..., 2).
    minimum : tuple of float or None
        Minimizer, or None if there is no minimum.
    """

    value: Callable
    gradient: Callable
    minimum: tuple | None


def _quadratic(curvatures, minimum):
    curvatures = np.array(curvatures)
    return Surface(
        lambda points: 0.5 * np.sum(curvatures * np.square(points), axis=-1),
        lambda points: curvatures * points,
        minimum,
    )


def _rosenbrock(points):
    x, y = points[..., 0], points[..., 1]
    return (1.0 - x) ** 2 + 100.0 * (y - x**2) ** 2


def _rosenbrock_gradient(points):
    x, y = points[..., 0], points[..., 1]
    bend = 200.0 * (y - x**2)
    return np.stack([-2.0 * (1.0 - x) - 2.0 * x * bend, bend], axis=-1)


# Beale's function is the sum of squares of c - x (1 - y^k) for k = 1, 2, 3.
_BEALE = ((1, 1.5), (2, 2.25), (3, 2.625))


def _beale(points):
    x, y = points[..., 0], points[..., 1]
    return sum((c - x * (1.0 - y**k)) ** 2 for k, c in _BEALE)


def _beale_gradient(points):
    x, y = points[..., 0], points[..., 1]
    slopes = 0.0
    for k, c in _BEALE:
        residual = 2.0 * (c - x * (1.0 - y**k))
        parts = [residual * (y**k - 1.0), residual * x * k * y ** (k - 1)]
        slopes = slopes + np.stack(parts, axis=-1)
    return slopes


SURFACES = {
    "bowl": _quadratic((1.0, 100.0), (0.0, 0.0)),
    "rosenbrock": Surface(_rosenbrock, _rosenbrock_gradient, (1.0, 1.0)),
    "beale": Surface(_beale, _beale_gradient, (3.0, 0.5)),
    "saddle": _quadratic((1.0, -1.0), None),
}


def trajectory(optimizer, surface, start, n_steps, learning_rate=None):
    r"""Compute the path of an optimizer on a surface.

    Parameters
    ----------
    optimizer : str or Optimizer or FullBatchOptimizer
        Optimizer that takes the steps.
    surface : str or Surface
        ``"bowl"``: :math:`\frac12 (x^2 + 100 y^2)`; ``"rosenbrock"``:
        :math:`(1 - x)^2 + 100 (y - x^2)^2`; ``"beale"``: :math:`(1.5 - x + xy)^2 +
        (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2`; ``"saddle"``:
        :math:`\frac12 (x^2 - y^2)`; or a custom surface.
    start : array of shape (..., 2)
        Starting points; leading axes are independent starts.
    n_steps : int >= 0
        Number of steps; the maximum for L-BFGS, which takes one start.
    learning_rate : float > 0, optional
        Learning rate, by default that of the optimizer. L-BFGS has none.

    Returns
    -------
    points : array of shape (n_steps + 1, ..., 2)
        Start and the point after each step; fewer if L-BFGS converges.
    values : array of shape (n_steps + 1, ...)
        Values of the surface at the points.

    Raises
    ------
    ValueError
        If there is no surface of that name.

    Notes
    -----
    Steps that are too long diverge to infinity, and then to NaN, without a warning.
    Beale's function has, besides its minimum, a valley along y = 1 that descends toward
    infinity.

    Examples
    --------
    A step of 0.01 along the gradient brings the steep direction of the bowl to zero at
    once, and the flat one a hundredth of the way:

    >>> points, values = trajectory("sgd", "bowl", np.array([1.0, 1.0]), 1, 0.01)
    >>> points
    array([[1.  , 1.  ],
           [0.99, 0.  ]])
    >>> values
    array([50.5    ,  0.49005])
    """
    optimizer, surface = OPTIMIZERS.resolve(optimizer), surface_of(surface)
    theta = np.array(start, np.float64)
    points = [theta.copy()]
    if isinstance(optimizer, FullBatchOptimizer):
        with np.errstate(over="ignore", invalid="ignore"):
            optimizer.minimize(
                lambda point: (surface.value(point), surface.gradient(point)),
                theta,
                n_steps,
                0.0,
                lambda point, value, gradient: points.append(point.copy()),
            )
    else:
        rate = optimizer.default_learning_rate
        rate = rate if learning_rate is None else learning_rate
        state = optimizer.init(theta)
        for _ in range(n_steps):
            with np.errstate(over="ignore", invalid="ignore"):
                optimizer.step(theta, surface.gradient(theta), state, rate)
            points.append(theta.copy())
    points = np.stack(points)
    with np.errstate(over="ignore", invalid="ignore"):
        return points, surface.value(points)


def surface_of(surface):
    """Return the surface for a name or an instance.

    Raises
    ------
    ValueError
        If there is no surface of that name.
    """
    if isinstance(surface, Surface):
        return surface
    if not isinstance(surface, str) or surface not in SURFACES:
        raise ValueError(
            f"Unknown surface {surface!r}. Available: "
            f"{', '.join(map(repr, SURFACES))}, or an instance of Surface."
        )
    return SURFACES[surface]


def flow_field(regularizer, grid):
    r"""Return the flow field of a penalty: minus its gradient at points of a plane.

    Parameters
    ----------
    regularizer : str or Regularizer
        Penalty whose flow is computed.
    grid : array of shape (..., 2)
        Points: the two weights of one unit; two activations of one sample; two raw
        predictions of one sample, with softmax; or, for a penalty on the Jacobian, the
        two entries of one of its rows.

    Returns
    -------
    array of shape (..., 2)

    Raises
    ------
    ValueError
        If `grid` does not end with an axis of length two.

    Examples
    --------
    Weight decay points straight to zero, L1 along the axes:

    >>> grid = np.array([[2.0, -0.5]])
    >>> flow_field("weight_decay", grid)
    array([[-2. ,  0.5]])
    >>> flow_field("l1", grid)
    array([[-1.,  1.]])
    """
    regularizer = REGULARIZERS.resolve(regularizer)
    grid = np.asarray(grid, np.float64)
    if grid.shape[-1:] != (2,):
        raise ValueError(f"grid must have the shape (..., 2), got {grid.shape}.")
    rows = grid[..., np.newaxis, :]  # each point is a batch of one sample
    if isinstance(regularizer, WeightRegularizer):
        return -regularizer.gradient(grid[..., np.newaxis])[..., 0]
    if isinstance(regularizer, ActivationRegularizer):
        return -regularizer.cotangent(rows)[..., 0, :]
    if isinstance(regularizer, PredictionRegularizer):
        return -regularizer.cotangent(rows, link=SOFTMAX)[..., 0, :]
    return -regularizer.tangent(rows[np.newaxis])[0, ..., 0, :]
