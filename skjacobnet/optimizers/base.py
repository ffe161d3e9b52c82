"""Base classes of mini-batch and full-batch optimizers."""

from abc import abstractmethod

from skjacobnet.core.component import Component


class AnyOptimizer(Component):
    """Base class of both kinds of optimizers; subclass one of these.

    Attributes
    ----------
    default_learning_rate : float or None
        Value of ``learning_rate="auto"``; None without a learning rate.
    """

    default_learning_rate = None


class Optimizer(AnyOptimizer):
    """Base class of optimizers: rules that turn gradients into steps.

    The object itself does not change. Its memory is in a state, a dict of arrays and
    numbers that `init` creates and `step` updates.

    Attributes
    ----------
    default_learning_rate : float
        Value of ``learning_rate="auto"`` for a constant rate.
    annealing_gain : float
        Factor of the automatic rate if a schedule lowers it.
    """

    default_learning_rate = 1e-3
    # The best of 1, 3, 10 and 30 on six tables, except for steps without momentum.
    annealing_gain = 10.0

    @abstractmethod
    def init(self, theta):
        """Return the state before the first step.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
            Weights; only their shape and dtype are used.

        Returns
        -------
        dict
        """

    @abstractmethod
    def step(self, theta, gradient, state, learning_rate, decay_mask=None):
        """Take one step: change `theta` and `state` in place.

        Parameters
        ----------
        theta : array of shape (..., n_weights)
        gradient : array of shape (..., n_weights)
            Gradient of the objective; not modified.
        state : dict
        learning_rate : float, or array of shape (..., 1)
            Learning rate, for a stack one for each member. A float64 rate is rounded
            once.
        decay_mask : array of shape (n_weights,), optional
            One for weights that decay, zero for intercepts. Only optimizers with a
            weight decay use it; with None all weights decay.
        """


class FullBatchOptimizer(AnyOptimizer):
    """Base class of optimizers that minimize an objective without noise."""

    @abstractmethod
    def minimize(self, objective, theta, max_iter, tol, callback=None):
        """Minimize.

        Parameters
        ----------
        objective : callable
            ``objective(theta) -> (value, gradient)``.
        theta : array of shape (n_weights,)
            Initial weights; changed in place to the best weights found.
        max_iter : int >= 1
            Maximum number of iterations.
        tol : float >= 0
            The run stops when no component of the gradient is larger. 0 never stops
            early.
        callback : callable, optional
            ``callback(theta, value, gradient) -> bool`` after each iteration; true
            stops.

        Returns
        -------
        converged : bool
            False if `max_iter` is reached first.
        """
