"""L-BFGS, through SciPy."""

import math

import numpy as np

from skjacobnet.core.constraints import Interval
from skjacobnet.optimizers.base import FullBatchOptimizer


class LBFGS(FullBatchOptimizer):
    r"""L-BFGS: full-batch minimization with curvature estimated from gradients.

    Step t goes to :math:`\theta_t = \theta_{t-1} - \alpha_t H_t g_t`, where
    :math:`\alpha_t` is found by a line search with the strong Wolfe conditions and
    :math:`H_t` is the inverse Hessian from BFGS updates with the last `history_size`
    differences of weights and of gradients.

    Parameters
    ----------
    history_size : int >= 1, default=10
        Number of stored differences.

    See Also
    --------
    Adam : For mini-batches, whose gradients are noisy.

    Notes
    -----
    SciPy's ``L-BFGS-B`` without bounds. It computes in float64; the objective is
    evaluated at the weights rounded to their dtype. Memory: about ``2 * history_size +
    10`` float64 arrays of the size of the weights. Each iteration usually takes one
    evaluation of the objective, and more if the line search repeats.

    A stop by the callback counts as converged, and so does a line search that finds no
    lower value: with a true gradient that happens if the decrease is below the rounding
    error of the objective, and more iterations would not help. An objective that is not
    finite ends the search at the best weights so far and does not count as converged.

    Besides the bound on the gradient, the search ends when an iteration lowers the
    value f by less than ``max(|f|, 1)`` times 64 times the float64 precision; with
    ``tol=0`` only if it does not lower it at all.

    References
    ----------
    .. [1] R. H. Byrd, P. Lu, J. Nocedal and C. Zhu, "A Limited Memory Algorithm for
       Bound Constrained Optimization", SIAM Journal on Scientific Computing 16(5),
       1995. https://doi.org/10.1137/0916069

    Examples
    --------
    The minimum of ``((x - 3)**2 + 100 * (y + 1)**2) / 2``:

    >>> def objective(theta):
    ...     residual = theta - np.array([3.0, -1.0])
    ...     gradient = residual * np.array([1.0, 100.0])
    ...     return 0.5 * np.vdot(residual, gradient), gradient
    >>> theta = np.zeros(2)
    >>> LBFGS().minimize(objective, theta, max_iter=50, tol=1e-8)
    True
    >>> theta
    array([ 3.000000, -1.000000])
    """

    name = "lbfgs"
    constraints = {"history_size": Interval(1, math.inf, "left", integer=True)}

    def __init__(self, history_size=10):
        self.history_size = history_size

    def minimize(self, objective, theta, max_iter, tol, callback=None):
        from scipy.optimize import minimize

        search = Search(objective, theta, callback)
        options = {
            "maxcor": int(self.history_size),
            "maxiter": int(max_iter),
            # More than an iteration can use: a line search makes at most 20 attempts
            # and is repeated at most once, so only `max_iter` limits the search.
            "maxfun": 50 * int(max_iter),
            "gtol": float(tol),
            "ftol": 64.0 * float(np.finfo(np.float64).eps) if tol > 0.0 else 0.0,
        }
        try:
            result = minimize(
                search.evaluate,
                theta.astype(np.float64),
                method="L-BFGS-B",
                jac=True,
                callback=search.after_iteration,
                options=options,
            )
        except SearchEndedError as end:
            return end.converged
        reached_limit = result.status == 1
        return not reached_limit


class SearchEndedError(Exception):
    """Exception that leaves SciPy's loop, in all versions of SciPy."""

    def __init__(self, converged):
        self.converged = converged


class Search:
    """State of one minimization: the best weights so far, and the last evaluation.

    SciPy passes its callback the end point of an iteration, not always the value there
    and never the gradient. Usually it is the last evaluated point.

    Parameters
    ----------
    objective : callable
    theta : array of shape (n_weights,)
        Set to the best weights at the end of an iteration.
    callback : callable or None
    """

    def __init__(self, objective, theta, callback):
        self.objective = objective
        self.theta = theta
        self.callback = callback
        self.point = None
        self.best_value = None

    def evaluate(self, point):
        """Return the value and the gradient in float64."""
        weights = point.astype(self.theta.dtype)
        value, gradient = self.objective(weights)
        value, gradient = float(value), gradient.astype(np.float64)
        if not (math.isfinite(value) and np.isfinite(gradient).all()):
            raise SearchEndedError(converged=False)
        if self.best_value is None:
            self.best_value = value
        self.point, self.value, self.gradient = point.copy(), value, gradient
        return value, gradient

    def after_iteration(self, point):
        """Keep the weights if they are the best, and call the callback."""
        if not np.array_equal(point, self.point):
            self.evaluate(point)
        dtype = self.theta.dtype
        weights = self.point.astype(dtype)
        if self.value <= self.best_value:
            self.best_value = self.value
            self.theta[...] = weights
        if self.callback is not None and self.callback(
            weights, self.value, self.gradient.astype(dtype)
        ):
            raise SearchEndedError(converged=True)
